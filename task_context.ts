/**
 * What a task sees of the pipeline. The same code serves tasks on the main thread and on the pool's
 * Workers: all it needs is an outbox.
 *
 * @module
 */
import { isoNow } from "./clock.ts";
import { type ErrorData, fromErrorData } from "./errors.ts";
import { type InsertOptions, type Row, type Step, toInsertMessage, toMessage } from "./insert.ts";
import type { ExecuteResult, TaskUpdateMessage, WriteMessage } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { insertInChunks } from "./row_stream.ts";
import type { Bindable } from "./values.ts";

/** How much a line of a task's log matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Who a task is. */
export interface TaskIdentity {
  /** Its row in `task_runs`. */
  id: number;
  /** Its name. */
  name: string;
  /** What identifies its work over several runs. */
  key: string | null;
}

/** What the tasks of one run share. */
export interface TaskEnvironment {
  /** The run; `null` when the status of tasks is not stored. */
  run: number | null;
  /** Where its messages go. */
  outbox: Outbox;
  /** Whether a task's rows are committed together with its end. */
  atomic: boolean;
  /** Aborted when the pipeline is to stop. */
  signal: AbortSignal;
}

/**
 * What a task may do. Everything but `progress` and `log` returns a promise: await it, so that a task that
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
export class TaskContext implements TaskIdentity {
  readonly id: number;
  readonly name: string;
  readonly key: string | null;
  readonly #environment: TaskEnvironment;
  /** What an atomic task has to write; sent with its end. */
  #held: WriteMessage[] | undefined;
  #streams: Set<Promise<unknown>> | undefined;
  #failure: Error | undefined;
  #sent = false;
  #ended = false;

  /** @ignore Made by the engine. */
  constructor(identity: TaskIdentity, environment: TaskEnvironment) {
    this.id = identity.id;
    this.name = identity.name;
    this.key = identity.key;
    this.#environment = environment;
  }

  /** The run that the task belongs to; `null` when the status of tasks is not stored. */
  get run(): number | null {
    return this.#environment.run;
  }

  /** Aborted when the pipeline is to stop: pass it on to `fetch` and the like, or look at `aborted`. */
  get signal(): AbortSignal {
    return this.#environment.signal;
  }

  /**
   * Says how far the task is: `step` of `total`. It never waits and may be called as often as you like:
   * what follows before a commit replaces it. A step past the total counts as the total, and so does a
   * total of 0; below 0 counts as 0.
   *
   * @throws {RangeError} If a number is `NaN`
   */
  progress(step: number, total: number, message?: string): void;
  /** Says how far the task is, as a fraction from 0 to 1; what lies outside is clamped. */
  progress(fraction: number, message?: string): void;
  progress(step: number, totalOrMessage?: number | string, text?: string): void {
    const { run, outbox } = this.#environment;
    const fraction = typeof totalOrMessage === "number" ? fractionOf(step, totalOrMessage) : step;
    const message = typeof totalOrMessage === "number" ? text : totalOrMessage;
    if (typeof fraction !== "number" || fraction !== fraction) {
      throw new RangeError(
        `Cannot set progress to ${Deno.inspect(step)} of ${Deno.inspect(totalOrMessage)}: ` +
          `pass a step and a total, or a fraction from 0 to 1`,
      );
    }
    if (run === null || this.#ended) return;
    const progress = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
    const update: TaskUpdateMessage = {
      kind: "task_update",
      run,
      id: this.id,
      progress,
      updatedAt: isoNow(),
    };
    if (message !== undefined) update.message = String(message);
    outbox.update(update);
  }

  /**
   * Inserts rows. It resolves as soon as the writer has room for more, so that reading and writing overlap;
   * the rows are committed before the task is `done`, and if one is refused the task ends as `error`. An
   * array is written whole or not at all; any other iterable is streamed in messages of 1,000 rows.
   *
   * @throws {TypeError} If a value cannot be stored; the message names its row and column
   * @throws {SqliteError} If earlier rows of this task were refused
   */
  async insert(
    table: string,
    rows: Iterable<Row> | AsyncIterable<Row>,
    options?: InsertOptions,
  ): Promise<void> {
    this.#check("insert");
    if (Array.isArray(rows)) {
      if (rows.length > 0) await this.#post(toInsertMessage(table, rows, options));
      return;
    }
    if (this.#environment.atomic) {
      return this.#hold(toInsertMessage(table, await Array.fromAsync(rows), options));
    }
    this.#sent = true;
    const stream = insertInChunks(this.#environment.outbox, table, rows, {
      ...options,
      task: this.id,
    });
    const streams = this.#streams ??= new Set();
    const watched = stream.then(
      () => {},
      (error) => void (this.#failure ??= error),
    ).finally(() => streams.delete(watched));
    streams.add(watched);
    await stream;
  }

  /**
   * Runs one statement and resolves with what it did, once it is committed. In an atomic task it is
   * committed with the task's end, and resolves at once with `undefined`.
   *
   * @throws {SqliteError} If SQLite refuses it
   */
  async execute(sql: string, params?: readonly Bindable[]): Promise<ExecuteResult | undefined> {
    this.#check("execute");
    return await this.#request(toMessage({ sql, params })) as ExecuteResult | undefined;
  }

  /**
   * Writes all of the steps, or none, and resolves with what each did, once they are committed. In an
   * atomic task they are committed with the task's end, and it resolves at once with `undefined`.
   *
   * @throws {SqliteError} If SQLite refuses one of them
   */
  async transaction(steps: readonly Step[]): Promise<(ExecuteResult | undefined)[] | undefined> {
    this.#check("transaction");
    const messages = steps.map(toMessage);
    const result = await this.#request({ kind: "transaction", messages });
    return result as ExecuteResult[] | undefined;
  }

  /** Resolves when everything that the task has sent so far is committed. */
  async flush(): Promise<void> {
    this.#check("flush");
    await this.#environment.outbox.drained();
    this.#check("flush");
  }

  /** Adds a line to the task's log, in `task_logs`. It never waits. */
  log(message: string, level: LogLevel = "info"): void {
    const { run, outbox } = this.#environment;
    if (run === null || this.#ended) return;
    outbox.post({
      kind: "insert",
      table: "task_logs",
      columns: ["task_id", "run_id", "logged_at", "level", "message"],
      values: [this.id, run, isoNow(), level, String(message)],
      width: 5,
    });
  }

  /** @ignore A message of this task failed: the task cannot become `done`. */
  fail(error: ErrorData): void {
    this.#failure ??= fromErrorData(error);
  }

  /** @ignore Streams of rows that the task did not wait for. */
  get streaming(): Promise<unknown> | undefined {
    return this.#streams?.size ? Promise.all(this.#streams) : undefined;
  }

  /** @ignore What an atomic task has to write with its end. */
  get held(): readonly WriteMessage[] | undefined {
    return this.#held;
  }

  /** @ignore Whether rows were sent whose failure would make the task fail. */
  get sent(): boolean {
    return this.#sent;
  }

  /** @ignore Throws what made the task fail behind its back. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure;
  }

  /** @ignore From now on nothing more is taken. */
  end(): void {
    this.#ended = true;
  }

  #check(operation: string): void {
    this.throwIfFailed();
    if (this.#ended) {
      throw new Error(`Cannot ${operation} in task ${this.id} (${this.name}): it has ended`);
    }
  }

  #hold(message: WriteMessage): void {
    (this.#held ??= []).push(message);
  }

  async #post(message: WriteMessage & { task?: number }): Promise<void> {
    const { outbox, atomic } = this.#environment;
    if (atomic) return this.#hold(message);
    message.task = this.id;
    this.#sent = true;
    outbox.post(message);
    await outbox.room();
  }

  async #request(message: WriteMessage & { task?: number }): Promise<unknown> {
    const { outbox, atomic } = this.#environment;
    if (atomic) return this.#hold(message);
    await outbox.room();
    return await outbox.request(message);
  }
}

function fractionOf(step: number, total: number): number {
  return total > 0 || total !== total ? step / total : step >= total ? 1 : 0;
}
