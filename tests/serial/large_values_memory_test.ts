import { assert, assertEquals } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { IS_LONG } from "../support/long_form.ts";
import { STATEMENTS } from "../fixtures/large_values_task.ts";
import { tempFolder } from "../support/temp.ts";

/** The most memory that the process may have, whatever passes through it. */
const MAX_MIB = IS_LONG ? 600 : 340;

/** Megabytes that pass through it, which would not fit in beside the program. */
const MEGABYTES = IS_LONG ? 3_000 : 300;

const SCRIPT = new URL("tests/fixtures/large_values.ts", ROOT);

/** Runs a pipeline in a process of its own, because memory is counted by process. */
async function run(way: string, where: string, tasks: number) {
  using folder = tempFolder();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--cached-only",
      "--no-lock",
      SCRIPT.href,
      folder.file("a.db"),
      way,
      where,
      `${tasks}`,
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  assertEquals(code, 0, text.decode(stderr).slice(0, 2_000));
  return JSON.parse(text.decode(stdout)) as { found: number; peakMiB: number };
}

const ALL = ["return", "log", "throw", "progress", "execute"].flatMap((way) =>
  ["main", "pool"].map((where) => [way, where] as const)
);
const CASES = IS_LONG ? ALL : [["return", "pool"], ["log", "main"], ["execute", "main"]] as const;

for (const [way, where] of CASES) {
  Deno.test({
    name: `values of a megabyte are not kept in memory: ${way}, ${where}`,
    // The peak is read from the system.
    ignore: Deno.build.os !== "linux",
    async fn() {
      // A failure has the text in its stack as well.
      const each = way === "execute" ? STATEMENTS : way === "throw" ? 2 : 1;
      const tasks = Math.ceil(MEGABYTES / each);
      const { found, peakMiB } = await run(way, where, tasks);
      assertEquals(found, way === "execute" ? tasks * STATEMENTS : tasks);
      assert(peakMiB < MAX_MIB, `${peakMiB.toFixed()} MiB`);
    },
  });
}
