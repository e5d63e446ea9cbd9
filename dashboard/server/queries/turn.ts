/**
 * Long reads take turns with other requests.
 *
 * @module
 */

/** Milliseconds of work after which other requests have their turn. */
const TURN_MS = 5;

/**
 * Turns of the thread, one after another. Where each long read had a timer of its own, a hundred timers would end
 * together, and what they do would be one long hold. `setImmediate` does not do: no connection is read before it.
 */
export class Turns implements Disposable {
  readonly #waiting: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Waits for a turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  /** Those who wait have their turns at once. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #schedule(): void {
    if (this.#waiting.length === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#waiting.shift()?.();
      this.#schedule();
    });
  }
}

const LONG_READS = new Turns();

/** One read that may be long. */
export class Turn {
  readonly #turns: Turns;
  #since = performance.now();

  /** It takes turns with these. */
  constructor(turns: Turns = LONG_READS) {
    this.#turns = turns;
  }

  /** Lets others in when the turn is over. */
  async pass(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    await this.#turns.next();
    this.#since = performance.now();
  }
}
