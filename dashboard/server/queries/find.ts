/**
 * Finds the tasks of one page among a million.
 *
 * By id, with or without statuses, a page is read through an index at once. A search for text and every other
 * order has to look at each row, and there is no index that would not cost the writer more than the page is
 * worth. So that is done in slices of some ten thousand rows, each one short statement that keeps the best of
 * its slice, with the thread free between two of them: a page may take a moment, other requests do not wait.
 *
 * Pages are told apart by the values of their first or last row (keyset), so that a page stays the same
 * while rows come and go before it.
 *
 * @module
 */
import type { TaskStatus } from "../../../internal/task_status.ts";
import type { SqlRow, SqlValue } from "../../../sqlite/values.ts";
import type { Reader } from "../reader.ts";
import { memoize } from "./memoize.ts";
import { compareValues } from "./order.ts";
import { cut, type Find, type Found, type Plan, plan, type Range, statusesOf } from "./plan.ts";
import type { RunTasks } from "./run_tasks.ts";
import { Turn } from "./turn.ts";

/** Rows of a slice: some milliseconds of work. */
const SLICE_ROWS = 5_000;

/** Reads through a connection that may be gone at the next call. */
export type Read = <T>(query: (reader: Reader) => T) => T;

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
  for (const status of statusesOf(find, query)) {
    if (status === "queued" && query.isFull(best)) break;
    let rest: Range | undefined = query.range;
    let count = 0;
    while (rest) {
      signal?.throwIfAborted();
      const range: Range = rest;
      const { found, edge } = read((reader) => {
        const edge = query.sliced ? edgeOf(reader, query, range, status) : undefined;
        const { slice } = cut(range, edge, query.descending);
        return { found: lookOnce(reader, query, slice, status), edge };
      });
      // A task that has moved on meanwhile is found in two places: the later one counts.
      const again = new Set(found.map(({ id }) => id));
      best = best.filter(({ id }) => !again.has(id)).concat(found).sort(compare).slice(0, limit);
      count += found.length;
      // By id, the first slices hold the first tasks.
      if (query.order.by === "id" && count >= limit) break;
      rest = cut(range, edge, query.descending).rest;
      await turn.pass();
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
  const turn = new Turn();
  let total = 0;
  for (const status of find.status.length > 0 ? find.status : [undefined]) {
    let rest: Range | undefined = query.range;
    while (rest) {
      signal?.throwIfAborted();
      const range: Range = rest;
      const edge = read((reader) => edgeOf(reader, query, range, status));
      const { slice } = cut(range, edge, query.descending);
      total += read((reader) =>
        once(
          reader,
          query,
          { range: slice, status, what: "count" },
          () => count(reader, query, slice, status),
        )
      );
      rest = cut(range, edge, query.descending).rest;
      await turn.pass();
    }
  }
  return total;
}

/** The id of the last row of a range's first slice; `undefined` when the range has no more than that. */
function edgeOf(
  reader: Reader,
  { descending, status: sql }: Plan,
  { low, high }: Range,
  wanted?: TaskStatus,
): number | undefined {
  // Without an index, the rows of other statuses are looked at, too.
  const status = sql === "status" ? wanted : undefined;
  // Where a slice ends is remembered: any parts will do, so long as they are not too large.
  return memoize(reader, JSON.stringify([status, descending, low, high]), () => {
    const row = reader.get(
      `SELECT id FROM task_runs WHERE ${status ? "status = ? AND " : ""}id BETWEEN ? AND ?
       ORDER BY id ${descending ? "DESC" : "ASC"} LIMIT 1 OFFSET ?`,
      ...(status ? [status] : []),
      low,
      high,
      SLICE_ROWS - 1,
    );
    return row && Number(row.id);
  });
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

/** What a read of one slice tells, from memory where it cannot have changed. */
function once<T extends Found[] | number>(
  reader: Reader,
  query: Plan,
  { range, status, what }: { range: Range; status: TaskStatus | undefined; what: string },
  read: () => T,
): T {
  const [run] = query.params;
  const requeued = query.sliced && run !== null ? timesRequeued(reader, Number(run)) : undefined;
  if (requeued === undefined || query.status !== "status" || hasOpenTasks(reader, range)) {
    return read();
  }
  const { order, descending, conditions, params, limit, q } = query;
  const key = JSON.stringify([
    what,
    q,
    order,
    descending,
    conditions,
    params,
    limit,
    range,
    status,
    requeued,
  ]);
  return memoize(reader, key, read);
}

/**
 * How often ended tasks of a run were queued again, as a text; `undefined` while a resumed run is active,
 * and takes up ended tasks again.
 */
function timesRequeued(reader: Reader, run: number): string | undefined {
  if (!reader.has("pipeline_runs", "resumed")) return "";
  const retried = reader.has("pipeline_runs", "retried") ? "retried" : "NULL AS retried";
  const row = reader.get(`SELECT resumed, ${retried}, status FROM pipeline_runs WHERE id=?`, run);
  if (row?.resumed && row.status === "running") return undefined;
  return `${row?.resumed ?? 0} ${row?.retried ?? 0}`;
}

/** Whether there are tasks that have not ended; those of other runs among them count as well. */
function hasOpenTasks(reader: Reader, { low, high }: Range): boolean {
  return reader.get(
    `SELECT 1 FROM task_runs WHERE status IN ('queued', 'running') AND id BETWEEN ? AND ? LIMIT 1`,
    low,
    high,
  ) !== undefined;
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
