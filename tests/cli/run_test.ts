/**
 * `pipeloom run` and `pipeloom demo`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { readRow, readValues } from "../support/read.ts";
import { hasTerminals, openTerminal, runAlone, runCli, spawnCli } from "./cli_terminal.ts";
import { tempFolder } from "../support/temp.ts";

const ignore = !hasTerminals;
const ETL = decodeURIComponent(new URL("../fixtures/etl.ts", import.meta.url).pathname);
const MOD = new URL("../../mod.ts", import.meta.url).href;

/** Writes a module into the folder and runs it. */
async function runModule(source: string, ...args: string[]) {
  using folder = tempFolder();
  await Deno.writeTextFile(folder.file("it.ts"), source);
  return await runCli(["run", "it.ts", ...args], { folder: folder.path });
}

Deno.test("run runs what a module exports and reports the outcome", async () => {
  using folder = tempFolder();
  const args = ["run", ETL, "--db", "etl.db", "--arg", "words=x,y", "-w", "2"];
  const { code, out } = await runCli(args, { folder: folder.path });
  assertEquals(code, 0);
  assertMatch(out, /^etl · done · 2 tasks · [\d.]+ m?s · [\d,.]+\/s\netl\.db · run 1\n$/);
  assertEquals(await readValues(folder.file("etl.db"), "SELECT text FROM word ORDER BY text"), [
    ["x"],
    ["y"],
  ]);
  const run = await readRow(folder.file("etl.db"), "SELECT name, workers FROM pipeline_runs");
  assertEquals(run, { name: "etl", workers: 2 });
});

Deno.test("run names what a module waits for that can never come", async () => {
  using folder = tempFolder();
  const source = `
    import { definePipeline } from "${MOD}";
    await new Promise(() => {});
    export default definePipeline({ items: [1], run: (n) => n });`;
  await Deno.writeTextFile(folder.file("it.ts"), source);
  const { code, err } = await runAlone(["run", "it.ts"], { folder: folder.path });
  assertEquals(code, 1);
  assertMatch(err, /Top-level await promise never resolved\n[^]*it\.ts/);
});

Deno.test("run takes relative paths from the directory of the shell, wherever the module goes", async () => {
  using folder = tempFolder();
  await Deno.mkdir(folder.file("away"));
  const source = `
    import { definePipeline } from "${MOD}";
    const pipeline = definePipeline({ db: "its.db", items: () => go("/"), run: (n) => n });
    go("away");
    function go(where) {
      Deno.chdir(where);
      return [1];
    }
    export default pipeline;`;
  await Deno.writeTextFile(folder.file("it.ts"), source);
  const options = { folder: folder.path };
  const own = await runCli(["run", "it.ts"], options);
  assertMatch(own.out, /\nits\.db · run 1\n$/, own.err);
  const named = await runCli(["run", "it.ts", "--db", "named.db", "--json"], options);
  assertEquals(JSON.parse(named.out).db, "named.db");
  const files = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assertEquals(files, ["away", "it.ts", "its.db", "named.db"]);
});

Deno.test("run exits with 1 when a task failed, and names it", async () => {
  using folder = tempFolder();
  const args = ["run", ETL, "--arg", "words=a,boom"];
  const { code, out, err } = await runCli(args, { folder: folder.path });
  assertEquals(code, 1);
  assertMatch(err, /^pipeloom run .*etl\.ts --resume 1 continues it\n$/);
  assertMatch(out, /^etl · error · 2 tasks · done 1 · error 1 · /);
  assertMatch(out, /\npipeloom\.db · run 1\n✖ boom: no such word.*as boom\n$/);
});

Deno.test("-v logs on stderr, --log-file into a file, and the end is logged once", async () => {
  using folder = tempFolder();
  const args = ["-v", "--log-file", "all.log", "run", ETL, "--arg", "words=a,boom"];
  const { code, out, err } = await runCli(args, { folder: folder.path });
  assertEquals(code, 1);
  assertMatch(out, /^etl · error/);
  assertMatch(err, /INF pipeloom·run: etl starts: run 1, 2 tasks/);
  assertEquals(err.match(/1 done/g)?.length, 1);
  const log = await Deno.readTextFile(folder.file("all.log"));
  assertMatch(log, /pipeloom·task: .*boom/);
  assertMatch(log, /DBG pipeloom·writer: Driver builtin/);
});

