/**
 * The tables of tasks: their columns by name, with what was added to them later, and their indexes.
 *
 * @module
 */
import type { Columns } from "./table_changes.ts";

/** The eight columns of the original. */
export const TASK_RUNS: Columns = {
  id: "INTEGER PRIMARY KEY",
  name: "TEXT NOT NULL",
  status: "TEXT NOT NULL", // queued|running|done|error|cancelled
  progress: "REAL NOT NULL DEFAULT 0.0", // fraction 0..1
  message: "TEXT",
  started_at: "TEXT",
  finished_at: "TEXT",
  result: "TEXT", // JSON
};

/** What we add to them: an older table gets it too, so it must be nullable. */
export const ADDED_TO_TASK_RUNS: Columns = {
  run_id: "INTEGER",
  key: "TEXT",
  error: "TEXT",
  updated_at: "TEXT",
  // Its item as JSON, where another task added it or items are stored, and which task that was; 0 for the program.
  input: "TEXT",
  added_by: "INTEGER",
  // The worker of another machine that ran it last.
  worker: "TEXT",
  // The status as we wrote it last; see `rewritten_rows.ts`.
  own_status: "TEXT",
  // What another program had written over the status of a task that was done: its result may be that program's.
  rewritten_as: "TEXT",
  // The version of its work, until it is done.
  version: "TEXT",
  // Which of its run's stages runs it, where that has any.
  stage: "TEXT",
  // Its tags, where it has any: a JSON array.
  tags: "TEXT",
  // Until when it sleeps, or slept last.
  wakes_at: "TEXT",
  // The rows that it inserted, updated and deleted, by table: JSON.
  wrote: "TEXT",
};

/** Lines that tasks logged. */
export const TASK_LOGS: Columns = {
  id: "INTEGER PRIMARY KEY",
  task_id: "INTEGER NOT NULL",
  run_id: "INTEGER",
  logged_at: "TEXT NOT NULL",
  level: "TEXT NOT NULL", // debug|info|warn|error
  message: "TEXT NOT NULL",
};

/** Which task waits for which, of runs where any does. */
export const TASK_DEPENDENCIES: Columns = {
  id: "INTEGER PRIMARY KEY",
  run_id: "INTEGER NOT NULL",
  task_id: "INTEGER NOT NULL",
  depends_on_id: "INTEGER NOT NULL",
};

/** Attempts after which a task was run again; the last one is in `task_runs`. */
export const TASK_ATTEMPTS: Columns = {
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
export const ADDED_TO_TASK_ATTEMPTS: Columns = {
  worker: "TEXT",
};

/** What tasks checked about their data. */
export const TASK_CHECKS: Columns = {
  id: "INTEGER PRIMARY KEY",
  task_id: "INTEGER NOT NULL",
  run_id: "INTEGER",
  attempt: "INTEGER NOT NULL", // from 1
  checked_at: "TEXT NOT NULL",
  name: "TEXT NOT NULL",
  passed: "INTEGER NOT NULL", // 0|1
  severity: "TEXT NOT NULL", // error|warn
  value: "TEXT", // JSON
  expected: "TEXT", // JSON
};

/** Steps and sleeps of tasks, in the order in which each task calls them. */
export const TASK_STEPS: Columns = {
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

/** What was written under a key, so that it is not written again. */
export const IDEMPOTENCY_KEYS: Columns = {
  id: "INTEGER PRIMARY KEY",
  task_id: "INTEGER NOT NULL", // 0 for a key of the file
  run_id: "INTEGER",
  table_name: "TEXT NOT NULL", // '' for a transaction
  key: "TEXT NOT NULL",
  part: "INTEGER NOT NULL", // the message of a stream, from 0
  written_at: "TEXT NOT NULL",
};

/** Items of one call, in the order of their tasks: they are durable before each of them is a row of `task_runs`. */
export const ADDED_ITEMS: Columns = {
  id: "INTEGER PRIMARY KEY", // of the first task; the others have those that follow
  run_id: "INTEGER NOT NULL",
  added_by: "INTEGER NOT NULL", // 0 for the program
  tasks: "INTEGER NOT NULL", // how many
  names: "TEXT NOT NULL", // JSON; empty where they are the keys
  keys: "TEXT NOT NULL", // JSON
  items: "TEXT NOT NULL", // a line of JSON each
};

/**
 * Steps are found by their task, and none is stored twice; of checks those that did not pass: the others may be
 * millions. Of added tasks those that wait: an entry for each would cost a twelfth of its row.
 */
export const TASK_INDEXES = `
  CREATE INDEX IF NOT EXISTS idx_task_runs_status ON task_runs(status);
  CREATE INDEX IF NOT EXISTS idx_task_runs_added ON task_runs(run_id, id)
    WHERE added_by IS NOT NULL AND own_status='queued';
  CREATE INDEX IF NOT EXISTS idx_task_runs_wakes ON task_runs(wakes_at) WHERE wakes_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS idx_task_logs_task ON task_logs(task_id);
  CREATE UNIQUE INDEX IF NOT EXISTS idx_task_dependencies_run
    ON task_dependencies(run_id, task_id, depends_on_id);
  CREATE INDEX IF NOT EXISTS idx_task_attempts_task ON task_attempts(task_id);
  CREATE INDEX IF NOT EXISTS idx_task_checks_task ON task_checks(task_id);
  CREATE INDEX IF NOT EXISTS idx_task_checks_failed ON task_checks(run_id) WHERE passed=0;
  CREATE UNIQUE INDEX IF NOT EXISTS idx_task_steps_task ON task_steps(task_id, number);
  CREATE UNIQUE INDEX IF NOT EXISTS idx_idempotency_keys
    ON idempotency_keys(task_id, table_name, key, part)`;

/**
 * With which version the work of a key was done last, and what it came to. A row is found by the name of the pipeline,
 * and outlives the runs that it was made in.
 */
export const TASK_VERSIONS: Columns = {
  name: "TEXT NOT NULL", // of the pipeline
  key: "TEXT NOT NULL",
  cache_key: "TEXT NOT NULL", // '' for none
  version: "TEXT NOT NULL",
  run_id: "INTEGER NOT NULL",
  task_id: "INTEGER NOT NULL",
  result: "TEXT", // JSON
};

/** What a row of `task_versions` is found by. */
export const TASK_VERSIONS_KEY = "name, key";

/** A trigger of our own on `task_runs`, for as long as a writer's connection is open. */
export const VERSION_TRIGGER = "pipeloom_task_versions";

/** That trigger, with what it does when a task with a version is done. Running it again changes nothing. */
export function versionTrigger(body: string): string {
  return `CREATE TEMP TRIGGER IF NOT EXISTS ${VERSION_TRIGGER}
    AFTER UPDATE OF own_status ON main.task_runs
    WHEN NEW.version IS NOT NULL AND NEW.own_status='done' AND OLD.own_status IS NOT 'done'
    BEGIN ${body}; END`;
}
