import { setupLogging } from "../logging.ts";
import { runPipeline } from "../mod.ts";
import { assert, assertEquals, assertRejects } from "./support/assert.ts";
import { ROOT } from "./support/child.ts";
import { tempFolder } from "./support/temp.ts";

async function run(): Promise<void> {
  await runPipeline(["forged\n2026-01-01 \x1b[31mrow"], {
    workers: 1,
    db: ":memory:",
    name: "load",
    driver: "builtin",
    run(_item, task) {
      task.log("one\ntwo");
      throw new Error("Broken\n\x1b[2J");
    },
  });
}

/** What a program with this verbosity prints on stdout and stderr. */
async function printed(
  verbose: number,
  progress: unknown = false,
): Promise<{ stdout: string; stderr: string }> {
  const script = `
    import { setupLogging } from "./logging.ts";
    import { runPipeline } from "./mod.ts";
    await using _ = await setupLogging({ verbose: ${verbose} });
    await runPipeline([1], {
      db: ":memory:",
      driver: "builtin",
      progress: ${JSON.stringify(progress)},
      run: (_, task) => task.log("logged"),
    });`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--cached-only", "--no-prompt", "--allow-read=.", "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob([script]).stream().pipeTo(child.stdin);
  const output = await child.output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { stdout: stdout!, stderr: stderr! };
}

Deno.test("setupLogging() adds a line for each record to its file, whatever is in it", async () => {
  using folder = tempFolder();
  const logFile = folder.file("a.log");
  for (let time = 0; time < 2; time++) {
    await using _ = await setupLogging({ logFile });
    await run();
  }
  await run();
  const text = await Deno.readTextFile(logFile);
  const lines = text.trimEnd().split("\n").map((line) => line.replace(/^\S+T\S+Z /, ""));
  assertEquals(lines.length, 10);
  assertEquals(lines.slice(0, 4), [
    "INF pipeloom·run: load starts: run 1, 1 tasks, 1 at once",
    "DBG pipeloom·writer: Driver builtin: it was asked for",
    "INF pipeloom·task: forged␊2026-01-01 row: one␊two",
    "WRN pipeloom·task: forged␊2026-01-01 row failed: Broken␊",
  ]);
  assert(!text.includes("\x1b"));
});

Deno.test("setupLogging() names the file that it cannot write", async () => {
  await assertRejects(
    () => setupLogging({ logFile: "/nowhere/at/all.log" }),
    Error,
    "Cannot write the log to /nowhere/at/all.log",
  );
});

Deno.test("setupLogging() prints on stderr alone, and as much as was asked for", async () => {
  const wanted = ["", "run task run", "run writer task run"];
  for (const [verbose, categories] of wanted.entries()) {
    const { stdout, stderr } = await printed(verbose);
    assertEquals(stdout, "");
    const found = [...stderr.matchAll(/pipeloom·(\w+):/g)].map(([, category]) => category);
    assertEquals(found.join(" "), categories);
  }
});

Deno.test("setupLogging() leaves what tasks log to the progress that shows it", async () => {
  const { stderr } = await printed(1, { bars: false });
  assertEquals(stderr.match(/^.*: logged$/gm), ["1: logged"]);
  assertEquals(stderr.match(/pipeloom·run/g)?.length, 2);
});
