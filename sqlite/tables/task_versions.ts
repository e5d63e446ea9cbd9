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

/** The table, in memory, of the pipelines that runs with versions belong to. */
export const VERSIONED_RUNS = "pipeloom_versioned_runs";

/** Keeps versions from now on: the trigger, and which runs it is for. Running it again changes nothing. */
export const KEEP_VERSIONS = `
  CREATE TEMP TABLE IF NOT EXISTS ${VERSIONED_RUNS}
    (run_id INTEGER PRIMARY KEY, name TEXT NOT NULL, cache_key TEXT NOT NULL);
  CREATE TEMP TRIGGER IF NOT EXISTS ${VERSION_TRIGGER}
    AFTER UPDATE OF own_status ON main.task_runs
    WHEN NEW.version IS NOT NULL AND NEW.own_status='done' AND OLD.own_status IS NOT 'done'
  BEGIN
    INSERT INTO task_versions (name,key,cache_key,version,run_id,task_id,result)
      SELECT name, NEW.key, cache_key, NEW.version, NEW.run_id, NEW.id, NEW.result
      FROM ${VERSIONED_RUNS} WHERE run_id=NEW.run_id
    ON CONFLICT (name,key) DO UPDATE SET cache_key=excluded.cache_key, version=excluded.version,
      run_id=excluded.run_id, task_id=excluded.task_id, result=excluded.result;
  END`;
