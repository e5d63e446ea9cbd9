/**
 * Every task of a run as one character: its status and its progress in tenths.
 *
 * SQLite puts the characters of a block together, so that a million tasks are a thousand short rows.
 *
 * @module
 */
import { TASK_STATUSES } from "../../../internal/task_status.ts";
import type { WeaveBlock } from "../../api.ts";
import type { Reader } from "../reader.ts";
import type { Read } from "./find.ts";
import { isIn, type RunTasks, tasksOf } from "./run_tasks.ts";
import { Turn } from "./turn.ts";

/** Tasks of a block. */
export const BLOCK_TASKS = 1_000;

/** Code of a queued task without progress: from here on all characters can be printed. */
export const FIRST_CELL = 48;

/** Steps of progress that a cell distinguishes. */
export const CELL_STEPS = 11;

const STATUS_NUMBER = TASK_STATUSES.map((status, i) => `WHEN '${status}' THEN ${i}`).join(" ");

const CELL = `char(${FIRST_CELL} + ${CELL_STEPS} * CASE status ${STATUS_NUMBER} ELSE 0 END
  + CAST(10 * min(1, max(0, progress)) AS INTEGER))`;

/** A block, and the id of its last task. */
export interface ReadBlock extends WeaveBlock {
  /** The id of the last task. */
  last: number;
}

/** The tasks with ids from `low` to `high`, at most `limit`; `undefined` when there are none. */
export function readBlock(
  reader: Reader,
  { condition, run, status, first, last }: RunTasks,
  { low = first, high = last, limit = BLOCK_TASKS }: {
    low?: number;
    high?: number;
    limit?: number;
  },
): ReadBlock | undefined {
  const params = [low, high, run, limit];
  const block = `SELECT id, ${status} AS status, progress FROM task_runs
    WHERE id BETWEEN ? AND ? AND ${condition} ORDER BY id LIMIT ?`;
  const row = reader.get(
    `SELECT min(id) AS first, max(id) AS last, count(*) AS tasks, group_concat(${CELL}, '') AS cells
     FROM (${block})`,
    ...params,
  )!;
  if (row.tasks === 0) return;
  const read: ReadBlock = {
    first: Number(row.first),
    last: Number(row.last),
    cells: String(row.cells),
  };
  if (read.last - read.first + 1 !== row.tasks) {
    read.ids = reader.all(block, ...params).map(({ id }) => Number(id));
  }
  return read;
}

/** Ids of the tasks that are running, in their order. */
export function runningTasks(reader: Reader, tasks: RunTasks): number[] {
  const { condition, run, first, last } = tasks;
  return reader.all(
    `SELECT id FROM task_runs WHERE ${
      isIn("running", tasks)
    } AND id BETWEEN ? AND ? AND ${condition}
     ORDER BY id LIMIT 10000`,
    first,
    last,
    run,
  ).map(({ id }) => Number(id));
}

/** The whole weave of a run; `undefined` when there is no such run. */
export async function readWeave(
  read: Read,
  run: number,
): Promise<WeaveBlock[] | undefined> {
  const tasks = read((reader) => tasksOf(reader, run));
  if (!tasks) return;
  const blocks: WeaveBlock[] = [];
  const turn = new Turn();
  let low = tasks.first;
  while (low <= tasks.last) {
    const block = read((reader) => readBlock(reader, tasks, { low }));
    if (!block) break;
    const { last, ...rest } = block;
    blocks.push(rest);
    low = last + 1;
    await turn.pass();
  }
  return blocks;
}
