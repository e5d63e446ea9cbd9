/**
 * How many tasks start in a time: a sliding window. Pure: the time is an argument.
 *
 * Of the ways to keep a rate this is how a server counts that allows "ten requests a second": no
 * interval of that length has more starts in it, wherever it begins. Rejected: a token bucket, which lets twice
 * as many through in one interval (a full bucket, and what flows in meanwhile), and a window that starts again
 * with each interval, which does the same at its edges.
 *
 * A start is reserved when its task is given out and counts from when the task has really begun, because a busy
 * thread may let it wait. The numbers of starts go round through as many places as may start in one interval,
 * and two starts of one place are an interval apart: so are the first and the last of any that are more than
 * the rate.
 *
 * @module
 */

/** The starts of the last interval. Its fields belong to the main thread. */
export class RateWindow {
  readonly #rate: number;
  readonly #intervalMs: number;
  /** When each place was last started from; `Infinity` for a start that is reserved. */
  readonly #startedAt: number[] = [];
  #reserved = 0;

  /** At most `rate` starts in any `intervalMs` milliseconds. */
  constructor(rate: number, intervalMs: number) {
    this.#rate = rate;
    this.#intervalMs = intervalMs;
  }

  /** From when on there is room for another start; `Infinity` as long as one that is reserved must come first. */
  get opensAt(): number {
    const last = this.#startedAt[this.#reserved % this.#rate];
    return last === undefined ? -Infinity : last + this.#intervalMs;
  }

  /** Whether nothing that started is counted any more. */
  isIdle(now: number): boolean {
    return this.#startedAt.every((at) => at + this.#intervalMs <= now);
  }

  /** Reserves a start. Returns its place. */
  reserve(): number {
    const place = this.#reserved++ % this.#rate;
    this.#startedAt[place] = Infinity;
    return place;
  }

  /** The start of this place was made, or is given up: it counts from now. */
  start(place: number, now: number): void {
    this.#startedAt[place] = now;
  }
}
