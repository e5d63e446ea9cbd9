/**
 * One connection interface over every driver: prepared statements and transactions.
 *
 * @module
 */
import type { Driver, DriverConnection, DriverName, TempCopy } from "./drivers/driver.ts";
import { SqliteError } from "../errors.ts";
import { classifyError, explain } from "./explain.ts";
import { isEmpty, shown } from "./sql_text.ts";
import { Statement } from "./statement.ts";

const AsyncFunction = (async () => {}).constructor;

/** How a connection is opened. */
export interface OpenOptions {
  /** Whether it may only read. */
  readOnly: boolean;
  /** Milliseconds that each call waits for a lock. */
  busyTimeoutMs: number;
  /** Whether a text in double quotes that names no column is a text. */
  doubleQuotedLiterals: boolean;
  /** Whether the file cannot change while it is open, so that it is read without locks. */
  immutable?: boolean;
}

/**
 * A connection to one database, the same over every driver. It comes from {@linkcode connect} or
 * {@linkcode connectReadOnly}, belongs to the thread that opened it, and throws {@linkcode SqliteError} when
 * SQLite refuses something or when it is closed.
 *
 * @example Both rows or none
 * ```ts
 * import { connect } from "@pipeloom/pipeloom/db";
 *
 * using connection = await connect(":memory:");
 * connection.exec("CREATE TABLE city (name TEXT PRIMARY KEY)");
 * connection.transaction(() => {
 *   connection.prepare("INSERT INTO city VALUES (?)").run("Oslo");
 *   connection.prepare("INSERT INTO city VALUES (?)").run("Bergen");
 * });
 * ```
 */
export class Connection implements Disposable {
  /** The path that was opened, or `:memory:`. */
  readonly path: string;
  /** The driver in use. */
  readonly driver: DriverName;
  /** The version of the SQLite library, such as `3.53.2`. */
  readonly sqliteVersion: string;
  /**
   * Keeps the connection from being posted: the structured clone of a function fails, with its text.
   *
   * @ignore
   */
  readonly threadBound = () => "A SQLite connection belongs to the thread that opened it";
  #connection: DriverConnection | undefined;
  readonly #driver: Driver;
  #depth = 0;

  /** @ignore Made by {@linkcode connect} and {@linkcode connectReadOnly}. */
  constructor(driver: Driver, path: string, options: OpenOptions) {
    const { busyTimeoutMs, ...rest } = options;
    this.path = path;
    this.driver = driver.name;
    this.#driver = driver;
    try {
      this.#connection = driver.open(path, rest);
      // Before anything else, because even preparing a statement waits for a lock.
      this.#connection.exec(`PRAGMA busy_timeout=${busyTimeoutMs}`);
      const statement = this.#connection.prepare("SELECT sqlite_version() AS version");
      this.sqliteVersion = String(statement.get([])!.version);
    } catch (error) {
      this.#connection?.close();
      throw explain(error, path);
    }
  }

  /** Whether a transaction is open. */
  get inTransaction(): boolean {
    return this.#open().inTransaction;
  }

  /** Runs any number of statements without parameters. */
  exec(sql: string): void {
    this.#call(sql, (connection) => connection.exec(sql));
  }

