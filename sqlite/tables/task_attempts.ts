/**
 * The table of attempts.
 *
 * @module
 */

/** Attempts after which a task was run again; the last one is in `task_runs`. */
export const TASK_ATTEMPTS: Readonly<Record<string, string>> = {
  id: "INTEGER PRIMARY KEY",
  task_id: "INTEGER NOT NULL",
  run_id: "INTEGER",
  attempt: "INTEGER NOT NULL", // from 1
  status: "TEXT NOT NULL", // error
  started_at: "TEXT",
  finished_at: "TEXT",
  error: "TEXT",
};

/** What came later. */
export const ADDED_TO_TASK_ATTEMPTS: Readonly<Record<string, string>> = {
  worker: "TEXT",
};
