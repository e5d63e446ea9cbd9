/**
 * The states of a task and the moves between them. Pure: no I/O, no imports.
 *
 * ```text
 * queued ──▶ running ──▶ done
 *    │          ├──────▶ error
 *    │          └──────▶ cancelled
 *    ├─────────────────▶ cancelled   (it was never started)
 *    └─────────────────▶ error       (it could not be started)
 *
 * running ──▶ queued               (it failed, and will be retried)
 * ```
 *
 * A run that is resumed takes tasks that ended, and not as `done`, back to `queued`, and so does a request
 * for it while it is active; nothing else does.
 *
 * @module
 */

/**
 * What a task is doing, as stored in `task_runs.status`.
 *
 * @example What is over
 * ```ts ignore
 * import type { TaskStatus } from "@pipeloom/pipeloom";
 *
 * const hasEnded = (status: TaskStatus) => status !== "queued" && status !== "running";
 * ```
 */
export type TaskStatus = "queued" | "running" | "done" | "error" | "cancelled";

/** A status that a task never leaves, unless its run is resumed or it is retried. */
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
  running: ["queued", "done", "error", "cancelled"],
  done: [],
  error: [],
  cancelled: [],
};

/** Whether a task may go from one status to another. */
export function canMove(from: TaskStatus, to: TaskStatus): boolean {
  return NEXT[from].includes(to);
}

/**
 * Whether a task of a resumed run is run again: each that has not been done. One that is marked as
 * running is not, because then a process runs it, or the run must be marked as interrupted first.
 */
export function canRequeue(from: TaskStatus): boolean {
  return from === "queued" || from === "error" || from === "cancelled";
}

/** Whether a status is one that a task never leaves, unless its run is resumed or it is retried. */
export function isEnd(status: TaskStatus): status is EndStatus {
  return status === "done" || status === "error" || status === "cancelled";
}

/**
 * Number of tasks in each status.
 *
 * @example A share
 * ```ts ignore
 * import type { StatusCounts } from "@pipeloom/pipeloom";
 *
 * const share = ({ done, error, cancelled, running, queued }: StatusCounts) =>
 *   done / (done + error + cancelled + running + queued);
 * ```
 */
export type StatusCounts = Record<TaskStatus, number>;

/** Counts that are all zero. */
export function noCounts(): StatusCounts {
  return { queued: 0, running: 0, done: 0, error: 0, cancelled: 0 };
}
