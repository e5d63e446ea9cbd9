/**
 * What a task writes without waiting for it. An unawaited failure must not be lost, nor end the
 * process as an unhandled rejection: it becomes the task's.
 *
 * @module
 */

/** Writes of one task that are in flight, or have failed unawaited. */
export class TaskWrites {
  readonly #writes = new Set<Write<unknown>>();
  #settled: Promise<void> | undefined;

  /** The promise of an operation, for the task to wait for or not. */
  watch<T>(operation: Promise<T>): Promise<T> {
    const write = new Write<T>((resolve) => resolve(operation));
    this.#writes.add(write);
    write.unobserved(
      () => this.#writes.delete(write),
      () => write.awaited && this.#writes.delete(write),
    );
    return write;
  }

  /**
   * Resolves when all of them have ended; `undefined` when there is none. It rejects when one failed and was not awaited
   * ever waited for it.
   */
  settled(): Promise<void> | undefined {
    if (this.#writes.size > 0) this.#settled ??= this.#settle();
    return this.#settled;
  }

  async #settle(): Promise<void> {
    for (const write of this.#writes) {
      await write.unobserved(() => {}, (error) => {
        if (!write.awaited) throw error;
      });
    }
  }
}

/** The promise of a write. It knows whether its outcome was awaited. */
class Write<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  awaited = false;

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.awaited = true;
    return super.then(onFulfilled, onRejected);
  }

  /** `then`, without counting as awaited. */
  unobserved(onFulfilled: () => void, onRejected: (reason: unknown) => void): Promise<void> {
    return super.then(onFulfilled, onRejected);
  }
}
