/**
 * From the rows and statements a user has to the messages the writer takes.
 *
 * The values of all rows go into one flat array: that is cheaper to clone to another thread than an
 * object for each row, and the writer binds slices of it as they are. Every value is mapped here, at the
 * call that sent it, so that the error for a bad one names its row and column.
 *
 * @module
 */
import { checkOptionNames, checkText, checkTexts, unexpected } from "../../internal/validate.ts";
import { toIdempotencyKey } from "./idempotency_key.ts";
import {
  type ExecuteMessage,
  type InsertMessage,
  ROW_BYTES,
  type StatementMessage,
  type TransactionMessage,
} from "../protocol/write_message.ts";
import { type Bindable, type SqlValue, toSqlValue } from "../../sqlite/values.ts";

/**
 * A row: an object of column names to values, or an array in the order of `columns`. `Row<City>` is what an interface
 * `City` must be to be a row: each of its properties can be stored.
 */
export type Row<Shape = Readonly<Record<string, Bindable>> | readonly Bindable[]> = {
  readonly [Column in keyof Shape]: Bindable;
};

/** One of the things that are written together in a transaction. */
export type Step =
  | { sql: string; params?: readonly Bindable[] }
  | { statement: string; params?: readonly Bindable[] }
  | { table: string; rows: readonly object[] } & InsertOptions;

/** Options of an insert. */
export interface InsertOptions {
  /**
   * The columns to fill. Left out, arrays are taken in the table's own order, and objects fill every
   * column that any of them names; a row without one of these gets NULL there.
   */
  columns?: readonly string[] | undefined;
  /** The columns of a unique constraint: a row that conflicts updates the row that is there. */
  onConflict?: readonly string[] | undefined;
  /**
   * What a conflicting row does: the columns that it updates, or `"ignore"` to leave the row that is there.
   *
   * @default {every column that is not in `onConflict`}
   */
  update?: readonly string[] | "ignore" | undefined;
  /**
   * Says which rows these are, so that they are written once although they are sent again: by another attempt
   * at the task, or when a run that was killed is resumed. What is sent under a key that was written is passed
   * over, whatever it is. A key belongs to its table and to the task that sends it: other tasks may use the same.
   * Keys of {@linkcode SqliteWriter.insert} belong to the file. Each message of a stream is kept apart, so a stream
   * must give the same rows in the same order each time.
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

/** Options of a transaction. */
export interface TransactionOptions {
  /**
   * Says which transaction this is, so that its steps are done once although they are sent again; see
   * {@linkcode InsertOptions.idempotencyKey}.
   *
   * @default {steps are done as often as they are sent}
   */
  idempotencyKey?: string | undefined;
}

const TRANSACTION_OPTIONS: readonly string[] = ["idempotencyKey"] satisfies (
  keyof TransactionOptions
)[];

/**
 * Makes the message that inserts rows.
 *
 * @throws {TypeError} If a row or a value has no SQLite form; the message names row and column
 * @throws {RangeError} If a `bigint` does not fit 64 bits
 */
export function toInsertMessage(
  table: string,
  rows: readonly object[],
  options: InsertOptions = {},
): InsertMessage {
  checkText(table, { operation: "insert rows", name: "table" });
  if (!Array.isArray(rows)) {
    const subject = { operation: `insert into ${table}`, name: "rows" };
    throw new TypeError(unexpected(rows, { ...subject, expected: "an array of rows" }));
  }
  const operation = `insert into ${table}`;
  checkOptionNames(options, { operation, known: INSERT_OPTIONS });
  const { onConflict, update } = options;
  const idempotencyKey = toIdempotencyKey(options.idempotencyKey, operation);
  const arrays = Array.isArray(rows[0]);
  const columns = options.columns ?? (arrays ? null : columnsOf(rows));
  if (columns) checkTexts(columns, { operation, name: "columns" });
  if (onConflict) checkTexts(onConflict, { operation, name: "onConflict" });
  if (update && update !== "ignore") checkTexts(update, { operation, name: "update" });
  if (update && update !== "ignore" && !onConflict) {
    throw new TypeError(`Cannot update on conflict in ${table}: name the columns of "onConflict"`);
  }
  if (onConflict && !update && !columns) {
    throw new TypeError(`Cannot tell what to update in ${table}: pass "columns" or "update"`);
  }
  const width = columns?.length ?? (rows[0] as readonly Bindable[]).length;
  if (width === 0 && rows.length > 0) {
    throw new TypeError(`Cannot insert into ${table}: there are no columns to fill`);
  }
  const values: SqlValue[] = [];
  let bytes = 0;
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    if (Array.isArray(row) !== arrays || typeof row !== "object" || row === null) {
      throw new TypeError(
        `Cannot insert row ${r} into ${table}: it is ${Deno.inspect(row, { depth: 0 })}; ` +
          `pass only objects or only arrays`,
      );
    }
    if (arrays && row.length !== width) {
      throw new TypeError(
        `Cannot insert row ${r} into ${table}: it has ${row.length} values for ${width} columns`,
      );
    }
    for (let c = 0; c < width; c++) {
      const value = arrays
        ? (row as readonly Bindable[])[c]
        : (row as Record<string, Bindable>)[columns![c]!];
      // What needs no mapping, and that is most, is spared the call.
      const stored = (typeof value === "string" && !value.includes("\0")) || value === null
        ? value
        : mapped(value, table, r, columns?.[c] ?? c + 1, row);
      values.push(stored);
      if (typeof stored === "string") bytes += stored.length;
      else if (typeof stored === "object" && stored !== null) bytes += stored.byteLength;
    }
    if (!arrays && values[r * width] === null && !columns!.some((column) => column in row)) {
      throw new TypeError(
        `Cannot insert row ${r} into ${table}: it has none of the columns ${columns!.join(", ")}`,
      );
    }
  }
  const message: InsertMessage = { kind: "insert", table, columns, values, width };
  if (bytes > rows.length * ROW_BYTES) message.bytes = bytes;
  if (onConflict) message.onConflict = onConflict;
  if (update) message.update = update;
  if (idempotencyKey) message.idempotencyKey = idempotencyKey;
  return message;
}

