/**
 * Tasks of a Worker whose end may not have been sent: when the Worker is ended, it takes it along.
 *
 * @module
 */
import { BATCH_MS } from "../../writer/client/batch_sender.ts";
import type { IdentifiedItem } from "../scheduler/task_identity.ts";
import type { EndStatus } from "../../internal/task_status.ts";

/** Tasks that have not ended, and those that ended as `done` of late. */
export class UnflushedTasks {
  readonly #tasks = new Map<number, { task: IdentifiedItem<unknown>; endedAt: number }>();

  /** A task begins. */
  add(task: IdentifiedItem<unknown>): void {
    this.#tasks.set(task.id, { task, endedAt: Infinity });
  }

  /** A task has ended. */
  end(id: number, status: EndStatus): void {
    const begun = this.#tasks.get(id);
    if (begun && status === "done") begun.endedAt = performance.now();
    else this.#tasks.delete(id);
  }

  /** Those that ended as `done`. */
  done(): IdentifiedItem<unknown>[] {
    return [...this.#tasks.values()]
      .filter(({ endedAt }) => endedAt < Infinity)
      .map(({ task }) => task);
  }

  /** What ended before the Worker gets its next task was sent by then, unless it was just before. */
  forgetSent(): void {
    const late = performance.now() - BATCH_MS;
    for (const [id, { endedAt }] of this.#tasks) {
      if (endedAt < late) this.#tasks.delete(id);
      else if (endedAt < Infinity) return;
    }
  }
}
