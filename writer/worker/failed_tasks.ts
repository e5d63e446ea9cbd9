/**
 * Tasks that have a message which failed: they cannot become `done`, their end is written as `error`.
 *
 * @module
 */
import type { ErrorData } from "../../errors.ts";
import type { WriteMessage } from "../protocol/write_message.ts";

/** Remembers them until they have ended, or begin anew. */
export class FailedTasks {
  readonly #failures = new Map<number, ErrorData>();
  /** Tasks that end, or begin anew, in this transaction: what failed in them says nothing of what follows. */
  readonly #forgotten = new Set<number>();

  /** A message of a task was not written. */
  add(task: number, failure: ErrorData): void {
    this.#failures.set(task, failure);
  }

  /** Whether a message of a task has failed. */
  has(task: number): boolean {
    return this.#failures.has(task);
  }

  /** The failure for which a message's task cannot become `done`. */
  behind(message: WriteMessage): ErrorData | undefined {
    if (message.kind !== "task_update" || message.status !== "done") return undefined;
    return this.#forgotten.has(message.id) ? undefined : this.#failures.get(message.id);
  }

  /** Tasks end, or begin anew. */
  forget(tasks: readonly number[]): undefined {
    if (this.#failures.size === 0) return;
    for (const task of tasks) this.#forgotten.add(task);
  }

  /** The transaction is committed. */
  committed(): void {
    for (const task of this.#forgotten) this.#failures.delete(task);
    this.rolledBack();
  }

  /** The transaction is undone. */
  rolledBack(): void {
    this.#forgotten.clear();
  }
}
