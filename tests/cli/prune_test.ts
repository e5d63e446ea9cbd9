/**
 * `pipeloom prune`.
 *
 * @module
 */
import { connect } from "../../db.ts";
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { HandRun } from "./cli_fixture.ts";
import { readRow, readValues } from "../support/read.ts";
import { runCli } from "./cli_terminal.ts";
import { tempFolder } from "../support/temp.ts";

/** A database of five runs, of which run n ended n days before now and has n tasks with a log line each. */
async function makeFiveRuns(db: string): Promise<void> {
  for (const days of [5, 4, 3, 2, 1]) {
    const items = Array.from({ length: days }, (_, i) => i);
    await runPipeline(items, {
      db,
      schema: "CREATE TABLE IF NOT EXISTS mine (n INTEGER)",
      retries: 1,
      retryDelayMs: 0,
      taskKey: (n) => `${n}`,
      dependsOn: (n) => n === 0 ? [] : ["0"],
      async run(n, task) {
        if (task.attempt === 1) throw new Error("Not yet");
        task.log("a line");
        task.check("is small", n < 10, { value: n });
        await task.step("a step", () => n);
        await task.insert("mine", [[n]], { columns: ["n"], idempotencyKey: "n" });
      },
    });
  }
  using connection = await connect(db);
  connection.exec(`UPDATE pipeline_runs SET
    finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || (6 - id) || ' days')`);
}

let made: Uint8Array<ArrayBuffer> | undefined;

/** A folder with a copy of these runs. */
async function fiveRuns(): Promise<ReturnType<typeof tempFolder> & { db: string }> {
  const folder = tempFolder();
  const db = folder.file("etl.db");
  if (!made) {
    await makeFiveRuns(db);
    made = Deno.readFileSync(db);
  } else Deno.writeFileSync(db, made);
  return Object.assign(folder, { db });
}

async function counts(db: string) {
  return await readRow(
    db,
    `SELECT (SELECT group_concat(id) FROM pipeline_runs) AS runs,
       (SELECT group_concat(DISTINCT run_id) FROM task_runs) AS tasks,
       (SELECT group_concat(DISTINCT run_id) FROM task_logs) AS logs,
       (SELECT group_concat(DISTINCT run_id) FROM task_attempts) AS attempts,
       (SELECT group_concat(DISTINCT run_id) FROM task_checks) AS checks,
       (SELECT group_concat(DISTINCT run_id) FROM task_steps) AS steps,
       (SELECT group_concat(DISTINCT run_id) FROM task_dependencies) AS dependencies,
       (SELECT group_concat(DISTINCT run_id) FROM idempotency_keys) AS keys,
       (SELECT group_concat(DISTINCT run_id) FROM run_samples) AS samples,
       (SELECT count(*) FROM mine) AS mine`,
  );
}

const ALL = {
  runs: "1,2,3,4,5",
  tasks: "1,2,3,4,5",
  logs: "1,2,3,4,5",
  attempts: "1,2,3,4,5",
  checks: "1,2,3,4,5",
  steps: "1,2,3,4,5",
  // The last has but one task.
  dependencies: "1,2,3,4",
  keys: "1,2,3,4,5",
  samples: "1,2,3,4,5",
  mine: 15,
};

Deno.test("prune --dry-run lists what would go, and deletes nothing", async () => {
  using folder = await fiveRuns();
  const args = ["prune", "--db", "etl.db", "--keep", "60h", "--dry-run"];
  const { code, out } = await runCli(args, { folder: folder.path });
  assertEquals(code, 0);
  assertMatch(
    out,
    /^etl\.db: 3 runs would be deleted, with 12 tasks, 12 log lines and \d+ samples\n$/,
  );
  assertEquals(await counts(folder.db), ALL);
});

Deno.test("prune --keep deletes runs that ended before, with all their rows and none of mine", async () => {
  using folder = await fiveRuns();
  const args = ["prune", "--db", "etl.db", "--keep", "60h"];
  const { code, out } = await runCli(args, { folder: folder.path });
  assertEquals(code, 0);
  assertMatch(out, /^etl\.db: 3 runs deleted, with 12 tasks, 12 log lines and \d+ samples\n/);
  assertEquals(await counts(folder.db), {
    runs: "4,5",
    tasks: "4,5",
    logs: "4,5",
    attempts: "4,5",
    checks: "4,5",
    steps: "4,5",
    dependencies: "4",
    keys: "4,5",
    samples: "4,5",
    mine: 15,
  });
  const again = await runCli(args, { folder: folder.path });
  assertEquals([again.code, again.out], [0, "etl.db: there is nothing to delete\n"]);
});

Deno.test("prune --keep-runs keeps the given number; with --keep, what either keeps is kept", async () => {
  using folder = await fiveRuns();
  const options = { folder: folder.path };
  const both = ["prune", "--db", "etl.db", "--keep-runs", "2", "--keep", "84h", "--json"];
  const { out } = await runCli(both, options);
  assertEquals(JSON.parse(out).runs, [1, 2]);
  await runCli(["prune", "--db", "etl.db", "--keep-runs", "2"], options);
  assertEquals((await counts(folder.db)).runs, "4,5");
});

Deno.test("prune never deletes the newest run, so that no id is used again", async () => {
  using folder = await fiveRuns();
  const { code } = await runCli(["prune", "--db", "etl.db", "--keep", "0s"], {
    folder: folder.path,
  });
  assertEquals(code, 0);
  assertEquals((await counts(folder.db)).runs, "5");
  const report = await runPipeline([1], { db: folder.db, run: () => {} });
  assertEquals(report.runId, 6);
});

