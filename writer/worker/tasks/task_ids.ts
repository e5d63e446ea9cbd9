/**
 * Which ids are free for new tasks. Ids belong to the file: those that are used or reserved, by any run of any process,
 * are not given again.
 *
 * @module
 */
import type { Statements } from "../../../sqlite/statement.ts";

/** From this id on, 2^52, ids are chosen by users only, until all below it are used. */
export const CHOSEN_ID = 4_503_599_627_370_496;

/**
 * The first of a number of ids past all that are used or reserved. Where tasks were deleted, their keys may be left: a new
 * task of such an id would have its rows passed over. Ids from `CHOSEN_ID` on do not count: with `taskId` any program can
 * choose the last number that there is.
 *
 * @throws {RangeError} If there are too few
 */
export function findFreeIds(statements: Statements, count: number): number {
  let first = 1 + Number(
    statements.of(
      `SELECT max(coalesce((SELECT max(id) FROM task_runs WHERE id<?1), 0),
                  coalesce((SELECT max(last_task_id) FROM pipeline_runs WHERE last_task_id<?1), 0),
                  coalesce((SELECT max(reserved_to) FROM pipeline_runs WHERE reserved_to IS NOT NULL), 0),
                  coalesce((SELECT max(task_id) FROM idempotency_keys WHERE task_id<?1), 0)) AS last`,
    ).get(CHOSEN_ID)!.last,
  );
  const inRange = statements.of(
    "SELECT max(id) AS id FROM task_runs WHERE id BETWEEN ? AND ?",
  );
  for (;;) {
    const { id } = inRange.get(first, first + count - 1)!;
    if (id === null || id === undefined) break;
    first = Number(id) + 1;
  }
  if (!Number.isSafeInteger(first + count)) {
    throw new RangeError(`Cannot number ${count} tasks after task ${first - 1}: ids are used up`);
  }
  return first;
}
