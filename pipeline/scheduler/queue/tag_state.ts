/**
 * What one tag allows at the moment: how many of its tasks run, how many have started, and until when it is held back.
 *
 * A server that refuses a request for coming too early ("429, Retry-After: 2") refuses all that come with it, and
 * would refuse the same number again if all came back at once. So the tasks that had begun before a hold
 * learn nothing new by their refusals; and after a hold as many run at once as the server let through before it, one
 * more with each that it lets through, and twice as many after each time as long as the hold: tasks may be long. Rejected: to learn the server's rate, which the option `rate` is for.
 *
 * @module
 */
import { RateWindow } from "./rate_window.ts";
import { INTERVAL_MS, type TagLimit } from "./tag_limits.ts";

/** What a task that was taken from the queue takes of one tag. */
export interface Reservation {
  readonly state: TagState;
  /** Its place in the window until it has started. */
  place: number | undefined;
  /** How many holds the tag had had when it was taken. */
  readonly holds: number;
  /** Whether the task was refused because of this tag. */
  isRefused: boolean;
}

/** One tag. Its fields belong to the main thread. */
export class TagState {
  readonly tag: string;
  readonly limit: TagLimit;
  /** What wakes the runs that share it. */
  readonly sharers: Set<(tag: string) => void> | undefined;
  readonly #window: RateWindow | undefined;
  /** How many run, and how many may at most: since a hold, and ever. */
  #running = 0;
  #most = Infinity;
  readonly #concurrency: number;
  /** Until when none starts, and for how long that was. */
  #heldUntil = -Infinity;
  #heldMs = 0;
  #holds = 0;
  /** How many that were refused are not back in the queue: none starts before these, which go first. */
  #refused = 0;
  /** How many ended without being refused since the last hold began, and between that and the one before. */
  #passed = 0;
  #passedBefore = 0;

  constructor(tag: string, limit: TagLimit) {
    const { concurrency = Infinity, rate, intervalMs = INTERVAL_MS } = limit;
    this.tag = tag;
    this.limit = limit;
    this.sharers = limit.shared ? new Set() : undefined;
    this.#concurrency = concurrency;
    this.#window = rate === undefined ? undefined : new RateWindow(rate, intervalMs);
  }

  /** From when on a task may start; `Infinity` as long as others must end, start or come back first. */
  get opensAt(): number {
    if (this.#running >= this.#concurrency || this.#refused > 0) return Infinity;
    const excess = this.#running / this.#most;
    const doublings = excess < 1 ? 0 : Math.floor(Math.log2(excess)) + 1;
    const since = this.#heldUntil + (doublings && doublings * this.#heldMs);
    return Math.max(since, this.#window?.opensAt ?? -Infinity);
  }

  /** A task is taken from the queue. */
  reserve(): Reservation {
    this.#running++;
    const place = this.#window?.reserve();
    return { state: this, place, holds: this.#holds, isRefused: false };
  }

  /** The task has started. Returns whether others may have waited for that. */
  start(reservation: Reservation, now: number): boolean {
    if (reservation.place === undefined) return false;
    this.#window!.start(reservation.place, now);
    reservation.place = undefined;
    return true;
  }

  /** The task runs no more. */
  release({ isRefused }: Reservation): void {
    this.#running--;
    if (isRefused) {
      this.#refused--;
      return;
    }
    this.#passed++;
    this.#most++;
  }

  /**
   * No task starts for some milliseconds from now, because one was refused, whose reservation is given where it has the tag. Returns
   * whether that is news: where it had begun before the hold, it is not, if the tag lets any through.
   */
  hold({ now, ms }: { now: number; ms: number }, refused?: Reservation): boolean {
    this.#heldUntil = Math.max(this.#heldUntil, now + ms);
    if (refused) {
      refused.isRefused = true;
      this.#refused++;
    }
    if (refused && refused.holds < this.#holds) return this.#passed + this.#passedBefore === 0;
    this.#holds++;
    this.#heldMs = ms;
    this.#passedBefore = this.#passed;
    this.#passed = 0;
    if (this.#passedBefore > 0) this.#most = this.#passedBefore;
    return true;
  }

  /** Whether nothing runs, is counted or is held back. */
  isIdle(now: number): boolean {
    return this.#running === 0 && this.#heldUntil <= now && this.#window?.isIdle(now) !== false;
  }
}
