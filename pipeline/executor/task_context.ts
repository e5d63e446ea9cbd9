/**
 * What a task sees of the pipeline. The same code serves tasks on the main thread and on the pool's
 * Workers: all it needs is an batchSender.
 *
 * @module
 */
import type { Stop } from "./cancellation.ts";
import { isoNow } from "../../internal/timestamps.ts";
import { type ErrorData, fromErrorData } from "../../errors.ts";
import { checkKeys, keysIn } from "../../writer/client/idempotency_key.ts";
import {
  type InsertOptions,
  type Row,
  type Step,
  toInsertMessage,
  toMessage,
  toTransactionMessage,
  type TransactionOptions,
} from "../../writer/client/insert.ts";
import type { LogLevel } from "../../internal/log_level.ts";
import type {
  ExecuteResult,
  InsertMessage,
  WriteMessage,
} from "../../writer/protocol/write_message.ts";
import type { BatchSender } from "../../writer/client/batch_sender.ts";
import type { Attempt } from "../scheduler/retry_policy.ts";
import { insertInChunks } from "../../writer/client/row_stream.ts";
import { TaskWrites } from "./task_writes.ts";
import type { Bindable } from "../../writer/protocol/sqlite_types.ts";

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
  batchSender: BatchSender;
  /** Whether a task's rows are committed together with its end. */
  atomic: boolean;
  /** Aborted when the pipeline is to stop. */
  signal: AbortSignal;
  /** Hears the lines that tasks write into their logs. */
  onLog?: (task: TaskIdentity, level: LogLevel, message: string) => void;
  /** Hears that a task has said how far it is; on the main thread it is looked up instead. */
  progressed?: (task: TaskContext) => void;
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
  readonly #attempt: Attempt | undefined;
  /** What an atomic task has to write; sent with its end. */
  #held: WriteMessage[] | undefined;
  #writes: TaskWrites | undefined;
  #failure: Error | undefined;
  #sent = false;
  #ended = false;
  #isAbandoned = false;
  #controller: AbortController | undefined;
  #cancelled: Stop | undefined;
  #fraction: number | undefined;
  #note: string | undefined;

  /** @ignore Made by the engine. */
  constructor(identity: TaskIdentity, environment: TaskEnvironment, attempt?: Attempt) {
    this.id = identity.id;
    this.name = identity.name;
    this.key = identity.key;
    this.#environment = environment;
    this.#attempt = attempt;
  }

  /** Which attempt at the task this is, from 1. */
  get attempt(): number {
    return this.#attempt?.number ?? 1;
  }

  /** The run that the task belongs to; `null` when the status of tasks is not stored. */
  get run(): number | null {
    return this.#environment.run;
  }

  /**
   * Aborted when the pipeline is to stop, the task is cancelled, or the time of the attempt is up: pass it on to
   * `fetch` and the like, or look at `aborted`. It is the task's own, so that its listeners go when the task does.
   */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      const { aborted, reason } = this.#environment.signal;
      if (aborted) this.#controller.abort(reason);
    }
    return this.#controller.signal;
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
    const { run, batchSender, progressed } = this.#environment;
    const fraction = typeof totalOrMessage === "number" ? fractionOf(step, totalOrMessage) : step;
    const message = typeof totalOrMessage === "number" ? text : totalOrMessage;
    if (typeof fraction !== "number" || fraction !== fraction) {
      throw new RangeError(
        `Cannot set progress to ${Deno.inspect(step)} of ${Deno.inspect(totalOrMessage)}: ` +
          `pass a step and a total, or a fraction from 0 to 1`,
      );
    }
    if (this.#ended) return;
    const clamped = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
    const note = message === undefined || message === null ? undefined : String(message);
    this.#fraction = clamped;
    if (note !== undefined) this.#note = note;
    progressed?.(this);
    if (run !== null) batchSender.progress(run, this.id, clamped, note);
  }

  /**
   * Inserts rows. It resolves as soon as the writer has room for more, so that reading and writing overlap;
   * the rows are committed before the task is `done`, and if one is refused the task ends as `error`. An
   * array is written whole or not at all; any other iterable is streamed in messages of 1,000 rows.
   *
   * @throws {TypeError} If a value cannot be stored; the message names its row and column
   * @throws {SqliteError} If earlier rows of this task were refused
   */
  insert(
    table: string,
    rows: Iterable<Row> | AsyncIterable<Row>,
    options?: InsertOptions,
  ): Promise<void> {
    if (!Array.isArray(rows)) return this.#watch(this.#stream(table, rows, options));
    try {
      this.#check("insert");
      if (rows.length > 0) this.#post(toInsertMessage(table, rows, options));
    } catch (error) {
      return this.#watch(Promise.reject(error));
    }
    const room = this.#environment.batchSender.ready();
    return room ? this.#watch(room) : ROOM;
  }

  /**
   * Runs one statement and resolves with what it did, once it is committed. In an atomic task it is
   * committed with the task's end, and resolves at once with `undefined`.
   *
   * @throws {SqliteError} If SQLite refuses it
   */
  execute(sql: string, params?: readonly Bindable[]): Promise<ExecuteResult | undefined> {
    return this.#watch(this.#execute(sql, params));
  }

  /**
   * Writes all of the steps, or none, and resolves with what each did, once they are committed: `undefined` for
   * rows, and for steps that were done before under this key. In an atomic task they are committed with the
   * task's end, and it resolves at once with `undefined`.
   *
   * @throws {TypeError} If a step is none, a value cannot be stored, or there is a key and nobody keeps it
   * @throws {SqliteError} If SQLite refuses one of them
   */
  transaction(
    steps: readonly Step[],
    options?: TransactionOptions,
  ): Promise<(ExecuteResult | undefined)[] | undefined> {
    return this.#watch(this.#transaction(steps, options));
  }

  /** Resolves when everything that the task has sent so far is committed. */
  flush(): Promise<void> {
    return this.#watch(this.#flush());
  }

  /** Adds a line to the task's log, in `task_logs`. It never waits. */
  log(message: string, level: LogLevel = "info"): void {
    const { run, batchSender, onLog } = this.#environment;
    if (this.#ended) return;
    onLog?.(this, level, String(message));
    if (run === null) return;
    batchSender.post({
      kind: "insert",
      table: "task_logs",
      columns: ["task_id", "run_id", "logged_at", "level", "message"],
      values: [this.id, run, isoNow(), String(level), String(message)],
      width: 5,
    });
  }

  /** @ignore How far it said that it is. */
  get fraction(): number | undefined {
    return this.#fraction;
  }

  /** @ignore What it said last with its progress. */
  get note(): string | undefined {
    return this.#note;
  }

  /** @ignore The pipeline is to stop. */
  abort(reason: unknown): void {
    this.#controller?.abort(reason);
  }

  /** @ignore The time of the attempt is up. */
  timeOut(reason: unknown): void {
    void this.signal;
    this.abort(reason);
  }

  /** @ignore Somebody has cancelled this task. */
  cancel(reason: unknown): void {
    this.#cancelled ??= { aborted: true, reason };
    void this.signal;
    this.abort(reason);
  }

  /** @ignore That it was cancelled by itself, and why. */
  get cancelled(): Stop | undefined {
    return this.#cancelled;
  }

  /** @ignore Whether a failure is told and not written, because it may not be the task's end. */
  get retryable(): boolean {
    return this.#attempt?.retryable ?? false;
  }

  /** @ignore Whether it may be ended in the middle. */
  get timed(): boolean {
    return this.#attempt?.timed ?? false;
  }

  /** @ignore A message of this task failed: the task cannot become `done`. */
  fail(error: ErrorData): void {
    this.#failure ??= fromErrorData(error);
  }

  /** @ignore Its end is written without it: whatever it comes to now is not. */
  abandon(error: ErrorData): void {
    this.fail(error);
    this.#isAbandoned = true;
  }

  /** @ignore Whether its end is written without it. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /**
   * @ignore Writes that the task did not wait for. The promise rejects when one of them failed and
   * nobody ever waited for it.
   */
  get streaming(): Promise<void> | undefined {
    return this.#writes?.settled();
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

  /** @ignore Whether nothing more is taken. */
  get ended(): boolean {
    return this.#ended;
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

  /** Lets the failure of a write become the task's, if nobody waits for it until the task ends. */
  #watch<T>(operation: Promise<T>): Promise<T> {
    return this.#ended ? operation : (this.#writes ??= new TaskWrites()).watch(operation);
  }

  async #stream(
    table: string,
    rows: Iterable<Row> | AsyncIterable<Row>,
    options?: InsertOptions,
  ): Promise<void> {
    this.#check("insert");
    if (this.#environment.atomic) {
      const all = await Array.fromAsync(rows);
      if (all.length > 0) this.#post(toInsertMessage(table, all, options));
      return;
    }
    this.#sent = true;
    const { batchSender } = this.#environment;
    const whileRunning = {
      ready: () => batchSender.ready(),
      request: (message: WriteMessage) => {
        this.#check("insert");
        this.#ownKeys(message);
        return batchSender.request(message);
      },
    };
    await insertInChunks(whileRunning, table, rows, { ...options, task: this.id });
  }

  async #execute(
    sql: string,
    params?: readonly Bindable[],
  ): Promise<ExecuteResult | undefined> {
    this.#check("execute");
    return await this.#request(toMessage({ sql, params })) as ExecuteResult | undefined;
  }

  async #transaction(
    steps: readonly Step[],
    options?: TransactionOptions,
  ): Promise<(ExecuteResult | undefined)[] | undefined> {
    this.#check("transaction");
    return await this.#request(toTransactionMessage(steps, options)) as
      | (ExecuteResult | undefined)[]
      | undefined;
  }

  async #flush(): Promise<void> {
    this.#check("flush");
    await this.#environment.batchSender.flushed();
    this.throwIfFailed();
  }

  #hold(message: WriteMessage): void {
    (this.#held ??= []).push(message);
  }

  /** Its keys are not those of other tasks. */
  #ownKeys(message: WriteMessage): void {
    const { run } = this.#environment;
    checkKeys(message, run !== null);
    for (const key of keysIn(message)) Object.assign(key, { run, task: this.id });
  }

  #post(message: InsertMessage): void {
    const { batchSender, atomic } = this.#environment;
    if (message.idempotencyKey) this.#ownKeys(message);
    if (atomic) return this.#hold(message);
    message.task = this.id;
    this.#sent = true;
    batchSender.post(message);
  }

  async #request(message: WriteMessage): Promise<unknown> {
    const { batchSender, atomic } = this.#environment;
    this.#ownKeys(message);
    if (atomic) return this.#hold(message);
    return await batchSender.request(message);
  }
}

/** What an insert returns when the writer has room for more. */
const ROOM = Promise.resolve();

function fractionOf(step: number, total: number): number {
  return total > 0 || total !== total ? step / total : step >= total ? 1 : 0;
}
