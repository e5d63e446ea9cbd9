/**
 * The table of durable steps: what a task has finished, so that it is not run again when the task is.
 *
 * @module
 */

/** Steps and sleeps of tasks, in the order in which each task calls them. */
export const TASK_STEPS: Readonly<Record<string, string>> = {
  id: "INTEGER PRIMARY KEY",
  task_id: "INTEGER NOT NULL",
  run_id: "INTEGER",
  number: "INTEGER NOT NULL", // from 1
  kind: "TEXT NOT NULL", // step|sleep
  name: "TEXT NOT NULL", // '' for a sleep
  attempt: "INTEGER NOT NULL", // from 1
  started_at: "TEXT NOT NULL",
  finished_at: "TEXT NOT NULL", // of a sleep: when it is over
  result: "TEXT", // JSON
  // What a step threw and its task caught, as JSON.
  error: "TEXT",
};

/** By which the steps of a task are found, and none is stored twice; and tasks that sleep. */
export const TASK_STEPS_INDEXES = `CREATE UNIQUE INDEX IF NOT EXISTS idx_task_steps_task
    ON task_steps(task_id, number);
  CREATE INDEX IF NOT EXISTS idx_task_runs_wakes ON task_runs(wakes_at) WHERE wakes_at IS NOT NULL`;
