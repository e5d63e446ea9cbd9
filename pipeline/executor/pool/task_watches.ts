/**
 * What ends when a task returns, such as the timer of its attempt.
 *
 * @module
 */

/** The watches over the tasks of one Worker; few tasks have any. */
export class TaskWatches {
  readonly #ends = new Map<number, (() => void)[]>();

  /** Calls back when the task returns. */
  add(id: number, end: () => void): void {
    const ends = this.#ends.get(id);
    if (ends) ends.push(end);
    else this.#ends.set(id, [end]);
  }

  /** A task has returned. */
  end(id: number): void {
    if (this.#ends.size === 0) return;
    const ends = this.#ends.get(id);
    this.#ends.delete(id);
    ends?.forEach((end) => end());
  }

  /** The Worker is gone. */
  endAll(): void {
    for (const id of [...this.#ends.keys()]) this.end(id);
  }
}
