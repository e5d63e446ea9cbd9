/**
 * How fast a run and a task go and when they will have ended.
 *
 * @module
 */
import { endedOf, type Moment, RATE_WINDOW_MS, SILENT_MS } from "../../../internal/progress.ts";
import type { StatusCounts } from "../../../internal/task_status.ts";
import type { Task } from "../../api.ts";
import { timeOf } from "../../../internal/units.ts";

/**
 * Adds a moment to those of the last seconds and forgets the older ones.
 *
 * @param recent Oldest first
 */
export function addMoment(recent: Moment[], now: number, counts: StatusCounts): Moment[] {
  const moment = { at: now, ended: endedOf(counts) };
  const last = recent.at(-1);
  // After a repaired or replaced database the past does not predict the present.
  if (last && (moment.ended < last.ended || moment.at < last.at)) return [moment];
  // One moment before the window is kept, so that the window is always full.
  const from = recent.findLastIndex((old) => old.at <= now - RATE_WINDOW_MS);
  return [...recent.slice(Math.max(0, from)), moment];
}

/**
 * Progress per second of a running task and the milliseconds that are left of it, by its progress so far.
 */
export function taskPace(
  task: Pick<Task, "status" | "progress" | "startedAt" | "updatedAt">,
  now: number,
): { rate: number; eta: number } | null {
  const started = timeOf(task.startedAt);
  if (task.status !== "running" || started === null || task.progress <= 0) return null;
  const seen = Math.max(timeOf(task.updatedAt) ?? now, started);
  const took = seen - started;
  if (took <= 0) return null;
  const left = took / task.progress * (1 - Math.min(1, task.progress));
  return { rate: task.progress / took * 1000, eta: Math.max(0, seen + left - now) };
}

/** Whether a task runs and has been silent for too long. */
export function isStalled(task: Pick<Task, "status" | "startedAt" | "updatedAt">, now: number) {
  if (task.status !== "running") return false;
  const reported = timeOf(task.updatedAt) ?? timeOf(task.startedAt);
  return reported !== null && now - reported > SILENT_MS;
}
