/**
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import { connect } from "../../db.ts";
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { HandRun, HARMFUL, HOSTILE_NAMES } from "./cli_fixture.ts";
import { tempFolder } from "../support/temp.ts";
import { hasTerminals, openTerminal, runCli } from "./cli_terminal.ts";

const ignore = !hasTerminals;

/** Five tasks: the second runs, the third has failed, the fourth is done. */
async function mixed(): Promise<HandRun> {
  const run = await HandRun.start(["first", "second", "third", "fourth", "fifth"]);
  for (const n of [1, 2, 3]) await run.begin(n);
  await run.update(1, { progress: 0.4, message: "on page 4" });
  await run.end(2, "error", "no such host");
  await run.end(3, "done", "7 rows");
  return run;
}

Deno.test("status shows the newest run, running tasks first, then failures", async () => {
  await using run = await mixed();
  const { code, out, err } = await runCli(["status", "--db", run.db], { folder: run.folder.path });
  assertEquals([code, err], [0, ""]);
  const lines = out.trimEnd().split("\n");
  assertMatch(lines[0]!, /^by hand · run 1 · running · [\d.]+ m?s · 2 workers$/);
  assertMatch(lines[1]!, /^█{12}▓{12}░{12}─{24} 48%$/u);
  assertMatch(lines[2]!, /^done 1 · error 1 · running 1 · queued 2( · .+\/s)?( · .+ left)?$/);
  assertEquals(
    lines.slice(4).map((line) => line.replace(/ +\d+(\.\d+)? m?s /, " ").replace(/ {2,}/g, " ")),
    [
      "▶ running 2 second ████░░░░░░ 40% on page 4",
      "✖ error 3 third 0% no such host",
      "✔ done 4 fourth 100% 7 rows",
      "· queued 1 first",
      "· queued 5 fifth",
    ],
  );
});

Deno.test("status shows until when tasks sleep", async () => {
  await using run = await mixed();
  await run.writer.execute(
    "UPDATE task_runs SET wakes_at='2999-01-02T03:04:05.000Z', message='page 7' WHERE status='queued'",
  );
  const { out } = await runCli(["status", "--db", run.db], { folder: run.folder.path });
  assertMatch(out, / · 2 tasks sleeping until 2999-01-0[123] \d\d:\d\d:05 or later/);
  assertMatch(out, /queued +1 +first +sleeping until 2999-01-0[123] \d\d:\d\d:05: page 7\n/);
});

Deno.test("errors shows what failed by cause, and what holds the run up", async () => {
  await using run = await mixed();
  await run.begin(0);
  await run.end(0, "error", `no such host \x1b[31m17`);
  await run.writer.execute(`UPDATE task_runs SET
    updated_at=strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-72 seconds') WHERE status='running'`);
  const options = { folder: run.folder.path };
  const { code, out, err } = await runCli(["errors", "--db", run.db, "--stacks"], options);
  assertEquals([code, err], [0, ""]);
  assert(!HARMFUL.test(out), out);
  const lines = out.split("\n");
  assertEquals(lines.slice(0, 2), ["Run 1 by hand", "2 tasks failed of 2 causes"]);
  assertMatch(lines[2]!, /^cause +tasks +share +first +last +message$/);
  assertMatch(lines[3]!, /^\w+ +1 +50% .* no such host/);
  assertStringIncludes(out, ": task 3 third\n  no such host\n");
  assertMatch(out, /1 task has been silent for 1 min 1\d s: second \(2\)/);
  assertMatch(out, /Slowest: second \(2\) /);
  const late = await runCli(["errors", "9", "--db", run.db], options);
  assertEquals(late.code, 1);
  assertStringIncludes(late.err, "there is no run 9; pipeloom runs lists those there are");
});

Deno.test("logs prints what tasks logged, by task, level and text, until the run has ended", async () => {
  using folder = tempFolder();
  const db = folder.file("logs.db");
  const end = Promise.withResolvers<void>();
  const logged = Promise.withResolvers<void>();
  const running = runPipeline(["a", "b\x1b[2J"], {
    db,
    handleSignals: false,
    workers: 1,
    taskName: (item) => item,
    async run(item, task) {
      task.log(`one of ${item}`);
      task.log(`Two of ${item}`, "warn");
      await task.flush();
      if (item === "a") return;
      logged.resolve();
      await end.promise;
      task.log("the last");
    },
  });
  await logged.promise;
  const logs = async (...args: string[]) => {
    const { code, out, err } = await runCli(["logs", "--db", db, ...args], { folder: folder.path });
    assertEquals([code, err], [0, ""]);
    assert(!HARMFUL.test(out), out);
    return out.trimEnd().split("\n").map((line) => line.replace(/^\S+ /, ""));
  };
  assertEquals(await logs(), [
    "info  a (1) one of a",
    "warn  a (1) Two of a",
    "info  b (2) one of b",
    "warn  b (2) Two of b",
  ]);
  assertEquals(await logs("--tail", "1", "--task", "1"), ["warn  Two of a"]);
  assertEquals(await logs("1", "--level", "warn", "--grep", "two OF B"), ["warn  b (2) Two of b"]);
  const { out } = await runCli(["logs", "--db", db, "--json", "--tail", "1"], {
    folder: folder.path,
  });
  assertEquals(JSON.parse(out).level, "warn");
  const followed = logs("-f");
  end.resolve();
  await running;
  assertEquals((await followed).at(-1), "info  b (2) the last");
});

