/**
 * What a SQLite driver must offer: the contract beside its implementations.
 *
 * A driver binds {@linkcode SqlValue}s only; the mapping from JavaScript values is `values.ts`, and
 * errors are classified by `db.ts`. Both are the same for every driver, and so is what a driver must
 * bring in line itself: a safe integer is bound as INTEGER, any other number as REAL, and an integer is
 * read as `number` when it is safe and as `bigint` when it is not.
 *
 * @module
 */
import type { SqlRow, SqlValue } from "../values.ts";

/**
 * Which SQLite a connection uses: `@db/sqlite` through FFI, or the runtime's `node:sqlite`.
 *
 * @example What a run used
 * ```ts ignore
 * import type { DriverName } from "@pipeloom/pipeloom";
 *
 * const isBuiltin = (driver: DriverName) => driver === "builtin";
 * ```
 */
export type DriverName = "ffi" | "builtin";

/** A prepared statement of a driver. Each call binds, steps to the end and resets: no cursor stays open. */
export interface DriverStatement {
  /** Whether the statement has result columns. */
  readonly returnsRows: boolean;
  /** How many values a call must bring. */
  readonly parameterCount: number;
  /** The text of this statement alone: shorter than what was prepared when more statements followed. */
  readonly sql: string;
  /** Runs it with the values from `start` up to `end` and returns the number of rows changed. */
  run(values: readonly SqlValue[], start: number, end: number): number;
  /** Returns the first row. */
  get(params: readonly SqlValue[]): SqlRow | undefined;
  /** Returns every row. */
  all(params: readonly SqlValue[]): SqlRow[];
}

/** A connection of a driver. */
export interface DriverConnection {
  /** Runs any number of statements without parameters. */
  exec(sql: string): void;
  /** Prepares one statement. */
  prepare(sql: string): DriverStatement;
  /** Defines a function of one argument, which is called for each row and returns an integer; it must not throw. */
  defineFunction(name: string, call: () => bigint): void;
  /** Whether a transaction is open. */
  readonly inTransaction: boolean;
  /** Whether SQLite refuses statements that write the table of its schema. */
  setDefensive(isOn: boolean): void;
  /** Copies the database, as it is at one commit, into a file that is not there. */
  copyInto(file: string): Promise<void>;
  /** Writes the TEMP database over the file, where VACUUM may be refused; see {@linkcode TempCopy}. */
  replaceByTemp?(file: string, copy: TempCopy): Promise<void>;
  /** Frees every statement and closes the file. */
  close(): void;
}

/** How the TEMP database is written over the file: in one transaction of the file. */
export interface TempCopy {
  /** Pages that are written at a time. */
  pages: number;
  /** Called before the next pages; what it throws undoes it all. */
  between: () => void;
}

/** How a driver opens a database. */
export interface DriverOptions {
  /** Whether it may only be read. */
  readOnly: boolean;
  /** Whether a text in double quotes that names no column is a text, as the `sqlite3` shell has it. */
  doubleQuotedLiterals: boolean;
  /** Whether the file cannot change while it is open, so that it is read without locks and without a `-shm`. */
  immutable?: boolean;
}

/** A loaded driver. */
export interface Driver {
  /** Its name. */
  readonly name: DriverName;
  /** Opens a database file or `:memory:`. */
  open(path: string, options: DriverOptions): DriverConnection;
}
