/**
 * What pipeloom is compared with: plain `node:sqlite` in the calling thread, without a line of pipeloom.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";

const PRAGMAS = `
  PRAGMA journal_mode=WAL;
  PRAGMA synchronous=NORMAL;
  PRAGMA temp_store=MEMORY;
  PRAGMA cache_size=-100000;`;

/** The eight columns and the index of the original. */
const TASK_RUNS = `
  CREATE TABLE task_runs (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL,
    progress REAL NOT NULL DEFAULT 0.0, message TEXT, started_at TEXT, finished_at TEXT, result TEXT
  );
  CREATE INDEX idx_task_runs_status ON task_runs(status);`;

/**
 * Status messages as the original writes them: each in a commit of its own.
 *
 * @returns Messages per second; a task makes two and one for each progress
 */
export function commitEachMessage(file: string, tasks: number, progress: number): number {
  const database = new DatabaseSync(file);
  database.exec(PRAGMAS + TASK_RUNS);
  const start = database.prepare(
    `INSERT INTO task_runs (id,name,status,progress,started_at,message) VALUES (?,?,'running',0.0,?,'')`,
  );
  const step = database.prepare("UPDATE task_runs SET progress=?, message=? WHERE id=?");
  const end = database.prepare(
    "UPDATE task_runs SET status=?, finished_at=?, progress=?, result=?, message=? WHERE id=?",
  );
  const begun = performance.now();
  for (let id = 1; id <= tasks; id++) {
    start.run(id, `task ${id}`, new Date().toISOString());
    for (let i = 1; i <= progress; i++) step.run(i / progress, `step ${i}`, id);
    end.run("done", new Date().toISOString(), 1, null, "completed", id);
  }
  const seconds = (performance.now() - begun) / 1000;
  database.close();
  return tasks * (progress + 2) / seconds;
}

/** A row of the row benchmarks: two integers, a real, two texts. */
export type BenchRow = [number, string, number, number, string];

/** The table they go into. */
export const ROWS_TABLE =
  "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price REAL, amount INTEGER, note TEXT)";

/** Makes rows. */
export function makeRows(count: number): BenchRow[] {
  return Array.from(
    { length: count },
    (_, i) => [i, `name ${i}`, i * 0.5 + 0.25, i % 1000, `some text ${i % 97}`],
  );
}

/**
 * Rows in the calling thread: 100-row VALUES in one transaction.
 *
 * @returns Rows per second
 */
export function insertInThisThread(file: string, rows: readonly BenchRow[]): number {
  const database = new DatabaseSync(file);
  database.exec(PRAGMAS + ROWS_TABLE);
  const tuples = Array(100).fill("(?,?,?,?,?)").join(",");
  const statement = database.prepare(`INSERT INTO item VALUES ${tuples}`);
  const begun = performance.now();
  database.exec("BEGIN");
  for (let i = 0; i < rows.length; i += 100) statement.run(...rows.slice(i, i + 100).flat());
  database.exec("COMMIT");
  const seconds = (performance.now() - begun) / 1000;
  database.close();
  return rows.length / seconds;
}
