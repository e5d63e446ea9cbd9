/**
 * How many runs are active at once: others wait for their turn, so that a hundred schedules of one time do not start a
 * hundred processes.
 *
 * @module
 */

/** A number of places, and those that wait for one in their order. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place when it is free; returns whether it was taken before the signal was aborted. */
  async take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#free > 0) {
      this.#free--;
      return true;
    }
    return await new Promise((resolve) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(give), 1);
        resolve(false);
      };
      const give = () => {
        signal.removeEventListener("abort", abort);
        resolve(true);
      };
      signal.addEventListener("abort", abort);
      this.#waiting.push(give);
    });
  }

  /** Gives a place back. */
  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