Deno.test("prune spares a run that is running; forced, it deletes only one whose process is gone", async () => {
  await using run = await HandRun.start(["a", "b"]);
  await runPipeline([1], { db: run.db, run: () => {} });
  const options = { folder: run.folder.path };
  const prune = ["prune", "--db", run.db, "--keep-runs", "1"];
  for (const flags of [[], ["--force"], ["--force", "--dry-run"], ["--force", "--keep", "0s"]]) {
    const spared = await runCli([...prune, ...flags], options);
    assertEquals(spared.code, 0, flags.join(" "));
    assertMatch(spared.out, /: there is nothing to delete\nSpared, .* alive: run 1; cancel it /);
    assertEquals(await readValues(run.db, "SELECT id FROM pipeline_runs"), [[1], [2]]);
  }
  // As it is where no lock can be had: it is unknown whether its process lives.
  await run.writer.execute("UPDATE pipeline_runs SET owner=NULL WHERE id=1");
  const unknown = await runCli(prune, options);
  assertMatch(unknown.out, /\nSpared, .* running: run 1; --force /);
  const forced = await runCli([...prune, "--force"], options);
  assertMatch(forced.out, /: 1 run deleted, with 2 tasks, /);
  assertEquals(await readValues(run.db, "SELECT id FROM pipeline_runs"), [[2]]);
});

Deno.test("prune frees room, and prints how to make the file smaller", async () => {
  using folder = tempFolder();
  const db = folder.file("big.db");
  const message = "m".repeat(500);
  await runPipeline(Array.from({ length: 6_000 }, (_, i) => i), {
    db,
    run: (_, task) => task.progress(0.5, message),
  });
  await runPipeline([1], { db, run: () => {} });
  const { out } = await runCli(["prune", "--db", "big.db", "--keep-runs", "1"], {
    folder: folder.path,
  });
  assertMatch(out, /1 run deleted, with 6,000 tasks, /);
  assertMatch(
    out,
    /\n\d\.\d MiB of the file are free for new rows\. .*: pipeloom vacuum --db big\.db\n$/,
  );
  assertEquals(await readRow(db, "SELECT count(*) AS n FROM task_runs"), { n: 1 });
});

Deno.test("prune leaves tasks of the Python original, and the journal as it is", async () => {
  using folder = tempFolder();
  const db = folder.file("old.db");
  for (const _ of [1, 2]) await runPipeline([1], { db, wal: false, run: () => {} });
  {
    using connection = await connect(db, { wal: false });
    connection.exec("INSERT INTO task_runs (name, status) VALUES ('theirs', 'done')");
  }
  const { out } = await runCli(["prune", "--db", "old.db", "--keep-runs", "1"], {
    folder: folder.path,
  });
  assertMatch(out, /1 run deleted/);
  assertEquals(await readValues(db, "SELECT run_id FROM task_runs"), [[2], [null]]);
  assertEquals(await readRow(db, "PRAGMA journal_mode"), { journal_mode: "delete" });
  assert(!(await readRow(db, "SELECT count(*) AS n FROM pipeline_runs WHERE id = 1")).n);
});

Deno.test("prune stops at a row that a table of mine points to, with one message", async () => {
  using folder = await fiveRuns();
  {
    using connection = await connect(folder.db);
    connection.exec(`CREATE TABLE ref (task INTEGER REFERENCES task_runs (id));
      INSERT INTO ref SELECT min(id) FROM task_runs`);
  }
  const { code, err } = await runCli(["prune", "--db", "etl.db", "--keep-runs", "1"], {
    folder: folder.path,
  });
  assertEquals(code, 1);
  assertMatch(err, /^error: FOREIGN KEY constraint failed.*\n$/);
  assertEquals((await counts(folder.db)).runs, "1,2,3,4,5");
});

Deno.test("a version goes with the last run of its pipeline that had its key", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const load = (name: string, keys: string[]) =>
    runPipeline(keys, { db, name, version: () => "1", run: (key) => key });
  await load("files", ["a", "gone"]);
  await load("other", ["gone"]);
  await load("files", ["a", "b"]);
  await load("newest", []);
  const versions = () =>
    readValues(db, "SELECT name, key, run_id FROM task_versions ORDER BY name, key");
  const prune = async (...options: string[]) =>
    (await runCli(["prune", "--keep-runs", "3", "--db", db, ...options], { folder: folder.path }))
      .out;
  assertMatch(await prune("--dry-run"), / 1 run would be deleted, .* and 1 stored version\n$/);
  assertEquals((await versions()).length, 4);
  assertEquals(JSON.parse(await prune("--dry-run", "--json")).rows.versions, 1);
  assertEquals(JSON.parse(await prune("--json")).rows.versions, 1);
  // "a" was done by the run that is deleted, and is what it was for the one that is left.
  assertEquals(await versions(), [["files", "a", 1], ["files", "b", 3], ["other", "gone", 2]]);
  const { counts } = await load("files", ["a", "b"]);
  assertEquals(counts.unchanged, 2);
  await runCli(["prune", "--keep-runs", "1", "--db", db], { folder: folder.path });
  assertEquals(await versions(), [["files", "a", 1], ["files", "b", 3]]);
});
