/**
 * Which tasks of a run a request to cancel or retry means: some by their ids, or all that match a filter.
 *
 * @module
 */
import type { TaskStatus } from "../../../../internal/task_status.ts";
import { BadRequest, type Params, taskQuery } from "../../params.ts";
import { findTasks, type Read } from "../find.ts";
import { tasksOf } from "../run_tasks.ts";

/** Tasks that are named by their ids, and tasks that match a filter. */
const MAX_NAMED = 1_000;
const MAX_MATCHING = 100_000;

/** What an action applies to. */
const APPLIES: Readonly<Record<"cancel" | "retry", readonly TaskStatus[]>> = {
  cancel: ["queued", "running"],
  retry: ["error", "cancelled"],
};

/**
 * The ids of the tasks that the parameters choose; `undefined` where they choose none, so that the whole run is meant.
 *
 * @throws {BadRequest} If they are wrong, or choose too many
 */
export async function chooseTasks(
  read: Read,
  { run, action, params }: { run: number; action: "cancel" | "retry"; params: Params },
  signal: AbortSignal,
): Promise<readonly number[] | undefined> {
  if (params.tasks !== undefined) return namedTasks(params.tasks);
  const query = taskQuery(params);
  const { status, q, key, cause } = query;
  if (status.length === 0 && !q && !key && !cause) return undefined;
  const wanted = APPLIES[action].filter((one) => status.length === 0 || status.includes(one));
  const tasks = read((reader) => tasksOf(reader, run));
  if (!tasks || wanted.length === 0) return [];
  const find = { ...query, status: wanted, sort: "id" as const, place: undefined };
  const found = await findTasks(read, tasks, { ...find, limit: MAX_MATCHING + 1 }, { signal });
  if (found.length > MAX_MATCHING) {
    throw new BadRequest(`The filter matches more than ${MAX_MATCHING} tasks: narrow it`);
  }
  return found.map(({ id }) => id);
}

function namedTasks(text: string): number[] {
  const ids = text.split(",").map((id) => /^\d{1,15}$/.test(id) ? Number(id) : NaN);
  if (ids.length > MAX_NAMED || ids.some(Number.isNaN)) {
    throw new BadRequest(`tasks must be at most ${MAX_NAMED} ids with commas between`);
  }
  return ids;
}
