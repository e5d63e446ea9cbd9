/**
 * The fields of a task's update, and their columns. Updates of the same fields share a statement.
 *
 * @module
 */
import { TASK_STATUSES, type TaskStatus } from "../../../internal/task_status.ts";
import type { TaskUpdateMessage } from "../../protocol/task_message.ts";

/** The column of each field. */
export const COLUMNS = {
  progress: "progress",
  message: "message",
  startedAt: "started_at",
  finishedAt: "finished_at",
  result: "result",
  error: "error",
  updatedAt: "updated_at",
} as const;

/** The fields of an update, in the order of a statement's values. */
export const FIELDS = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];

/** A number for each shape: the run, both statuses, a bit for each field that is set, and one for rows written. */
export function shapeOf(message: TaskUpdateMessage, from: TaskStatus, wrote: unknown): number {
  const set = (message.progress === undefined ? 0 : 1) | (message.message === undefined ? 0 : 2) |
    (message.startedAt === undefined ? 0 : 4) | (message.finishedAt === undefined ? 0 : 8) |
    (message.result === undefined ? 0 : 16) | (message.error === undefined ? 0 : 32) |
    (message.updatedAt === undefined ? 0 : 64) | (wrote === undefined ? 0 : 128);
  const move = TASK_STATUSES.indexOf(from) * 8 + TASK_STATUSES.indexOf(message.status!) + 1;
  return (message.run * 64 + move) * 256 + set;
}
