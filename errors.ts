/**
 * The few error classes that a caller would catch, and how an error crosses a thread.
 *
 * An `Error` that is posted to another thread arrives without its class, `name` and `code`. So errors
 * travel as {@linkcode ErrorData} and are built again where they arrive.
 *
 * @module
 */
import { describeOther, partOf, textIn } from "./internal/error_parts.ts";
import { ownProperties } from "./internal/own_properties.ts";

/**
 * What kind of failure SQLite reported; each kind needs another remedy.
 *
 * @example What helps by itself
 * ```ts ignore
 * import type { SqliteErrorCode } from "@pipeloom/pipeloom";
 *
 * const isTransient = (code: SqliteErrorCode) => code === "busy";
 * ```
 */
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
 * SQLite refused a statement, or a database could not be opened. Its `code` is the kind of failure:
 * another process holds the lock (`busy`), a row breaks a rule of its table (`constraint`), the disk is `full`,
 * the file is `corrupt`, `read-only`, `not-a-database`, or was `moved`, removed or replaced while it was open,
 * or anything else (`other`).
 *
 * @example A row that is there already
 * ```ts
 * import { SqliteError, SqliteWriter } from "@pipeloom/pipeloom";
 *
 * const schema = "CREATE TABLE city (name TEXT PRIMARY KEY)";
 * await using writer = await SqliteWriter.open({ db: ":memory:", schema });
 * await writer.insert("city", [["Oslo"]]);
 * try {
 *   await writer.insert("city", [["Oslo"]]);
 * } catch (error) {
 *   if (!(error instanceof SqliteError) || error.code !== "constraint") throw error;
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
 * const ownFailures = ({ failures }: PipelineReport) =>
 *   failures.filter(({ error }) => !(error instanceof TaskWorkerDiedError));
 * ```
 */
export class TaskWorkerDiedError extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "TaskWorkerDiedError";
}

/**
 * Another run of the same name is active, and overlapping runs are refused: nothing was run.
 *
 * @example Leave it to the active run
 * ```ts
 * import { OverlapError, runPipeline } from "@pipeloom/pipeloom";
 *
 * try {
 *   await runPipeline([1, 2, 3], { db: "etl.db", name: "etl", overlap: "refuse", run: (n) => n });
 * } catch (error) {
 *   if (!(error instanceof OverlapError)) throw error; // else the other run does the work
 * }
 * ```
 */
export class OverlapError extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "OverlapError";
}

/**
 * A run was given arguments that its definition refuses, or that nothing reads. Nothing was opened or written.
 *
 * @example A misspelled argument
 * ```ts
 * import assert from "node:assert/strict";
 * import { ArgumentsError, definePipeline, runDefinition } from "@pipeloom/pipeloom";
 *
 * const args = { day: "2026-01-01" };
 * const pipeline = definePipeline({ db: ":memory:", args, items: [1], run: (n) => n });
 * await assert.rejects(runDefinition(pipeline, { args: { dat: "2026-01-02" } }), ArgumentsError);
 * ```
 */
export class ArgumentsError extends TypeError {
  /** The name of the class, as it is printed. */
  override readonly name = "ArgumentsError";
}

/** An error as plain data, so that it keeps its class and its message on its way to another thread. */
export interface ErrorData {
  /** `Error.name`. */
  name: string;
  /** `Error.message`, or the name of an error without a message. */
  message: string;
  /** `Error.stack` of the thread where it was thrown. */
  stack?: string;
  /** `SqliteError.code`, where it is one. */
  code?: SqliteErrorCode;
  /** `Error.cause`, where there is one. */
  cause?: ErrorData;
  /** The first of `AggregateError.errors`. */
  errors?: ErrorData[];
  /** How many of them are left out. */
  errorsLeft?: number;
  /** `SuppressedError.error` and `SuppressedError.suppressed`. */
  suppression?: { error: ErrorData; suppressed: ErrorData };
  /** Whether its class is among `Deno.errors`, or is `DOMException`. */
  of?: "Deno" | "DOM";
  /** Its own properties that can be cloned, such as `status`. */
  properties?: Record<string, unknown>;
  /** What was thrown, where it was no error and can be cloned. */
  other?: { value: unknown };
}

/** How deep errors inside an error travel with it, because they may go round in a circle, and how many in all. */
const MAX_DEPTH = 8;
const MAX_INNER = 32;

