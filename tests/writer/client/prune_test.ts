/**
 * @module
 */
import { connectReadOnly } from "../../../db.ts";
import { runPipeline, SqliteWriter, type TaskContext } from "../../../mod.ts";
import { chooseRuns, countRows, deleteRun } from "../../../writer/client/prune.ts";
import { assertEquals } from "../../support/assert.ts";
import { readRow, readValues } from "../../support/read.ts";
import { tempFolder } from "../../support/temp.ts";

Deno.test("deleteRun() that is stopped deletes some rows and leaves the run to be found again", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const items = Array.from({ length: 5_000 }, (_, i) => i);
  await runPipeline(items, { db, run: (_, task) => task.log("a line") });
  await runPipeline([1], { db, run: () => {} });
  using reader = await connectReadOnly(db);
  const choose = () => chooseRuns(reader, { keepRuns: 1 }).runs[0]!;
  const { samples, ...whole } = countRows(reader, choose());
  assertEquals(whole, { tasks: 5_000, logs: 5_000 });

  await using writer = await SqliteWriter.open({ db, storeTaskStatus: false });
  const stop = new AbortController();
  const deleting = deleteRun(writer, choose(), stop.signal);
  stop.abort();
  // One part was under way.
  assertEquals(await deleting, { tasks: 0, logs: 2_000, samples: 0 });
  assertEquals(countRows(reader, choose()), { tasks: 5_000, logs: 3_000, samples });

  assertEquals(await deleteRun(writer, choose()), { tasks: 5_000, logs: 3_000, samples });
  assertEquals(chooseRuns(reader, { keepRuns: 1 }).runs, []);
  assertEquals(await readValues(db, "SELECT id FROM pipeline_runs"), [[2]]);
});

Deno.test("deleteRun() leaves tasks of other runs among the ids of its own", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const options = {
    db,
    schema: "CREATE TABLE IF NOT EXISTS mine (id INTEGER)",
    run: ({ id }: { id: number }, task: TaskContext) =>
      task.insert("mine", [[id]], { idempotencyKey: "id" }),
  };
  await runPipeline([{ id: 1 }, { id: 9 }], options);
  await runPipeline([{ id: 5 }], options);
  using reader = await connectReadOnly(db);
  await using writer = await SqliteWriter.open({ db, storeTaskStatus: false });
  const { runs } = chooseRuns(reader, {});
  assertEquals(runs.map(({ id }) => id), [1]);
  await deleteRun(writer, runs[0]!);
  assertEquals(await readRow(db, "SELECT id, run_id FROM task_runs"), { id: 5, run_id: 2 });
  assertEquals(await readValues(db, "SELECT task_id, run_id FROM idempotency_keys"), [[5, 2]]);
  assertEquals(await readValues(db, "SELECT id FROM mine"), [[1], [9], [5]]);
});

Deno.test("deleteRun() leaves a run that was resumed since it was chosen as it is", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const options = {
    db,
    name: "load",
    resume: true,
    schema: "CREATE TABLE IF NOT EXISTS mine (key TEXT)",
  };
  await runPipeline([{ key: "a" }], {
    ...options,
    async run({ key }, task) {
      await task.insert("mine", [[key]], { idempotencyKey: "key" });
      throw new Error("Not yet");
    },
  });
  await runPipeline([1], { db, run: () => {} });
  using reader = await connectReadOnly(db);
  const [chosen] = chooseRuns(reader, { keepRuns: 1 }).runs;
  await using writer = await SqliteWriter.open({ db, storeTaskStatus: false });
  const pruned: unknown[] = [];
  const report = await runPipeline([{ key: "a" }, { key: "b" }], {
    ...options,
    workers: 1,
    async run({ key }, task) {
      // While it runs, and when it has more tasks than it had.
      pruned.push(await deleteRun(writer, chosen!));
      await task.insert("mine", [[key]], { idempotencyKey: "key" });
    },
  });
  pruned.push(await deleteRun(writer, chosen!));
  assertEquals([report.runId, report.status], [1, "done"]);
  assertEquals(pruned, [undefined, undefined, undefined]);
  assertEquals(await readValues(db, "SELECT key FROM mine"), [["a"], ["b"]]);
  assertEquals(await readValues(db, "SELECT key FROM task_runs WHERE run_id=1"), [["a"], ["b"]]);
});

Deno.test("deleteRun() that is stopped leaves the keys of tasks that are there", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await runPipeline(Array.from({ length: 2_001 }, (_, i) => i), {
    db,
    schema: "CREATE TABLE mine (n INTEGER)",
    run: (n, task) => task.insert("mine", [[n]], { idempotencyKey: "n" }),
  });
  await runPipeline([1], { db, run: () => {} });
  using reader = await connectReadOnly(db);
  await using writer = await SqliteWriter.open({ db, storeTaskStatus: false });
  const choose = () => chooseRuns(reader, { keepRuns: 1 }).runs[0]!;
  const stop = new AbortController();
  const execute = writer.execute.bind(writer);
  writer.execute = async (sql, params) => {
    const result = await execute(sql, params);
    if (result.changes === 2_000) stop.abort();
    return result;
  };
  assertEquals(await deleteRun(writer, choose(), stop.signal), {
    tasks: 2_000,
    logs: 0,
    samples: 0,
  });
  const KEPT = "SELECT (SELECT count(*) FROM task_runs), (SELECT count(*) FROM idempotency_keys)";
  assertEquals(await readValues(db, KEPT), [[2, 2_001]]);
});
