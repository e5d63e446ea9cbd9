/**
 * Tasks that run when all that they depend on have ended, whatever became of these. Each edge is in one of two states, so
 * that one that ends, is run again and ends again counts once. Pure: tasks are numbers.
 *
 * @module
 */

/** The tasks, and what each still waits for; `undefined` once it has been released. */
export class PatientTasks {
  readonly #awaited = new Map<number, Set<number> | undefined>();

  /** Number of tasks. */
  get size(): number {
    return this.#awaited.size;
  }

  /** Adds a task that waits for others. Returns whether it may run now. */
  add(task: number, others: Iterable<number>): boolean {
    const awaited = new Set(others);
    this.#awaited.set(task, awaited.size > 0 ? awaited : undefined);
    return awaited.size === 0;
  }

  /** Whether it is such a task. */
  has(task: number): boolean {
    return this.#awaited.has(task);
  }

  /** Another task has ended. Returns whether the task may run now; `true` only once. */
  ended(task: number, other: number): boolean {
    const awaited = this.#awaited.get(task);
    if (!awaited) return false;
    awaited.delete(other);
    if (awaited.size > 0) return false;
    this.#awaited.set(task, undefined);
    return true;
  }

  /** Tasks are run again; those that wait for others among them, and have not been released or run again, await these. */
  again(
    tasks: readonly number[],
    edges: readonly (readonly [task: number, other: number])[],
  ): void {
    const own = tasks.filter((task) => this.has(task));
    // One that was cancelled before it was released still waits for what it has waited for.
    for (const task of own) {
      if (!this.isWaiting(task)) this.#awaited.set(task, new Set());
    }
    for (const [task, other] of edges) this.#awaited.get(task)?.add(other);
    for (const task of own) if (!this.isWaiting(task)) this.#awaited.set(task, undefined);
  }

  /** Whether a task waits for others. */
  isWaiting(task: number): boolean {
    return (this.#awaited.get(task)?.size ?? 0) > 0;
  }
}
