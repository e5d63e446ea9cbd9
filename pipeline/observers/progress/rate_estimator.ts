/**
 * How fast a run goes and when it will be over, from what was seen during the last seconds: a mean over the
 * whole run would tell of its slow start for ever.
 *
 * @module
 */

/** Milliseconds over which the pace is measured: steady to look at, and still quick to follow. */
const WINDOW_MS = 10_000;

/** Milliseconds between two samples that are kept. */
const SAMPLE_MS = 250;

interface Sample {
  at: number;
  ended: number;
  work: number;
}

/** Keeps a few samples of a run. Times are those of `performance.now()`. */
export class RateEstimator {
  readonly begun: number;
  #samples: Sample[];
  #last: Sample;

  constructor(begun: number) {
    this.begun = begun;
    this.#last = { at: begun, ended: 0, work: 0 };
    this.#samples = [this.#last];
  }

  /** Notes how many tasks have ended; `work` counts the parts of running tasks, too. */
  note(at: number, ended: number, work: number): void {
    this.#last = { at, ended, work };
    if (at - this.#samples.at(-1)!.at < SAMPLE_MS) return;
    this.#samples.push(this.#last);
    while (this.#samples.length > 2 && at - this.#samples[1]!.at >= WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.#last.at - this.begun;
  }

  /** Tasks that end in a second. */
  get rate(): number {
    return this.#perSecond("ended");
  }

  /** What part of `total` tasks is done, 0 to 1, the parts of running tasks included. */
  share(total: number): number {
    return Math.min(1, this.#last.work / total);
  }

  /** Milliseconds until `total` tasks have ended; `undefined` when nothing moves. */
  remaining(total: number): number | undefined {
    const perSecond = this.#perSecond("work");
    return perSecond > 0 ? Math.max(0, total - this.#last.work) / perSecond * 1000 : undefined;
  }

  #perSecond(what: "ended" | "work"): number {
    const first = this.#samples[0]!;
    const passed = this.#last.at - first.at;
    return passed > 0 ? Math.max(0, this.#last[what] - first[what]) / passed * 1000 : 0;
  }
}
