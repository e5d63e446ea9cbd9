/**
 * The writer as the rest of the project sees it: opens the database, hands out senders, reports when it is closed.
 *
 * Users have {@linkcode SqliteWriter}, which shows the part of it that is theirs.
 *
 * @module
 */
import type { CheckpointResult } from "../../sqlite/checkpoint.ts";
import type { ConnectOptions } from "../../sqlite/connect.ts";
import type { DriverName } from "../../sqlite/drivers/driver.ts";
import { databasePath, prepareFile } from "../../sqlite/database_file.ts";
import { kindOf } from "../../internal/error_parts.ts";
import { isoTime } from "../../internal/timestamps.ts";
import { settleDriver } from "../../sqlite/drivers/choose.ts";
import { driverFor, holdDriver } from "../../sqlite/drivers/in_use.ts";
import { WriterClosedError } from "../../errors.ts";
import { checkOptionNames, namesOf } from "../../internal/validate.ts";
import { checkKeys } from "./idempotency_key.ts";
import type { RunRequest } from "../protocol/control_message.ts";
import type { Query, QueryResults } from "../protocol/sender_port.ts";
import type { ResultOf, WriteMessage } from "../protocol/write_message.ts";
import type { OpenRequest } from "../protocol/writer_worker.ts";
import { connectionSettings } from "../../sqlite/settings.ts";
import { BatchSender } from "./batch_sender.ts";
import type { FailureListener } from "./in_flight.ts";
import { toScripts } from "./schema_scripts.ts";
import { StatementDeadline, type StatementLimit } from "./statement_deadline.ts";
import { type WalWarnings, warnBytesOf } from "./wal_warnings.ts";
import { WriterWorker } from "./writer_worker.ts";

/**
 * Options of {@linkcode SqliteWriter.open}.
 *
 * @example A file with a table
 * ```ts ignore
 * import type { WriterOptions } from "@pipeloom/pipeloom";
 *
 * const options: WriterOptions = {
 *   db: "etl.db",
 *   schema: "CREATE TABLE IF NOT EXISTS city (name TEXT)",
 * };
 * ```
 */
export interface WriterOptions extends ConnectOptions {
  /** The database: a path, a `file:` URL, or `:memory:`. */
  db: string | URL;
  /**
   * Whether to keep `task_runs`, `pipeline_runs` and `task_logs`.
   *
   * @default {true}
   */
  storeTaskStatus?: boolean | undefined;
  /** SQL to run when the database is open, such as `CREATE TABLE IF NOT EXISTS …`. */
  schema?: string | readonly string[] | undefined;
  /** Statements that messages refer to by name. */
  statements?: Readonly<Record<string, string>> | undefined;
  /**
   * Size of the WAL, in bytes, from which a warning reports readers that keep it from being emptied. It is repeated
   * each time the size has doubled. Writes do not wait. `Infinity` disables it.
   *
   * @default {268_435_456}
   */
  walWarnBytes?: number | undefined;
}

const NAMES = namesOf<WriterOptions>({
  busyTimeoutMs: true,
  db: true,
  doubleQuotedLiterals: true,
  driver: true,
  schema: true,
  statements: true,
  storeTaskStatus: true,
  synchronous: true,
  wal: true,
  walWarnBytes: true,
});

/** What was settled before the Worker started. */
interface Settings {
  path: string;
  driver: DriverName;
  driverReason: string | undefined;
  storeTaskStatus: boolean;
}

/** The one writer of a database, with all that the project needs of it. */
export class WriterClient {
  readonly #worker: WriterWorker;
  readonly #batchSender: BatchSender;
  readonly #senders = new Set<BatchSender>();
  /** What was settled before the Worker started. */
  readonly settings: Settings;
  /** Resolves when the database is open; rejects when it cannot be opened. */
  opened: Promise<void> = Promise.resolve();
  #sqliteVersion = "";
  /** Why nothing is written any more, perhaps before a run has a sender. */
  #failure: Error | undefined;
  #releaseDriver: () => void;
  #reported: unknown;
  #closing: Promise<CheckpointResult | undefined> | undefined;

  private constructor(settings: Settings, batchSender: BatchSender) {
    this.#worker = new WriterWorker(settings.path, (error) => this.#failAll(error));
    this.settings = settings;
    this.#batchSender = batchSender;
    this.#releaseDriver = holdDriver(settings.path, settings.driver);
  }

  /** Starts the Worker and opens the database. */
  static async open(options: WriterOptions): Promise<WriterClient> {
    const client = await WriterClient.start(options);
    await client.opened;
    return client;
  }

