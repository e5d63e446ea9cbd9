/**
 * What the API returns about the rows that tasks wrote.
 *
 * @module
 */

/**
 * How many rows of one table were written. Rows that triggers and foreign keys change are not counted.
 *
 * @example A line of a list
 * ```ts ignore
 * import type { WrittenRows } from "@pipeloom/pipeloom/dashboard";
 *
 * const line = ({ table, inserted, deleted }: WrittenRows) => `${table}: +${inserted} −${deleted}`;
 * ```
 */
export interface WrittenRows {
  /** The table; `*` for all tables of a task past its first hundred. */
  table: string;
  /** Rows that were inserted. */
  inserted: number;
  /** Rows of upserts and of `REPLACE`: inserted, or written over. SQLite counts both as one. */
  upserted: number;
  /** Rows that `UPDATE` changed. */
  updated: number;
  /** Rows that `DELETE` removed. */
  deleted: number;
}

/**
 * What the tasks of a run wrote: `GET api/runs/:run/rows`.
 *
 * @example From the API
 * ```ts ignore
 * import type { RunRows } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5/rows");
 * const { tables }: RunRows = await answer.json();
 * console.log(tables.map(({ table, inserted }) => `${table} +${inserted}`));
 * ```
 */
export interface RunRows {
  /** The tables of which most rows were written, at most 200. */
  tables: WrittenRows[];
  /** Tables that were left out. */
  left: number;
}

/**
 * One table in two runs; `null` where a run wrote nothing into it.
 *
 * @example How many more
 * ```ts ignore
 * import type { ComparedRows } from "@pipeloom/pipeloom/dashboard";
 *
 * const more = ({ a, b }: ComparedRows) => (b?.inserted ?? 0) - (a?.inserted ?? 0);
 * ```
 */
export interface ComparedRows {
  /** The table. */
  table: string;
  /** Its rows in the earlier run. */
  a: WrittenRows | null;
  /** Its rows in the later run. */
  b: WrittenRows | null;
}
