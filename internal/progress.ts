/**
 * How far a run is and when it will have ended: computed here, and nowhere else, for the page, `status`,
 * the progress bars and the metrics. The page bundles this module.
 *
 * Both come from the summed fractions of all tasks and from the time that this attempt has taken. A rate of
 * ended tasks was rejected: while 64 long tasks run side by side none ends for minutes.
 *
 * @module
 */
import type { StatusCounts } from "./task_status.ts";

/**
 * How far a run is. Times are in milliseconds, all on one clock.
 *
 * @example A share of the work
 * ```ts ignore
 * import type { RunProgress } from "@pipeloom/pipeloom/dashboard";
 *
 * const share = ({ work, total }: RunProgress) => total ? work / total : 0;
 * ```
 */
export interface RunProgress {
  /** Tasks that have ended, and the summed fractions of those that run. */
  work: number;
  /** Tasks in all, `null` as long as it is not known. */
  total: number | null;
  /** When this attempt at the run began. */
  since: number | null;
  /** The work that earlier attempts have left, where the run was resumed. */
  before: number;
}

/** Counts at one moment. */
export interface Moment {
  /** Time in milliseconds. */
  at: number;
  /** Tasks that had ended. */
  ended: number;
}

/** Milliseconds over which the present rate is measured: steady to look at, and still quick to follow. */
export const RATE_WINDOW_MS = 10_000;

/** Milliseconds without news after which a running task is called silent. */
export const SILENT_MS = 60_000;

/** Milliseconds below which too little has been seen for a rate. */
const MIN_RATE_MS = 500;

/** Tasks that were worked on to their end: a rate on average counts those, and none that was cancelled at once. */
export function workedOf({ done, error }: Pick<StatusCounts, "done" | "error">): number {
  return done + error;
}

/** Tasks that have ended, whether well or not. */
export function endedOf(
  { done, error, cancelled }: Omit<StatusCounts, "queued" | "running">,
): number {
  return done + error + cancelled;
}

/** The fraction of a run that is done, 0 to 1; `null` where the number of its tasks is not known. */
export function shareOf({ work, total }: RunProgress): number | null {
  if (total === null || total <= 0) return null;
  return Math.min(1, Math.max(0, work / total));
}

/** Milliseconds until a run that runs has ended; `null` where that is unknown. */
export function remainingMs(
  { work, total, since, before }: RunProgress,
  now: number,
): number | null {
  if (total === null || since === null || work >= total) return null;
  const done = work - before;
  const took = now - since;
  return done > 0 && took > 0 ? (total - work) / done * took : null;
}

/**
 * Tasks that ended per second over the last seconds; `null` where too little is known. It falls while nothing
 * ends, because it is measured up to `now`.
 *
 * @param moments Oldest first
 */
export function recentRate(moments: readonly Moment[], now: number): number | null {
  const first = moments.findLast(({ at }) => at <= now - RATE_WINDOW_MS) ?? moments[0];
  const last = moments.at(-1);
  if (!first || !last || now - first.at < MIN_RATE_MS) return null;
  return Math.max(0, last.ended - first.ended) / (now - first.at) * 1000;
}