Deno.test("run --json prints the report", async () => {
  using folder = tempFolder();
  const args = ["run", ETL, "--json", "--arg", "words=a,boom"];
  const { code, out } = await runCli(args, { folder: folder.path });
  assertEquals(code, 1);
  const report = JSON.parse(out);
  assertEquals([report.name, report.db, report.counts.total], ["etl", "pipeloom.db", 2]);
  assertEquals(report.failures[0].error, "no such word\nas boom");
});

Deno.test("run lists ten failures and prints how to see the rest", async () => {
  using folder = tempFolder();
  const words = Array.from({ length: 12 }, () => "boom").join(",");
  const { out } = await runCli(["run", ETL, "--arg", `words=${words}`], { folder: folder.path });
  assertEquals(out.match(/✖ boom/g)?.length, 10);
  assertMatch(out, /\n… 2 more failures: pipeloom status --run 1 --status error\n$/);
});

Deno.test("the module sets the database, and --db goes before it", async () => {
  const source = `import { definePipeline } from "${MOD}";
    export default definePipeline({ items: [1], run: () => {}, db: "own.db", name: "mine" });`;
  assertMatch((await runModule(source)).out, /^mine · done · 1 task .*\nown\.db · run 1\n$/);
  assertMatch((await runModule(source, "--db", "x.db")).out, /\nx\.db · run 1\n$/);
});

for (
  const [what, source, expected] of [
    ["no default export", "export const x = 1;", "its default export is missing, not a pipeline"],
    [
      "a default export that is not a pipeline",
      "export default [1];",
      "is an object, not a pipeline",
    ],
    ["a throw", `throw new RangeError("too late");`, "Cannot load it.ts: RangeError: too late"],
    ["a mistake", "export default definePipeline(;", "Cannot load it.ts: "],
    ["an import that is not there", `import "./gone.ts";`, "gone.ts"],
    ["a missing permission", `Deno.env.get("X");`, `add --allow-env`],
  ] as const
) {
  Deno.test(`run of a module with ${what} is one message`, async () => {
    const { code, out, err } = await runModule(source);
    assertEquals([code, out], [1, ""]);
    assertStringIncludes(err, expected);
    assertMatch(err, /^error: Cannot (run|load) it\.ts: .+\n$/);
    const long = await runModule(source, "-vv");
    assertStringIncludes(long.err, "CommandError");
  });
}

Deno.test("run of a file that is not there, or may not be read, is one message", async () => {
  using folder = tempFolder();
  const gone = await runCli(["run", "gone.ts"], { folder: folder.path });
  assertEquals([gone.code, gone.out], [1, ""]);
  assertMatch(gone.err, /^error: Cannot run gone\.ts: there is no such file; .+\n$/);
  const dir = await runCli(["run", "."], { folder: folder.path });
  assertMatch(dir.err, /^error: Cannot run \.: it is not a file; .+\n$/);
  const denied = await runCli(["run", ETL], { folder: folder.path, permissions: [] });
  assertEquals(denied.code, 1);
  assertMatch(denied.err, /^error: .* --allow-read .*\n$/);
});

Deno.test("items that throw and a database that cannot be written are one message", async () => {
  const source = (rest: string) =>
    `import { definePipeline } from "${MOD}"; export default definePipeline({ run() {}, ${rest} });`;
  const thrown = await runModule(source(`items() { throw new Error("Cannot list them") }`));
  assertEquals(thrown.code, 1);
  assertMatch(thrown.err, /^error: Cannot list them\n$/);
  const denied = await runModule(source("items: [1]"), "--db", "/proc/x.db");
  assertEquals(denied.code, 1);
  assertMatch(denied.err, /^error: .*\/proc\/x\.db.*\n$/);
});

