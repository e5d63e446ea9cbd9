// @ts-check
/**
 * The statuses of a task in the order of its life, which is also the order of their numbers in the weave.
 *
 * @module
 */

/** @typedef {import("../../internal/task_status.ts").TaskStatus} TaskStatus */
/** @typedef {import("../../internal/task_status.ts").StatusCounts} StatusCounts */

/** @type {readonly TaskStatus[]} */
export const STATUSES = ["queued", "running", "done", "error", "cancelled"];

/**
 * Whether a task with this status has not ended.
 *
 * @param {TaskStatus} status
 */
export function isOpen(status) {
  return status === "queued" || status === "running";
}

/**
 * Whether a task was asked to stop, alone or with its run, and has not ended.
 *
 * @param {{ status: TaskStatus, cancelling?: boolean }} task
 * @param {{ cancelling?: boolean }} run
 */
export function isCancelling(task, run) {
  return isOpen(task.status) && Boolean(task.cancelling || run.cancelling);
}

/**
 * Number of tasks that have ended.
 *
 * @param {StatusCounts} counts
 */
export function endedOf(counts) {
  return counts.done + counts.error + counts.cancelled;
}

/**
 * The share of a run's tasks that have ended, 0..1.
 *
 * @param {StatusCounts} counts
 */
export function shareEnded(counts) {
  const total = endedOf(counts) + counts.queued + counts.running;
  return total === 0 ? 0 : endedOf(counts) / total;
}

/**
 * "3 done, 1 error", for labels.
 *
 * @param {StatusCounts} counts
 */
export function describeCounts(counts) {
  const parts = STATUSES.filter((status) => counts[status] > 0)
    .map((status) => `${counts[status].toLocaleString("en-US")} ${status}`);
  return parts.join(", ") || "no tasks";
}
