/**
 * The table of what was written under a key.
 *
 * @module
 */

/** What was written under a key, so that it is not written again. */
export const IDEMPOTENCY_KEYS: Readonly<Record<string, string>> = {
  id: "INTEGER PRIMARY KEY",
  task_id: "INTEGER NOT NULL", // 0 for a key of the file
  run_id: "INTEGER",
  table_name: "TEXT NOT NULL", // '' for a transaction
  key: "TEXT NOT NULL",
  part: "INTEGER NOT NULL", // the message of a stream, from 0
  written_at: "TEXT NOT NULL",
};
