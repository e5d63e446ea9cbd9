/**
 * One connection interface over every driver: prepared statements, transactions, and one classification
 * of errors.
 *
 * @module
 */
import type { Driver, DriverConnection, DriverName, DriverStatement } from "./drivers/driver.ts";
import { SqliteError, type SqliteErrorCode } from "./errors.ts";
import { type Bindable, type SqlRow, type SqlValue, toSqlValue } from "./values.ts";

const COMMENTS = /--[^\n]*|\/\*[\s\S]*?(\*\/|$)/g;

/** A prepared statement. Each call binds, runs to the end and resets. */
export class Statement {
  /** Whether the statement has result columns. */
  readonly returnsRows: boolean;
  readonly #statement: DriverStatement;
  readonly #path: string;

  /** @ignore Made by {@linkcode Connection.prepare}. */
  constructor(statement: DriverStatement, path: string) {
    this.#statement = statement;
    this.#path = path;
    this.returnsRows = statement.returnsRows;
  }

  /** Runs the statement and returns the number of rows that it changed. */
  run(...params: Bindable[]): number {
    return this.runValues(params.map(toSqlValue));
  }

  /** Runs the statement with a range of values that are mapped already: nothing is checked. */
  runValues(values: readonly SqlValue[], start = 0, end: number = values.length): number {
    try {
      return this.#statement.run(values, start, end);
    } catch (error) {
      throw explain(error, this.#path);
    }
  }

  /** Returns the first row, or `undefined` when there is none. */
  get(...params: Bindable[]): SqlRow | undefined {
    try {
      return this.#statement.get(params.map(toSqlValue));
    } catch (error) {
      throw explain(error, this.#path);
    }
  }

  /** Returns every row. */
  all(...params: Bindable[]): SqlRow[] {
    try {
      return this.#statement.all(params.map(toSqlValue));
    } catch (error) {
      throw explain(error, this.#path);
    }
  }
}

/** A connection to one database, the same over every driver. */
export class Connection implements Disposable {
  /** The path that was opened, or `:memory:`. */
  readonly path: string;
  /** The driver in use. */
  readonly driver: DriverName;
  /** The version of the SQLite library, such as `3.53.2`. */
  readonly sqliteVersion: string;
  /** Keeps the connection from being posted: the structured clone of a function fails, with its text. */
  readonly threadBound = () => "A SQLite connection belongs to the thread that opened it";
  #connection: DriverConnection | undefined;
  #depth = 0;

  /** @ignore Made by {@linkcode connect} and {@linkcode connectReadOnly}. */
  constructor(driver: Driver, path: string, readOnly: boolean) {
    this.path = path;
    this.driver = driver.name;
    try {
      this.#connection = driver.open(path, { readOnly });
    } catch (error) {
      throw explain(error, path);
    }
    this.sqliteVersion = String(this.prepare("SELECT sqlite_version() AS version").get()!.version);
  }

  /** Whether a transaction is open. */
  get inTransaction(): boolean {
    return this.#open().inTransaction;
  }

  /** Runs any number of statements without parameters. */
  exec(sql: string): void {
    const connection = this.#open();
    try {
      connection.exec(sql);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  /**
   * Prepares one statement.
   *
   * @throws {SqliteError} If SQLite refuses it, or if a second statement follows, which SQLite would ignore
   */
  prepare(sql: string): Statement {
    const connection = this.#open();
    let statement: DriverStatement;
    try {
      statement = connection.prepare(sql);
    } catch (error) {
      throw explain(error, this.path);
    }
    if (/[^\s;]/.test(sql.slice(statement.sql.length).replace(COMMENTS, ""))) {
      throw new SqliteError(`Cannot prepare more than one statement at a time: ${sql}`);
    }
    return new Statement(statement, this.path);
  }

  /**
   * Runs `body` in a transaction: committed when it returns, rolled back when it throws. Inside another
   * transaction it is a savepoint. `body` must be synchronous, because no lock is held across an `await`.
   *
   * @throws {TypeError} If `body` returns a promise; everything it wrote is rolled back
   */
  transaction<T>(body: () => T): T {
    const nested = this.inTransaction;
    const name = `pipeloom_${this.#depth}`;
    this.exec(nested ? `SAVEPOINT ${name}` : "BEGIN IMMEDIATE");
    this.#depth++;
    try {
      const result = body();
      if (result instanceof Promise) {
        result.catch(() => {});
        throw new TypeError(
          "Cannot commit a transaction whose body is asynchronous: await first, then write",
        );
      }
      this.exec(nested ? `RELEASE ${name}` : "COMMIT");
      return result;
    } catch (error) {
      // Some errors (a full disk, ON CONFLICT ROLLBACK) have ended the transaction already.
      if (this.inTransaction) {
        this.exec(nested ? `ROLLBACK TO ${name}; RELEASE ${name}` : "ROLLBACK");
      }
      throw error;
    } finally {
      this.#depth--;
    }
  }

  /** Closes the connection. Closing it again does nothing. */
  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): DriverConnection {
    if (this.#connection) return this.#connection;
    throw new SqliteError(`Cannot use the connection to ${this.path}: it is closed`);
  }
}

/**
 * What SQLite's message says, and the remedy. Neither driver gives a reliable result code, so the kinds
 * are told apart by the texts of `sqlite3_errstr`, which SQLite keeps stable.
 */
const KINDS: [RegExp, SqliteErrorCode, string?][] = [
  [
    /database (table |schema )?is locked|database is busy/i,
    "busy",
    "another connection holds its lock; let one pipeline write to a file at a time",
  ],
  [/constraint failed|constraint violation|datatype mismatch/i, "constraint"],
  [/database or disk is full/i, "full", "free space on the disk that holds it"],
  [
    /malformed|disk image/i,
    "corrupt",
    "keep a copy of it, then restore a backup or run .recover in the sqlite3 shell",
  ],
  [
    /readonly|read-only|query_only/i,
    "read-only",
    "check the permissions of the file and its folder",
  ],
  [
    /not a database|file is encrypted/i,
    "not-a-database",
    "choose another path; the file was not changed",
  ],
  [
    /unable to open database/i,
    "other",
    "check that its folder exists and that it may be read and written",
  ],
];

/** Tells what kind of failure an error of either driver is. */
export function classifyError(error: unknown): SqliteErrorCode {
  if (error instanceof SqliteError) return error.code;
  return kindOf((error as Error)?.message ?? "")?.[1] ?? "other";
}

function kindOf(message: string): typeof KINDS[number] | undefined {
  return KINDS.find(([pattern]) => pattern.test(message));
}

/** Turns what a driver threw into an error that names the database and, where there is one, the remedy. */
export function explain(thrown: unknown, path: string): Error {
  if (thrown instanceof SqliteError) return thrown;
  if (thrown instanceof Deno.errors.NotCapable || thrown instanceof Deno.errors.PermissionDenied) {
    return new SqliteError(
      `Cannot open ${path}: permission denied; run with --allow-read and --allow-write on its folder`,
      "other",
      { cause: thrown },
    );
  }
  const message = (thrown as Error).message.replace(/^\d+: /, "");
  const [, code = "other", remedy] = kindOf(message) ?? [];
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return new SqliteError(remedy ? `${text} (${path}): ${remedy}` : text, code, { cause: thrown });
}
