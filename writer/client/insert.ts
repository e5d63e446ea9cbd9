/**
 * From the rows that a user has to the message that the writer takes.
 *
 * The values of all rows go into one flat array: that is cheaper to clone to another thread than an
 * object for each row, and the writer binds slices of it as they are. Every value is mapped here, at the
 * call that sent it, so that the error for a bad one names its row and column.
 *
 * @module
 */
import {
  checkOptionNames,
  checkText,
  checkTexts,
  type Subject,
  unexpected,
} from "../../internal/validate.ts";
import { sameNames } from "../../internal/fold_name.ts";
import { flattenRows } from "./flatten_rows.ts";
import { toIdempotencyKey } from "./idempotency_key.ts";
import { type InsertMessage, ROW_BYTES } from "../protocol/write_message.ts";
import type { Bindable } from "../../sqlite/values.ts";

/**
 * A row: an object of column names to values, or an array in the order of `columns`. `Row<City>` is what an interface
 * `City` must be to be a row: each of its properties can be stored.
 *
 * @example Rows of a table
 * ```ts ignore
 * import type { Row } from "@pipeloom/pipeloom";
 *
 * const rows: Row[] = [{ name: "Oslo", population: 717_710 }, ["Bergen", 291_940]];
 * ```
 */
export type Row<Shape = Readonly<Record<string, Bindable>> | readonly Bindable[]> = {
  readonly [Column in keyof Shape]: Bindable;
};

/**
 * Options of an insert.
 *
 * @example An upsert
 * ```ts ignore
 * import type { InsertOptions } from "@pipeloom/pipeloom";
 *
 * const options: InsertOptions = { onConflict: ["name"], update: ["population"] };
 * ```
 */
export interface InsertOptions {
  /**
   * Columns to fill. By default arrays follow the order of the table, and objects fill the columns that they name. A
   * column that a row leaves out, or gives as `undefined`, takes its default, or stays as it is on an upsert; `null`
   * is NULL. A row id of `null` is a new one, or that of the existing row.
   */
  columns?: readonly string[] | undefined;
  /** Columns of a unique constraint: a row that conflicts updates the existing row. */
  onConflict?: readonly string[] | undefined;
  /**
   * Columns that a conflicting row updates, or `"ignore"` to keep the existing row. A column that the row leaves out
   * stays as it is.
   *
   * @default {every column that the row names and that is not in `onConflict`}
   */
  update?: readonly string[] | "ignore" | undefined;
  /**
   * Key of these rows, so that they are written once although another attempt or a resumed run sends them again.
   * Rows under a key that was written are skipped, whatever they are. A key belongs to its table and to the task
   * that sends it; keys of {@linkcode SqliteWriter.insert} belong to the file. A stream is stored message by
   * message, so it must give the same rows in the same order each time.
   *
   * @default {rows are written as often as they are sent}
   */
  idempotencyKey?: string | undefined;
}

/** A step of a transaction has its table and its rows beside the options. */
const INSERT_OPTIONS: readonly string[] = [
  "columns",
  "onConflict",
  "update",
  "idempotencyKey",
  "table",
  "rows",
] satisfies ("table" | "rows" | keyof InsertOptions)[];

/**
 * Makes the message that inserts rows.
 *
 * @param first The number of the first row, where others came before in a stream
 * @throws {TypeError} If a row or a value has no SQLite form; the message names row and column
 * @throws {RangeError} If a `bigint` does not fit 64 bits
 */
export function toInsertMessage(
  table: string,
  rows: readonly object[],
  options: InsertOptions = {},
  first = 0,
): InsertMessage {
  checkText(table, { operation: "insert rows", name: "table" });
  checkNoNul([table], { operation: "insert rows", name: "table" });
  if (!Array.isArray(rows)) {
    const subject = { operation: `insert into ${table}`, name: "rows" };
    throw new TypeError(unexpected(rows, { ...subject, expected: "an array of rows" }));
  }
  const operation = `insert into ${table}`;
  checkOptionNames(options, { operation, known: INSERT_OPTIONS });
  const { columns, onConflict, update } = options;
  const idempotencyKey = toIdempotencyKey(options.idempotencyKey, operation);
  if (columns) checkColumns(columns, { operation, name: "columns" });
  if (onConflict) checkColumns(onConflict, { operation, name: "onConflict" });
  if (onConflict?.length === 0) {
    throw new TypeError(
      `Cannot ${operation}: onConflict names no column. Leave it out, or name those of the constraint`,
    );
  }
  if (update && update !== "ignore") checkColumns(update, { operation, name: "update" });
  if (update && update !== "ignore" && !onConflict) {
    throw new TypeError(`Cannot update on conflict in ${table}: name the columns of "onConflict"`);
  }
  if (onConflict && !update && !columns && Array.isArray(rows[0])) {
    throw new TypeError(`Cannot choose what to update in ${table}: pass "columns" or "update"`);
  }
  const { bytes, ...flat } = flattenRows({ table, rows, columns, first });
  const message: InsertMessage = { kind: "insert", table, ...flat };
  if (bytes > rows.length * ROW_BYTES) message.bytes = bytes;
  if (first > 0) message.first = first;
  if (onConflict) message.onConflict = onConflict;
  if (update) message.update = update;
  if (idempotencyKey) message.idempotencyKey = idempotencyKey;
  return message;
}

/** Refuses names that SQL would end in the middle of. */
function checkNoNul(names: readonly string[], { operation, name }: Subject): void {
  const bad = names.find((text) => text.includes("\0"));
  if (bad === undefined) return;
  throw new TypeError(
    `Cannot ${operation}: ${name} ${
      Deno.inspect(bad)
    } holds a NUL character, which no name in SQL has`,
  );
}

/** Refuses names of columns that are not texts, or of which two are one to SQLite. */
function checkColumns(names: readonly string[], { operation, name }: Subject): void {
  checkTexts(names, { operation, name });
  checkNoNul(names, { operation, name });
  const same = sameNames(names);
  if (!same) return;
  throw new TypeError(
    `Cannot ${operation}: ${name} names one column twice, as ${Deno.inspect(same[0])} and ` +
      `${Deno.inspect(same[1])}. Leave one of them out`,
  );
}