Deno.test("SIGTERM lets the pipeline end in good order, and exits with 143", async () => {
  using folder = tempFolder();
  const child = spawnCli(["run", ETL, "--arg", "words=wait,wait,a", "-w", "2"], {
    folder: folder.path,
  });
  const errors = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let output = "";
  while ((output.match(/I wait/g) ?? []).length < 2) output += (await errors.read()).value ?? "";
  child.kill("SIGTERM");
  for (let part = await errors.read(); !part.done; part = await errors.read()) output += part.value;
  assertStringIncludes(output, "Stopping: running tasks may end.");
  assertMatch(await new Response(child.stdout).text(), /^etl · cancelled · 3 tasks · /);
  assertEquals((await child.status).code, 143);
  const row = await readRow(
    folder.file("pipeloom.db"),
    "SELECT status, cancelled FROM pipeline_runs",
  );
  assertEquals(row, { status: "cancelled", cancelled: 3 });
});

Deno.test({
  name: "Ctrl-C in a terminal stops a run in good order, and exits with 130",
  ignore,
  async fn() {
    using folder = tempFolder();
    await using terminal = openTerminal(["run", ETL, "--arg", "words=a,wait,b", "-w", "1"], {
      folder: folder.path,
    });
    await terminal.until("waiting");
    await terminal.interrupt();
    assertEquals(await terminal.ended(), 130);
    assertMatch(terminal.screen, /etl · cancelled · 3 tasks · done 1 · cancelled 2 · /);
    assert(terminal.hasCursor, "The cursor is gone");
  },
});

Deno.test({
  name: "a second Ctrl-C does not wait for a task that will not end",
  ignore,
  async fn() {
    using folder = tempFolder();
    await Deno.writeTextFile(
      folder.file("deaf.ts"),
      `import { definePipeline } from "${MOD}";
       export default definePipeline({ items: [1], async run(_, task) {
         task.progress(0.1, "deaf");
         await new Promise((resolve) => setTimeout(resolve, 60_000));
       } });`,
    );
    await using terminal = openTerminal(["run", "deaf.ts"], { folder: folder.path });
    await terminal.until("deaf");
    await terminal.interrupt();
    await terminal.until("Stopping");
    await terminal.interrupt();
    assertEquals(await terminal.ended(), 130);
    assert(terminal.hasCursor, "The cursor is gone");
  },
});

