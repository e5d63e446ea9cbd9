/**
 * Which rows of `task_runs` are the tasks of a run, and in which status they are for it.
 *
 * @module
 */
import { TASK_STATUSES, type TaskStatus } from "../../../internal/task_status.ts";
import {
  IS_REWRITTEN,
  NOT_AS_WRITTEN,
  OWN_STATUS,
  REWRITTEN_AS,
} from "../../../sqlite/rewritten_rows.ts";
import type { Reader } from "../reader.ts";
import { recent } from "./recent.ts";

/** Id that stands for tasks of no run: what the Python original wrote. */
export const ORIGINAL_RUN = 0;

/** Rows of a run that are looked at to count those over which another program has written. */
const MAX_REWRITTEN = 10_000;

/** Which tasks belong to a run: SQL that is true for their rows, and the range of their ids. */
export interface RunTasks {
  /** A condition whose one parameter is `run`. */
  condition: string;
  /** The value of `run_id`. */
  run: number | null;
  /** The SQL of their status: the column, unless another program has written over any of them. */
  status: string;
  /** Whether they keep their errors apart from their messages. */
  hasErrors: boolean;
  /** The lowest id there can be. */
  first: number;
  /** The highest id there can be. */
  last: number;
  /** How many there are by status and in all, as the writer counts; `undefined` where it does not. */
  counts?: Readonly<Record<TaskStatus | "all", number>> | undefined;
}

/** Where the tasks of a run are. */
export function tasksOf(reader: Reader, id: number): RunTasks | undefined {
  return recent(reader, `tasks ${id}`, () => readTasksOf(reader, id));
}

function readTasksOf(reader: Reader, id: number): RunTasks | undefined {
  if (id === ORIGINAL_RUN) {
    if (!hasOriginalTasks(reader)) return;
    const condition = reader.has("task_runs", "run_id") ? "run_id IS ?" : "? IS NULL";
    const last = Number.MAX_SAFE_INTEGER;
    return {
      condition,
      run: null,
      status: "status",
      hasErrors: reader.has("task_runs", "error"),
      first: -last,
      last,
    };
  }
  if (!reader.has("pipeline_runs") || !reader.has("task_runs")) return;
  const isCounted = TASK_STATUSES.every((status) => reader.has("pipeline_runs", status));
  const row = reader.get(
    `SELECT id, first_task_id AS first, last_task_id AS last, ${
      isCounted ? TASK_STATUSES.join(", ") : "NULL"
    } FROM pipeline_runs WHERE id = ?`,
    id,
  );
  if (!row) return;
  const counts = TASK_STATUSES.map((status) => [status, Number(row[status] ?? 0)] as const);
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  return {
    condition: "run_id = ?",
    run: id,
    status: countRewritten(reader, id, 1) > 0 ? OWN_STATUS : "status",
    hasErrors: reader.has("task_runs", "error"),
    first: Number(row.first ?? 0),
    last: Number(row.last ?? -1),
    counts: { ...Object.fromEntries(counts) as Record<TaskStatus, number>, all },
  };
}

/** SQL that is true of the tasks in a status, and finds them by the indexes. */
export function isIn(status: TaskStatus, { status: sql }: Pick<RunTasks, "status">): string {
  if (sql === "status") return `status = '${status}'`;
  return `(${sql}) = '${status}' AND (status = '${status}' OR (${NOT_AS_WRITTEN}))`;
}

/** SQL of a task's status, and of what another program has written over it; for rows of any run. */
export function statusColumns(reader: Reader): { status: string; rewritten: string } {
  if (!canBeRewritten(reader)) return { status: "status", rewritten: "NULL" };
  return { status: OWN_STATUS, rewritten: REWRITTEN_AS };
}

/** Over how many tasks of a run another program has written, as far as is counted. */
export function countRewritten(reader: Reader, run: number, limit = MAX_REWRITTEN): number {
  if (!canBeRewritten(reader)) return 0;
  const row = reader.get(
    `SELECT count(*) AS n FROM (
       SELECT 1 FROM task_runs WHERE run_id = ? AND ${IS_REWRITTEN} LIMIT ?)`,
    run,
    limit,
  );
  return Number(row!.n);
}

/** Files of an earlier release do not record it. */
function canBeRewritten(reader: Reader): boolean {
  return reader.has("task_runs", "rewritten_as") && reader.has("pipeline_runs", "own_resumed");
}

/** Runs behind which the tasks of another program are looked for: the newest. */
const RUNS_BEFORE = 100;

/** Whether the first task of the file, its last, or one that follows a run is of no run. */
function hasOriginalTasks(reader: Reader): boolean {
  if (!reader.has("task_runs")) return false;
  if (!reader.has("task_runs", "run_id")) {
    return reader.get("SELECT 1 FROM task_runs LIMIT 1") !== undefined;
  }
  // The original numbers from 1: over the tasks of a run, and past them.
  const behindRuns = !reader.has("pipeline_runs") ? "" : `
     UNION ALL
     SELECT 1 FROM
       (SELECT last_task_id AS last FROM pipeline_runs ORDER BY id DESC LIMIT ${RUNS_BEFORE})
       JOIN task_runs ON task_runs.id=last+1 WHERE run_id IS NULL`;
  return reader.get(
    `SELECT 1 FROM (SELECT run_id FROM task_runs ORDER BY id LIMIT 1) WHERE run_id IS NULL
     UNION ALL
     SELECT 1 FROM (SELECT run_id FROM task_runs ORDER BY id DESC LIMIT 1) WHERE run_id IS NULL
     ${behindRuns} LIMIT 1`,
  ) !== undefined;
}
