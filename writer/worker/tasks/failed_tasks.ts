/**
 * Tasks that have a message which failed: they cannot become `done`, their end is written as `error`.
 *
 * @module
 */
import type { ErrorData } from "../../../errors.ts";
import type { WriteMessage } from "../../protocol/write_message.ts";

/** Remembers them until they have ended, or begin again. */
export class FailedTasks {
  readonly #failures = new Map<number, ErrorData>();
  /**
   * What this transaction has changed so far: the failure of a task, or `undefined` for one that ends or begins
   * again, because its failure has no bearing on what follows.
   */
  #changes = new Map<number, ErrorData | undefined>();

  /** A message of a task was not written. */
  add(task: number, failure: ErrorData): void {
    this.#changes.set(task, failure);
  }

  /** Whether a message of a task has failed. */
  has(task: number): boolean {
    return this.#failures.size + this.#changes.size > 0 && this.#failureOf(task) !== undefined;
  }

  /** The failure for which a message's task cannot become `done`. */
  behind(message: WriteMessage): ErrorData | undefined {
    if (message.kind !== "task_update" || message.status !== "done") return undefined;
    return this.#failureOf(message.id);
  }

  /** Tasks end, or begin again. */
  forget(tasks: readonly number[]): undefined {
    if (this.#failures.size + this.#changes.size === 0) return;
    for (const task of tasks) this.#changes.set(task, undefined);
  }

  /** Calling what it returns takes back what is noted after. */
  mark(): () => void {
    const changes = new Map(this.#changes);
    return () => void (this.#changes = changes);
  }

  /** The transaction is committed. */
  committed(): void {
    for (const [task, failure] of this.#changes) {
      if (failure) this.#failures.set(task, failure);
      else this.#failures.delete(task);
    }
    this.rolledBack();
  }

  /** The transaction is undone. */
  rolledBack(): void {
    this.#changes.clear();
  }

  #failureOf(task: number): ErrorData | undefined {
    return this.#changes.has(task) ? this.#changes.get(task) : this.#failures.get(task);
  }
}