Deno.test({
  name: "run --dashboard serves it beside the run, and until Ctrl-C after it",
  ignore,
  async fn() {
    using folder = tempFolder();
    const args = ["run", ETL, "--arg", "words=a,boom", "--dashboard=0"];
    await using terminal = openTerminal(args, { folder: folder.path });
    const screen = await terminal.until(/The dashboard stays at http:\/\/127\.0\.0\.1:\d+\//);
    const { runs } = await (await fetch(new URL("api/runs", /http:\S+/.exec(screen)![0]))).json();
    assertEquals(runs[0].counts.error, 1);
    await terminal.interrupt();
    assertEquals(await terminal.ended(), 1);
  },
});

Deno.test({
  name: "run --dashboard ends with the run on the terminal of a CI job, and draws nothing there",
  ignore,
  async fn() {
    using folder = tempFolder();
    const args = ["run", ETL, "--arg", "words=a,boom", "--dashboard=0"];
    const usual = ["--allow-read", `--allow-write=${folder.path}`, "--allow-net=127.0.0.1"];
    await using terminal = openTerminal(args, {
      folder: folder.path,
      env: { CI: "true" },
      permissions: [...usual, "--allow-env=CI"],
    });
    assertEquals(await terminal.ended(), 1);
    assert(!terminal.raw.includes("\x1b"), JSON.stringify(terminal.raw));
  },
});

Deno.test({
  name: "run --dashboard prints an address by which the run can be cancelled",
  ignore,
  async fn() {
    using folder = tempFolder();
    const args = ["run", ETL, "--arg", "words=a,wait", "-w", "1", "--dashboard=0"];
    await using terminal = openTerminal(args, { folder: folder.path });
    const screen = await terminal.until("waiting");
    const { href, origin, hash } = new URL(/Dashboard at (http:\S+)/.exec(screen)![1]!);
    const token = new URLSearchParams(hash.slice(1)).get("control")!;
    const response = await fetch(new URL("api/runs/1/cancel", href), {
      method: "POST",
      headers: { Origin: origin, "X-Pipeloom-Control": token },
    });
    assertEquals((await response.json()).answer, "Cancelled");
    await terminal.until("The dashboard stays at");
    await terminal.interrupt();
    assertEquals(await terminal.ended(), 1);
    const statuses = "SELECT status, message FROM task_runs ORDER BY id";
    const db = folder.file("pipeloom.db");
    assertEquals(await readValues(db, statuses), [["done", null], ["cancelled", "Cancelled"]]);
    assertEquals((await Deno.stat(`${db}-wal`).catch(() => undefined))?.size ?? 0, 0);
  },
});

Deno.test("demo --no-wal makes a database without a WAL", async () => {
  using folder = tempFolder();
  const args = ["demo", "-n", "0", "--no-wal", "--db", "d.db"];
  assertEquals((await runCli(args, { folder: folder.path })).code, 0);
  assertEquals(await readValues(folder.file("d.db"), "PRAGMA journal_mode"), [["delete"]]);
});

Deno.test("demo runs tasks of twenty steps", async () => {
  using folder = tempFolder();
  const args = ["demo", "-n", "3", "-w", "3", "--db", "demo.db", "--quiet-tasks"];
  const { code, out, err } = await runCli(args, { folder: folder.path });
  assertEquals(code, 0);
  assertMatch(out, /^demo · done · 3 tasks · .+\ndemo\.db · run 1\n$/);
  assert(!`${out}${err}`.includes("\x1b"), "There are escapes in a pipe");
  assert(!err.includes("waited"), "A task's log was printed");
  const tasks = await readValues(
    folder.file("demo.db"),
    "SELECT name, status, message, json_extract(result, '$.steps') FROM task_runs",
  );
  assertEquals(tasks, [1, 2, 3].map((n) => [`task-${n}`, "done", "step 20 of 20", 20]));
});

Deno.test({
  name: "demo shows its progress on a terminal",
  ignore,
  async fn() {
    using folder = tempFolder();
    await using terminal = openTerminal(["demo", "-n", "4"], { folder: folder.path, columns: 60 });
    await terminal.until(/task-1 .*step \d+ of 20/);
    assertEquals(await terminal.ended(), 0);
    assertMatch(terminal.screen, /demo · done · 4 tasks · /);
    assert(terminal.hasCursor, "The cursor is gone");
  },
});

Deno.test({
  name: "demo with NO_COLOR has no colours on a terminal",
  ignore,
  async fn() {
    using folder = tempFolder();
    const options = { folder: folder.path, env: { NO_COLOR: "1" } };
    await using terminal = openTerminal(["demo", "-n", "1"], options);
    assertEquals(await terminal.ended(), 0);
    // deno-lint-ignore no-control-regex
    const colours = terminal.raw.match(/\x1b\[[\d;]+m/g) ?? [];
    assertEquals(colours.filter((code) => code !== "\x1b[0m"), []);
  },
});

Deno.test("run exits when a task on a Worker never ended and never waited", async () => {
  const tasks = new URL("../fixtures/retried_tasks.ts", import.meta.url).href;
  const { code, err } = await runModule(
    `import { definePipeline } from ${JSON.stringify(MOD)};
     export default definePipeline({
       items: ["quick", "blocks"],
       timeoutMs: 1_000,
       abortGraceMs: 10,
       run: { module: ${JSON.stringify(tasks)}, export: "hang" },
     });`,
  );
  assertEquals(code, 1);
  assertStringIncludes(err, "Timed out after 1000 ms; its Worker was terminated");
});
