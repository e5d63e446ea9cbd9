/**
 * How many tasks a worker claims beyond its free slots, so that a slot has its next task at hand when one returns.
 *
 * As many as return within {@linkcode AHEAD_MS}: many for tasks of a millisecond, none for tasks of a minute, which
 * would run elsewhere sooner than they wait here.
 *
 * @module
 */

/** Milliseconds for which a claimed task is expected to wait: some exchanges with the coordinator. */
const AHEAD_MS = 50;

/** Milliseconds over which returns are counted. */
const WINDOW_MS = 100;

/** Tasks at most. */
const MAX_AHEAD = 256;

/** The number of tasks that are claimed ahead. */
export class Lookahead {
  #tasks = 0;
  #sent = 0;
  #returned = 0;
  #since = performance.now();

  /** How many to claim beyond the free slots. */
  get tasks(): number {
    return this.#tasks;
  }

  /** A task has returned. */
  returned(): void {
    this.#returned++;
    if (performance.now() - this.#since >= WINDOW_MS) this.tick();
  }

  /** Time has passed. */
  tick(): void {
    const now = performance.now();
    const elapsed = now - this.#since;
    if (elapsed < WINDOW_MS) return;
    this.#tasks = Math.min(MAX_AHEAD, Math.floor(this.#returned / elapsed * AHEAD_MS));
    this.#returned = 0;
    this.#since = now;
  }

  /** The number, where it differs by more than a quarter from what was sent last. */
  news(): number | undefined {
    const difference = Math.abs(this.#tasks - this.#sent);
    if (difference === 0 || difference < this.#sent / 4) return undefined;
    return this.#sent = this.#tasks;
  }
}
