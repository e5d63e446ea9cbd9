/**
 * The driver on `jsr:@db/sqlite`, which calls the SQLite C library through FFI.
 *
 * The package is imported when it is first asked for: its registry may be out of reach, and its import
 * opens the library. What it offers is described here by hand, because the types of a package that may be
 * missing cannot be relied on.
 *
 * It binds every integral number as a 64-bit integer and has no way to bind one as REAL. So a number past
 * 2^53 is bound as text to a copy of the statement that casts it. It cannot bind -0 either, which goes in
 * as 0. Its row objects are made by code that pastes column names into source text, and one of them is
 * shared between calls, so rows are read as arrays and named here.
 *
 * @module
 */
import { SqliteError } from "../../errors.ts";
import { cachePath, importFromJsr, isFetched } from "../../internal/jsr.ts";
import { readEnv } from "../../internal/permissions.ts";
import type { Driver, DriverConnection, DriverStatement } from "./driver.ts";
import { findParameters, type Parameter, replaceParameters } from "./parameters.ts";
import type { SqlRow, SqlValue } from "../values.ts";
import { FfiBinding, type FfiHandles } from "./ffi_binding.ts";
import { immutableUri } from "./immutable.ts";

interface FfiStatement {
  run(params: readonly SqlValue[]): number;
  value(params: readonly SqlValue[]): SqlValue[] | undefined;
  values(params: readonly SqlValue[]): SqlValue[][];
  columnNames(): string[];
  finalize(): void;
  readonly bindParameterCount: number;
  readonly readonly: boolean;
  readonly unsafeHandle: Deno.PointerObject;
  readonly sql: string;
  readonly expandedSql: string;
}

interface FfiDatabase {
  exec(sql: string): number;
  prepare(sql: string): FfiStatement;
  function(name: string, call: (argument: unknown) => bigint): void;
  readonly inTransaction: boolean;
  readonly unsafeHandle: Deno.PointerObject;
  close(): void;
}

interface FfiModule {
  SQLITE_SOURCEID: string;
  Database: new (path: string, options: Record<string, boolean | number>) => FfiDatabase;
}

class FfiDriverStatement implements DriverStatement {
  readonly returnsRows: boolean;
  readonly parameterCount: number;
  readonly sql: string;
  readonly #database: FfiDatabase;
  readonly #statement: FfiStatement;
  readonly #binding: FfiBinding | undefined;
  readonly #handles: FfiHandles;
  #parameters: Parameter[] | undefined;

  constructor(database: FfiDatabase, sql: string, binding: FfiBinding | undefined) {
    this.#database = database;
    this.#statement = database.prepare(sql);
    this.#binding = binding;
    this.#handles = {
      statement: this.#statement.unsafeHandle,
      database: database.unsafeHandle,
    };
    this.sql = this.#statement.sql;
    this.parameterCount = this.#statement.bindParameterCount;
    this.returnsRows = this.#statement.columnNames().length > 0;
  }

  run(values: readonly SqlValue[], start: number, end: number): number {
    return this.#binding?.run(this.#handles, values, start, end) ??
      this.#call(values.slice(start, end), (statement, bound) => statement.run(bound));
  }

  get(params: readonly SqlValue[]): SqlRow | undefined {
    return this.#call([...params], (statement, bound) =>
      toRows(statement, () => {
        const row = statement.value(bound);
        return row ? [row] : [];
      })[0]);
  }

  all(params: readonly SqlValue[]): SqlRow[] {
    return this.#call(
      [...params],
      (statement, bound) => toRows(statement, () => statement.values(bound)),
    );
  }

  /** Calls the statement, or for numbers that cannot be bound as they are a copy that casts them. */
  #call<T>(values: SqlValue[], call: (statement: FfiStatement, bound: SqlValue[]) => T): T {
    const cast = toBindable(values);
    if (!cast) return call(this.#statement, values);
    const statement = this.#database.prepare(this.#casting(cast));
    try {
      return call(statement, values);
    } finally {
      statement.finalize();
    }
  }

  /** The statement's text with casts around the parameters that take these values. */
  #casting(indexes: Set<number>): string {
    // Once for each statement: the package never frees the text that SQLite prints.
    this.#parameters ??= findParameters(this.sql, this.#database.prepare(this.sql).expandedSql);
    return replaceParameters(
      this.sql,
      this.#parameters,
      ({ index, text }) => indexes.has(index) ? `CAST(${text} AS REAL)` : text,
    );
  }
}

