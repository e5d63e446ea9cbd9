/**
 * Finds the tasks of one page among a million.
 *
 * By id, with or without statuses, a page is read through an index at once. A search for text and every other
 * order has to look at each row, and there is no index that would not cost the writer more than the page is
 * worth. So that is done in slices of some ten thousand rows, each one short statement that keeps the best of
 * its slice, with the thread free between two of them: a page may take a moment, other requests do not wait.
 *
 * Pages are identified by the values of their first or last row (keyset), so that a page stays the same
 * while rows come and go before it.
 *
 * @module
 */
import type { TaskStatus } from "../../../internal/task_status.ts";
import type { SqlRow, SqlValue } from "../../../sqlite/values.ts";
import type { Reader } from "../reader.ts";
import { compareValues } from "./order.ts";
import {
  cut,
  type Find,
  type Found,
  type Plan,
  plan,
  type Range,
  statusesOf,
  wantedStatuses,
} from "./plan.ts";
import type { RunTasks } from "./run_tasks.ts";
import { edgeOf, once, type Read, SliceSize, slicesOf } from "./slices.ts";
import { Turn } from "./turn.ts";

export type { Read };

/** The first tasks that match, in the order that was asked for; at most `limit`. */
export async function findTasks(
  read: Read,
  tasks: RunTasks,
  find: Find,
  signal?: AbortSignal,
): Promise<Found[]> {
  const { place, limit } = find;
  const query = plan(tasks, find);
  const sign = query.descending ? -1 : 1;
  const compare = (a: Found, b: Found) => sign * (compareValues(a.value, b.value) || a.id - b.id);

  let best: Found[] = [];
  const turn = new Turn();
  const size = new SliceSize(query);
  for (const status of statusesOf(find, query)) {
    if (status === "queued" && query.isFull(best)) break;
    let rest: Range | undefined = query.range;
    let count = 0;
    while (rest) {
      signal?.throwIfAborted();
      const range: Range = rest;
      const before = performance.now();
      const { found, edge } = read((reader) => {
        const edge = query.sliced
          ? edgeOf(reader, query, range, { status, rows: size.rows })
          : undefined;
        const { slice } = cut(range, edge, query.descending);
        return { found: lookOnce(reader, query, slice, status), edge };
      });
      size.learn(performance.now() - before);
      // A task that has moved on meanwhile is found in two places: the later one counts.
      const again = new Set(found.map(({ id }) => id));
      best = best.filter(({ id }) => !again.has(id)).concat(found).sort(compare).slice(0, limit);
      count += found.length;
      // By id, the first slices hold the first tasks.
      if (query.order.by === "id" && count >= limit) break;
      rest = cut(range, edge, query.descending).rest;
      await turn.pass(signal);
    }
  }
  return place?.back ? best.reverse() : best;
}

/** How many tasks match, wherever a page begins. */
export async function countTasks(
  read: Read,
  tasks: RunTasks,
  { place: _, ...find }: Find,
  signal?: AbortSignal,
): Promise<number> {
  const query = plan(tasks, { ...find, sort: "id" });
  let total = 0;
  for (const status of wantedStatuses(find) ?? [undefined]) {
    for await (const range of slicesOf(read, query, { status, signal })) {
      total += read((reader) =>
        once(
          reader,
          query,
          { range, status, what: "count" },
          () => count(reader, query, range, status),
        )
      );
    }
  }
  return total;
}

/**
 * The first that match in one slice, from memory where it cannot have changed: tasks of ours that have ended
 * stay as they are, until their run is resumed, or they are queued again while it is active.
 */
function lookOnce(reader: Reader, query: Plan, range: Range, status?: TaskStatus): Found[] {
  return once(
    reader,
    query,
    { range, status, what: "find" },
    () => look(reader, query, range, status),
  );
}

/** The first that match in one slice. */
function look(reader: Reader, query: Plan, range: Range, status?: TaskStatus): Found[] {
  const { search, limit } = query;
  if (!search) return select(reader, query, { range, status, limit }).map(toFound);
  const { ascii, others, columns } = search;
  const found = ascii ? select(reader, query, { range, status, limit, ...ascii }).map(toFound) : [];
  const rows = select(reader, query, { range, status, limit: -1, columns, condition: others });
  let matching = 0;
  for (const row of rows) {
    if (matching === limit) break;
    if (!search.matches(row)) continue;
    found.push(toFound(row));
    matching++;
  }
  return found;
}

function toFound({ id, value }: SqlRow): Found {
  return { id: Number(id), value: value! };
}

/** Rows of one slice, in the order that was asked for. */
function select(
  reader: Reader,
  { order, descending, conditions, params, status: sql }: Plan,
  { range: { low, high }, status, condition = "1", params: more = [], columns = "NULL", limit }: {
    range: Range;
    status: TaskStatus | undefined;
    condition?: string;
    params?: SqlValue[];
    columns?: string;
    limit: number;
  },
): SqlRow[] {
  const direction = descending ? "DESC" : "ASC";
  return reader.all(
    `SELECT id, ${order.value} AS value, ${columns} FROM task_runs
     WHERE ${status ? `${sql} = ? AND ` : ""}id BETWEEN ? AND ? AND ${conditions} AND ${condition}
     ORDER BY ${order.by === "id" ? "" : `value ${direction}, `}id ${direction} LIMIT ?`,
    ...(status ? [status] : []),
    low,
    high,
    ...params,
    ...more,
    limit,
  );
}

/** How many match in one slice. */
function count(reader: Reader, query: Plan, range: Range, status: TaskStatus | undefined): number {
  const { search } = query;
  const numberOf = (more: { condition?: string; params?: SqlValue[] }) =>
    Number(
      select(reader, query, { range, status, limit: -1, columns: "count(*) AS n", ...more })[0]
        ?.n ?? 0,
    );
  if (!search) return numberOf({});
  const { ascii, others, columns } = search;
  const rows = select(reader, query, { range, status, limit: -1, columns, condition: others });
  return (ascii ? numberOf(ascii) : 0) + rows.filter(search.matches).length;
}
