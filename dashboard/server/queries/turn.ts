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
  readonly #waiting = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Waits for a turn, or until the signal is aborted. */
  async next(signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      this.#waiting.delete(resolve);
      if (this.#waiting.size === 0) this.#stop();
      resolve();
    };
    signal?.addEventListener("abort", end);
    this.#waiting.add(resolve);
    this.#schedule();
    await promise;
    signal?.removeEventListener("abort", end);
    signal?.throwIfAborted();
  }

  /** Those who wait have their turns at once. */
  [Symbol.dispose](): void {
    this.#stop();
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #schedule(): void {
    if (this.#waiting.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const [first] = this.#waiting;
      this.#waiting.delete(first!);
      first!();
      this.#schedule();
    });
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
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

  /** Lets others in when the turn is over; the signal ends the wait. */
  async pass(signal?: AbortSignal): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    await this.#turns.next(signal);
    this.#since = performance.now();
  }
}
