/**
 * What workers on other machines run in `nats.ts`, each an export of its own.
 *
 * @module
 */
import type { TaskContext } from "../mod.ts";

/** Does nothing. */
export function noop(): void {}

/** Waits, as for an answer of a network. */
export async function wait(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Writes rows, a thousand at a time. */
export async function write(rows: number, task: TaskContext): Promise<void> {
  for (let from = 0; from < rows; from += 1_000) {
    await task.insert(
      "rows",
      Array.from({ length: Math.min(1_000, rows - from) }, (_, i) => ({
        n: from + i,
        text: "a row of some thirty characters",
      })),
    );
  }
}
