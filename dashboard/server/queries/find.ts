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
import type { SqlRow } from "../../../sqlite/values.ts";
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
  statusSql,
} from "./plan.ts";
import type { RunTasks } from "./run_tasks.ts";
import { edgeOf, known, once, type Read, type Slice, SliceSize, slicesOf } from "./slices.ts";
import { firstMatching } from "./search/search.ts";
import { promising, remaining } from "./search/task_blocks.ts";
import { Turn } from "./turn.ts";

export type { Read };

/** Milliseconds of a search after which what it has found is handed out. */
const PART_MS = 20;

/** The first tasks that match, in the order that was asked for; at most `limit`. */
export async function findTasks(
  read: Read,
  tasks: RunTasks,
  find: Find,
  { signal, onPart }: {
    signal?: AbortSignal | undefined;
    /** Gets the first of them now and then, where those are found first. */
    onPart?: ((found: Found[]) => void) | undefined;
  } = {},
): Promise<Found[]> {
  const { place, limit } = find;
  const query = plan(tasks, find);
  const sign = query.descending ? -1 : 1;
  const compare = (a: Found, b: Found) => sign * (compareValues(a.value, b.value) || a.id - b.id);

  let best: Found[] = [];
  // A task that has moved on meanwhile is found in two places: the later one counts.
  const merge = (found: Found[]) => {
    const again = new Set(found.map(({ id }) => id));
    best = best.filter(({ id }) => !again.has(id));
    const last = best[limit - 1];
    const among = last ? found.filter((one) => compare(one, last) < 0) : found;
    if (among.length > 0) best = best.concat(among).sort(compare).slice(0, limit);
  };
  const isBeaten = (bound: Found) => best.length === limit && compare(bound, best.at(-1)!) > 0;
  const turn = new Turn();
  const size = new SliceSize(query);
  const statuses = statusesOf(find, query);
  const parts = query.order.by === "id" && !place?.back && statuses.length === 1
    ? new Parts(onPart)
    : undefined;
  for (const status of statuses) {
    if (status === "queued" && query.isFull(best)) break;
    // With the first of the order, most of the other blocks have nothing to add.
    const blocks = query.sliced ? read((reader) => promising(reader, query, status)) : [];
    const looked = new Set<number>();
    const isPassed = (block: number, bound: Found | undefined) =>
      looked.has(block) || bound !== undefined && isBeaten(bound);
    for (const { block, range, bound } of blocks) {
      if (isBeaten(bound)) break;
      const found = read((reader) => lookOnce(reader, query, { range, status }));
      merge(found);
      if (found.length < query.limit || query.limit >= limit) looked.add(block);
      await turn.pass(signal);
    }
    let rest: Range | undefined = query.range;
    let count = 0;
    const cutShort: (Slice & { last: Found })[] = [];
    while (rest) {
      signal?.throwIfAborted();
      const range: Range = rest;
      const before = performance.now();
      const { found, slice, edge } = read((reader) => {
        const edge = query.sliced
          ? edgeOf(reader, query, range, { status, rows: size.rows })
          : undefined;
        const slice = { range: cut(range, edge, query.descending).slice, status };
        const part = remaining(reader, query, slice, isPassed);
        const found = part ? lookOnce(reader, query, { range: part, status }) : [];
        return { found, slice, edge };
      });
      size.learn(performance.now() - before);
      merge(found);
      if (query.limit < limit && found.length === query.limit) {
        cutShort.push({ ...slice, last: found.at(-1)! });
      }
      count += found.length;
      // By id, the first slices hold the first tasks.
      if (query.order.by === "id" && count >= limit) break;
      rest = cut(range, edge, query.descending).rest;
      if (rest) parts?.pass(best);
      await turn.pass(signal);
    }
    for (const { last, ...slice } of cutShort) {
      if (best.length === limit && compare(last, best.at(-1)!) > 0) continue;
      merge(read((reader) => lookOnce(reader, { ...query, limit }, slice)));
      await turn.pass(signal);
    }
  }
  return place?.back ? best.reverse() : best;
}

/** Hands out what a search has found, while it takes long. */
class Parts {
  readonly #onPart: ((found: Found[]) => void) | undefined;
  #handedOut = 0;
  #at = performance.now();

  constructor(onPart: ((found: Found[]) => void) | undefined) {
    this.#onPart = onPart;
  }

  pass(found: Found[]): void {
    const now = performance.now();
    if (found.length === this.#handedOut || now - this.#at < PART_MS) return;
    this.#handedOut = found.length;
    this.#at = now;
    this.#onPart?.(found);
  }
}

/** How many tasks match, wherever a page begins. */
export async function countTasks(
  read: Read,
  tasks: RunTasks,
  { place: _, ...find }: Find,
  signal?: AbortSignal,
): Promise<number> {
  const query = plan(tasks, find);
  let total = 0;
  for (const status of statusesOf(find, query)) {
    for await (const range of slicesOf(read, query, { status, signal })) {
      total += read((reader) => countOnce(reader, query, { range, status }));
    }
  }
  return total;
}

/** The first that match in one slice, from memory where it cannot have changed. */
function lookOnce(reader: Reader, query: Plan, slice: Slice): Found[] {
  return once(reader, query, { ...slice, what: "find" }, () => look(reader, query, slice));
}

/** How many match in one slice, from memory where it cannot have changed. */
function countOnce(reader: Reader, query: Plan, whole: Slice): number {
  const range = remaining(reader, query, whole);
  if (!range) return 0;
  const slice = { range, status: whole.status };
  return once(reader, query, { ...slice, what: "count" }, () => {
    const found = known<Found[]>(reader, query, { ...slice, what: "find" });
    // Where less was found than was wanted, that is all.
    return found && found.length < query.limit ? found.length : count(reader, query, slice);
  });
}

/** The first that match in one slice. */
function look(reader: Reader, query: Plan, slice: Slice): Found[] {
  const { search, limit } = query;
  const rows = firstMatching(
    search,
    limit,
    (most) => select(reader, query, { ...slice, columns: search?.columns, limit: most }),
  );
  return rows.map(({ id, value }) => ({ id: Number(id), value: value! }));
}

/** Rows of one slice that match or are special, in the order that was asked for. */
function select(
  reader: Reader,
  query: Plan,
  { range: { low, high }, status, condition = "1", columns = "NULL", limit }: Slice & {
    condition?: string;
    columns?: string | undefined;
    limit: number;
  },
): SqlRow[] {
  const { order, descending, conditions, params, search } = query;
  const direction = descending ? "DESC" : "ASC";
  return reader.all(
    `SELECT id, ${order.value} AS value, ${columns} FROM task_runs
     WHERE ${status ? `${statusSql(query, status)} = ? AND ` : ""}id BETWEEN ? AND ?
       AND ${conditions} AND ${search?.condition ?? "1"} AND ${condition}
     ORDER BY ${order.by === "id" ? "" : `value ${direction}, `}id ${direction} LIMIT ?`,
    ...(status ? [status] : []),
    low,
    high,
    ...params,
    ...(search?.params ?? []),
    limit,
  );
}

/** How many match in one slice. */
function count(reader: Reader, query: Plan, slice: Slice): number {
  const { search } = query;
  const special = search?.isSpecial ?? "0";
  const columns = `count(*) AS n, total(${special}) AS special`;
  const [row] = select(reader, query, { ...slice, columns, limit: 1 });
  const counted = Number(row?.n ?? 0);
  if (!search || !row?.special) return counted;
  const others = select(reader, query, {
    ...slice,
    condition: special,
    columns: search.columns,
    limit: -1,
  });
  return counted - others.length + search.matching(others).length;
}
