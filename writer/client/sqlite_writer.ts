/**
 * The writer as the rest of the program sees it: opens the database, sends what is to be written, closes it.
 *
 * One Worker owns the only read-write connection, because SQLite allows one writer at a time: with one
 * owner nobody ever waits for a lock, and many small writes become few commits. Rejected: a connection
 * for each task (they would queue at the lock, each with its own commit), and a connection on the main
 * thread (a long task would hold up every commit).
 *
 * @module
 */
import type { CheckpointMode, CheckpointResult } from "../../sqlite/checkpoint.ts";
import type { ConnectOptions } from "../../sqlite/connect.ts";
import type { DriverName } from "../../sqlite/drivers/driver.ts";
import { databasePath, prepareFile } from "../../sqlite/database_file.ts";
import { isoTime } from "../../internal/timestamps.ts";
import { chooseDriver } from "../../sqlite/drivers/choose.ts";
import { driverFor, holdDriver } from "../../sqlite/drivers/in_use.ts";
import { type SqliteError, WriterClosedError } from "../../errors.ts";
import { checkInteger } from "../../internal/validate.ts";
import { checkKeys } from "./idempotency_key.ts";
import {
  type InsertOptions,
  type Row,
  type Step,
  toInsertMessage,
  toMessage,
  toTransactionMessage,
  type TransactionOptions,
} from "./insert.ts";
import type { RunRequest } from "../protocol/control_message.ts";
import type { WriterStats } from "../protocol/sender_port.ts";
import type { ExecuteResult, WriteMessage, WriteResult } from "../protocol/write_message.ts";
import type { OpenRequest } from "../protocol/writer_worker.ts";
import { connectionSettings } from "../../sqlite/opening.ts";
import { BatchSender, type FailureListener } from "./batch_sender.ts";
import { insertInChunks } from "./row_stream.ts";
import type { Bindable } from "../../sqlite/values.ts";
import type { WalWarnings } from "./wal_warnings.ts";
import { WriterWorker } from "./writer_worker.ts";

/** Options of {@linkcode SqliteWriter.open}. */
export interface WriterOptions extends ConnectOptions {
  /** The database: a path, a `file:` URL, or `:memory:`. */
  db: string | URL;
  /**
   * Whether to keep `task_runs`, `pipeline_runs` and `task_logs`.
   *
   * @default {true}
   */
  storeTaskStatus?: boolean;
  /** SQL to run when the database is open, such as `CREATE TABLE IF NOT EXISTS …`. */
  schema?: string | readonly string[];
  /** Statements that messages may refer to by name. */
  statements?: Readonly<Record<string, string>>;
  /**
   * Bytes of the WAL from which on the user is warned that readers keep it from being emptied, in the log or on
   * the console, and again each time it has doubled. No write waits for them. `Infinity` for never.
   *
   * @default {268_435_456}
   */
  walWarnBytes?: number;
}

/** Bytes of a WAL that tell of a reader that does not let go: four times what it is cut to. */
const WAL_WARN_BYTES = 256 * 1024 * 1024;

/** What was settled before the Worker started. */
interface Settings {
  path: string;
  driver: DriverName;
  driverReason: string | undefined;
  storeTaskStatus: boolean;
}

