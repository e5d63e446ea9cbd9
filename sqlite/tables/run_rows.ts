/**
 * The table of what runs wrote.
 *
 * @module
 */

/** Rows of the user's tables that tasks of a run changed, over all of its attempts. */
export const RUN_ROWS: Readonly<Record<string, string>> = {
  id: "INTEGER PRIMARY KEY",
  run_id: "INTEGER NOT NULL",
  table_name: "TEXT NOT NULL",
  inserted: "INTEGER NOT NULL",
  upserted: "INTEGER NOT NULL", // inserted, or updated on a conflict
  updated: "INTEGER NOT NULL",
  deleted: "INTEGER NOT NULL",
};

/** Names in another case are the same table. */
export const RUN_ROWS_INDEX = `CREATE UNIQUE INDEX IF NOT EXISTS idx_run_rows
  ON run_rows(run_id, table_name COLLATE NOCASE)`;
