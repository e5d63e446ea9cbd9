/**
 * How fast a run and a task go and when they will have ended.
 *
 * @module
 */
import type { StatusCounts } from "../../../internal/task_status.ts";
import type { Task } from "../../api.ts";
import { timeOf } from "../lib/format.ts";
import { endedOf } from "../lib/statuses.ts";

export type Moment = { at: number; ended: number };

/** A rate "over the last seconds" looks back so far: short enough to follow, long enough to be calm. */
const WINDOW_MS = 10_000;

/** A running task without news for so long is marked. */
export const STALLED_MS = 60_000;

/**
 * Adds a moment to those of the last seconds and forgets the older ones.
 *
 * @param recent Oldest first
 */
export function addMoment(recent: Moment[], now: number, counts: StatusCounts): Moment[] {
  const moment = { at: now, ended: endedOf(counts) };
  const last = recent.at(-1);
  // After a repaired or replaced database the past says nothing about the present.
  if (last && (moment.ended < last.ended || moment.at < last.at)) return [moment];
  // One moment before the window is kept, so that the window is always full.
  const from = recent.findLastIndex((old) => old.at <= now - WINDOW_MS);
  return [...recent.slice(Math.max(0, from)), moment];
}

/**
 * Tasks that ended per second over the last seconds; `null` where too little is known. It falls while
 * nothing ends, because it is measured up to `now`.
 */
export function recentRate(recent: Moment[], now: number) {
  const first = recent.findLast((old) => old.at <= now - WINDOW_MS) ?? recent[0];
  const last = recent.at(-1);
  if (!first || !last || now - first.at < 500) return null;
  return (last.ended - first.ended) / (now - first.at) * 1000;
}

/**
 * Milliseconds until a run has ended, `null` where nobody can tell.
 *
 * @param rate Tasks per second
 */
export function runEta(counts: StatusCounts, rate: number | null) {
  const left = counts.queued + counts.running;
  return rate && left > 0 ? left / rate * 1000 : null;
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

/** Whether a task runs and has said nothing for too long. */
export function isStalled(task: Pick<Task, "status" | "startedAt" | "updatedAt">, now: number) {
  if (task.status !== "running") return false;
  const heard = timeOf(task.updatedAt) ?? timeOf(task.startedAt);
  return heard !== null && now - heard > STALLED_MS;
}
