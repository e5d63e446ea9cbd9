/**
 * Work at the times of a schedule: croner computes the next time, a timer waits for it.
 *
 * A timer counts the time that the process is awake, and the clock may be set. So the wait is cut into slices, after
 * each of which the clock is read: a machine that slept past a time begins late, once, however many times passed
 * meanwhile, and reports it. Work is not awaited before the next time is computed; what overlaps is decided where a run
 * begins.
 *
 * Rejected: `Deno.cron` (a flag; UTC only; times that pass while the machine sleeps are left out without a word; a
 * date that never comes ends the process), and croner's own timers (they do not report that they are late).
 *
 * @module
 */
import { delay } from "../../internal/delay.ts";
import type { CronTimes } from "./cron_expression.ts";

/** Milliseconds after which the clock is read again. */
const SLICE_MS = 30_000;

/** Milliseconds past its time from which a run is late: a busy process and a slice are shorter. */
const LATE_MS = 60_000;

/** Milliseconds by which a clock is set back so far that times computed before are meaningless. */
const SET_BACK_MS = 86_400_000;

/** How work is triggered. */
export interface TriggerOptions {
  /** Ends it. */
  signal: AbortSignal;
  /** The largest number of works that have not ended; a time that would make it more is left out. */
  most: number;
  /** Called with the next time, whenever no work is active. */
  onScheduled: (next: Date) => void;
  /** Called when a time is left out. */
  onLeftOut: () => void;
  /** Called with the time that passed while the machine slept, before its work begins. */
  onLate: (due: Date) => void;
}

/**
 * Begins work at each time until the signal is aborted; resolves when all of it has ended. Neither the work nor a
 * listener may throw: a schedule ends by its signal only.
 */
export async function atTimes(
  times: CronTimes,
  { signal, most, onScheduled, onLeftOut, onLate }: TriggerOptions,
  work: (due: Date) => Promise<void>,
): Promise<void> {
  const active = new Set<Promise<void>>();
  let from = Date.now();
  let due = times.next(new Date(from)).getTime();
  const announce = () => {
    if (active.size === 0 && !signal.aborted) onScheduled(new Date(due));
  };
  const continueFrom = (now: number) => {
    from = now;
    due = times.next(new Date(from)).getTime();
  };
  const begin = (at: Date) => {
    if (active.size >= most) return onLeftOut();
    const one = work(at).finally(() => {
      active.delete(one);
      announce();
    });
    active.add(one);
  };
  announce();
  while (!signal.aborted) {
    await delay(Math.min(Math.max(due - Date.now(), 0), SLICE_MS), signal);
    if (signal.aborted) break;
    const now = Date.now();
    if (now < from - SET_BACK_MS) {
      continueFrom(now);
      announce();
    } else if (now >= due) {
      if (now - due >= LATE_MS) onLate(new Date(due));
      // A clock that is set back by less comes to the same time twice: it counts once.
      const at = new Date(due);
      continueFrom(now);
      begin(at);
    }
  }
  await Promise.all(active);
}
