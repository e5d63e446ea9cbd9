/**
 * The table of versions: with which version the work of a key was done last, and what it came to. It is found by the
 * name of the pipeline, and outlives the runs that it was made in.
 *
 * @module
 */

/** The table. */
export const TASK_VERSIONS: Readonly<Record<string, string>> = {
  name: "TEXT NOT NULL", // of the pipeline
  key: "TEXT NOT NULL",
  cache_key: "TEXT NOT NULL", // '' for none
  version: "TEXT NOT NULL",
  run_id: "INTEGER NOT NULL",
  task_id: "INTEGER NOT NULL",
  result: "TEXT", // JSON
};

/** What a row of it is found by. */
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
