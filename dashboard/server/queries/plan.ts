/**
 * A search for tasks, made ready to be asked of one slice of a run after another.
 *
 * @module
 */
import type { SqlValue } from "../../../sqlite/values.ts";
import { TASK_STATUSES, type TaskStatus } from "../../../internal/task_status.ts";
import type { TaskQuery } from "../../api.ts";
import { type Order, toOrder } from "./order.ts";
import type { RunTasks } from "./run_tasks.ts";
import { searchOf, type TextSearch } from "./search/search.ts";

/** Tasks of a page, and one more. */
const PAGE_TASKS = 101;

/** A run of more tasks than these has thousands of slices. */
const MANY_TASKS = 2_000_000;

/** Tasks that each of them keeps; one whose last is on the page is read again. */
const KEPT_OF_MANY = 20;

/** The share of ids from which on all their rows are read: an index would find nearly each of them. */
const DENSE = 0.25;

/** Where a page begins: after this value and id, or before them. */
export interface PageCursor {
  /** The value it is ordered by. */
  value: SqlValue;
  /** Breaks ties. */
  id: number;
  /** Whether the page ends there. */
  back?: boolean;
}

/** What to look for. */
export interface Find extends Pick<TaskQuery, "status" | "q" | "key" | "cause" | "sort"> {
  /** How many at most. */
  limit: number;
  /** Where to begin. */
  place?: PageCursor | undefined;
}

/** Where a task stands in the order. */
export interface Found {
  /** Its id. */
  id: number;
  /** The value it is ordered by. */
  value: SqlValue;
}

/** Ids from `low` to `high`, both included. */
export interface Range {
  /** The lowest. */
  low: number;
  /** The highest. */
  high: number;
}

/** A search, ready to be asked of one slice after another. */
export interface Plan {
  /** The order that was asked for. */
  order: Order;
  /** Whether rows are read from the largest down: a page that ends at its place is read backwards. */
  descending: boolean;
  /** The SQL of a task's status. */
  status: string;
  /** Ids of the tasks that may match. */
  range: Range;
  /** Whether every row must be looked at. */
  sliced: boolean;
  /** What else must be true of a row. */
  conditions: string;
  /** The parameters of the conditions; the first is the run. */
  params: SqlValue[];
  /** How many of a slice at most. */
  limit: number;
  /** The share of the ids that are of each status, or of any: an estimate. */
  shareOf(status: TaskStatus | undefined): number;
  /** The text that is looked for. */
  q: string;
  /** The cause of failures that are looked for. */
  cause: string;
  /** How it is looked for; `undefined` where none is. */
  search: TextSearch | undefined;
  /** Whether tasks whose value is not known could no longer be among the first. */
  isFull(best: Found[]): boolean;
}

/** Makes a search ready. */
export function plan(tasks: RunTasks, { sort, q, key, cause = "", place, limit }: Find): Plan {
  const order = toOrder(sort);
  const descending = order.descending !== !!place?.back;
  const range: Range = { low: tasks.first, high: tasks.last };
  const conditions = [tasks.condition];
  const params: SqlValue[] = [tasks.run];
  if (key) {
    conditions.push("key = ?");
    params.push(key);
  }
  if (place && order.by === "id") {
    if (descending) range.high = Math.min(range.high, place.id - 1);
    else range.low = Math.max(range.low, place.id + 1);
  } else if (place) {
    conditions.push(`(${order.value}, id) ${descending ? "<" : ">"} (?, ?)`);
    params.push(place.value, place.id);
  }
  return {
    order,
    descending,
    status: tasks.status,
    range,
    // No index has the status of tasks over which another program has written.
    sliced: order.by !== "id" || q !== "" || key !== "" || cause !== "" ||
      tasks.status !== "status",
    conditions: conditions.join(" AND "),
    params,
    // What a list of a few reads is also what a page needs, and is remembered for it. A slice has seldom more of the best.
    limit: order.by === "id" ? limit : keptOf(tasks),
    shareOf: (status) => (tasks.counts?.[status ?? "all"] ?? 0) / (tasks.last - tasks.first + 1),
    q,
    cause,
    search: searchOf(tasks, { q, cause }),
    isFull: (best) =>
      order.unknown !== undefined && best.length >= limit && place?.value !== order.unknown &&
      best.every(({ value }) => value !== order.unknown),
  };
}

/** The slice of a range that ends at `edge`, and the rest. */
export function cut(range: Range, edge: number | undefined, descending: boolean) {
  if (edge === undefined) return { slice: range };
  return descending
    ? { slice: { low: edge, high: range.high }, rest: { low: range.low, high: edge - 1 } }
    : { slice: { low: range.low, high: edge }, rest: { low: edge + 1, high: range.high } };
}

/**
 * The statuses to look through one after another; `undefined` is all of them at once. Tasks that wait have
 * neither start nor duration, so they are looked at last, and most often not at all.
 */
export function statusesOf(find: Find, { order }: Plan): readonly (TaskStatus | undefined)[] {
  const statuses = wantedStatuses(find) ??
    (order.unknown === undefined ? [undefined] : TASK_STATUSES);
  return statuses.toSorted((a, b) => Number(a === "queued") - Number(b === "queued"));
}

/** Whether a large share of the ids is of tasks of a status, or of any: then all rows are read. */
export function isDense(query: Plan, status: TaskStatus | undefined): boolean {
  return query.shareOf(status) >= DENSE;
}

/** The SQL of the status, to be compared with this one: by its index only where few tasks have it. */
export function statusSql(query: Plan, status: TaskStatus): string {
  return query.status === "status" && isDense(query, status) ? "+status" : query.status;
}

/** The statuses that are asked for; `undefined` where any will do. Only failures have a cause. */
export function wantedStatuses({ status, cause }: Find): readonly TaskStatus[] | undefined {
  if (cause) return status.length === 0 || status.includes("error") ? ["error"] : [];
  return status.length > 0 ? status : undefined;
}

/** How many each slice keeps: fewer where thousands of slices together would keep more than is remembered. */
function keptOf({ first, last }: RunTasks): number {
  return last - first < MANY_TASKS ? PAGE_TASKS : KEPT_OF_MANY;
}
