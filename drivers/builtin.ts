/**
 * The driver on `node:sqlite`, the SQLite that is part of the runtime: it needs no package, no download
 * and no FFI permission.
 *
 * Two habits of `node:sqlite` are corrected here. It binds every `number` as REAL, so that 1 would be
 * stored as '1.0' in a TEXT column: integers go in as `bigint`. It throws when it reads an integer past
 * 2^53: all integers come out as `bigint` and are narrowed again.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Driver, DriverConnection, DriverStatement } from "./driver.ts";
import type { SqlRow, SqlValue } from "../values.ts";

class BuiltinStatement implements DriverStatement {
  readonly returnsRows: boolean;
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.returnsRows = statement.columns().length > 0;
    if (this.returnsRows) statement.setReadBigInts(true);
  }

  get sql(): string {
    return this.#statement.sourceSQL;
  }

  run(values: readonly SqlValue[], start: number, end: number): number {
    return Number(this.#statement.run(...bindRange(values, start, end)).changes);
  }

  get(params: readonly SqlValue[]): SqlRow | undefined {
    const row = this.#statement.get(...params.map(bind)) as SqlRow | undefined;
    return row && narrow(row);
  }

  all(params: readonly SqlValue[]): SqlRow[] {
    const rows = this.#statement.all(...params.map(bind)) as SqlRow[];
    for (const row of rows) narrow(row);
    return rows;
  }
}

class BuiltinConnection implements DriverConnection {
  readonly #database: DatabaseSync;

  constructor(path: string, readOnly: boolean) {
    this.#database = new DatabaseSync(path, { readOnly });
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  prepare(sql: string): DriverStatement {
    return new BuiltinStatement(this.#database.prepare(sql));
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  close(): void {
    this.#database.close();
  }
}

function bind(value: SqlValue): SqlValue {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function bindRange(values: readonly SqlValue[], start: number, end: number): SqlValue[] {
  const bound = values.slice(start, end);
  for (let i = 0; i < bound.length; i++) bound[i] = bind(bound[i]!);
  return bound;
}

function narrow(row: SqlRow): SqlRow {
  for (const column in row) {
    const value = row[column];
    if (
      typeof value === "bigint" && value >= Number.MIN_SAFE_INTEGER &&
      value <= Number.MAX_SAFE_INTEGER
    ) {
      row[column] = Number(value);
    }
  }
  return row;
}

/** The driver on the runtime's own `node:sqlite`. */
export const builtinDriver: Driver = {
  name: "builtin",
  open: (path, { readOnly }) => new BuiltinConnection(path, readOnly),
};
