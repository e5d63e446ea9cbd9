/**
 * Callers that wait for room, one after the other: each has a moment to send something large, which may leave no room
 * for the next.
 *
 * @module
 */
import { ticks } from "../../internal/delay.ts";

/** Microtasks of a turn: a task that never waits begins, ends, and has sent what it has in fewer. */
const TURN_TICKS = 16;

/** The turns of one sender. */
export class Turns {
  /** Resolves when the last of those that wait has had its turn. */
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn and there is room. */
  async take(ready: () => Promise<void> | undefined): Promise<void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    try {
      await ready();
    } finally {
      void ticks(TURN_TICKS).then(resolve);
    }
  }
}
