/**
 * What a task sees of the pipeline: what its function may call, and nothing else.
 *
 * @module
 */
import type { InsertOptions, Row } from "../../writer/client/insert.ts";
import type { Step, TransactionOptions } from "../../writer/client/steps.ts";
import type { LogLevel } from "../../internal/log_level.ts";
import type { ExecuteResult } from "../../writer/protocol/write_message.ts";
import type { Bindable, SqlRow } from "../../writer/protocol/sqlite_types.ts";

/**
 * Who a task is.
 *
 * @example A name for people
 * ```ts ignore
 * import type { TaskIdentity } from "@pipeloom/pipeloom";
 *
 * const title = ({ name, key, id }: TaskIdentity) => `${name} (${key ?? id})`;
 * ```
 */
export interface TaskIdentity {
  /** Its row in `task_runs`. */
  id: number;
  /** Its name. */
  name: string;
  /** The key that identifies its work over several runs. */
  key: string | null;
}

/**
 * What is known of a check beside whether it passed.
 *
 * @example A warning
 * ```ts ignore
 * import type { CheckOptions } from "@pipeloom/pipeloom";
 *
 * const options: CheckOptions = { value: 98, expected: 100, severity: "warn" };
 * ```
 */
export interface CheckOptions {
  /** The value that was found, stored as JSON; `NaN` and infinities as text. */
  value?: unknown;
  /** The value that was expected, stored as JSON. */
  expected?: unknown;
  /**
   * Effect of a check that did not pass: `"error"` fails the task at its end, `"warn"` only stores the check.
   *
   * @default {"error"}
   */
  severity?: "error" | "warn" | undefined;
}

/**
 * What a task may do. Everything but `progress`, `check` and `log` returns a promise: await it, so that a task that
 * is ahead of the disk waits.
 *
 * @example Progress and rows
 * ```ts
 * import type { TaskContext } from "@pipeloom/pipeloom";
 *
 * async function load(lines: string[], task: TaskContext) {
 *   for (let i = 0; i < lines.length; i++) {
 *     await task.insert("line", [{ number: i + 1, text: lines[i] }]);
 *     task.progress(i + 1, lines.length);
 *   }
 *   return { lines: lines.length };
 * }
 * ```
 */
export interface TaskContext extends Readonly<TaskIdentity> {
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Arguments of the run. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Id of the run; `null` when the status of tasks is not stored. */
  readonly runId: number | null;
  /**
   * Aborted when the pipeline stops, the task is cancelled, or the time limit of the attempt is reached. Pass it to
   * `fetch`, or check `aborted`. Each task has its own signal, so its listeners are released with the task.
   */
  readonly signal: AbortSignal;

  /**
   * Value that `setup()` of the task's module returned for this Worker, such as a browser or a connection;
   * `undefined` without a `setup` and on the main thread.
   */
  worker<Value = unknown>(): Value;

  /**
   * Reports progress: `step` of `total`. It never waits, and only the last report before a commit is written. A step
   * past the total counts as the total, and so does a total of 0; a step below 0 counts as 0.
   *
   * @throws {RangeError} If a number is `NaN`
   */
  progress(step: number, total: number, message?: string): void;
  /** Reports progress as a fraction from 0 to 1; other values are clamped. */
  progress(fraction: number, message?: string): void;

  /**
   * Inserts rows. Resolves when the writer accepts more, so that reading and writing overlap. The rows are committed
   * before the task is `done`; a refused row makes the task `error`. An array is written whole or not at all; any
   * other iterable is streamed in messages of 1,000 rows.
   *
   * @throws {TypeError} If a value cannot be stored; the message names its row and column
   * @throws {SqliteError} If earlier rows of this task were refused
   */
  insert<Shape extends object & Row<Shape>>(
    table: string,
    rows: Iterable<Shape> | AsyncIterable<Shape>,
    options?: InsertOptions,
  ): Promise<void>;

  /**
   * Runs one statement and resolves with its effect once it is committed. In an atomic task it is committed with the
   * task's end and resolves at once with `undefined`; use `query` to read rows there.
   *
   * @throws {TypeError} If it returns rows and the task is atomic
   * @throws {SqliteError} If SQLite refuses it
   */
  execute(sql: string, params?: readonly Bindable[]): Promise<ExecuteResult | undefined>;

