/**
 * A timer of V8. The runtime loads its own timers when the first is set, which takes two milliseconds in a Worker that
 * has just been started: a tenth of a short run.
 *
 * @module
 */

/** Calls a function once, after some milliseconds. It keeps neither a Worker nor a process alive. */
export class Timer {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));

  /** Starts it. */
  constructor(ms: number, callback: () => void) {
    const { value } = Atomics.waitAsync(this.#cell, 0, 0, ms);
    void Promise.resolve(value).then((how) => how === "timed-out" && callback());
  }

  /** Stops it. */
  stop(): void {
    Atomics.notify(this.#cell, 0);
  }
}