/**
 * The one writer of a database.
 *
 * A call that writes resolves when what it sent is committed, and rejects when nothing of it was. Calls
 * that are under way at the same time share commits; the order of calls is kept.
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
  readonly #worker: WriterWorker;
  readonly #batchSender: BatchSender;
  readonly #senders = new Set<BatchSender>();
  readonly #settings: Settings;
  #sqliteVersion = "";
  #letGo: () => void;
  #heardOf: unknown;
  #closing: Promise<CheckpointResult | undefined> | undefined;

  private constructor(settings: Settings, batchSender: BatchSender) {
    this.#worker = new WriterWorker(settings.path, (error) => this.#failAll(error));
    this.#settings = settings;
    this.#batchSender = batchSender;
    this.#letGo = holdDriver(settings.path, settings.driver);
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
    const { storeTaskStatus = true, schema = [], statements = {} } = options;
    const { walWarnBytes = WAL_WARN_BYTES } = options;
    const settings = connectionSettings(options);
    if (walWarnBytes !== Infinity) {
      checkInteger(walWarnBytes, {
        operation: "open the writer",
        name: "walWarnBytes",
        min: 1,
        remedy: "Pass Infinity to turn the warning off",
      });
    }
    // Settled here, so that the whole process agrees and the Worker need not ask any registry.
    const file = await databasePath(options.db);
    const { driver, reason } = await chooseDriver(driverFor(file, options.driver));
    await prepareFile(file);
    const { port1, port2: port } = new MessageChannel();
    const writer = new SqliteWriter(
      { path: file, driver: driver.name, driverReason: reason, storeTaskStatus },
      new BatchSender(port1),
    );
    try {
      await writer.#open({
        kind: "open",
        file,
        ...settings,
        driver: driver.name,
        storeTaskStatus,
        schema: typeof schema === "string" ? [schema] : schema,
        statements,
        walWarnBytes,
        processStartedAt: isoTime(performance.timeOrigin),
        port,
      });
      return writer;
    } catch (error) {
      port.close();
      writer.#failAll(error as Error);
      writer.#worker.terminate();
      writer.#letGo();
      throw error;
    }
  }

  /** The driver in use. */
  get driver(): DriverName {
    return this.#settings.driver;
  }

  /** Why `auto` did not take the FFI driver. */
  get driverReason(): string | undefined {
    return this.#settings.driverReason;
  }

  /** The version of the SQLite library. */
  get sqliteVersion(): string {
    return this.#sqliteVersion;
  }

  /** Whether the writer keeps the status of tasks. */
  get storeTaskStatus(): boolean {
    return this.#settings.storeTaskStatus;
  }

  /** @ignore A sender of its own for a pipeline; `onFailure` hears of failures that nobody waits for. */
  sender(onFailure: FailureListener): BatchSender {
    const batchSender = new BatchSender(this.attach(), onFailure);
    this.#senders.add(batchSender);
    return batchSender;
  }

  /** @ignore Ends a sender that is drained. */
  release(batchSender: BatchSender): void {
    // Closing waits for its last answers, and ends it then.
    if (this.#closing) return;
    this.#senders.delete(batchSender);
    batchSender.close();
  }

  /** @ignore Hears what is asked of the runs of this writer, until it is disposed. */
  onRequest(listener: (request: RunRequest) => void): Disposable {
    return this.#worker.onRequest(listener);
  }

  /** @ignore Warnings that readers hold the WAL. */
  get walWarnings(): WalWarnings {
    return this.#worker.walWarnings;
  }

  /** Rejects when the writer is gone: with {@linkcode WriterDiedError} or {@linkcode WriterClosedError}. */
  get closed(): Promise<never> {
    return this.#worker.closed;
  }

  /** @ignore Tells a listener when the writer is gone, until it is disposed. */
  onClosed(listener: (error: Error) => void): Disposable {
    return this.#worker.onClosed(listener);
  }

  /** Sends a step, or one of the typed messages. Resolves with what it did, once it is committed. */
  async send(message: Step | WriteMessage): Promise<WriteResult> {
    this.#check();
    return await this.#request("kind" in message ? message : toMessage(message));
  }

  /**
   * Inserts rows. An array is one message: all of its rows are written, or none. Any other iterable is
   * streamed in messages of 1,000 rows, and is read only as fast as the disk takes them.
   *
   * @returns The number of rows sent
   * @throws {TypeError} If a value cannot be stored; the message names its row and column
   * @throws {SqliteError} If SQLite refuses a row
   */
  async insert(
    table: string,
    rows: Iterable<Row> | AsyncIterable<Row>,
    options?: InsertOptions,
  ): Promise<number> {
    this.#check();
    if (!Array.isArray(rows)) {
      const request = (message: WriteMessage) => this.#request(message);
      const ready = () => this.#batchSender.ready();
      return await insertInChunks({ request, ready }, table, rows, options);
    }
    if (rows.length > 0) await this.#request(toInsertMessage(table, rows, options));
    return rows.length;
  }

  /**
   * Runs one statement.
   *
   * @throws {TypeError} If it would begin or end a transaction, or a value cannot be stored
   * @throws {SqliteError} If SQLite refuses it
   */
  async execute(sql: string, params?: readonly Bindable[]): Promise<ExecuteResult> {
    return await this.send({ sql, params }) as ExecuteResult;
  }

  /**
   * Writes all of the steps, or none.
   *
   * @returns What each step did; `undefined` for rows, and for steps that were done before under this key
   * @throws {TypeError} If a step is none, a value cannot be stored, or there is a key and nobody keeps it
   * @throws {SqliteError} If SQLite refuses a step
   */
  async transaction(
    steps: readonly Step[],
    options?: TransactionOptions,
  ): Promise<(ExecuteResult | undefined)[]> {
    this.#check();
    return await this.#request(toTransactionMessage(steps, options)) as ExecuteResult[];
  }

  /** Resolves when everything that was sent so far is committed or has failed. */
  async flush(): Promise<void> {
    this.#check();
    await this.#batchSender.flushed();
  }

  /** Copies the WAL into the database file, after all that was sent so far; see {@linkcode walCheckpoint}. */
  async checkpoint(mode: CheckpointMode = "TRUNCATE"): Promise<CheckpointResult> {
    this.#check();
    return await this.#batchSender.query((seq) => ({
      kind: "checkpoint",
      seq,
      mode,
    })) as CheckpointResult;
  }

  /** The writer's figures. */
  async stats(): Promise<WriterStats> {
    this.#check();
    return await this.#batchSender.query((seq) => ({ kind: "stats", seq })) as WriterStats;
  }

  /** @ignore A port for another sender, to be transferred to its thread; a number lets it be cut off. */
  attach(sender?: number): MessagePort {
    this.#check();
    const { port1, port2 } = new MessageChannel();
    this.#worker.attach(port2, sender);
    return port1;
  }

  /**
   * Writes everything that was sent, runs `PRAGMA optimize`, checkpoints and closes. Closing again returns
   * the same promise.
   *
   * @returns The last checkpoint: `busy` is true when a reader kept the WAL from being emptied
   */
  close(): Promise<CheckpointResult | undefined> {
    return this.#closing ??= this.#close();
  }

  /** @ignore What a pipeline that shares the writer was rejected with. */
  reported(failure: unknown): void {
    this.#heardOf = failure;
  }

  /** Closes the writer. What a pipeline was rejected with already is not thrown again, because it would hide that. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.close();
    } catch (error) {
      if (kindOf(error) !== kindOf(this.#heardOf)) throw error;
    }
  }

  async #open(request: OpenRequest): Promise<void> {
    this.#sqliteVersion = (await this.#worker.open(request)).sqliteVersion;
    // Again, because a file is known under one name only once it is there.
    const letGo = this.#letGo;
    this.#letGo = holdDriver(request.file, request.driver);
    letGo();
  }

  async #close(): Promise<CheckpointResult | undefined> {
    const closed = new WriterClosedError("Cannot write: the writer is closed");
    const outboxes = [this.#batchSender, ...this.#senders];
    for (const batchSender of outboxes) batchSender.rejectNew(closed);
    this.#worker.declareClosed(closed);
    try {
      await Promise.all(outboxes.map((batchSender) => batchSender.flushed()));
      return await this.#worker.close();
    } finally {
      this.#failAll(closed);
      this.#worker.terminate();
      this.#letGo();
    }
  }

  #failAll(error: Error): void {
    for (const batchSender of [this.#batchSender, ...this.#senders]) batchSender.fail(error);
  }

  #check(): void {
    if (this.#closing) throw new WriterClosedError("Cannot write: the writer is closed");
  }

  #request(message: WriteMessage): Promise<WriteResult> {
    checkKeys(message, this.storeTaskStatus);
    return this.#batchSender.request(message);
  }
}

/** What an error is about, whatever the words. */
function kindOf(error: unknown): string {
  const { name, code } = Object(error) as Partial<SqliteError>;
  return `${name} ${code}`;
}
