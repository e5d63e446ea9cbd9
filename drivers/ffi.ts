/**
 * The driver on `jsr:@db/sqlite`, which calls the SQLite C library through FFI.
 *
 * The package is imported when it is first asked for: its registry may be out of reach, and its import
 * opens the library. What it offers is described here by hand, because the types of a package that may be
 * missing cannot be relied on.
 *
 * It binds every integral number as a 64-bit integer, which wraps from 2^63 on, and cannot bind -0: the
 * former is bound as the text SQLite prints for it, which a column of any numeric affinity turns back into
 * the same REAL, the latter as 0. Its row objects are made by code that pastes column names into source
 * text, and one of them is shared between calls, so rows are read as arrays and named here.
 *
 * @module
 */
import type { Driver, DriverConnection, DriverStatement } from "./driver.ts";
import type { SqlRow, SqlValue } from "../values.ts";

interface FfiStatement {
  run(params: readonly SqlValue[]): number;
  value(params: readonly SqlValue[]): SqlValue[] | undefined;
  values(params: readonly SqlValue[]): SqlValue[][];
  columnNames(): string[];
  readonly sql: string;
}

interface FfiDatabase {
  exec(sql: string): number;
  prepare(sql: string): FfiStatement;
  readonly inTransaction: boolean;
  close(): void;
}

interface FfiModule {
  Database: new (path: string, options: Record<string, boolean>) => FfiDatabase;
}

class FfiDriverStatement implements DriverStatement {
  readonly returnsRows: boolean;
  readonly #statement: FfiStatement;

  constructor(statement: FfiStatement) {
    this.#statement = statement;
    this.returnsRows = statement.columnNames().length > 0;
  }

  get sql(): string {
    return this.#statement.sql;
  }

  run(values: readonly SqlValue[], start: number, end: number): number {
    return this.#statement.run(values.slice(start, end).map(bind));
  }

  get(params: readonly SqlValue[]): SqlRow | undefined {
    const values = this.#statement.value(params.map(bind));
    return values && toRow(this.#statement.columnNames(), values);
  }

  all(params: readonly SqlValue[]): SqlRow[] {
    const rows = this.#statement.values(params.map(bind));
    if (rows.length === 0) return [];
    const columns = this.#statement.columnNames();
    return rows.map((values) => toRow(columns, values));
  }
}

class FfiConnection implements DriverConnection {
  readonly #database: FfiDatabase;

  constructor(database: FfiDatabase) {
    this.#database = database;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  prepare(sql: string): DriverStatement {
    return new FfiDriverStatement(this.#database.prepare(sql));
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  close(): void {
    this.#database.close();
  }
}

function toRow(columns: string[], values: SqlValue[]): SqlRow {
  const row: SqlRow = Object.create(null);
  for (let i = 0; i < columns.length; i++) row[columns[i]!] = values[i]!;
  return row;
}

const TWO_63 = 2 ** 63;

function bind(value: SqlValue): SqlValue {
  if (typeof value !== "number" || !Number.isInteger(value)) return value;
  if (value === 0) return 0;
  return value >= TWO_63 || value < -TWO_63 ? sqliteText(value) : value;
}

/** Writes an integral number past 2^63 as SQLite prints it: `1e+21` as `1.0e+21`. */
function sqliteText(value: number): string {
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  return `${mantissa.includes(".") ? mantissa : mantissa + ".0"}e${exponent}`;
}

/**
 * Loads the driver on `@db/sqlite`.
 *
 * @throws {Error} If the package or its library cannot be loaded
 */
export async function loadFfiDriver(): Promise<Driver> {
  const { Database } = await import("@db/sqlite") as unknown as FfiModule;
  return {
    name: "ffi",
    open: (path, { readOnly }) =>
      new FfiConnection(
        new Database(path, { readonly: readOnly, int64: true, parseJson: false }),
      ),
  };
}