Deno.test("task shows what a task is, with its dependencies and its attempts", async () => {
  using folder = tempFolder();
  const db = folder.file("task.db");
  let tries = 0;
  await runPipeline(["first", "second", "third"], {
    db,
    handleSignals: false,
    retries: 2,
    retryDelayMs: 0,
    storeItems: true,
    taskName: (item) => item,
    taskKey: (item) => item,
    dependsOn: (item) => item === "second" ? ["first"] : item === "third" ? ["second"] : [],
    async run(item, task) {
      await task.step(`look at ${item}`, () => tries);
      task.check("found", item !== "second", { severity: "warn" });
      task.check("whole", true);
      if (item === "second" && ++tries < 3) throw new Error(`no luck \x1b[2J${tries}`);
      return { of: item };
    },
  });
  const options = { folder: folder.path };
  const { code, out, err } = await runCli(["task", "2", "--db", db], options);
  assertEquals([code, err], [0, ""]);
  assert(!HARMFUL.test(out), out);
  const lines = out.trimEnd().split("\n").map((line) => line.replace(/ +/g, " "));
  assertEquals(lines[0], "Task 2 second ✔ done");
  assert(lines.includes("depends on first (1, done)"), out);
  assert(lines.includes("needed by third (3, done)"), out);
  assertMatch(out, /^steps +look at second \d+ ms$/m);
  assertMatch(out, /^checks +found warned; 1 passed$/m);
  assert(lines.includes('item "second"') && lines.includes('result {"of":"second"}'), out);
  assertMatch(out, /^waited .* from the start of its run$/m);
  assertMatch(out, /^ran on .*, process \d+$/m);
  const attempts = lines.filter((line) => line.startsWith("attempt "));
  assertEquals(attempts.map((line) => line.slice(0, 16)), [
    "attempt 3: done,",
    "attempt 2: error",
    "attempt 1: error",
  ]);
  assertMatch(attempts[1]!, /: Error: no luck 2$/);
  const { out: json } = await runCli(["task", "2", "--db", db, "--json"], options);
  const task = JSON.parse(json);
  assertEquals([task.attempts.length, task.dependsOn.total, task.neededBy.tasks[0].id], [3, 1, 3]);
  const listed = async (...args: string[]) =>
    (await runCli(["runs", "--db", db, ...args], options)).out;
  assertMatch(await listed("--status", "done", "--since", "2020-01-01"), /\n +1 +✔ done /);
  assertEquals(await listed("--grep", "nothing like it"), "No run matches\n");
  const { out: took } = await runCli(["durations", "--db", db], options);
  assertMatch(took, /^Run 1 .*\ntasks +p50 .*\n +3 .* all tasks\n/);
  assertStringIncludes((await runCli(["task", "9", "--db", db], options)).err, "there is none");
});

Deno.test("status shows that readers hold the WAL, until the run has ended", async () => {
  await using run = await mixed();
  await run.writer.execute(`UPDATE pipeline_runs SET wal_bytes=327155712,
    wal_held_since=strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-40 seconds')`);
  const options = { folder: run.folder.path };
  const { out } = await runCli(["status", "--db", run.db], options);
  assertMatch(out, / · readers have held the WAL for 4\d(\.\d)? s: 312 MiB\n/);
  await run.writer.execute("UPDATE pipeline_runs SET status='done'");
  const { out: ended } = await runCli(["status", "--db", run.db], options);
  assert(!ended.includes("WAL"), ended);
});

Deno.test("status --json is the run and its tasks", async () => {
  await using run = await mixed();
  const options = { folder: run.folder.path };
  const { out } = await runCli(["status", "--db", run.db, "--json", "--limit", "2"], options);
  const { run: header, tasks, matching } = JSON.parse(out);
  assertEquals(header.counts, { queued: 2, running: 1, done: 1, error: 1, cancelled: 0 });
  assertEquals(tasks.map(({ name }: { name: string }) => name), ["second", "third"]);
  assertEquals(matching, 5);
});

Deno.test("status --run, --status and --limit choose", async () => {
  using folder = tempFolder();
  const db = folder.file("two.db");
  await runPipeline(["a", "b", "c"], { db, name: "one", run: (item) => item });
  await runPipeline(["d"], { db, name: "two", run: (item) => item });
  const options = { folder: folder.path };
  const args = ["status", "--db", db, "--run", "1", "--status", "done", "--limit", "1"];
  const { out } = await runCli(args, options);
  assertMatch(out, /^one · run 1 · done /);
  assertMatch(out, /\n✔ done +3 +c .*\n… 2 more tasks\n$/);
  const none = await runCli(["status", "--db", db, "--run", "9"], options);
  assertEquals([none.code, none.out], [1, ""]);
  assertMatch(none.err, /^error: Cannot show run 9 of .*two\.db: there is none; .+\n$/);
});

