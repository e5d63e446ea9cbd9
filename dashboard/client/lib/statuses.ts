/**
 * What the page shows for the statuses of tasks. Their order is that of a task's life, which is also the order of
 * their numbers in the weave.
 *
 * @module
 */
import { endedOf } from "../../../internal/progress.ts";
import {
  type StatusCounts,
  TASK_STATUSES,
  type TaskStatus,
} from "../../../internal/task_status.ts";

export { endedOf, type StatusCounts, TASK_STATUSES as STATUSES, type TaskStatus };

/** Whether a task with this status has not ended. */
export function isOpen(status: string): boolean {
  return status === "queued" || status === "running";
}

/** Whether a task or run was asked to stop, alone or with its run, and has not ended. */
export function isCancelling(
  task: { status: string; cancelling?: boolean },
  run: { cancelling?: boolean },
): boolean {
  return isOpen(task.status) && Boolean(task.cancelling || run.cancelling);
}

/** Whether a task runs, and is not only marked so by a process that is gone. */
export function isRunning(task: { status: string; run: { status: string } }): boolean {
  return task.status === "running" && task.run.status === "running";
}

/**
 * Time until which a task or a run is known to have run: its end, or its last news where its process is gone; `null`
 * while it is active.
 */
export function knownEnd(
  { finishedAt, updatedAt }: { finishedAt: string | null; updatedAt?: string | null },
  active: boolean,
): string | null {
  return finishedAt ?? (active ? null : updatedAt ?? null);
}

/** "3 done, 1 error", for labels. */
export function describeCounts(counts: StatusCounts): string {
  const parts = TASK_STATUSES.filter((status) => counts[status] > 0)
    .map((status) => `${counts[status].toLocaleString("en-US")} ${status}`);
  return parts.join(", ") || "no tasks";
}