  /** Starts the Worker, which opens the database before it does what is sent meanwhile. */
  static async start(options: WriterOptions): Promise<WriterClient> {
    checkOptionNames(options, { operation: "open the writer", known: NAMES });
    const { storeTaskStatus = true, statements = {} } = options;
    const schema = toScripts(options.schema);
    const settings = connectionSettings(options);
    const walWarnBytes = warnBytesOf(options);
    // Settled here, so that the whole process agrees and the Worker need not ask any registry.
    const file = await databasePath(options.db);
    const { name: driver, reason } = await settleDriver(driverFor(file, options.driver));
    prepareFile(file);
    const { port1, port2: port } = new MessageChannel();
    const client = new WriterClient(
      { path: file, driver, driverReason: reason, storeTaskStatus },
      new BatchSender(port1),
    );
    client.opened = client.#open({
      kind: "open",
      file,
      ...settings,
      driver,
      storeTaskStatus,
      schema,
      statements,
      walWarnBytes,
      board: client.#worker.board.memory,
      processStartedAt: isoTime(performance.timeOrigin),
      port,
    });
    // It may fail before anything waits for it.
    client.opened.catch(() => {});
    return client;
  }

  /** The version of the SQLite library. */
  get sqliteVersion(): string {
    return this.#sqliteVersion;
  }

  /** Rejects when the writer has closed or died. */
  get closed(): Promise<never> {
    return this.#worker.closed;
  }

  /** Notifies a listener when the writer has closed or died, until it is disposed. */
  onClosed(listener: (error: Error) => void): Disposable {
    return this.#worker.onClosed(listener);
  }

  /** Passes requests for this writer's runs to a listener, until it is disposed. */
  onRequest(listener: (request: RunRequest) => void): Disposable {
    return this.#worker.onRequest(listener);
  }

  /** Warnings that readers hold the WAL. */
  get walWarnings(): WalWarnings {
    return this.#worker.walWarnings;
  }

  /** Ends the writer when a statement continues although its run or task was stopped. */
  limitStatements(limit: StatementLimit): StatementDeadline {
    const { board } = this.#worker;
    return new StatementDeadline(limit, { board, end: (why) => this.#worker.abandon(why) });
  }

  /** A sender of its own for a pipeline; `onFailure` receives failures that no caller waits for. */
  sender(onFailure: FailureListener): BatchSender {
    const batchSender = new BatchSender(this.attach(), onFailure);
    this.#senders.add(batchSender);
    if (this.#failure) batchSender.fail(this.#failure);
    return batchSender;
  }

  /** Ends a sender that is flushed. */
  release(batchSender: BatchSender): void {
    // Closing waits for its last answers, and ends it then.
    if (this.#closing) return;
    this.#senders.delete(batchSender);
    batchSender.close();
  }

  /** A port for another sender, to be transferred to its thread; by a number it can be disconnected. */
  attach(sender?: number): MessagePort {
    this.check();
    const { port1, port2 } = new MessageChannel();
    if (this.#failure) port2.close();
    else this.#worker.attach(port2, sender);
    return port1;
  }

  /** Sends a message and resolves with what it did, once it is committed. */
  request<M extends WriteMessage>(message: M): Promise<ResultOf<M>> {
    checkKeys(message, this.settings.storeTaskStatus);
    return this.#batchSender.request(message);
  }

  /** Asks for something that is not a message, after all that was sent before. */
  query<Q extends Query>(query: Q): Promise<QueryResults[Q["kind"]]> {
    this.check();
    return this.#batchSender.query(query);
  }

  /** Resolves when there is room for more; `undefined` when there is room now. */
  ready(): Promise<void> | undefined {
    return this.#batchSender.ready();
  }

  /** Resolves when everything that was sent so far is committed or has failed. */
  async flushed(): Promise<void> {
    this.check();
    await this.#batchSender.flushed();
  }

  /** Writes everything that was sent, checkpoints and closes. Closing again returns the same promise. */
  close(): Promise<CheckpointResult | undefined> {
    return this.#closing ??= this.#close();
  }

  /** Notes what a pipeline that shares the writer was rejected with. */
  reported(failure: unknown): void {
    this.#reported = failure;
  }

  /** Closes it. What a pipeline was rejected with already is not thrown again, because it would hide that. */
  async dispose(): Promise<void> {
    try {
      await this.close();
    } catch (error) {
      if (kindOf(error) !== kindOf(this.#reported)) throw error;
    }
  }

  /**
   * Checks that it is open.
   *
   * @throws {WriterClosedError} If it is not
   */
  check(): void {
    if (this.#closing) throw new WriterClosedError("Cannot write: the writer is closed");
  }

  async #open(request: OpenRequest): Promise<void> {
    try {
      const opened = this.#worker.open(request);
      // The runtime loads its timers when the first is set: better while the Worker starts.
      clearTimeout(undefined);
      this.#sqliteVersion = (await opened).sqliteVersion;
      // Again, because a file is known under one name only once it is there.
      const release = this.#releaseDriver;
      this.#releaseDriver = holdDriver(request.file, request.driver);
      release();
    } catch (error) {
      request.port.close();
      this.#end(error as Error);
      throw error;
    }
  }

  async #close(): Promise<CheckpointResult | undefined> {
    const closed = new WriterClosedError("Cannot write: the writer is closed");
    const senders = [this.#batchSender, ...this.#senders];
    for (const sender of senders) sender.rejectNew(closed);
    this.#worker.declareClosed(closed);
    try {
      await Promise.all(senders.map((sender) => sender.flushed()));
      return await this.#worker.close();
    } finally {
      this.#end(closed);
    }
  }

  /** Ends the Worker, and fails what waits for it. */
  #end(error: Error): void {
    this.#failAll(error);
    this.#worker.terminate();
    this.#releaseDriver();
    this.#releaseDriver = () => {};
  }

  #failAll(error: Error): void {
    this.#failure ??= error;
    for (const sender of [this.#batchSender, ...this.#senders]) sender.fail(error);
  }
}
