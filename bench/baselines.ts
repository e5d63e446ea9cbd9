/**
 * What pipeloom is compared with: plain `node:sqlite` in the calling thread, without a line of pipeloom.
 *
 * @module
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

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

/** Rows of one table, as a benchmark writes them. */
export interface RowShape {
  /** What they are, for the table of figures. */
  name: string;
  /** The statement that creates the table `item`. */
  schema: string;
  /** The row with a number. */
  row(i: number): SQLInputValue[];
  /** How many are written at full scale. */
  count: number;
}

/** The table of {@linkcode NARROW}. */
export const ROWS_TABLE =
  "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price REAL, amount INTEGER, note TEXT)";

/** Two integers, a real, two short texts. */
export const NARROW: RowShape = {
  name: "5 columns",
  schema: ROWS_TABLE,
  row: (i) => [i, `name ${i}`, i * 0.5 + 0.25, i % 1000, `some text ${i % 97}`],
  count: 500_000,
};

/** Integers, reals and short texts in turn. */
const WIDE: RowShape = {
  name: "50 columns",
  schema: `CREATE TABLE item (id INTEGER PRIMARY KEY, ${
    Array.from({ length: 49 }, (_, i) => `c${i}`).join(", ")
  })`,
  row: (i) => [
    i,
    ...Array.from({ length: 49 }, (_, c) => [i + c, (i + c) / 8, `text ${(i + c) % 97}`][c % 3]!),
  ],
  count: 50_000,
};

/** A kilobyte of text, another one in each row. */
const TEXTS: RowShape = {
  name: "text of 1 KB",
  schema: "CREATE TABLE item (id INTEGER PRIMARY KEY, body TEXT)",
  row: (i) => [i, `${i} `.padEnd(1_000, "lorem ipsum ")],
  count: 100_000,
};

/** Bytes of their own, so that sending them costs what it costs. */
const BLOBS: RowShape = {
  name: "blob of 64 KB",
  schema: "CREATE TABLE item (id INTEGER PRIMARY KEY, body BLOB)",
  row: (i) => [i, new Uint8Array(65_536).fill(i)],
  count: 4_000,
};

/** Every shape. */
export const ROW_SHAPES: readonly RowShape[] = [NARROW, WIDE, TEXTS, BLOBS];

/** Makes rows. */
export function makeRows(
  count: number,
  { row }: Pick<RowShape, "row"> = NARROW,
): SQLInputValue[][] {
  return Array.from({ length: count }, (_, i) => row(i));
}

/** Parameters of a statement, at most: SQLite's own limit is 32,766. */
const MAX_PARAMETERS = 500;

/**
 * Rows in the calling thread: VALUES of 100 rows, or fewer where they are wide, in one transaction.
 *
 * @returns Rows per second
 */
export function insertInThisThread(
  file: string,
  rows: readonly SQLInputValue[][],
  schema: string = ROWS_TABLE,
): number {
  const database = new DatabaseSync(file);
  database.exec(PRAGMAS + schema);
  const columns = rows[0]!.length;
  const width = Math.min(100, Math.floor(MAX_PARAMETERS / columns));
  const tuples = Array(width).fill(`(${Array(columns).fill("?")})`).join(",");
  const statement = database.prepare(`INSERT INTO item VALUES ${tuples}`);
  const begun = performance.now();
  database.exec("BEGIN");
  for (let i = 0; i < rows.length; i += width) statement.run(...rows.slice(i, i + width).flat());
  database.exec("COMMIT");
  const seconds = (performance.now() - begun) / 1000;
  database.close();
  return rows.length / seconds;
}
