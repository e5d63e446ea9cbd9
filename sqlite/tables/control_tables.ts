/**
 * The tables by which runs are controlled from outside: requests to them, and which are deleted.
 *
 * @module
 */

/** Requests to runs while they were active; see `request_store.ts`. */
export const RUN_REQUESTS = {
  id: "INTEGER PRIMARY KEY",
  run_id: "INTEGER NOT NULL",
  task_id: "INTEGER", // NULL: the whole run, or all that failed in it
  kind: "TEXT NOT NULL", // cancel|retry
  requested_at: "TEXT NOT NULL",
  answered_at: "TEXT",
  refused: "INTEGER", // 1: it was not done
  answer: "TEXT",
};

/** What came later. */
export const ADDED_TO_RUN_REQUESTS = {
  // Some tasks as a JSON array, in place of one. The kind is retry_tasks then, which earlier releases refuse.
  task_ids: "TEXT",
};

/** Runs that are deleted, whose rows are not all gone yet; see `prune.ts`. */
export const PRUNED_RUNS = {
  run_id: "INTEGER PRIMARY KEY",
  first_task_id: "INTEGER NOT NULL",
  last_task_id: "INTEGER NOT NULL",
};
