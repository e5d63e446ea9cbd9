/**
 * The rows of a run in slices: each is one short statement, with the thread free between two of them. What a slice of
 * ended tasks answered is remembered, because those stay as they are.
 *
 * @module
 */
import type { TaskStatus } from "../../../internal/task_status.ts";
import type { Reader } from "../reader.ts";
import { memoize } from "./memoize.ts";
import { cut, isDense, type Plan, type Range } from "./plan.ts";
import { Turn } from "./turn.ts";

/** Rows of a slice at most: some milliseconds of work where texts are not read, or are short. */
const SLICE_ROWS = 5_000;

/** Rows of the first slice of a search for a text: each may have a message of megabytes. */
const FIRST_TEXT_ROWS = 10;

/** Milliseconds that a slice should take. */
const SLICE_MS = 8;

/** How many rows the slices of a search have: fewer where each takes long. */
export class SliceSize {
  /** Rows of the next slice. */
  rows: number;

  /** Begins small where texts are read. */
  constructor({ search }: Plan) {
    this.rows = search ? FIRST_TEXT_ROWS : SLICE_ROWS;
  }

  /** Learns from the time of a slice. */
  learn(ms: number): void {
    const factor = Math.min(4, SLICE_MS / ms);
    // Little more or less is left as it is.
    if (factor > 2 || factor < 0.5) this.rows = Math.min(SLICE_ROWS, Math.ceil(this.rows * factor));
  }
}

/** Reads through a connection that may be gone at the next call. */
export type Read = <T>(query: (reader: Reader) => T) => T;

/** The slices of what a plan looks at, of one status or of all. */
export async function* slicesOf(
  read: Read,
  query: Plan,
  { status, signal, rows }: {
    status: TaskStatus | undefined;
    signal?: AbortSignal | undefined;
    /** Rows of a slice, where they are always the same. */
    rows?: number;
  },
): AsyncGenerator<Range> {
  const turn = new Turn();
  const size = new SliceSize(query);
  let rest: Range | undefined = query.range;
  while (rest) {
    signal?.throwIfAborted();
    const range: Range = rest;
    const part = read((reader) => {
      const edge = edgeOf(reader, query, range, { status, rows: rows ?? size.rows });
      return cut(range, edge, query.descending);
    });
    const before = performance.now();
    yield part.slice;
    size.learn(performance.now() - before);
    rest = part.rest;
    await turn.pass(signal);
  }
}

/** A part of the rows that a plan looks at. */
export interface Slice {
  /** Their ids. */
  range: Range;
  /** Their status; `undefined` for any. */
  status: TaskStatus | undefined;
}

/** The id of the last row of a range's first slice; `undefined` when the range has no more than that. */
export function edgeOf(
  reader: Reader,
  query: Plan,
  { low, high }: Range,
  { status: wanted, rows }: { status: TaskStatus | undefined; rows: number },
): number | undefined {
  const { descending, search } = query;
  // Without an index, the rows of other statuses are looked at, too.
  const status = query.status === "status" && !isDense(query, wanted) ? wanted : undefined;
  const offset = isDense(query, wanted) ? 0 : rows - 1;
  // Where a slice ends is remembered, so that what slices answered is found again, whatever size they would have now.
  const kind = search ? "text" : "";
  return memoize(reader, JSON.stringify([kind, wanted, descending, low, high]), () => {
    const row = reader.get(
      `SELECT id FROM task_runs WHERE ${status ? "status = ? AND " : ""}id BETWEEN ? AND ?
       ORDER BY id ${descending ? "DESC" : "ASC"} LIMIT 1 OFFSET ?`,
      ...(status ? [status] : []),
      low,
      high,
      offset,
    );
    if (!row) return undefined;
    const id = Number(row.id);
    if (offset > 0 || rows === 1) return id;
    // Of many ids in a row, as many are as many rows at most: none of them is read to find the last.
    const edge = descending ? id - rows + 1 : id + rows - 1;
    return edge > low && edge < high ? edge : undefined;
  });
}

/** The result of reading one slice, from memory where it cannot have changed. */
export function once<T extends object | string | number>(
  reader: Reader,
  query: Plan,
  slice: Slice & { what: string },
  read: () => T,
): T {
  const key = keyOf(reader, query, slice);
  return key === undefined ? read() : memoize(reader, key, read);
}

/** What was read of one slice, if it is remembered. */
export function known<T extends object | string | number>(
  reader: Reader,
  query: Plan,
  slice: Slice & { what: string },
): T | undefined {
  const key = keyOf(reader, query, slice);
  return key === undefined ? undefined : memoize<T | undefined>(reader, key, () => undefined);
}

/**
 * Under what the result for a slice is remembered; `undefined` where it may change. Tasks of ours that have ended stay as
 * they are, until their run is resumed, or they are queued again while it is active.
 */
function keyOf(
  reader: Reader,
  query: Plan,
  { range, status, what }: Slice & { what: string },
): string | undefined {
  const [run] = query.params;
  if (!query.sliced || run === null || query.status !== "status") return undefined;
  const state = stateOf(reader, Number(run));
  if (!isSettled(reader, state, range)) return undefined;
  const { order, descending, conditions, params, limit, q, cause } = query;
  return JSON.stringify([
    ...[what, q, cause, order, descending, conditions, params, limit],
    ...[range, status, state.requeued],
  ]);
}

/** What of a run's state decides whether what was read of its tasks is still so. */
export interface RunState {
  /** How often ended tasks were queued again. */
  requeued: string;
  isActive: boolean;
  /** Whether it takes up ended tasks again. */
  isResumed: boolean;
}

/** The state of a run. */
export function stateOf(reader: Reader, run: number): RunState {
  const column = (name: string) => reader.has("pipeline_runs", name) ? name : `NULL AS ${name}`;
  const row = reader.get(
    `SELECT ${column("resumed")}, ${column("retried")}, status FROM pipeline_runs WHERE id=?`,
    run,
  );
  const isActive = row?.status === "running";
  return {
    requeued: `${row?.resumed ?? 0} ${row?.retried ?? 0}`,
    isActive,
    isResumed: isActive && !!row?.resumed,
  };
}

/** Whether all tasks of a range have ended for good, those of other runs among them as well. */
export function isSettled(
  reader: Reader,
  { isActive, isResumed }: RunState,
  range: Range,
): boolean {
  return !isResumed && !hasOpenTasks(reader, range) && (!isActive || isWhole(reader, range));
}

function hasOpenTasks(reader: Reader, { low, high }: Range): boolean {
  return reader.get(
    `SELECT 1 FROM task_runs WHERE status IN ('queued', 'running') AND id BETWEEN ? AND ? LIMIT 1`,
    low,
    high,
  ) !== undefined;
}

/** Whether each id has its row: those of an active run may come in any order, with the ends of their tasks. */
function isWhole(reader: Reader, { low, high }: Range): boolean {
  const whole = memoize(reader, `whole ${low} ${high}`, () => {
    const row = reader.get(
      "SELECT count(*) AS n FROM task_runs WHERE id BETWEEN ? AND ?",
      low,
      high,
    );
    return row!.n === high - low + 1 ? 1 : undefined;
  });
  return whole !== undefined;
}
