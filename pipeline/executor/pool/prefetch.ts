/**
 * How many tasks a Worker is given at a time, the one that runs included: as many as return within
 * {@linkcode AHEAD_MS}. That is one where tasks are long, and many where a message takes longer than a task.
 *
 * @module
 */
import { BOARD_TASKS } from "./task_board.ts";

/** Milliseconds for which a task is expected to wait: some messages there and back. */
const AHEAD_MS = 2;

/** Tasks at most: both halves of the board may be on their way. */
const MAX_TASKS = BOARD_TASKS / 2;

/** The number for one Worker. */
export class Prefetch {
  readonly #max: number;
  #tasks = 1;
  #returned = 0;
  #since = performance.now();

  /** `enabled` is whether there may be more than one. */
  constructor(enabled: boolean) {
    this.#max = enabled ? MAX_TASKS : 1;
  }

  /** How many it may have. */
  get tasks(): number {
    return this.#tasks;
  }

  /** Some tasks have returned. */
  returned(count: number): void {
    if (this.#max === 1) return;
    this.#returned += count;
    const now = performance.now();
    const elapsed = now - this.#since;
    if (elapsed < AHEAD_MS) return;
    const tasks = Math.floor(this.#returned / elapsed * AHEAD_MS);
    this.#tasks = Math.max(1, Math.min(this.#max, tasks));
    this.#returned = 0;
    this.#since = now;
  }

  /** A task takes its time. */
  stalled(): void {
    this.#tasks = 1;
    this.#returned = 0;
    this.#since = performance.now();
  }
}
