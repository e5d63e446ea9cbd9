/**
 * The states of a task and the moves between them. Pure: no I/O, no imports.
 *
 * ```text
 * queued ──▶ running ──▶ done
 *    │          ├──────▶ error
 *    │          └──────▶ cancelled
 *    ├─────────────────▶ cancelled   (it was never started)
 *    └─────────────────▶ error       (it could not be started)
 * ```
 *
 * @module
 */

/** What a task is doing, as `task_runs.status` says it. */
export type TaskStatus = "queued" | "running" | "done" | "error" | "cancelled";

/** A status that a task never leaves. */
export type EndStatus = "done" | "error" | "cancelled";

/** Every status, in the order of a task's life. */
export const TASK_STATUSES: readonly TaskStatus[] = [
  "queued",
  "running",
  "done",
  "error",
  "cancelled",
];

const NEXT: Record<TaskStatus, readonly TaskStatus[]> = {
  queued: ["running", "error", "cancelled"],
  running: ["done", "error", "cancelled"],
  done: [],
  error: [],
  cancelled: [],
};

/** Whether a task may go from one status to another. */
export function canMove(from: TaskStatus, to: TaskStatus): boolean {
  return NEXT[from].includes(to);
}

/** Whether a status is one that a task never leaves. */
export function isEnd(status: TaskStatus): status is EndStatus {
  return status === "done" || status === "error" || status === "cancelled";
}

/** Number of tasks in each status. */
export type StatusCounts = Record<TaskStatus, number>;

/** Counts that are all zero. */
export function noCounts(): StatusCounts {
  return { queued: 0, running: 0, done: 0, error: 0, cancelled: 0 };
}
