/**
 * Long reads take turns with other requests.
 *
 * @module
 */

/** Milliseconds of work after which other requests have their turn. */
const TURN_MS = 5;

/** One long read. */
export class Turn {
  #since = performance.now();

  /** Lets other requests in when the turn is over. `setImmediate` does not: no connection is read before it. */
  async pass(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.#since = performance.now();
  }
}
