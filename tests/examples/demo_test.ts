import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { TestTerminal } from "../support/pseudo_terminal.ts";
import { tempFolder } from "../support/temp.ts";

const PATH = decodeURIComponent(ROOT.pathname);

/** Words that run a demonstration in a folder with the permissions of its task, on any free port. */
function demo(name: string, folder: string, ...args: string[]): string[] {
  return [
    `--allow-read=${folder},${PATH}`,
    `--allow-write=${folder}`,
    "--allow-net=127.0.0.1",
    `${PATH}examples/${name}/main.ts`,
    `--db=${folder}/demo.db`,
    "--port=0",
    ...args,
  ];
}

Deno.test("in a terminal the demonstration's dashboard stays until Ctrl-C", async () => {
  using folder = tempFolder();
  await using terminal = await TestTerminal.deno(demo("datasets", folder.path));
  await terminal.until(() => terminal.raw.includes("until Ctrl-C"));
  const url = terminal.raw.match(/Watch it at (http:\S+)/)![1]!;
  const { runs } = await (await fetch(`${url}api/runs`)).json();
  assertEquals(runs[0].counts.done, 61);
  await terminal.type("\x03");
  assertEquals(await terminal.end(), 0);
});

Deno.test("elsewhere the big demonstration ends by itself, and leaves all kinds of tasks", async () => {
  using folder = tempFolder();
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--cached-only",
      ...demo("big", folder.path, "--tasks=500", "--workers=200"),
    ],
    stderr: "inherit",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assertEquals(code, 0);
  assertMatch(text, /Watch it at http:\/\/127\.0\.0\.1:\d+\//);
  assertMatch(text, /498 done, 2 failed, 0 cancelled in \d/);
  assert(Deno.statSync(folder.file("demo.db")).size > 0);
});
