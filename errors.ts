/**
 * The few error classes that a caller would catch, and how an error crosses a thread.
 *
 * An `Error` that is posted to another thread arrives without its class, `name` and `code`. So errors
 * travel as {@linkcode ErrorData} and are built again where they arrive.
 *
 * @module
 */

/** What kind of failure SQLite reported, told apart because each asks for another remedy. */
export type SqliteErrorCode =
  | "busy"
  | "constraint"
  | "full"
  | "corrupt"
  | "read-only"
  | "not-a-database"
  | "moved"
  | "other";

/**
 * SQLite refused a statement, or a database could not be opened. Its `code` says what kind of failure it was:
 * another process holds the lock (`busy`), a row breaks a rule of its table (`constraint`), the disk is `full`,
 * the file is `corrupt`, `read-only`, `not-a-database`, or was `moved`, removed or replaced while it was open,
 * or anything else (`other`).
 *
 * @example A row that is there already
 * ```ts
 * import { SqliteError, SqliteWriter } from "@pipeloom/pipeloom";
 *
 * await using writer = await SqliteWriter.open({
 *   db: ":memory:",
 *   schema: "CREATE TABLE city (name TEXT PRIMARY KEY)",
 * });
 * await writer.insert("city", [["Oslo"]]);
 * try {
 *   await writer.insert("city", [["Oslo"]]);
 * } catch (error) {
 *   if (!(error instanceof SqliteError) || error.code !== "constraint") throw error;
 *   console.log("Oslo is there already");
 * }
 * ```
 */
export class SqliteError extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "SqliteError";
  /** The kind of failure. */
  readonly code: SqliteErrorCode;

  /** Creates the error; `code` is the kind of failure. */
  constructor(message: string, code: SqliteErrorCode = "other", options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Something was sent to a writer that has been closed: it was not written.
 *
 * @example Too late
 * ```ts
 * import assert from "node:assert/strict";
 * import { SqliteWriter, WriterClosedError } from "@pipeloom/pipeloom";
 *
 * const writer = await SqliteWriter.open({ db: ":memory:" });
 * await writer.close();
 * await assert.rejects(writer.execute("SELECT 1"), WriterClosedError);
 * ```
 */
export class WriterClosedError extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "WriterClosedError";
}

/**
 * The writer Worker died. Whether a message that was not yet acknowledged reached the disk is unknown:
 * look into the database before sending it again.
 *
 * @example Learn of it at once
 * ```ts
 * import { SqliteWriter, WriterDiedError } from "@pipeloom/pipeloom";
 *
 * await using writer = await SqliteWriter.open({ db: ":memory:" });
 * writer.closed.catch((error) => {
 *   if (error instanceof WriterDiedError) console.error(error.message);
 * });
 * ```
 */
export class WriterDiedError extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "WriterDiedError";
}

/**
 * A task Worker died while tasks were running on it. Those tasks end as `error`, and the pool starts another
 * Worker for the rest.
 *
 * @example Which failures are the tasks' own
 * ```ts
 * import { type PipelineReport, TaskWorkerDiedError } from "@pipeloom/pipeloom";
 *
 * function ownFailures({ failures }: PipelineReport) {
 *   return failures.filter(({ error }) => !(error instanceof TaskWorkerDiedError));
 * }
 * ```
 */
export class TaskWorkerDiedError extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "TaskWorkerDiedError";
}

/**
 * Another run of the same name is under way, and overlapping runs are refused: nothing was run.
 *
 * @example Leave it to the run that is under way
 * ```ts
 * import { OverlapError, runPipeline } from "@pipeloom/pipeloom";
 *
 * try {
 *   await runPipeline([1, 2, 3], { db: "etl.db", name: "etl", overlap: "refuse", run: (n) => n });
 * } catch (error) {
 *   if (!(error instanceof OverlapError)) throw error;
 *   console.log(error.message);
 * }
 * ```
 */
export class OverlapError extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "OverlapError";
}

/** An error as plain data, so that it keeps its class and code on its way to another thread. */
export interface ErrorData {
  /** `Error.name`. */
  name: string;
  /** `Error.message`. */
  message: string;
  /** `Error.stack` of the thread where it was thrown. */
  stack?: string;
  /** `SqliteError.code`, where it is one. */
  code?: SqliteErrorCode;
  /** `Error.cause`, where there is one. */
  cause?: ErrorData;
}

/** Causes that travel with an error: a chain may be a circle. */
const MAX_CAUSES = 8;

/** Classes that are built again, by name. */
const CLASSES = new Map<string, new (message: string) => Error>(Object.entries({
  OverlapError,
  RangeError,
  SyntaxError,
  TaskWorkerDiedError,
  TypeError,
  WriterClosedError,
  WriterDiedError,
}));

/** Describes anything that was thrown as {@linkcode ErrorData}, with its causes. It never throws itself. */
export function toErrorData(thrown: unknown, causes: number = MAX_CAUSES): ErrorData {
  try {
    if (!(thrown instanceof Error)) {
      const message = typeof thrown === "string" ? thrown : Deno.inspect(thrown, { depth: 2 });
      return { name: "Error", message };
    }
    // Anyone may have put anything into these, and what cannot be cloned could not be sent.
    const data: ErrorData = { name: String(thrown.name), message: String(thrown.message) };
    if (thrown.stack) data.stack = String(thrown.stack);
    if (thrown instanceof SqliteError) data.code = thrown.code;
    if (thrown.cause !== undefined && causes > 0) {
      data.cause = toErrorData(thrown.cause, causes - 1);
    }
    return data;
  } catch {
    return { name: "Error", message: "A value that cannot be shown was thrown" };
  }
}

/** Builds the error that {@linkcode toErrorData} described, with the stack of its own thread. */
export function fromErrorData(data: ErrorData): Error {
  const error = data.name === "SqliteError"
    ? new SqliteError(data.message, data.code)
    : new (CLASSES.get(data.name) ?? Error)(data.message);
  if (data.name !== error.name) {
    Object.defineProperty(error, "name", { value: data.name, configurable: true });
  }
  if (data.stack) error.stack = data.stack;
  if (data.cause) {
    const value = fromErrorData(data.cause);
    Object.defineProperty(error, "cause", { value, configurable: true, writable: true });
  }
  return error;
}

/** The text of an error with its stack and those of its causes, as a runtime prints it. */
export function toErrorText({ stack, message, cause }: ErrorData): string {
  const text = stack ?? message;
  return cause ? `${text}\nCaused by: ${toErrorText(cause)}` : text;
}
