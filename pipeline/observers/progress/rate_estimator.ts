/**
 * What the progress bars know of a run over time: its progress, and how many tasks ended in the last seconds.
 *
 * @module
 */
import {
  type Moment,
  RATE_WINDOW_MS,
  recentRate,
  remainingMs,
  type RunProgress,
  shareOf,
} from "../../../internal/progress.ts";

/** Milliseconds between two moments that are kept. */
const MOMENT_MS = 250;

/** Keeps a few moments of a run. Times are those of `performance.now()`. */
export class RateEstimator {
  readonly begun: number;
  #moments: Moment[];
  #last: Moment;
  #progress: RunProgress;

  constructor(begun: number) {
    this.begun = begun;
    this.#last = { at: begun, ended: 0 };
    this.#moments = [this.#last];
    this.#progress = { work: 0, total: null, since: begun, before: 0 };
  }

  /** Notes how many tasks have ended, and the progress of the run. */
  note(at: number, ended: number, progress: Omit<RunProgress, "since">): void {
    this.#last = { at, ended };
    this.#progress = { ...progress, since: this.begun };
    if (at - this.#moments.at(-1)!.at < MOMENT_MS) return;
    this.#moments.push(this.#last);
    while (this.#moments.length > 2 && at - this.#moments[1]!.at >= RATE_WINDOW_MS) {
      this.#moments.shift();
    }
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.#last.at - this.begun;
  }

  /** Tasks that end in a second; `null` where too little is known. */
  get rate(): number | null {
    return recentRate([...this.#moments, this.#last], this.#last.at);
  }

  /** The fraction that is done; `null` where the number of tasks is not known. */
  get share(): number | null {
    return shareOf(this.#progress);
  }

  /** Milliseconds until the run has ended; `null` where that is unknown. */
  get remaining(): number | null {
    return remainingMs(this.#progress, this.#last.at);
  }
}
