/**
 * The tables of runs: their columns by name, with what was added to them later, and their indexes.
 *
 * @module
 */
import type { Columns } from "./table_changes.ts";

/** Runs. */
export const PIPELINE_RUNS: Columns = {
  id: "INTEGER PRIMARY KEY",
  name: "TEXT NOT NULL",
  status: "TEXT NOT NULL", // running|done|error|cancelled|interrupted
  started_at: "TEXT NOT NULL",
  finished_at: "TEXT",
  workers: "INTEGER",
  driver: "TEXT",
  sqlite_version: "TEXT",
  // The ids of the run's tasks lie in this range.
  first_task_id: "INTEGER",
  last_task_id: "INTEGER",
  // Tasks by status, kept in the commit that changes them.
  queued: "INTEGER NOT NULL DEFAULT 0",
  running: "INTEGER NOT NULL DEFAULT 0",
  done: "INTEGER NOT NULL DEFAULT 0",
  error: "INTEGER NOT NULL DEFAULT 0",
  cancelled: "INTEGER NOT NULL DEFAULT 0",
  // The writer's health, at its last commit for this run.
  queue_depth: "INTEGER",
  batch_rows: "INTEGER",
  commit_p99_ms: "REAL",
  wal_bytes: "INTEGER",
  checkpointed_at: "TEXT",
  updated_at: "TEXT",
};

/** What came later: a table from before gets it too. */
export const ADDED_TO_PIPELINE_RUNS: Columns = {
  // Names the lock file that shows whether the run's writer is alive; see `process_lock.ts`.
  owner: "TEXT",
  // Which process it was, for people.
  host: "TEXT",
  pid: "INTEGER",
  process_started_at: "TEXT",
  booted_at: "TEXT",
  resumed: "INTEGER", // how often
  dependencies: "INTEGER", // its rows in task_dependencies
  // Since when readers keep the writer from emptying a long WAL.
  wal_held_since: "TEXT",
  // The caller's name for it, by which it is resumed.
  run_key: "TEXT",
  // What it was started with, as JSON; NULL where that is not known.
  args: "TEXT",
  label: "TEXT", // what it is called beside its name
  // Why it failed as a whole, with stacks.
  reason: "TEXT",
  reason_stack: "TEXT",
  // The last id that is reserved for its tasks while it is active.
  reserved_to: "INTEGER",
  // How many tasks that had ended were queued again while it was active.
  retried: "INTEGER",
  // Tasks in all, where that is known: the items have ended, or their number was known from the start.
  expected: "INTEGER",
  // When the run was resumed last, and how many of its tasks were done then: its progress is measured from there.
  resumed_at: "TEXT",
  resumed_done: "INTEGER",
  // Where its tasks run, when that is on other machines: "nats".
  executor: "TEXT",
  // `resumed` as we know it; see `rewritten_rows.ts`.
  own_resumed: "INTEGER",
  // How many tasks other programs had written over, and deleted, when it was resumed: of all resumptions.
  rewritten: "INTEGER",
  removed: "INTEGER",
  // How many tasks did not run because their version was done before; NULL where none has a version.
  unchanged: "INTEGER",
};

/** What became of a run over time: its counts now and then, so that tasks need not be counted by the second. */
export const RUN_SAMPLES: Columns = {
  id: "INTEGER PRIMARY KEY",
  run_id: "INTEGER NOT NULL",
  sampled_at: "TEXT NOT NULL",
  queued: "INTEGER NOT NULL",
  running: "INTEGER NOT NULL",
  done: "INTEGER NOT NULL",
  error: "INTEGER NOT NULL",
  cancelled: "INTEGER NOT NULL",
};

/** Rows of the user's tables that tasks of a run changed, over all of its attempts. */
export const RUN_ROWS: Columns = {
  id: "INTEGER PRIMARY KEY",
  run_id: "INTEGER NOT NULL",
  table_name: "TEXT NOT NULL",
  inserted: "INTEGER NOT NULL",
  upserted: "INTEGER NOT NULL", // inserted, or updated on a conflict
  updated: "INTEGER NOT NULL",
  deleted: "INTEGER NOT NULL",
};

/** Requests to runs while they were active; see `request_store.ts`. */
export const RUN_REQUESTS: Columns = {
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
export const ADDED_TO_RUN_REQUESTS: Columns = {
  // Some tasks as a JSON array, in place of one. The kind is retry_tasks then, which earlier releases refuse.
  task_ids: "TEXT",
};

/** Runs that are deleted, whose rows are not all gone yet; see `prune.ts`. */
export const PRUNED_RUNS: Columns = {
  run_id: "INTEGER PRIMARY KEY",
  first_task_id: "INTEGER NOT NULL",
  last_task_id: "INTEGER NOT NULL",
};

/**
 * Without the indexes of `pipeline_runs` each start of a pipeline looks at all runs of the file, some times over. None has
 * a column that changes while a run is active, but for the last id, which changes once for thousands of tasks. Of tables
 * of the user names in another case are the same one.
 */
export const RUN_INDEXES = `
  CREATE INDEX IF NOT EXISTS idx_pipeline_runs_running ON pipeline_runs(name)
    WHERE status='running';
  CREATE INDEX IF NOT EXISTS idx_pipeline_runs_name ON pipeline_runs(name);
  CREATE INDEX IF NOT EXISTS idx_pipeline_runs_key ON pipeline_runs(run_key)
    WHERE run_key IS NOT NULL;
  CREATE INDEX IF NOT EXISTS idx_pipeline_runs_last ON pipeline_runs(last_task_id);
  CREATE INDEX IF NOT EXISTS idx_pipeline_runs_reserved ON pipeline_runs(reserved_to)
    WHERE reserved_to IS NOT NULL;
  CREATE INDEX IF NOT EXISTS idx_run_requests_run ON run_requests(run_id);
  CREATE INDEX IF NOT EXISTS idx_run_requests_open ON run_requests(run_id)
    WHERE answered_at IS NULL;
  CREATE INDEX IF NOT EXISTS idx_run_samples_run ON run_samples(run_id);
  CREATE UNIQUE INDEX IF NOT EXISTS idx_run_rows
    ON run_rows(run_id, table_name COLLATE NOCASE)`;