/** Classes that are built again, by name. */
const CLASSES = new Map<string, new (message: string) => Error>(Object.entries({
  ArgumentsError,
  EvalError,
  OverlapError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TaskWorkerDiedError,
  TypeError,
  URIError,
  WriterClosedError,
  WriterDiedError,
}));

/** Describes anything that was thrown as {@linkcode ErrorData}, with what is inside it. It never throws itself. */
export function toErrorData(thrown: unknown): ErrorData {
  return describe(thrown, MAX_DEPTH, { left: MAX_INNER });
}

/** The text for a value that cannot even be inspected. */
const UNSHOWN = "A value that cannot be shown was thrown";

function describe(thrown: unknown, depth: number, budget: { left: number }): ErrorData {
  try {
    if (!(thrown instanceof Error)) return describeOther(thrown);
    // A program may have put anything into these, and what cannot be cloned could not be sent.
    const [name, message, stack] = ["name", "message", "stack"].map((part) => textIn(thrown, part));
    if ((name ?? message ?? stack) === undefined) return { name: "Error", message: UNSHOWN };
    const data: ErrorData = {
      name: name ?? "Error",
      message: message ?? `${name}: its message cannot be read`,
    };
    if (data.message.trim() === "") data.message = data.name || "Error";
    if (stack) data.stack = stack;
    if (thrown instanceof SqliteError) data.code = thrown.code;
    if (thrown instanceof DOMException) data.of = "DOM";
    else if (isDenoError(thrown, data.name)) data.of = "Deno";
    const properties = ownProperties(thrown);
    if (thrown instanceof SqliteError) delete properties?.code;
    if (properties && Object.keys(properties).length > 0) data.properties = properties;
    describeInside(data, thrown, { depth, budget });
    return data;
  } catch {
    return { name: "Error", message: UNSHOWN };
  }
}

/** Adds the errors inside an error, as deep as there is room for them. */
function describeInside(
  data: ErrorData,
  thrown: Error,
  { depth, budget }: { depth: number; budget: { left: number } },
): void {
  const inner = (one: unknown) => {
    budget.left--;
    return describe(one, depth - 1, budget);
  };
  const isRoom = () => depth > 0 && budget.left > 0;
  const cause = partOf(thrown, "cause");
  if (cause !== undefined && isRoom()) data.cause = inner(cause);
  const errors = thrown instanceof AggregateError ? partOf(thrown, "errors") : undefined;
  if (Array.isArray(errors)) {
    data.errors = [];
    for (const one of errors) if (isRoom()) data.errors.push(inner(one));
    const left = errors.length - data.errors.length;
    if (left > 0) data.errorsLeft = left;
  }
  if (thrown instanceof SuppressedError && depth > 0 && budget.left > 1) {
    const [error, suppressed] = ["error", "suppressed"].map((part) => inner(partOf(thrown, part)));
    data.suppression = { error: error!, suppressed: suppressed! };
  }
}

function isDenoError(error: Error, name: string): boolean {
  const known = denoClass(name);
  return known !== undefined && error instanceof known;
}

function denoClass(name: string): (new (message: string) => Error) | undefined {
  return Object.hasOwn(Deno.errors, name)
    ? Deno.errors[name as keyof typeof Deno.errors]
    : undefined;
}

/** Builds the error that {@linkcode toErrorData} described, with the stack of its own thread. */
export function fromErrorData(data: ErrorData): Error {
  const error = construct(data);
  const define = (name: string, value: unknown) =>
    Object.defineProperty(error, name, { value, configurable: true, writable: true });
  if (data.name !== error.name) define("name", data.name);
  if (data.stack) define("stack", data.stack);
  if (data.cause) define("cause", fromErrorData(data.cause));
  for (const [name, value] of Object.entries(data.properties ?? {})) {
    Object.defineProperty(error, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return error;
}

function construct({ name, message, code, errors, suppression, of }: ErrorData): Error {
  if (name === "SqliteError") return new SqliteError(message, code);
  if (errors) return new AggregateError(errors.map(fromErrorData), message);
  if (suppression) {
    const { error, suppressed } = suppression;
    return new SuppressedError(fromErrorData(error), fromErrorData(suppressed), message);
  }
  if (of === "DOM") return new DOMException(message, name);
  const known = of === "Deno" ? denoClass(name) : CLASSES.get(name);
  return new (known ?? Error)(message);
}