  /**
   * Prepares one statement.
   *
   * @throws {SqliteError} If SQLite refuses it, if there is none, or if a second one follows, which SQLite
   * would ignore
   */
  prepare(sql: string): Statement {
    const statement = this.#call(sql, (connection) => {
      if (isEmpty(sql)) throw new SqliteError("Cannot prepare a statement: there is none");
      return connection.prepare(sql);
    });
    if (!isEmpty(sql.slice(statement.sql.length))) {
      throw new SqliteError(`Cannot prepare more than one statement at a time: ${shown(sql)}`);
    }
    return new Statement(statement, this);
  }

  /**
   * Runs `body` in a transaction: committed when it returns, rolled back when it throws. Inside another
   * transaction it is a savepoint. `body` must be synchronous, because no lock is held across an `await`.
   *
   * @throws {TypeError} If `body` is asynchronous: it is not run, or, where only the promise that it
   * returns shows it, what it wrote until then is rolled back
   */
  transaction<T>(body: () => T): T {
    if (body instanceof AsyncFunction) throw asynchronous();
    const nested = this.inTransaction;
    const name = `pipeloom_${this.#depth}`;
    this.exec(nested ? `SAVEPOINT ${name}` : "BEGIN IMMEDIATE");
    this.#depth++;
    try {
      const result = body();
      if (result instanceof Promise) {
        result.catch(() => {});
        throw asynchronous();
      }
      this.exec(nested ? `RELEASE ${name}` : "COMMIT");
      return result;
    } catch (error) {
      // Some errors (a full disk, ON CONFLICT ROLLBACK) have ended the transaction already.
      if (this.#connection?.inTransaction) {
        this.exec(nested ? `ROLLBACK TO ${name}; RELEASE ${name}` : "ROLLBACK");
      }
      throw error;
    } finally {
      this.#depth--;
    }
  }

  /** @ignore Copies the database into a file that is not there; see {@linkcode backup}. */
  async copyInto(file: string, target: string): Promise<void> {
    try {
      await this.#open().copyInto(file);
    } catch (error) {
      // It cannot write, or else it is the file itself that cannot be read.
      const isTarget = ["full", "read-only", "other"].includes(classifyError(error));
      throw explain(error, isTarget ? target : this.path);
    }
  }

  /** @ignore Writes the TEMP database over the file; see `rebuild.ts`. */
  async replaceByTemp(copy: TempCopy): Promise<void> {
    try {
      await this.#open().replaceByTemp!(this.path, copy);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  /** @ignore Defines an SQL function of one argument; see `guarded_tables.ts`. */
  defineFunction(name: string, call: () => bigint): void {
    this.#open().defineFunction(name, call);
  }

  /** @ignore Opens another connection to the file, which only reads and has nothing of it in memory. */
  openBeside(): Connection {
    const options = { readOnly: true, busyTimeoutMs: 0, doubleQuotedLiterals: true };
    return new Connection(this.#driver, this.path, options);
  }

  /** @ignore Whether SQLite refuses statements that write the table of its schema, as a dump does. */
  setDefensive(isOn: boolean): void {
    this.#open().setDefensive(isOn);
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

  /**
   * Checks that the connection is open.
   *
   * @throws {SqliteError} If it is closed
   * @ignore
   */
  assertOpen(): void {
    this.#open();
  }

  /** @ignore What an error of the driver means here. */
  explain(thrown: unknown): Error {
    const error = explain(thrown, this.path);
    if (classifyError(error) !== "read-only" || !this.#isQueryOnly()) return error;
    return new SqliteError(
      `Cannot write ${this.path}: PRAGMA query_only is on in this connection. Turn it off, or leave it out`,
      "read-only",
      { cause: thrown },
    );
  }

  #isQueryOnly(): boolean {
    const statement = this.#connection?.prepare("PRAGMA query_only");
    return Number(statement?.get([])?.query_only ?? 0) === 1;
  }

  #open(): DriverConnection {
    if (this.#connection) return this.#connection;
    throw new SqliteError(`Cannot use the connection to ${this.path}: it is closed`);
  }

  #call<T>(sql: string, call: (connection: DriverConnection) => T): T {
    const connection = this.#open();
    if (sql.includes("\0")) {
      throw new SqliteError(
        `Cannot run SQL with a NUL character, where it would end: ${shown(sql)}`,
      );
    }
    try {
      return call(connection);
    } catch (error) {
      throw this.explain(error);
    }
  }
}

function asynchronous(): TypeError {
  return new TypeError(
    "Cannot commit a transaction whose body is asynchronous: await first, then write",
  );
}
