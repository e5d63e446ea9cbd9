/**
 * Tasks that a Worker has reported as done, and whose ends it may not have sent to the writer yet: when it is ended in
 * the middle of another task, these ends are lost with it.
 *
 * @module
 */
import { BATCH_MS } from "../../../writer/client/batch_sender.ts";
import type { OfferedTask } from "../executor.ts";

/** Those of one Worker. */
export class UnsentEnds<Item> {
  readonly #ends: { task: OfferedTask<Item>; endedAt: number }[] = [];

  /** The tasks. */
  get tasks(): OfferedTask<Item>[] {
    return this.#ends.map(({ task }) => task);
  }

  /** A task is done. */
  add(task: OfferedTask<Item>): void {
    this.#ends.push({ task, endedAt: performance.now() });
  }

  /** The Worker gets its next task: what ended before that is sent, unless it was just before. */
  forgetSent(): void {
    const late = performance.now() - BATCH_MS;
    while (this.#ends.length > 0 && this.#ends[0]!.endedAt < late) this.#ends.shift();
  }
}
