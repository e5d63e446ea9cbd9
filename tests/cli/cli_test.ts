/**
 * The command line as a whole: help, wrong usage, exit codes, and what it loads.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { HARMFUL } from "./cli_fixture.ts";
import { hasTerminals, openTerminal, runCli } from "./cli_terminal.ts";
import { readModules } from "../support/module_graph.ts";
import { tempFolder } from "../support/temp.ts";

const COMMANDS = [
  "run",
  "demo",
  "status",
  "runs",
  "cancel",
  "retry",
  "dashboard",
  "export",
  "init-db",
  "checkpoint",
  "prune",
  "doctor",
];
const ignore = !hasTerminals;

Deno.test("--help needs no permission and names every command and exit code", async () => {
  using folder = tempFolder();
  const { code, out, err } = await runCli(["--help"], { folder: folder.path, permissions: [] });
  assertEquals([code, err], [0, ""]);
  for (const command of COMMANDS) assertMatch(out, new RegExp(`^  ${command}\\b`, "m"));
  for (const exitCode of [0, 1, 2, 130]) assertMatch(out, new RegExp(`^  ${exitCode} +\\w`, "m"));
  assert(!HARMFUL.test(out), "There are control characters in a pipe");
});

Deno.test("every command has help with options and examples", async () => {
  using folder = tempFolder();
  const pages = await Promise.all(
    COMMANDS.map((command) => runCli([command, "--help"], { folder: folder.path })),
  );
  for (const [i, { code, out, err }] of pages.entries()) {
    const command = COMMANDS[i]!;
    assertEquals([code, err], [0, ""], command);
    assertStringIncludes(out, `Usage: pipeloom ${command}`);
    assertMatch(out, new RegExp(`^Examples:\\n  # .+\\n  pipeloom ${command}`, "m"));
    const wide = out.split("\n").filter((line) => line.length > 80);
    assertEquals(wide, [], command);
  }
});

Deno.test("--version is that of the package", async () => {
  using folder = tempFolder();
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const { code, out } = await runCli(["--version"], { folder: folder.path });
  assertEquals([code, out], [0, `${version}\n`]);
});

for (
  const [args, error] of [
    [["statsu"], "Did you mean status?"],
    [["statsu", "--help"], "Did you mean status?"],
    [["help", "statsu"], "Did you mean status?"],
    [["status", "--bogus"], "unknown option '--bogus'"],
    [["status", "--run", "x"], "argument 'x' is invalid. Expected an integer ≥ 0."],
    [["status", "--status", "done,wrong"], "Use some of queued, running"],
    [["demo", "-n", "-1"], "Expected an integer ≥ 0"],
    [["demo", "--dashboard", "70000"], "from 0 to 65535"],
    [["run"], "missing required argument 'file'"],
    [["run", "x.ts", "--arg", "novalue"], "Write it as key=value."],
    [["run", "x.ts", "--arg", "a=1", "--arg", "a=2"], "a was given already."],
    [["checkpoint", "--mode", "hard"], "Use one of passive"],
    [["prune"], "pass --keep 30d or --keep-runs 50"],
    [["prune", "--keep", "forever"], "Write it as 30d"],
    [["export", "first"], 'or "latest"'],
    [["runs", "surplus"], "too many arguments"],
  ] as [string[], string][]
) {
  Deno.test(`pipeloom ${args.join(" ")} is wrong usage`, async () => {
    using folder = tempFolder();
    const { code, out, err } = await runCli(args, { folder: folder.path });
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, error);
    assertMatch(err, /^error: /);
  });
}

Deno.test("a file that is not there is one message and exit code 1", async () => {
  using folder = tempFolder();
  for (
    const args of [["status"], ["runs"], ["export"], ["export", "5"], ["checkpoint"], [
      "prune",
      "--keep-runs",
      "1",
    ]]
  ) {
    const { code, out, err } = await runCli(args, { folder: folder.path });
    assertEquals([code, out], [1, ""], args[0]);
    assertMatch(err, /^error: Cannot open pipeloom\.db: there is no such file; .+\n$/);
  }
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("a file that is not a database is one message, and a stack with -vv", async () => {
  using folder = tempFolder();
  await Deno.writeTextFile(folder.file("x.db"), "This is not a database, however long it may be.");
  const options = { folder: folder.path };
  const short = await runCli(["status", "--db", "x.db"], options);
  assertEquals([short.code, short.out], [1, ""]);
  assertMatch(short.err, /^error: File is not a database \(x\.db\): .+\n$/);
  const long = await runCli(["status", "--db", "x.db", "-vv"], options);
  assertMatch(long.err, /\n {4}at /);
});

Deno.test("a permission that is missing is named", async () => {
  using folder = tempFolder();
  const { code, err } = await runCli(["status"], { folder: folder.path, permissions: [] });
  assertEquals(code, 1);
  assertMatch(err, /^error: .*--allow-read.*\n$/);
});

Deno.test("the entry loads no command, engine or dashboard before one is named", async () => {
  const modules = await readModules("cli.ts");
  const byName = new Map(modules.map((module) => [module.specifier, module]));
  const loadedBy = (...entries: string[]) => {
    const loaded = new Set(entries.map((name) => new URL(name, ROOT).href));
    for (const name of loaded) {
      for (const { isDynamic, code } of byName.get(name)?.dependencies ?? []) {
        if (code?.specifier && !isDynamic) loaded.add(code.specifier);
      }
    }
    return [...loaded];
  };
  // So that help does not wait for a package.
  assertEquals(loadedBy("cli.ts").filter((name) => !name.startsWith(ROOT.href)), []);
  const local = loadedBy("cli.ts", "cli/run_program.ts")
    .filter((name) => name.startsWith(ROOT.href));
  assertEquals(local.map((name) => name.slice(ROOT.href.length)).sort(), [
    "cli.ts",
    "cli/help.gen.ts",
    "cli/output_name.ts",
    "cli/program.ts",
    "cli/quick_answer.ts",
    "cli/run_program.ts",
    "cli/serve/child_command.ts",
    "cli/terminal/exit_code.ts",
    "deno.json",
    "deno_only.js",
    "internal/permissions.ts",
    "internal/terminal.ts",
    "internal/text/shell_word.ts",
    "internal/write_all.ts",
  ]);
});

Deno.test("there is no SQL in the command line", async () => {
  const modules = (await readModules("cli.ts")).map(({ specifier }) => specifier);
  const own = modules.filter((name) => name.startsWith(new URL("cli/", ROOT).href));
  assert(own.length > 20, `${own.length} modules`);
  for (const name of own) {
    const source = await Deno.readTextFile(new URL(name));
    const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assert(
      !/\b(SELECT|INSERT|UPDATE|DELETE|CREATE)\b .*\b(FROM|INTO|SET|TABLE)\b/.test(code),
      name,
    );
  }
});

Deno.test({
  name: "help fits a narrow terminal",
  ignore,
  async fn() {
    using folder = tempFolder();
    await using terminal = openTerminal(["status", "--help"], {
      folder: folder.path,
      columns: 50,
      rows: 60,
    });
    assertEquals(await terminal.ended(), 0);
    assertStringIncludes(terminal.screen, "Usage: pipeloom status");
    // Examples are there to be copied, so they stay as they are.
    const [options] = terminal.raw.split("Examples:");
    assert(options!.split("\r\n").every((line) => line.length <= 50), terminal.screen);
  },
});

Deno.test({
  name: "errors are red on a terminal, and not with NO_COLOR",
  ignore,
  async fn() {
    using folder = tempFolder();
    await using coloured = openTerminal(["status"], { folder: folder.path });
    assertEquals(await coloured.ended(), 1);
    assertStringIncludes(coloured.raw, "\x1b[31merror:\x1b[39m Cannot open");
    await using plain = openTerminal(["status"], { folder: folder.path, env: { NO_COLOR: "1" } });
    assertEquals(await plain.ended(), 1);
    assertMatch(plain.raw, /^error: Cannot open/);
    assert(!plain.raw.includes("\x1b"), "There are escapes with NO_COLOR");
  },
});
