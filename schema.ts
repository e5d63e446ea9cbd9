/**
 * The tables that pipeloom keeps in a user's database.
 *
 * `task_runs` begins with the eight columns of the Python original, names and meaning, so that the
 * original's code can read and write our files and we can read and write its own. What we add stands
 * beside them: nullable columns after the eighth, and tables of our own. `PRAGMA user_version` and every
 * other table belong to the user. All times are ISO 8601 in UTC.
 *
 * @module
 */
import type { Connection } from "./db.ts";

const TASK_RUNS = `
  CREATE TABLE IF NOT EXISTS task_runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    status TEXT NOT NULL,               -- queued|running|done|error|cancelled
    progress REAL NOT NULL DEFAULT 0.0, -- fraction 0..1
    message TEXT,
    started_at TEXT,
    finished_at TEXT,
    result TEXT                         -- JSON
  );`;

const ORIGINAL_COLUMNS = [
  "id",
  "name",
  "status",
  "progress",
  "message",
  "started_at",
  "finished_at",
  "result",
];

/** Columns added after the original's eight: their name and definition. */
const ADDED_COLUMNS: Record<string, string> = {
  run_id: "INTEGER",
  key: "TEXT",
  error: "TEXT",
  updated_at: "TEXT",
};

const INDEX_AND_OWN_TABLES = `
  CREATE INDEX IF NOT EXISTS idx_task_runs_status ON task_runs(status);
  CREATE TABLE IF NOT EXISTS pipeline_runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    status TEXT NOT NULL,               -- running|done|error|cancelled
    started_at TEXT NOT NULL,
    finished_at TEXT,
    workers INTEGER,
    driver TEXT,
    sqlite_version TEXT,
    first_task_id INTEGER,              -- ids of the run's tasks lie in this range
    last_task_id INTEGER,
    queued INTEGER NOT NULL DEFAULT 0,  -- tasks by status, kept in the commit that changes them
    running INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    error INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    queue_depth INTEGER,                -- the writer's health, at its last commit for this run
    batch_rows INTEGER,
    commit_p99_ms REAL,
    wal_bytes INTEGER,
    checkpointed_at TEXT,
    updated_at TEXT
  );
  CREATE TABLE IF NOT EXISTS task_logs (
    id INTEGER PRIMARY KEY,
    task_id INTEGER NOT NULL,
    run_id INTEGER,
    logged_at TEXT NOT NULL,
    level TEXT NOT NULL,                -- debug|info|warn|error
    message TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS idx_task_logs_task ON task_logs(task_id);`;

/** Options of {@linkcode initSchema}. */
export interface InitSchemaOptions {
  /**
   * Whether the tables of task status are wanted. With `false` nothing is created.
   *
   * @default {true}
   */
  storeTaskStatus?: boolean;
}

/**
 * Creates `task_runs`, `pipeline_runs` and `task_logs`, or brings them up to date: an older `task_runs` is
 * extended in place and keeps every row. Calling it again changes nothing. It is one transaction.
 *
 * @throws {SqliteError} If the database cannot be written
 * @throws {Error} If there is a table `task_runs` of another make
 *
 * @example A schema beside your own tables
 * ```ts
 * import { connect, initSchema } from "@pipeloom/pipeloom/db";
 *
 * using connection = await connect(":memory:");
 * initSchema(connection);
 * connection.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL)");
 * ```
 */
export function initSchema(connection: Connection, options: InitSchemaOptions = {}): void {
  if (options.storeTaskStatus === false) return;
  connection.transaction(() => {
    connection.exec(TASK_RUNS);
    const columns = connection.prepare("PRAGMA table_info(task_runs)").all().map((row) => row.name);
    const lacking = ORIGINAL_COLUMNS.filter((column) => !columns.includes(column));
    if (lacking.length > 0) {
      throw new Error(
        `Cannot use table task_runs of ${connection.path}: it has no column ${
          lacking.join(", ")
        }, so another program made it; rename it, or pass storeTaskStatus: false`,
      );
    }
    for (const [column, definition] of Object.entries(ADDED_COLUMNS)) {
      if (!columns.includes(column)) {
        connection.exec(`ALTER TABLE task_runs ADD COLUMN ${column} ${definition}`);
      }
    }
    connection.exec(INDEX_AND_OWN_TABLES);
  });
}