  /**
   * Returns the rows of one statement that only reads. It sees committed rows: those of other tasks, and those of
   * this task unless it is atomic. All rows are in memory at once.
   *
   * @throws {TypeError} If it returns no rows, or a value cannot be stored
   * @throws {SqliteError} If it would write, or SQLite refuses it
   */
  query(sql: string, params?: readonly Bindable[]): Promise<SqlRow[]>;

  /**
   * Adds items to the run; each becomes a task unless the run has its key already. Resolves with the number of new
   * items once they are committed. In an atomic task they are committed with its end, and it resolves with
   * `undefined`. An item is stored as JSON and read back when its task runs, so a resumed run has it without the
   * task that added it. Items may depend on others of the same call, in any order.
   *
   * @throws {TypeError} If an item has no key, or a part of it has no JSON form
   * @throws {Error} If the status of tasks is not stored
   */
  add(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<number | undefined>;

  /**
   * Returns the result of a task that this one depends on, as JSON keeps it; `undefined` for none. It is read from
   * the database, so it works on the pool and after a resume.
   *
   * @throws {Error} If this task does not depend on it (`dependsOn`), or the status of tasks is not stored
   */
  resultOf<Result = unknown>(key: string | number): Promise<Result>;

  /**
   * Returns the results of all dependencies that are `done`, by their keys.
   *
   * @throws {Error} If the status of tasks is not stored
   */
  resultsOf<Result = unknown>(): Promise<Map<string, Result>>;

  /**
   * Writes all steps, or none, and resolves with the effect of each once they are committed: `undefined` for rows,
   * and for steps that were done before under this key. In an atomic task they are committed with the task's end,
   * and it resolves at once with `undefined`.
   *
   * @throws {TypeError} If a step is not one, a value cannot be stored, there is a key and no table that keeps it, or
   * a step returns rows and the task is atomic
   * @throws {SqliteError} If SQLite refuses one of them
   */
  transaction(
    steps: readonly Step[],
    options?: TransactionOptions,
  ): Promise<(ExecuteResult | undefined)[] | undefined>;

  /**
   * Runs a part of the task once: what it returns is stored in the commit that ends it, and when the task is run again,
   * because it failed, slept, or its process died, the stored result is returned in its place. It resolves with what JSON
   * keeps of the result.
   *
   * In an atomic task the rows that a step writes are committed with it, and what is written outside of steps with the
   * task's end. A step that throws is not stored, unless the task catches that and calls another step or sleep: then it
   * throws the same again.
   *
   * Steps are known by their order and names. One begins when the one before has ended.
   *
   * @param name Its name, which no other step of the task has
   * @throws {Error} If another step has not ended, the name was used, the status of tasks is not stored, or the code has
   * changed since the steps that are stored: "step 3 was parse, is load now"
   * @throws {TypeError} If a part of the result has no JSON form
   */
  step<Result>(name: string, work: () => Result | PromiseLike<Result>): Promise<Result>;

  /**
   * Sleeps for some milliseconds or until a time, which is stored, and takes no slot meanwhile: the task leaves its
   * function by the error that this throws, and is run again from its start when the time has come, on any thread or
   * machine. Steps that have ended and sleeps that are over return at once then. It spends no attempt, takes no room
   * under limits, and its time does not count for `timeoutMs`.
   *
   * @throws {TaskSleep} Unless the time is over: let it pass, or throw it again
   * @throws {RangeError} If it is not a time
   * @throws {Error} If a step has not ended, the status of tasks is not stored, or the code has changed
   */
  sleep(duration: number | Date): Promise<void>;

  /** Resolves when everything that the task has sent so far is committed. */
  flush(): Promise<void>;

  /**
   * Stores a check of the data in `task_checks`, in the commits of the task's rows. A check that did not pass fails
   * the task at its end, unless its severity is `"warn"`. Of checks with one name in an attempt the worst counts. An
   * atomic task that fails writes no rows, but keeps its checks.
   *
   * @returns Whether it passed
   * @throws {TypeError} If it has no name, `passed` is not a boolean, or a value has no JSON form
   */
  check(name: string, passed: boolean, options?: CheckOptions): boolean;

  /** Adds a line to the task's log, in `task_logs`. It never waits. */
  log(message: string, level?: LogLevel): void;
}
