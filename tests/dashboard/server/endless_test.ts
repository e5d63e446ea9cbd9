/**
 * Files in which an ordinary read never ends, or takes more memory than there is.
 *
 * @module
 */
import type { Read } from "../../../dashboard/server/queries/find.ts";
import { DatabaseHandle } from "../../../dashboard/server/database_handle.ts";
import { renderExport } from "../../../dashboard/server/export.ts";
import { compareRuns } from "../../../dashboard/server/queries/answers/compare.ts";
import { SliceSize } from "../../../dashboard/server/queries/slices.ts";
import { plan } from "../../../dashboard/server/queries/plan.ts";
import { tasksOf } from "../../../dashboard/server/queries/run_tasks.ts";
import { readGraph } from "../../../dashboard/server/queries/graph.ts";
import { listHistory } from "../../../dashboard/server/queries/history.ts";
import { listLogs } from "../../../dashboard/server/queries/logs.ts";
import { getRun, listRuns } from "../../../dashboard/server/queries/runs.ts";
import { listSamples } from "../../../dashboard/server/queries/samples.ts";
import { getTask, listTasks } from "../../../dashboard/server/queries/tasks.ts";
import { readTimeline } from "../../../dashboard/server/queries/timeline.ts";
import { readWeave } from "../../../dashboard/server/queries/weave.ts";
import { Reader } from "../../../dashboard/server/reader.ts";
import { connect, initSchema } from "../../../db.ts";
import { SqliteError } from "../../../errors.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { makeEndless } from "../../support/endless_table.ts";
import { tempFolder } from "../../support/temp.ts";

/** Milliseconds of a statement; the time until it is seen is some rows more. */
const LIMIT_MS = 20;

const QUERY: Parameters<typeof listTasks>[2] = {
  status: [],
  q: "",
  key: "",
  sort: "id",
  limit: 50,
};

/** Everything that is read of a run. */
const READS: Record<string, (read: Read) => unknown> = {
  runs: (read) => read((reader) => listRuns(reader)),
  run: (read) => read((reader) => getRun(reader, 1)),
  samples: (read) => read((reader) => listSamples(reader, 1)),
  tasks: (read) => listTasks(read, 1, QUERY),
  "tasks by name": (read) => listTasks(read, 1, { ...QUERY, sort: "-name" }),
  search: (read) => listTasks(read, 1, { ...QUERY, q: "zzz" }),
  "search by key": (read) => listTasks(read, 1, { ...QUERY, key: "zzz" }),
  task: (read) => read((reader) => getTask(reader, 1)),
  logs: (read) => read((reader) => listLogs(reader, 9, { limit: 50 })),
  history: (read) =>
    listHistory(read, { id: 1, key: null, name: "x", run: { id: 2 } as unknown as never }),
  weave: (read) => readWeave(read, 1),
  timeline: (read) => readTimeline(read, 1),
  graph: (read) => readGraph(read, 1),
  comparison: (read) => compareRuns(read, { a: 1, b: 1 }),
  export: (read) => renderExport(read, { run: 1, file: "etl.db" }),
};

const TABLES = ["task_runs", "task_logs", "run_samples", "pipeline_runs", "run_requests"];

/** A file with one run of three tasks and rows in all tables. */
async function writeFile(db: string): Promise<void> {
  using connection = await connect(db, { wal: false });
  initSchema(connection);
  connection.exec(`
    INSERT INTO pipeline_runs (id, name, status, started_at, done, first_task_id, last_task_id)
      VALUES (1, 'load', 'done', '2026-11-26T10:00:00.000Z', 3, 1, 3);
    INSERT INTO task_runs (id, name, status, run_id) VALUES
      (1, 'a', 'done', 1), (2, 'b', 'done', 1), (3, 'c', 'done', 1);
    INSERT INTO task_logs (task_id, level, message, logged_at) VALUES (1, 'info', 'x', ''),
      (1, 'info', 'y', ''), (1, 'info', 'z', '');
    INSERT INTO run_requests (kind, run_id, requested_at) VALUES ('cancel', 1, ''), ('cancel', 1, '');`);
  for (
    const { name } of connection.prepare(
      "SELECT name FROM sqlite_schema WHERE type='index' AND sql IS NOT NULL",
    ).all()
  ) connection.exec(`DROP INDEX ${name}`);
}

for (const driver of DRIVERS) {
  Deno.test(`no read of a table without an end is endless, over ${driver}`, async () => {
    using folder = tempFolder();
    let overdue = 0;
    for (const table of TABLES) {
      const db = folder.file(`${table}.db`);
      await writeFile(db);
      await makeEndless(db, table);
      using reader = await Reader.open(db, driver, LIMIT_MS);
      for (const [what, read] of Object.entries(READS)) {
        const before = performance.now();
        try {
          await read((query) => query(reader));
        } catch (error) {
          assert(error instanceof SqliteError, `${table}: ${what}: ${error}`);
          if (/took longer than 0.02 s/.test(error.message)) overdue++;
        }
        const ms = performance.now() - before;
        assert(ms < 5_000, `${table}: ${what} took ${ms} ms`);
      }
    }
    assert(overdue > 10, `${overdue} reads were ended`);
  });
}

Deno.test("a file whose statement took too long is left alone, with the reason", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await writeFile(db);
  await makeEndless(db, "task_runs");
  using source = new DatabaseHandle(db, "builtin", LIMIT_MS);
  await source.ready();
  assertEquals(source.state.state, "ok");
  const read: Read = (query) => source.read(query);
  const search = () => listTasks(read, 1, { ...QUERY, sort: "-name" });
  await assertRejects(search, Error, "took longer than 0.02 s");
  await source.ready();
  assertEquals(source.state.state, "unreadable");
  await assertRejects(search, Error, "took longer than 0.02 s");
});

Deno.test("columns that are computed are not read, and texts past all measure are measured", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await writeFile(db);
  {
    using connection = await connect(db, { wal: false });
    connection.exec(`
      ALTER TABLE pipeline_runs ADD COLUMN computed AS (json(name));
      UPDATE task_runs SET message = CAST(zeroblob(70000000) AS TEXT) WHERE id=2`);
  }
  using reader = await Reader.open(db, "builtin");
  assert(!reader.has("pipeline_runs", "computed"));
  assertEquals(getRun(reader, 1)!.name, "load");
  const { tasks } = (await listTasks((query) => query(reader), 1, QUERY))!;
  assertEquals(
    tasks.map(({ message }) => message),
    [null, "A text of 70000000 bytes, which is too long to be shown", null],
  );
});

Deno.test("slices of a search have few rows where each takes long, and more where they do not", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await writeFile(db);
  using reader = await Reader.open(db, "builtin");
  const size = new SliceSize(plan(tasksOf(reader, 1)!, { ...QUERY, q: "zzz" }));
  const rows = [size.rows];
  for (const ms of [1, 8, 800, 8_000, 0, 0, 0, 0, 0, 0, 0]) {
    size.learn(ms);
    rows.push(size.rows);
  }
  assertEquals(rows, [10, 40, 40, 1, 1, 4, 16, 64, 256, 1_024, 4_096, 5_000]);
});
