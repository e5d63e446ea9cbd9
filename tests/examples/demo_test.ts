import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
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
