/**
 * The writer as a program sees it that only wants to write.
 *
 * One Worker owns the only read-write connection, because SQLite allows one writer at a time: with one
 * owner no write waits for a lock, and many small writes become few commits. Rejected: a connection
 * for each task (they would queue at the lock, each with its own commit), and a connection on the main
 * thread (a long task would hold up every commit).
 *
 * @module
 */
import type { CheckpointMode, CheckpointResult } from "../../sqlite/checkpoint.ts";
import type { DriverName } from "../../sqlite/drivers/driver.ts";
import { refuseOldMembers } from "../../internal/validate.ts";
import type { Bindable, SqlRow } from "../../sqlite/values.ts";
import type { WriterStats } from "../protocol/sender_port.ts";
import type { ExecuteResult, InsertMessage } from "../protocol/write_message.ts";
import { type InsertOptions, type Row, toInsertMessage } from "./insert.ts";
import {
  type Step,
  toExecuteMessage,
  toMessage,
  toRowsQuery,
  toTransactionMessage,
  type TransactionOptions,
} from "./steps.ts";
import { toScripts } from "./schema_scripts.ts";
import { insertInChunks } from "./row_stream.ts";
import { WriterClient, type WriterOptions } from "./writer_client.ts";

export type { WriterOptions };

let readClient: (writer: SqliteWriter) => WriterClient;
let wrapClient: (client: WriterClient) => SqliteWriter;

/** The inner side of a writer. */
export function clientOf(writer: SqliteWriter): WriterClient {
  return readClient(writer);
}

/** Starts the writer of a run, which sends to it while the database is being opened. */
export async function startWriter(options: WriterOptions): Promise<SqliteWriter> {
  return wrapClient(await WriterClient.start(options));
}

/** Runs the schema of a run whose writer was open before it. */
export async function runSchema(
  writer: SqliteWriter,
  { schema }: { schema?: unknown },
): Promise<void> {
  const scripts = toScripts(schema);
  if (scripts.length === 0) return;
  await clientOf(writer).query({ kind: "schema", sql: scripts.join("\n;\n") });
}

/**
 * The one writer of a database.
 *
 * A call that writes resolves when what it sent is committed, and rejects when nothing of it was. Calls
 * that overlap share commits; the order of calls is kept.
 *
 * @example Rows, SQL and a transaction
 * ```ts
 * import { SqliteWriter } from "@pipeloom/pipeloom";
 *
 * await using writer = await SqliteWriter.open({
 *   db: ":memory:",
 *   schema: "CREATE TABLE city (name TEXT PRIMARY KEY, population INTEGER)",
 * });
 * await writer.insert("city", [{ name: "Oslo", population: 717_710 }]);
 * await writer.execute("UPDATE city SET population = population + 1 WHERE name = ?", ["Oslo"]);
 * await writer.transaction([
 *   { sql: "DELETE FROM city" },
 *   { table: "city", rows: [["Bergen", 291_940], ["Oslo", 717_710]] },
 * ]);
 * ```
 */
export class SqliteWriter implements AsyncDisposable {
  readonly #client: WriterClient;

  static {
    readClient = (writer) => writer.#client;
    wrapClient = (client) => new SqliteWriter(client);
  }

  private constructor(client: WriterClient) {
    this.#client = client;
  }

  /**
   * Starts the Worker and opens the database; see {@linkcode connect} for what may be wrong with it.
   *
   * @throws {RangeError} If `busyTimeoutMs` or `walWarnBytes` is out of range
   * @throws {TypeError} If `synchronous` is neither `"normal"` nor `"full"`
   * @throws {SqliteError} If the database cannot be opened or the schema is refused
   * @throws {Error} If the driver that was asked for cannot be had
   * @throws {WriterDiedError} If the Worker cannot be started
   */
  static async open(options: WriterOptions): Promise<SqliteWriter> {
    return new SqliteWriter(await WriterClient.open(options));
  }

  /** The driver in use. */
  get driver(): DriverName {
    return this.#client.settings.driver;
  }

  /** Why `auto` did not take the FFI driver. */
  get driverReason(): string | undefined {
    return this.#client.settings.driverReason;
  }

  /** The version of the SQLite library. */
  get sqliteVersion(): string {
    return this.#client.sqliteVersion;
  }

