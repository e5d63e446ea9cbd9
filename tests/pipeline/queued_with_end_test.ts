import { type PipelineReport, runPipeline, SqliteWriter, startPipeline } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { readRow, readRows, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

/** Keeps each status that a task takes. */
const HISTORY = `CREATE TABLE history (task INTEGER, was TEXT, status TEXT)`;
const TRIGGERS = `
  CREATE TRIGGER queued AFTER INSERT ON task_runs BEGIN
    INSERT INTO history VALUES (new.id, NULL, new.status); END;
  CREATE TRIGGER moved AFTER UPDATE OF status ON task_runs BEGIN
    INSERT INTO history VALUES (new.id, old.status, new.status); END;`;

function ended({ done, error, cancelled, total }: PipelineReport["counts"]): number[] {
  return [done, error, cancelled, total];
}

Deno.test("runPipeline() writes tasks that are quick as others: times, results, errors and counts", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(Array.from({ length: 4_000 }, (_, i) => i), {
    db,
    workers: 2,
    run(item, task) {
      task.progress(0.5, "half-way");
      if (item % 1_000 === 7) throw new Error(`no ${item}`);
      return item % 2 ? item : undefined;
    },
  });
  assertEquals(ended(report.counts), [3_996, 4, 0, 4_000]);
  const { n, ids } = await readRow(
    db,
    `SELECT count(*) AS n, count(DISTINCT id) AS ids FROM task_runs WHERE run_id=${report.runId}
     AND name=key AND started_at<=finished_at AND started_at GLOB '20??-??-??T*Z'
     AND CASE status WHEN 'done' THEN progress=1 AND message='half-way' AND error IS NULL
           AND result IS CASE WHEN key%2 THEN key END
         ELSE status='error' AND progress=0.5 AND message='no ' || key AND error LIKE 'Error: no %' END`,
  );
  assertEquals([n, ids], [4_000, 4_000]);
  const counts = await readValues(db, "SELECT queued, running, done, error FROM pipeline_runs");
  assertEquals(counts, [[0, 0, 3_996, 4]]);
});

Deno.test("triggers of the user's on task_runs see each status, however quick a task is", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using writer = await SqliteWriter.open({ db, schema: HISTORY });
  await writer.execute("INSERT INTO history SELECT 0, NULL, 'none' WHERE false");
  for (const statement of TRIGGERS.split("END;").filter((sql) => sql.trim())) {
    await writer.execute(`${statement} END`);
  }
  await runPipeline([1, 2, 3], { db: writer, run: () => {} });
  assertEquals(
    await readValues(db, "SELECT was, status, count(*) FROM history GROUP BY 1, 2 ORDER BY 1"),
    [[null, "queued", 3], ["queued", "done", 3]],
  );
});

Deno.test("a row that refers to its task finds it, however quick the task is", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const schema = "CREATE TABLE line (task INTEGER NOT NULL REFERENCES task_runs(id))";
  const { counts } = await runPipeline(Array.from({ length: 50 }, (_, i) => i), {
    db,
    schema,
    async run(_, task) {
      await task.insert("line", [{ task: task.id }]);
    },
  });
  assertEquals(counts.done, 50);
  assertEquals(await readValues(db, "SELECT count(DISTINCT task) FROM line"), [[50]]);
});

Deno.test("a known task that is not queued yet is cancelled by its id, and shows with all others", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const gate = Promise.withResolvers<void>();
  const pipeline = startPipeline(Array.from({ length: 3_000 }, (_, i) => i), {
    db,
    workers: 1,
    run: (item) => item === 0 ? gate.promise : undefined,
  });
  await pipeline.cancel(3_000);
  const queued = await readValues(db, "SELECT status, count(*) FROM task_runs GROUP BY 1");
  gate.resolve();
  const { counts } = await pipeline.finished;
  assertEquals(queued, [["cancelled", 1], ["queued", 2_998], ["running", 1]]);
  assertEquals(ended(counts), [2_999, 0, 1, 3_000]);
});

Deno.test("a run that is stopped leaves all known tasks in the file, cancelled", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const stop = new AbortController();
  const { counts, runId } = await runPipeline(Array.from({ length: 5_000 }, (_, i) => i), {
    db,
    workers: 1,
    signal: stop.signal,
    run: () => stop.abort(),
  });
  assertEquals(ended(counts), [1, 0, 4_999, 5_000]);
  const rows = await readRows(
    db,
    `SELECT status, count(*) AS n FROM task_runs WHERE run_id=${runId} GROUP BY 1`,
  );
  assertEquals(rows.map(({ status, n }) => [status, n]), [["cancelled", 4_999], ["done", 1]]);
});

Deno.test("known items that are wrong are reported before any task starts", async () => {
  using folder = tempFolder();
  let started = 0;
  const items = Array.from({ length: 2_000 }, (_, i) => ({ key: i === 1_999 ? {} : i }));
  const failure = await runPipeline(items, { db: folder.file("a.db"), run: () => started++ })
    .catch((error) => error);
  assert(failure instanceof TypeError && failure.message.includes("item 1999"), `${failure}`);
  assertEquals(started, 0);
});
