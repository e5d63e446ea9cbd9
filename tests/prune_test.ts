/**
 * @module
 */
import { connectReadOnly } from "../db.ts";
import { runPipeline, SqliteWriter, type TaskContext } from "../mod.ts";
import { chooseRuns, countRows, deleteRun } from "../database/prune.ts";
import { assertEquals } from "./assert.ts";
import { readRow, readValues } from "./read.ts";
import { tempFolder } from "./temp.ts";

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
