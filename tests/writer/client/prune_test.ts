/**
 * @module
 */
import { connectReadOnly } from "../../../db.ts";
import { runPipeline, SqliteWriter, type TaskContext } from "../../../mod.ts";
import {
  chooseRuns,
  countRows,
  deleteRest,
  deleteRun,
  findRests,
} from "../../../writer/client/prune.ts";
import { assertEquals } from "../../support/assert.ts";
import { readRow, readValues } from "../../support/read.ts";
import { tempFolder } from "../../support/temp.ts";

Deno.test("deleteRun() that is stopped has deleted the run, and its remaining rows go later", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const items = Array.from({ length: 5_000 }, (_, i) => i);
  await runPipeline(items, { db, run: (_, task) => task.log("a line") });
  await runPipeline([1], { db, run: () => {} });
  using reader = await connectReadOnly(db);
  const [run] = chooseRuns(reader, { keepRuns: 1 }).runs;
  const { samples, ...whole } = countRows(reader, run!);
  assertEquals(whole, { tasks: 5_000, logs: 5_000 });

  await using writer = await SqliteWriter.open({ db, storeTaskStatus: false });
  const stop = new AbortController();
  const deleting = deleteRun(writer, run!, stop.signal);
  stop.abort();
  assertEquals(await deleting, { tasks: 0, logs: 0, samples: 0 });
  assertEquals(await readValues(db, "SELECT id FROM pipeline_runs"), [[2]]);
  const [rest] = findRests(reader);
  assertEquals(rest, 1);

  assertEquals(await deleteRest(writer, rest!), { tasks: 5_000, logs: 5_000, samples });
  assertEquals(findRests(reader), []);
  assertEquals(await readValues(db, "SELECT count(*) FROM task_runs"), [[1]]);
});

Deno.test("deleteRun() leaves a run whole or gone, wherever it is interrupted, also for a resume", async () => {
  // More than are deleted in one commit.
  const items = Array.from({ length: 2_100 }, (_, i) => ({ key: `${i}` }));
  const options = {
    name: "load",
    atomic: true,
    schema: "CREATE TABLE IF NOT EXISTS mine (key TEXT)",
    async run({ key }: { key: string }, task: TaskContext) {
      await task.insert("mine", [[key]]);
      if (key === "last") throw new Error("Not yet");
    },
  };
  using folder = tempFolder();
  const before = folder.file("before.db");
  await runPipeline([...items, { key: "last" }], { ...options, db: before });
  await runPipeline([1], { db: before, name: "other", run: () => {} });
  const finished = { commits: Infinity };
  for (let commits = 0; commits < finished.commits; commits++) {
    const db = folder.file(`${commits}.db`);
    Deno.copyFileSync(before, db);
    using reader = await connectReadOnly(db);
    const [run] = chooseRuns(reader, { keepRuns: 1 }).runs;
    {
      // As if the process were killed after a number of commits.
      await using writer = await SqliteWriter.open({ db });
      const stop = new AbortController();
      let made = 0;
      const note = <T>(result: T): T => {
        if (++made > commits) stop.abort();
        return result;
      };
      const transaction = writer.transaction.bind(writer);
      const execute = writer.execute.bind(writer);
      writer.transaction = async (...args) => note(await transaction(...args));
      writer.execute = async (...args) => note(await execute(...args));
      await deleteRun(writer, run!, stop.signal);
      if (!stop.signal.aborted) finished.commits = commits;
    }
    const report = await runPipeline(items.slice(0, 20), { ...options, db, resume: true });
    // The run is gone, so its items are new ones.
    assertEquals([report.runId, report.counts.done], [3, 20], `after ${commits} commits`);
    const mine = await readRow(db, "SELECT count(*) AS n FROM mine");
    assertEquals(mine.n, 2_100 + 20, `after ${commits} commits`);
  }
});

Deno.test("deleteRun() leaves tasks of other runs among the ids of its own", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const options = {
    db,
    taskId: ({ id }: { id: number }) => id,
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

Deno.test("deleteRun() leaves a run whose process is alive as it is, although it was chosen by force", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const items = Array.from({ length: 100 }, (_, i) => i);
  const schema = "CREATE TABLE IF NOT EXISTS mine (n INTEGER)";
  const pruned: unknown[] = [];
  const report = await runPipeline(items, {
    db,
    schema,
    workers: 1,
    async run(n, task) {
      await task.insert("mine", [[n]]);
      if (n !== 50) return;
      await runPipeline([1], { db, name: "newer", run: () => {} });
      using reader = await connectReadOnly(db);
      const { runs, running } = chooseRuns(reader, { keepRuns: 1, force: true });
      assertEquals([runs, running.map(({ id, isAlive }) => [id, isAlive])], [[], [[1, true]]]);
      await using writer = await SqliteWriter.open({ db, storeTaskStatus: false });
      // As it was chosen by a caller that took it for dead.
      pruned.push(await deleteRun(writer, { ...running[0]!, isAlive: false }));
    },
  });
  assertEquals([pruned, report.status, report.counts.done], [[undefined], "done", 100]);
  assertEquals(await readValues(db, "SELECT count(*) FROM mine"), [[100]]);
  assertEquals(await readValues(db, "SELECT count(*) FROM task_runs WHERE run_id=1"), [[100]]);
});
