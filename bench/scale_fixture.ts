/**
 * Files with many tasks or many runs, written by SQL through this project's schema: ten million tasks take about a minute.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { connect, initSchema } from "../db.ts";

/** Tasks of the run that is resumed, and how many of them are open. */
export const NIGHTLY = { name: "nightly", tasks: 1_000, open: 10 } as const;

/** Samples that each run has. */
const SAMPLES = 40;

/** What a file holds beside {@linkcode NIGHTLY}, which is its last run. */
export interface Shape {
  /** How many runs. */
  runs: number;
  /** Tasks of each. */
  tasks: number;
}

/** Marks run 1 as it stands after its process died in the middle of it: its lock file is there, and nothing holds it. */
export function crash(file: string): void {
  const owner = crypto.randomUUID();
  Deno.writeTextFileSync(`${Deno.realPathSync(file)}-owner-${owner}`, "");
  const database = new DatabaseSync(file);
  database.prepare(
    "UPDATE pipeline_runs SET status='running', finished_at=NULL, owner=? WHERE id=1",
  )
    .run(owner);
  database.close();
}

/** Makes a file; of its tasks one in a hundred failed. */
export async function makeScaled(file: string, { runs, tasks }: Shape): Promise<void> {
  {
    using connection = await connect(file, { driver: "builtin" });
    initSchema(connection);
  }
  const database = new DatabaseSync(file);
  // Nothing has to survive a crash here. Without a journal each page is written once.
  database.exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-200000");
  addRuns(database, { runs, tasks, from: 1, name: "past", open: 0 });
  addRuns(database, { runs: 1, from: runs + 1, ...NIGHTLY });
  database.exec("PRAGMA optimize=0x10002; PRAGMA journal_mode=WAL");
  database.close();
}

function addRuns(
  database: DatabaseSync,
  { runs, tasks, from, name, open }: Shape & { from: number; name: string; open: number },
): void {
  const failed = Math.floor(tasks / 100);
  const { last } = database.prepare("SELECT coalesce(max(id), 0) AS last FROM task_runs").get()!;
  const past = Number(last);
  const begun = "strftime('%Y-%m-%dT%H:%M:%fZ', 1767225600 +";
  database.exec(`BEGIN;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${runs - 1})
    INSERT INTO pipeline_runs (id, name, status, started_at, finished_at, updated_at, workers, driver, sqlite_version,
      first_task_id, last_task_id, done, error, args, expected, own_resumed, owner)
    SELECT ${from} + i, '${name}', '${failed + open > 0 ? "error" : "done"}',
      ${begun} i * 60, 'unixepoch'), ${begun} i * 60 + 50, 'unixepoch'), ${begun} i * 60 + 50, 'unixepoch'),
      8, 'builtin', sqlite_version(), ${past} + 1 + i * ${tasks}, ${past} + (i + 1) * ${tasks},
      ${tasks - failed}, ${failed}, '{}', ${tasks}, 0, printf('%08x-0000-4000-8000-000000000000', i)
    FROM n;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${runs * SAMPLES - 1})
    INSERT INTO run_samples (run_id, sampled_at, queued, running, done, error, cancelled)
    SELECT ${from} + i / ${SAMPLES}, ${begun} i / ${SAMPLES} * 60 + i % ${SAMPLES}, 'unixepoch'),
      0, 0, ${tasks} * (i % ${SAMPLES} + 1) / ${SAMPLES}, 0, 0 FROM n;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${runs * tasks - 1})
    INSERT INTO task_runs (id, name, status, progress, message, started_at, finished_at, run_id, key, updated_at, own_status)
    SELECT ${past} + 1 + i, 'task ' || i, status, status = 'done', iif(status = 'done', 'completed', 'Error: row ' || i),
      at, at, ${from} + i / ${tasks}, 'key ' || (i % ${tasks}), at, status
    FROM (SELECT i, iif(i % 100 = 99, 'error', 'done') AS status,
      '2026-01-01T' || printf('%02d:%02d:%02d.%03dZ', i / 3600000 % 24, i / 60000 % 60, i / 1000 % 60, i % 1000) AS at FROM n);
    COMMIT;`);
}
