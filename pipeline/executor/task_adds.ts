/**
 * A task that adds items to its run.
 *
 * @module
 */
import { notStored, toAddMessages } from "./added_items.ts";
import type { TaskExecution } from "./task_execution.ts";

/**
 * Adds the items of a task. Resolves with the number of those that are new, once they are committed; in an atomic task
 * with `undefined`, because they are committed with its end.
 *
 * @throws {Error} If the status of tasks is not stored
 * @throws {TypeError} If an item has no key or no JSON form
 */
export async function addFromTask(
  execution: TaskExecution,
  items: Iterable<unknown> | AsyncIterable<unknown>,
): Promise<number | undefined> {
  execution.check("add items");
  const { run, adds, atomic } = execution.environment;
  if (run === null || !adds) throw notStored();
  let total = 0;
  for await (
    const message of toAddMessages(items, { run, by: execution.id, identify: adds.identify })
  ) {
    execution.check("add items");
    // Reported before it is sent as well: the task may end first.
    adds.added(execution.id);
    total += await execution.request(message) ?? 0;
    adds.added(execution.id);
  }
  return atomic ? undefined : total;
}
