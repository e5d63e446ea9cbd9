/**
 * Rows of a run over which another program has written: what this run did and did not do counts.
 */
import { readResults } from "../../db.ts";
import { runPipeline, SqliteError, SqliteWriter, type TaskContext } from "../../mod.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { another, FINISH, original, START } from "../support/original.ts";
import { gates } from "../support/gates.ts";
import { readRow, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

const keys = (first: number, last: number) => range(first, last).map((n) => `k${n}`);

const BY_STATUS =
  "SELECT status, count(*) FROM task_runs WHERE run_id IS NOT NULL GROUP BY 1 ORDER BY 1";
const COUNTS = "SELECT queued, running, done, error, cancelled FROM pipeline_runs";

/** What a reader of results sees of a task over which another program has written. */
const lost = (id: number) =>
  `Cannot read results: another program has written over task ${id}. Begin a new run`;

/** Runs these items once, except that those in `fails` fail; returns the keys that were run. */
async function run(db: string, items: string[], fails: readonly string[] = []) {
  const ran: string[] = [];
  const report = await runPipeline(items, {
    db,
    resume: true,
    name: "ours",
    run(key) {
      ran.push(key);
      if (fails.includes(key)) throw new Error(`${key} fails`);
      return key;
    },
  });
  return { ran: ran.toSorted(), report };
}

/** A run of k0 to k29, of which k10 to k14 failed. */
async function halfDone(db: string) {
  await run(db, keys(0, 29), keys(10, 14));
}

Deno.test("resume runs what this run has not done, whatever another program wrote over its rows", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  await halfDone(db);
  await original(db, range(1, 20));
  await original(db, [7, 14], "error");
  const { ran, report } = await run(db, keys(0, 29));
  assertEquals(ran, keys(10, 14));
  assertEquals([report.runId, report.status, report.counts.done], [1, "done", 30]);
  assertEquals(await readValues(db, COUNTS), [[0, 0, 30, 0, 0]]);
  assertEquals(await readValues(db, BY_STATUS), [["done", 30]]);
  // Those that the other program named have their names again.
  const ROW = "SELECT name, message, result, rewritten_as FROM task_runs";
  assertEquals(await readValues(db, `${ROW} WHERE key IN ('k6', 'k10')`), [
    ["k6", "theirs", null, "error"],
    ["k10", null, '"k10"', null],
  ]);
  const { rewritten, removed } = await readRow(db, "SELECT * FROM pipeline_runs");
  assertEquals([rewritten, removed], [5, null]);
  // What k0 to k9 returned is lost.
  const results = () => Array.fromAsync(readResults(db, 1));
  assertEquals((await assertRejects(results, Error)).message, lost(1));
  // A run that is done is not resumed.
  assertEquals((await run(db, keys(0, 1))).report.runId, 2);
});

Deno.test("resume counts the tasks that are there, and runs those whose rows were deleted", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  await halfDone(db);
  await another(db, [
    ["DELETE FROM task_runs WHERE id IN (3, 12)"],
    // This deletes ours, too.
    ["INSERT OR REPLACE INTO task_runs (id, name, status) VALUES (5, 'theirs', 'done')"],
  ]);
  const { ran, report } = await run(db, keys(0, 29));
  assertEquals(ran, [...keys(10, 14), "k2", "k4"]);
  assertEquals([report.status, report.counts.done, report.counts.total], ["done", 30, 30]);
  assertEquals(await readValues(db, COUNTS), [[0, 0, 30, 0, 0]]);
  assertEquals(await readValues(db, BY_STATUS), [["done", 30]]);
  const { rewritten, removed } = await readRow(db, "SELECT * FROM pipeline_runs");
  assertEquals([rewritten, removed], [null, 3]);
  assertEquals((await readRow(db, "SELECT * FROM task_runs WHERE id=5")).name, "theirs");
});

Deno.test("rows that were deleted before a process died are counted when its run is resumed", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  await halfDone(db);
  const owner = crypto.randomUUID();
  await Deno.writeTextFile(`${await Deno.realPath(db)}-owner-${owner}`, "");
  await another(db, [
    ["DELETE FROM task_runs WHERE id IN (3, 12)"],
    [`UPDATE pipeline_runs SET status='running', finished_at=NULL, owner='${owner}'`],
  ]);
  {
    await using _writer = await SqliteWriter.open({ db });
  }
  assertEquals(await readValues(db, "SELECT status FROM pipeline_runs"), [["interrupted"]]);
  const { ran } = await run(db, keys(0, 29));
  assertEquals(ran, [...keys(10, 14), "k2"]);
  assertEquals(await readValues(db, COUNTS), [[0, 0, 30, 0, 0]]);
  assertEquals((await readRow(db, "SELECT * FROM pipeline_runs")).removed, 2);
});

Deno.test("resume runs tasks whose status no program knows, unless they were done", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  await halfDone(db);
  await another(db, [
    ["UPDATE task_runs SET status='paused' WHERE key IN ('k1', 'k11')"],
    ["UPDATE task_runs SET status=x'00ff' WHERE key IN ('k2', 'k12')"],
    ["UPDATE task_runs SET status='' WHERE key='k13'"],
    ["UPDATE task_runs SET name='theirs', progress=0.1, message='theirs' WHERE key='k3'"],
  ]);
  const { ran, report } = await run(db, keys(0, 29));
  assertEquals(ran, keys(10, 14));
  assertEquals(report.counts.done, 30);
  assertEquals(await readValues(db, BY_STATUS), [["done", 30]]);
});