function mapped(
  value: unknown,
  table: string,
  r: number,
  column: string | number,
  row: object,
): SqlValue {
  if (typeof value === "number" && value === value) return value;
  // A row without a column `constructor` still has a property of that name.
  const inheritable = typeof value === "function" || typeof value === "object";
  if (inheritable && column in Object.prototype && !Object.hasOwn(row, column)) return null;
  return toSqlValue(
    value,
    (path) =>
      path === ""
        ? `column ${column} of ${table}, row ${r}`
        : `rows[${r}]${
          typeof column === "number" ? `[${column - 1}]` : `.${column}`
        }${path} of ${table}`,
  );
}

/** Every column that a row names, in the order of their first appearance. */
function columnsOf(rows: readonly object[]): string[] {
  const columns = new Set<string>();
  for (const row of rows) {
    for (const column in row) columns.add(column);
  }
  return [...columns];
}

/**
 * Makes the message of one statement.
 *
 * @throws {TypeError} If it is not a text, or a value has no SQLite form
 */
export function toExecuteMessage(sql: string, params: readonly Bindable[] = []): ExecuteMessage {
  if (typeof sql !== "string") throw unknownStep({ sql, params });
  return { kind: "execute", sql, params: params.map(toSqlValue) };
}

/**
 * Makes the message of one step: SQL, a named statement, or rows for a table.
 *
 * @throws {TypeError} If it is none of these, or a value has no SQLite form
 */
export function toMessage(step: Step): ExecuteMessage | StatementMessage | InsertMessage {
  if ("sql" in step) return toExecuteMessage(step.sql, step.params);
  if ("statement" in step && typeof step.statement === "string") {
    const { statement: name, params = [] } = step;
    return { kind: "statement", name, params: params.map(toSqlValue) };
  }
  if ("table" in step && Array.isArray(step.rows)) {
    return toInsertMessage(step.table, step.rows, step);
  }
  throw unknownStep(step);
}

function unknownStep(step: unknown): TypeError {
  return new TypeError(
    `Cannot write ${Deno.inspect(step, { depth: 1 })}: ` +
      `pass { sql, params }, { statement, params } or { table, rows }`,
  );
}

/**
 * Makes the message of steps that belong together.
 *
 * @throws {TypeError} If one of them is none, a value has no SQLite form, or the key is no text
 */
export function toTransactionMessage(
  steps: readonly Step[],
  options: TransactionOptions = {},
): TransactionMessage {
  const operation = "write a transaction";
  checkOptionNames(options, { operation, known: TRANSACTION_OPTIONS });
  const idempotencyKey = toIdempotencyKey(options.idempotencyKey, operation);
  const message: TransactionMessage = { kind: "transaction", messages: steps.map(toMessage) };
  if (idempotencyKey) message.idempotencyKey = idempotencyKey;
  return message;
}