  /** Whether the writer keeps the status of tasks. */
  get storeTaskStatus(): boolean {
    return this.#client.settings.storeTaskStatus;
  }

  /** Rejects when the writer is gone: with {@linkcode WriterDiedError} or {@linkcode WriterClosedError}. */
  get closed(): Promise<never> {
    return this.#client.closed;
  }

  /** Sends a step. Resolves with what it did, once it is committed; with `undefined` for rows. */
  async send(step: Step): Promise<ExecuteResult | undefined> {
    this.#client.check();
    return await this.#client.request(toMessage(step));
  }

  /**
   * Inserts rows. An array is one message: all of its rows are written, or none. Any other iterable is
   * streamed in messages of 1,000 rows, and is read only as fast as the disk takes them.
   *
   * @returns The number of rows sent
   * @throws {TypeError} If a value cannot be stored; the message names its row and column
   * @throws {SqliteError} If SQLite refuses a row
   */
  async insert<Shape extends object & Row<Shape>>(
    table: string,
    rows: Iterable<Shape> | AsyncIterable<Shape>,
    options?: InsertOptions,
  ): Promise<number> {
    const client = this.#client;
    client.check();
    if (!Array.isArray(rows)) {
      const request = async (message: InsertMessage) => await client.request(message);
      return await insertInChunks({ request, ready: () => client.ready() }, table, rows, options);
    }
    if (rows.length > 0) await client.request(toInsertMessage(table, rows, options));
    return rows.length;
  }

  /**
   * Runs one statement.
   *
   * @throws {TypeError} If it would begin or end a transaction, or a value cannot be stored
   * @throws {SqliteError} If SQLite refuses it
   */
  async execute(sql: string, params?: readonly Bindable[]): Promise<ExecuteResult> {
    this.#client.check();
    return await this.#client.request(toExecuteMessage(sql, params));
  }

  /**
   * The rows of one statement that only reads: what is committed, by this writer or others. All that was sent before
   * is committed first.
   *
   * @throws {TypeError} If it returns no rows, or a value cannot be stored
   * @throws {SqliteError} If it would write, or SQLite refuses it
   */
  async query(sql: string, params?: readonly Bindable[]): Promise<SqlRow[]> {
    return await this.#client.query(toRowsQuery(sql, params));
  }

  /**
   * Writes all of the steps, or none.
   *
   * @returns What each step did; `undefined` for rows, and for steps that were done before under this key
   * @throws {TypeError} If a step is not one, a value cannot be stored, or there is a key that no table keeps
   * @throws {SqliteError} If SQLite refuses a step
   */
  async transaction(
    steps: readonly Step[],
    options?: TransactionOptions,
  ): Promise<(ExecuteResult | undefined)[]> {
    this.#client.check();
    const message = toTransactionMessage(steps, options);
    return await this.#client.request(message) as (ExecuteResult | undefined)[];
  }

  /** Resolves when everything that was sent so far is committed or has failed. */
  async flush(): Promise<void> {
    await this.#client.flushed();
  }

  /** Copies the WAL into the database file, after all that was sent so far; see {@linkcode walCheckpoint}. */
  async checkpoint(mode: CheckpointMode = "TRUNCATE"): Promise<CheckpointResult> {
    return await this.#client.query({ kind: "checkpoint", mode });
  }

  /** The writer's figures. */
  async stats(): Promise<WriterStats> {
    return await this.#client.query({ kind: "stats" });
  }

  /**
   * A port for a sender in another thread, to be transferred to it. The dashboard takes one to have runs cancelled
   * and retried.
   */
  attach(): MessagePort {
    return this.#client.attach();
  }

  /**
   * Writes everything that was sent, runs `PRAGMA optimize`, checkpoints and closes. Closing again returns
   * the same promise.
   *
   * @returns The last checkpoint: `busy` is true when a reader kept the WAL from being emptied
   */
  close(): Promise<CheckpointResult | undefined> {
    return this.#client.close();
  }

  /** Closes the writer. What a pipeline was rejected with already is not thrown again, because it would hide that. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.dispose();
  }
}

refuseOldMembers(SqliteWriter.prototype, { owner: "writer", renamed: { gone: "closed" } });