class FfiConnection implements DriverConnection {
  readonly #database: FfiDatabase;
  readonly #binding: FfiBinding | undefined;

  constructor(database: FfiDatabase, binding: FfiBinding | undefined) {
    this.#database = database;
    this.#binding = binding;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  prepare(sql: string): DriverStatement {
    return new FfiDriverStatement(this.#database, sql, this.#binding);
  }

  defineFunction(name: string, call: () => bigint): void {
    this.#database.function(name, (_: unknown) => call());
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** The library is as it is compiled: it lets a dump write the table of its schema. */
  setDefensive(): void {}

  copyInto(file: string): Promise<void> {
    return Promise.try(() => void this.prepare("VACUUM INTO ?").run([file], 0, 1));
  }

  close(): void {
    this.#database.close();
  }
}

/** `SQLITE_OPEN_READONLY` and `SQLITE_OPEN_URI`. */
const READ_ONLY_URI = 0x01 | 0x40;

/** Reads rows and names their values. */
function toRows(statement: FfiStatement, read: () => SqlValue[][]): SqlRow[] {
  let rows = read();
  if (rows.length === 0) return [];
  const columns = statement.columnNames();
  // The first run after a change of the schema still counts the columns that there were before.
  if (rows[0]!.length !== columns.length && statement.readonly) rows = read();
  return rows.map((values) => {
    const row: SqlRow = Object.create(null);
    for (let i = 0; i < columns.length; i++) row[columns[i]!] = values[i] ?? null;
    return row;
  });
}

/** Changes what cannot be bound as it is; returns the indexes of texts to be cast to REAL. */
function toBindable(values: SqlValue[]): Set<number> | undefined {
  let cast: Set<number> | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "number" || !Number.isInteger(value)) continue;
    if (value === 0) {
      values[i] = 0;
    } else if (!Number.isSafeInteger(value)) {
      values[i] = String(value);
      (cast ??= new Set()).add(i);
    }
  }
  return cast;
}

/** The package. */
export const FFI_PACKAGE = "jsr:@db/sqlite@0.13.0";

/** What a library is called on each system. */
const LIBRARY_NAMES: Readonly<Record<string, readonly [prefix: string, extension: string]>> = {
  windows: ["", ".dll"],
  darwin: ["lib", ".dylib"],
};

/**
 * Whether the library of SQLite that the package loads is cached; the package fetches it from its release when it is
 * imported. `undefined` where that cannot be known.
 */
export async function isLibraryCached(): Promise<boolean | undefined> {
  return await isFetched("plug", ...release());
}

/** Where the package's library is published, and its extension. */
function release(): [url: URL, extension: string] {
  const { os, arch } = Deno.build;
  const [prefix, extension] = LIBRARY_NAMES[os] ?? ["lib", ".so"];
  const name = `${prefix}sqlite3${arch === "aarch64" ? "_aarch64" : ""}${extension}`;
  const url = `https://github.com/denodrivers/sqlite3/releases/download/0.13.0/${name}`;
  return [new URL(url), extension];
}

/** The faster way to bind; `undefined` where the file of the package's library is not known. */
async function openBinding({ SQLITE_SOURCEID }: FfiModule): Promise<FfiBinding | undefined> {
  const path = readEnv("DENO_SQLITE_PATH") || await cachePath("plug", ...release());
  if (path === undefined || readEnv("DENO_SQLITE_LOCAL") === "1") return undefined;
  try {
    return new FfiBinding(path, SQLITE_SOURCEID);
  } catch {
    return undefined;
  }
}

/**
 * Loads the driver on `@db/sqlite`.
 *
 * @throws {Error} If the package or its library cannot be loaded
 */
export async function loadFfiDriver(): Promise<Driver> {
  const module = await importFromJsr(FFI_PACKAGE) as FfiModule;
  const { Database } = module;
  const binding = await openBinding(module);
  return {
    name: "ffi",
    open: (path, { readOnly, doubleQuotedLiterals, immutable }) => {
      if (!doubleQuotedLiterals) {
        throw new SqliteError(
          'Cannot open the database with doubleQuotedLiterals false: driver "ffi" has no such switch. ' +
            'Use driver "builtin"',
        );
      }
      return new FfiConnection(
        immutable
          ? new Database(immutableUri(path), {
            flags: READ_ONLY_URI,
            int64: true,
            parseJson: false,
          })
          : new Database(path, { readonly: readOnly, int64: true, parseJson: false }),
        binding,
      );
    },
  };
}