Deno.test("status shows a file of the Python original", async () => {
  using folder = tempFolder();
  const db = folder.file("original.db");
  {
    using connection = await connect(db);
    connection.exec(`CREATE TABLE task_runs (id INTEGER PRIMARY KEY, name TEXT NOT NULL,
      status TEXT NOT NULL, progress REAL NOT NULL DEFAULT 0.0, message TEXT, started_at TEXT,
      finished_at TEXT, result TEXT)`);
    const insert = connection.prepare("INSERT INTO task_runs VALUES (?,?,?,?,?,?,?,NULL)");
    insert.run(1, "extract", "running", 0.25, "a quarter", isoNow(), null);
    insert.run(2, "load", "done", 1, "fine", isoNow(), isoNow());
  }
  const { code, out } = await runCli(["status", "--db", db], { folder: folder.path });
  assertEquals(code, 0);
  assertMatch(out, /^task_runs · tasks of the Python pipeloom · running · /);
  assertMatch(out, /▶ running +1 +extract +███?░+ +25% .*a quarter\n✔ done +2 +load /);
});

Deno.test("status shows names and messages that mean harm as text", async () => {
  await using run = await HandRun.start(HOSTILE_NAMES, { run: "\x1b[31mrun\n\u202e" });
  for (const [n, text] of HOSTILE_NAMES.entries()) {
    await run.begin(n);
    if (n % 2) await run.end(n, "error", text);
    else await run.update(n, { progress: 0.5, message: text });
  }
  const options = { folder: run.folder.path };
  for (const args of [["status", "--db", run.db], ["runs", "--db", run.db]]) {
    const { code, out } = await runCli(args, options);
    assertEquals(code, 0);
    assert(!HARMFUL.test(out), `${args[0]} prints ${JSON.stringify(out)}`);
  }
  const { out } = await runCli(["status", "--db", run.db], options);
  assertEquals(out.trimEnd().split("\n").length, 4 + HOSTILE_NAMES.length);
  const json = await runCli(["status", "--db", run.db, "--json"], options);
  assert(!HARMFUL.test(json.out), "JSON prints control characters");
  const names = JSON.parse(json.out).tasks.map(({ name }: { name: string }) => name);
  assertEquals(names.sort(), HOSTILE_NAMES.toSorted());
});

Deno.test({
  name: "status on a terminal has colours, and none with NO_COLOR",
  ignore,
  async fn() {
    await using run = await mixed();
    const options = { folder: run.folder.path };
    await using coloured = openTerminal(["status", "--db", run.db], options);
    assertEquals(await coloured.ended(), 0);
    assertStringIncludes(coloured.raw, "\x1b[31m✖ error\x1b[39m");
    await using plain = openTerminal(["status", "--db", run.db], {
      ...options,
      env: { NO_COLOR: "1" },
    });
    assertEquals(await plain.ended(), 0);
    assert(!plain.raw.includes("\x1b"), "There are escapes with NO_COLOR");
    const names = (screen: string) => screen.match(/second|third|fourth|first|fifth/g);
    assertEquals(names(plain.screen), names(coloured.screen));
  },
});

Deno.test({
  name: "status fits a terminal of 40 columns: no line is folded",
  ignore,
  async fn() {
    await using run = await HandRun.start(["漢字".repeat(30), "x".repeat(200), "émoji 👩‍🚀 task"]);
    await run.begin(0);
    await run.update(0, { progress: 0.5, message: "m".repeat(200) });
    await using terminal = openTerminal(["status", "--db", run.db], {
      folder: run.folder.path,
      columns: 40,
      rows: 20,
    });
    assertEquals(await terminal.ended(), 0);
    const printed = terminal.raw.trimEnd().split("\r\n").length;
    assertEquals(terminal.screen.split("\n").length, printed);
    assertMatch(terminal.screen, /▶ +漢字.*…/);
    assertMatch(terminal.screen, /· +xxx+…/);
  },
});

Deno.test("status ends quietly when its reader is gone", async () => {
  await using run = await mixed();
  const { stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      `${Deno.execPath()} run --no-prompt --cached-only --allow-read cli.ts status --db ${run.db} | true`,
    ],
    cwd: new URL("../../", import.meta.url),
    stderr: "piped",
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
});

Deno.test("status takes a run whose tasks report progress for alive, and lists what is silent", async () => {
  await using run = await mixed();
  const options = { folder: run.folder.path };
  const old = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-10 minutes')";
  // Nothing has ended for ten minutes, and nothing shows the process.
  await run.writer.execute(`UPDATE pipeline_runs SET owner=NULL, updated_at=${old}`);
  const { out: alive } = await runCli(["status", "--db", run.db], options);
  assert(!alive.includes("no news"), alive);
  await run.writer.execute(`UPDATE task_runs SET updated_at=${old}, started_at=${old}`);
  const { out: silent } = await runCli(["status", "--db", run.db], options);
  assertMatch(silent, / · no news for 10 min \d\d s: its process may be gone\n/);
});
