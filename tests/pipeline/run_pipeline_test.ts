import { runPipeline, type TaskContext } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import type { SqlValue } from "../../db.ts";
import { readRow, readRows, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const SCHEMA = "CREATE TABLE IF NOT EXISTS word (task INTEGER, text TEXT NOT NULL)";

for (const driver of DRIVERS) {
  Deno.test(`runPipeline() writes tasks, rows, results and the run over ${driver}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const items = [{ name: "Ünï", key: "u", text: "to be" }, { name: "second", text: "or not" }];
    const report = await runPipeline(items, {
      db,
      driver,
      name: "words",
      workers: 2,
      schema: SCHEMA,
      async run({ text }, task) {
        task.progress(1, 2, "half way");
        const words = text.split(" ");
        await task.insert("word", words.map((word) => [task.id, word]));
        return { words, of: task.name };
      },
    });
    assertEquals(report.counts, {
      queued: 0,
      running: 0,
      done: 2,
      error: 0,
      cancelled: 0,
      total: 2,
    });
    assertEquals([report.runId, report.name, report.status], [1, "words", "done"]);
    assertEquals([report.failures, report.driver], [[], driver]);
    assert(report.elapsedMs > 0);
    assertEquals(report.checkpoint?.busy, false);

    const tasks = await readRows(db, "SELECT * FROM task_runs ORDER BY id");
    const { started_at, finished_at, updated_at: _, ...first } = tasks[0]!;
    assertMatch(String(started_at), ISO);
    assertMatch(String(finished_at), ISO);
    assert(started_at! <= finished_at!);
    assertEquals(first, {
      id: 1,
      name: "Ünï",
      status: "done",
      progress: 1,
      message: "half way",
      result: '{"words":["to","be"],"of":"Ünï"}',
      run_id: 1,
      key: "u",
      error: null,
      input: null,
      added_by: null,
      own_status: "done",
      rewritten_as: null,
      worker: null,
      version: null,
      stage: null,
      tags: null,
      wakes_at: null,
      wrote: '{"word":{"inserted":2}}',
    });
    assertEquals(tasks[1]!.key, null);
    assertEquals(
      await readValues(db, "SELECT * FROM word ORDER BY rowid"),
      [[1, "to"], [1, "be"], [2, "or"], [2, "not"]],
    );
    const run = await readRow(db, "SELECT * FROM pipeline_runs");
    assertEquals([run.name, run.status, run.workers, run.driver], ["words", "done", 2, driver]);
    assertEquals([run.first_task_id, run.last_task_id], [1, 2]);
    assertEquals(
      [run.queued, run.running, run.done, run.error, run.cancelled],
      [0, 0, 2, 0, 0],
    );
    assertEquals(run.sqlite_version, report.sqliteVersion);
    assertMatch(String(run.started_at), ISO);
    assertMatch(String(run.finished_at), ISO);
  });
}

Deno.test("runPipeline() queues all known items before the first task", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let tasks: SqlValue[][] | undefined;
  let counts: SqlValue[][] | undefined;
  await runPipeline(Array.from({ length: 5_000 }, (_, i) => ({ name: `n${i}` })), {
    db,
    workers: 1,
    async run(_, task) {
      if (task.id > 1) return;
      await task.flush();
      tasks = await readValues(db, "SELECT status, count(*), max(name) FROM task_runs GROUP BY 1");
      counts = await readValues(db, "SELECT status, queued, running, done FROM pipeline_runs");
    },
  });
  assertEquals(tasks, [["queued", 4_999, "n999"], ["running", 1, "n0"]]);
  assertEquals(counts, [["running", 4_999, 1, 0]]);
});

Deno.test("runPipeline() adds rows in a second run and never overwrites", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const run = (item: string) => item;
  const first = await runPipeline(["a", "b"], { db, run });
  const before = await readRows(db, "SELECT * FROM task_runs");
  const second = await runPipeline(["a", "b", "c"].values(), { db, run });
  assertEquals([first.runId, second.runId], [1, 2]);
  assertEquals(await readRows(db, "SELECT * FROM task_runs WHERE run_id=1"), before);
  assertEquals(
    await readValues(db, "SELECT id, name, result FROM task_runs WHERE run_id=2"),
    [[3, "a", '"a"'], [4, "b", '"b"'], [5, "c", '"c"']],
  );
  assertEquals(
    await readValues(db, "SELECT first_task_id, last_task_id FROM pipeline_runs"),
    [[1, 2], [3, 5]],
  );
});

Deno.test("runPipeline() takes ids, names and keys of items and options", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const context: unknown[] = [];
  await runPipeline([{ id: 70, name: "own" }, {}, { id: 7 }], {
    db,
    workers: 1,
    taskId: ({ id }) => id,
    taskKey: (_, index) => `key ${index}`,
    run: (_, { id, name, key, runId }) => void context.push([id, name, key, runId]),
  });
  const expected: SqlValue[][] = [[70, "own", "key 0"], [1, "key 1", "key 1"], [
    7,
    "key 2",
    "key 2",
  ]];
  assertEquals(context, expected.map((identity) => [...identity, 1]));
  assertEquals(
    await readValues(db, "SELECT id, name, key FROM task_runs ORDER BY key"),
    expected,
  );
});

Deno.test("runPipeline() runs as many tasks at once as it has workers", async () => {
  for (const items of [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5].values()]) {
    const full = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    await runPipeline(items, {
      db: ":memory:",
      workers: 3,
      async run() {
        most = Math.max(most, ++running);
        if (running === 3) full.resolve();
        await full.promise;
        running--;
      },
    });
    assertEquals(most, 3);
  }
});

Deno.test("runPipeline() runs 16 tasks at once on this thread, and one for each CPU on the pool", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let most = 0, running = 0;
  await runPipeline(Array(50).fill("x"), {
    db,
    async run(_, task) {
      most = Math.max(most, ++running);
      await task.flush();
      running--;
    },
  });
  const module = "data:text/javascript,export default () => {}";
  await runPipeline(["x"], { db, run: { module } });
  assertEquals(most, 16);
  const workers = await readValues(db, "SELECT workers FROM pipeline_runs");
  assertEquals(workers, [[16], [navigator.hardwareConcurrency]]);
});

Deno.test("runPipeline() finishes 10,000 tasks, and each has its row", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = Array.from({ length: 10_000 }, (_, i) => i);
  const report = await runPipeline(items, {
    db,
    workers: 8,
    schema: "CREATE TABLE number (n INTEGER)",
    async run(n: number, task: TaskContext) {
      task.progress(0.5);
      if (n % 2) await task.insert("number", [[n]]);
      return n % 2 ? n : Promise.resolve(n);
    },
  });
  assertEquals(report.counts.done, 10_000);
  assertEquals(
    await readValues(
      db,
      "SELECT count(*), sum(status='done'), sum(result=name), min(progress) FROM task_runs",
    ),
    [[10_000, 10_000, 10_000, 1]],
  );
  assertEquals(
    await readValues(db, "SELECT count(DISTINCT n), sum(n) FROM number"),
    [[5_000, 25_000_000]],
  );
});

Deno.test("runPipeline() ends at once when there are no items", async () => {
  for (const items of [[], new Set(), [].values(), (async function* () {})()]) {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const report = await runPipeline(items as Iterable<never>, { db, run: () => {} });
    assertEquals([report.status, report.counts.total, report.failures.length], ["done", 0, 0]);
    const sql = "SELECT status, done, last_task_id FROM pipeline_runs";
    assertEquals(await readValues(db, sql), [["done", 0, null]]);
  }
});

Deno.test("runPipeline() keeps no status where none is wanted, but rows and counts", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const contexts: unknown[] = [];
  const report = await runPipeline([{}, { id: 1 }, { name: "bad" }], {
    db,
    storeTaskStatus: false,
    workers: 1,
    schema: SCHEMA,
    taskId: ({ id }) => id,
    async run(_, task) {
      contexts.push([task.id, task.runId]);
      task.progress(0.5);
      task.log("nowhere");
      await task.insert("word", [[task.id, task.name === "bad" ? null : "ok"]]);
    },
  });
  assertEquals(await readValues(db, "SELECT name FROM sqlite_schema"), [["word"]]);
  assertEquals(await readValues(db, "SELECT task FROM word"), [[2], [1]]);
  assertEquals(contexts, [[2, null], [1, null], [3, null]]);
  assertEquals([report.runId, report.status], [null, "error"]);
  assertEquals([report.counts.done, report.counts.error, report.counts.total], [2, 1, 3]);
  assertEquals(report.failures.map(({ id, name }) => [id, name]), [[3, "bad"]]);
});

Deno.test("two pipelines write to one file at the same time", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const both = Promise.withResolvers<void>();
  let running = 0;
  const pipeline = (name: string) =>
    runPipeline(Array.from({ length: 500 }, (_, i) => i), {
      db,
      name,
      schema: SCHEMA,
      async run(n, task) {
        if (n === 0 && ++running === 2) both.resolve();
        if (n === 0) await both.promise;
        await task.insert("word", [[task.id, name]]);
      },
    });
  const reports = await Promise.all([pipeline("left"), pipeline("right")]);
  assertEquals(
    reports.map(({ status, counts }) => [status, counts.done]),
    Array(2).fill(["done", 500]),
  );
  assertEquals(
    await readValues(db, "SELECT text, count(DISTINCT task) FROM word GROUP BY 1 ORDER BY 1"),
    [["left", 500], ["right", 500]],
  );
  assertEquals(
    await readValues(db, "SELECT name, done, queued + running FROM pipeline_runs ORDER BY 1"),
    [["left", 500, 0], ["right", 500, 0]],
  );
});
