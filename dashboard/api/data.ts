/**
 * What the API returns about the tables of the file.
 *
 * @module
 */

/**
 * How many rows a table has.
 *
 * @example In words
 * ```ts ignore
 * import type { RowCount } from "@pipeloom/pipeloom/dashboard";
 *
 * const words = ({ rows, isExact }: RowCount) => `${isExact ? "" : "about "}${rows} rows`;
 * ```
 */
export interface RowCount {
  /** The number. */
  rows: number;
  /** Whether it was counted; otherwise it is an estimate, from the row ids or from what `ANALYZE` has noted. */
  isExact: boolean;
}

/**
 * A table or a view of the file.
 *
 * @example A line of a list
 * ```ts ignore
 * import type { DataTable } from "@pipeloom/pipeloom/dashboard";
 *
 * const line = ({ name, kind, columns }: DataTable) => `${kind} ${name} (${columns.join(", ")})`;
 * ```
 */
export interface DataTable {
  /** Its name. */
  name: string;
  /** Its kind. */
  kind: "table" | "view" | "virtual";
  /** Whether it is one of pipeloom's. */
  isOwn: boolean;
  /** The names of its first 50 columns; none of a view, which is not opened before its rows are read. */
  columns: string[];
  /** How many rows it has; `null` for views and virtual tables. */
  count: RowCount | null;
}

/**
 * The tables and views of the file: `GET api/data`.
 *
 * @example From the API
 * ```ts ignore
 * import type { DataTables } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/data");
 * const { tables }: DataTables = await answer.json();
 * console.log(tables.map(({ name }) => name));
 * ```
 */
export interface DataTables {
  /** The first 500 whose names match: those of the user, then those of pipeloom. */
  tables: DataTable[];
  /** How many were left out. */
  left: number;
}

/**
 * A value of a row: `null`, a number, a text, or what JSON has no form for. A text or BLOB that is cut has its size in
 * `bytes`.
 *
 * @example In words
 * ```ts ignore
 * import type { DataValue } from "@pipeloom/pipeloom/dashboard";
 *
 * const words = (value: DataValue) =>
 *   value !== null && typeof value === "object" ? value.text ?? value.hex ?? value.number : value;
 * ```
 */
export type DataValue = null | number | string | {
  /** An integer past 2^53 or an infinite number, as a text. */
  number?: string;
  /** The beginning of a long text. */
  text?: string;
  /** A BLOB, or its beginning, in hexadecimal digits. */
  hex?: string;
  /** Bytes of the whole value. */
  bytes?: number;
};

/**
 * A column of a table.
 *
 * @example Its key
 * ```ts ignore
 * import type { DataColumn } from "@pipeloom/pipeloom/dashboard";
 *
 * const keyOf = (columns: DataColumn[]) => columns.filter(({ key }) => key > 0);
 * ```
 */
export interface DataColumn {
  /** Its name. */
  name: string;
  /** Its declared type; empty for none. */
  type: string;
  /** Its place in the primary key, from 1; 0 for none. */
  key: number;
  /** Whether it takes no NULL. */
  isRequired: boolean;
  /** Whether it is computed from others. */
  isComputed: boolean;
}

/**
 * Rows of a table, in the order of its key: `GET api/data/rows`.
 *
 * @example From the API
 * ```ts ignore
 * import type { DataRows } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/data/rows?name=city&column=name&op=is&value=Oslo");
 * const { columns, rows, next }: DataRows = await answer.json();
 * console.log(columns.length, rows[0], next);
 * ```
 */
export interface DataRows extends Omit<DataTable, "columns"> {
  /** The statement that made it, cut to 20,000 characters. */
  sql: string;
  /** Its columns, at most 200. */
  columns: DataColumn[];
  /** Columns that are not shown: those past the first 200, and computed ones that could take any time. */
  columnsLeft: number;
  /** The column by which rows belong to a run, where there is one. */
  runColumn: string | null;
  /** Rows, each with the values of `columns`. */
  rows: DataValue[][];
  /** Cursor of the next page; `null` on the last. */
  next: string | null;
  /** Whether the search ended because of its time limit: `next` continues it. */
  isPartial: boolean;
  /** Why its rows are not read; `null` where they are. */
  refused: string | null;
}
