/**
 * Which rows of `task_runs` are the tasks of a run.
 *
 * @module
 */
import type { Reader } from "../reader.ts";

/** Id that stands for tasks of no run: what the Python original wrote. */
export const ORIGINAL_RUN = 0;

/** Which tasks belong to a run: SQL that is true for their rows, and the range of their ids. */
export interface RunTasks {
  /** A condition whose one parameter is `run`. */
  condition: string;
  /** The value of `run_id`. */
  run: number | null;
  /** The lowest id there can be. */
  first: number;
  /** The highest id there can be. */
  last: number;
}

/** Where the tasks of a run are. */
export function tasksOf(reader: Reader, id: number): RunTasks | undefined {
  if (id === ORIGINAL_RUN) {
    if (!hasOriginalTasks(reader)) return;
    const condition = reader.has("task_runs", "run_id") ? "run_id IS ?" : "? IS NULL";
    const last = Number.MAX_SAFE_INTEGER;
    return { condition, run: null, first: -last, last };
  }
  if (!reader.has("pipeline_runs") || !reader.has("task_runs")) return;
  const row = reader.get(
    "SELECT id, first_task_id AS first, last_task_id AS last FROM pipeline_runs WHERE id = ?",
    id,
  );
  if (!row) return;
  return {
    condition: "run_id = ?",
    run: id,
    first: Number(row.first ?? 0),
    last: Number(row.last ?? -1),
  };
}

/** Whether the first task of the file or its last is of no run. */
function hasOriginalTasks(reader: Reader): boolean {
  if (!reader.has("task_runs")) return false;
  if (!reader.has("task_runs", "run_id")) {
    return reader.get("SELECT 1 FROM task_runs LIMIT 1") !== undefined;
  }
  return reader.get(
    `SELECT 1 FROM (SELECT run_id FROM task_runs ORDER BY id LIMIT 1) WHERE run_id IS NULL
     UNION ALL
     SELECT 1 FROM (SELECT run_id FROM task_runs ORDER BY id DESC LIMIT 1) WHERE run_id IS NULL`,
  ) !== undefined;
}
