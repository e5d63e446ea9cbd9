/**
 * The driver on `node:sqlite`, the SQLite that is part of the runtime: it needs no package, no download
 * and no FFI permission.
 *
 * Three habits of `node:sqlite` are corrected here. It binds every `number` as REAL, so that 1 would be
 * stored as '1.0' in a TEXT column: integers go in as `bigint`. It throws when it reads an integer past
 * 2^53: all integers come out as `bigint` and are narrowed again. It passes over parameters with a name
 * when values come in order: names become numbers.
 *
 * @module
 */
import { backup, DatabaseSync, type DatabaseSyncOptions, type StatementSync } from "node:sqlite";
import type {
  Driver,
  DriverConnection,
  DriverOptions,
  DriverStatement,
  TempCopy,
} from "./driver.ts";
import { findParameters, replaceParameters } from "./parameters.ts";
import type { SqlRow, SqlValue } from "../values.ts";
import { immutableUri } from "./immutable.ts";

/** Pages that a copy takes at a time: all, because between two steps a commit would make it start again. */
const ALL_PAGES = 2 ** 31 - 1;

class BuiltinStatement implements DriverStatement {
  readonly returnsRows: boolean;
  readonly parameterCount: number;
  readonly sql: string;
  readonly #statement: StatementSync;
  #width: number;

  constructor(database: DatabaseSync, sql: string) {
    let statement = database.prepare(sql);
    // In this order: for an empty statement the first throws, the second crashes the runtime (Deno 2.9.6).
    const expanded = statement.expandedSQL;
    this.sql = statement.sourceSQL;
    const parameters = findParameters(this.sql, expanded);
    this.parameterCount = parameters.reduce((count, { index }) => Math.max(count, index + 1), 0);
    if (parameters.some(({ text }) => text[0] !== "?")) {
      statement = database.prepare(
        replaceParameters(this.sql, parameters, ({ index }) => `?${index + 1}`),
      );
    }
    this.#statement = statement;
    this.#width = statement.columns().length;
    this.returnsRows = this.#width > 0;
    if (this.returnsRows) statement.setReadBigInts(true);
  }

  run(values: readonly SqlValue[], start: number, end: number): number {
    return Number(this.#statement.run(...bindRange(values, start, end)).changes);
  }

  get(params: readonly SqlValue[]): SqlRow | undefined {
    const row = this.#statement.get(...params.map(bind)) as SqlRow | undefined;
    return row && narrow(row);
  }

  all(params: readonly SqlValue[]): SqlRow[] {
    const bound = params.map(bind);
    let rows = this.#statement.all(...bound) as SqlRow[];
    const width = this.#statement.columns().length;
    if (width !== this.#width) {
      // The first run after a change of the schema still has the columns that there were before.
      this.#width = width;
      if (!/\bRETURNING\b/i.test(this.sql)) rows = this.#statement.all(...bound) as SqlRow[];
    }
    for (const row of rows) narrow(row);
    return rows;
  }
}

class BuiltinConnection implements DriverConnection {
  readonly #database: DatabaseSync;

  constructor(path: string, { readOnly, doubleQuotedLiterals, immutable }: DriverOptions) {
    const options = { readOnly, enableDoubleQuotedStringLiterals: doubleQuotedLiterals };
    this.#database = immutable ? openImmutable(path, options) : new DatabaseSync(path, options);
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  prepare(sql: string): DriverStatement {
    return new BuiltinStatement(this.#database, sql);
  }

  // The arrow has one parameter, because their number is that of the SQL function. One that throws hangs Deno 2.9.
  defineFunction(name: string, call: () => bigint): void {
    this.#database.function(name, (_: unknown) => call());
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  setDefensive(isOn: boolean): void {
    // The runtime's types do not know it yet.
    (this.#database as { enableDefensive?(isOn: boolean): void }).enableDefensive?.(isOn);
  }

  // VACUUM INTO attaches the new file, which the runtime allows only to programs with every permission.
  async copyInto(file: string): Promise<void> {
    await backup(this.#database, file, { rate: ALL_PAGES });
  }

  async replaceByTemp(file: string, { pages, between }: TempCopy): Promise<void> {
    await backup(this.#database, file, { source: "temp", rate: pages, progress: between });
  }

  close(): void {
    this.#database.close();
  }
}

/** Opens a file that does not change; under narrow flags, which allow no URI, a copy of it in memory. */
function openImmutable(path: string, options: DatabaseSyncOptions): DatabaseSync {
  try {
    return new DatabaseSync(immutableUri(path), options);
  } catch {
    const bytes = Deno.readFileSync(path);
    // As a file without a WAL, which one in memory cannot have.
    bytes[18] = bytes[19] = 1;
    const database = new DatabaseSync(":memory:", { ...options, readOnly: false });
    // The runtime's types do not know it yet.
    (database as unknown as { deserialize(bytes: Uint8Array): void }).deserialize(bytes);
    database.exec("PRAGMA query_only=ON");
    return database;
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
  open: (path, options) => new BuiltinConnection(path, options),
};