Deno.test("a run continues while another program writes over its rows", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  const { open, wait } = gates();
  const ran: string[] = [];
  const running = runPipeline(keys(1, 6), {
    db,
    workers: 2,
    name: "ours",
    async run(key, task) {
      ran.push(key);
      if (key === "k2") await task.flush().then(() => open("running"));
      if (Number(key[1]) < 3) await wait("written");
      task.progress(0.5, "ours");
      await task.flush();
      if (key === "k4") throw new Error("It fails");
    },
  });
  await wait("running");
  await original(db, [1, 5]);
  await original(db, [2, 6], "error");
  await original(db, [3], "running");
  open("written");
  const report = await running;
  assertEquals(ran.toSorted(), keys(1, 6));
  assertEquals([report.status, report.counts.done, report.counts.error], ["error", 5, 1]);
  assertEquals(await readValues(db, "SELECT key, status, own_status, message FROM task_runs"), [
    ["k1", "done", "done", "ours"],
    ["k2", "done", "done", "ours"],
    ["k3", "done", "done", "ours"],
    ["k4", "error", "error", "It fails"],
    ["k5", "done", "done", "ours"],
    ["k6", "done", "done", "ours"],
  ]);
  assertEquals(await readValues(db, COUNTS), [[0, 0, 5, 1, 0]]);
});

Deno.test("a run that is stopped cancels what is queued for it, whatever another program wrote", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  const stop = new AbortController();
  const report = await runPipeline(keys(1, 9), {
    db,
    workers: 1,
    signal: stop.signal,
    async run(_, task) {
      await task.flush();
      await original(db, [3, 4]);
      await another(db, [["UPDATE task_runs SET status='queued' WHERE id=1"]]);
      stop.abort();
      task.signal.throwIfAborted();
    },
  });
  assertEquals([report.status, report.counts.cancelled], ["cancelled", 9]);
  assertEquals(await readValues(db, BY_STATUS), [["cancelled", 9]]);
  assertEquals(await readValues(db, COUNTS), [[0, 0, 0, 0, 9]]);
});

Deno.test("a run does not fail on rows that another program adds under its ids", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  const { open, wait } = gates();
  async function* items() {
    yield "k1";
    await wait("written");
    yield* keys(2, 9);
  }
  const running = runPipeline(items(), {
    db,
    async run(_, task) {
      await task.flush();
      open("begun");
    },
  });
  await wait("begun");
  await original(db, range(1, 5));
  open("written");
  const { status, counts } = await running;
  assertEquals([status, counts.done], ["done", 9]);
  assertEquals(await readValues(db, BY_STATUS), [["done", 9]]);
  assertEquals(await readValues(db, COUNTS), [[0, 0, 9, 0, 0]]);
  // It continues with what it finds there.
  await another(db, [
    [FINISH, "done", 1, "2024-01-02T03:04:05+00:00", "", null, 3],
    [START, 4, "task-4", "2024-01-02T03:04:05+00:00"],
  ]);
});

Deno.test("a run whose rows are deleted while it is active reports it, and is resumed", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  const running = runPipeline(keys(1, 6), {
    db,
    workers: 1,
    name: "ours",
    async run(key, task) {
      if (key !== "k2") return;
      await task.flush();
      await another(db, [["DELETE FROM task_runs WHERE id IN (2, 4)"]]);
    },
  });
  const error = await assertRejects(() => running, SqliteError);
  assertStringIncludes(error.message, "task 2: there is no such task in run 1. Another program");
  const [counts] = await readValues(db, COUNTS);
  const [[rows]] = await readValues(db, "SELECT count(*) FROM task_runs") as [[number]];
  assertEquals([rows, counts!.reduce<number>((sum, n) => sum + Number(n), 0)], [4, 4]);
  const { report } = await run(db, keys(1, 6));
  assertEquals([report.runId, report.status, report.counts.done], [1, "done", 6]);
  assertEquals(await readValues(db, COUNTS), [[0, 0, 6, 0, 0]]);
});

Deno.test("a result is refused that the original has written with the same status", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  await run(db, keys(1, 8));
  const results = () => Array.fromAsync(readResults(db, 1));
  assertEquals((await results()).length, 8);
  await original(db, [7]);
  assertEquals((await assertRejects(results, Error)).message, lost(7));
});

Deno.test("a task does not read a result that may be another program's", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  const needs = (key: string) => key === "k1" ? [] : ["k1"];
  const options = { db, resume: true, dependsOn: needs };
  let isTaken = false;
  const items = ["k1", "k2"];
  const read = async (key: string, task: TaskContext) => {
    if (key === "k1") return await task.flush().then(() => 1);
    if (!isTaken) {
      assertEquals(await task.resultOf("k1"), 1);
      await original(db, [1], "error");
    }
    isTaken = true;
    return await task.resultOf("k1");
  };
  for (let i = 0; i < 2; i++) {
    const { status, failures } = await runPipeline(items, { ...options, run: read });
    assertEquals([status, failures.map(({ error }) => error.message)], ["error", [
      'Cannot read the result of "k1": another program has written over the task of k1. Begin a new run',
    ]]);
  }
});
