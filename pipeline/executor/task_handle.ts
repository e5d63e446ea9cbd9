/**
 * The object that a task's function gets. The same code serves tasks on the main thread and on the pool's Workers:
 * all that it needs is a sender.
 *
 * @module
 */
import { addFromTask } from "./task_adds.ts";
import { checkFromTask } from "./task_checks.ts";
import { sleepFromTask, stepFromTask } from "./steps/task_steps.ts";
import { resultOf, resultsOf } from "./dependency_results.ts";
import { refuseOldMembers } from "../../internal/validate.ts";
import { type InsertOptions, type Row, toInsertMessage } from "../../writer/client/insert.ts";
import {
  type Step,
  toExecuteMessage,
  toRowsQuery,
  toTransactionMessage,
  type TransactionOptions,
} from "../../writer/client/steps.ts";
import { checkIterable, insertInChunks } from "../../writer/client/row_stream.ts";
import type { LogLevel } from "../../internal/log_level.ts";
import type { Bindable, SqlRow } from "../../writer/protocol/sqlite_types.ts";
import type { ExecuteResult } from "../../writer/protocol/write_message.ts";
import type { CheckOptions, TaskContext } from "./task_context.ts";
import type { TaskExecution } from "./task_execution.ts";
import { asStored } from "../../internal/text/stored_text.ts";

/** What an insert returns when the writer has room for more. */
const ROOM = Promise.resolve();

/** A task as its own function sees it. */
export class TaskHandle implements TaskContext {
  readonly id: number;
  readonly name: string;
  readonly key: string | null;
  readonly #execution: TaskExecution;

  constructor(execution: TaskExecution) {
    this.id = execution.id;
    this.name = execution.name;
    this.key = execution.key;
    this.#execution = execution;
  }

  get attempt(): number {
    return this.#execution.attempt;
  }

  get args(): Readonly<Record<string, unknown>> {
    return this.#execution.environment.args ?? {};
  }

  worker<Value = unknown>(): Value {
    return this.#execution.environment.worker as Value;
  }

  get runId(): number | null {
    return this.#execution.environment.run;
  }

  get signal(): AbortSignal {
    return this.#execution.signal;
  }

  progress(step: number, total: number, message?: string): void;
  progress(fraction: number, message?: string): void;
  progress(step: number, totalOrMessage?: number | string, text?: string): void {
    const fraction = typeof totalOrMessage === "number" ? fractionOf(step, totalOrMessage) : step;
    const message = typeof totalOrMessage === "number" ? text : totalOrMessage;
    if (typeof fraction !== "number" || fraction !== fraction) {
      throw new RangeError(
        `Cannot set progress to ${Deno.inspect(step)} of ${Deno.inspect(totalOrMessage)}: ` +
          `pass a step and a total, or a fraction from 0 to 1`,
      );
    }
    const clamped = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
    const note = message === undefined || message === null ? undefined : String(message);
    this.#execution.progress(clamped, note);
  }

  insert<Shape extends object & Row<Shape>>(
    table: string,
    rows: Iterable<Shape> | AsyncIterable<Shape>,
    options?: InsertOptions,
  ): Promise<void> {
    const execution = this.#execution;
    if (!Array.isArray(rows)) return execution.watch(this.#stream(table, rows, options));
    try {
      execution.check("insert");
      if (rows.length > 0) execution.post(toInsertMessage(table, rows, options));
    } catch (error) {
      return execution.watch(Promise.reject(error));
    }
    const room = execution.environment.batchSender.ready();
    return room ? execution.watch(room) : ROOM;
  }

  execute(sql: string, params?: readonly Bindable[]): Promise<ExecuteResult | undefined> {
    return this.#execution.watch(this.#execute(sql, params));
  }

  query(sql: string, params?: readonly Bindable[]): Promise<SqlRow[]> {
    return this.#execution.watch(this.#query(sql, params));
  }

  add(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<number | undefined> {
    return this.#execution.watch(addFromTask(this.#execution, items));
  }

  resultOf<Result = unknown>(key: string | number): Promise<Result> {
    return this.#execution.watch(resultOf(this.#execution, key) as Promise<Result>);
  }

  resultsOf<Result = unknown>(): Promise<Map<string, Result>> {
    return this.#execution.watch(resultsOf(this.#execution) as Promise<Map<string, Result>>);
  }

  transaction(
    steps: readonly Step[],
    options?: TransactionOptions,
  ): Promise<(ExecuteResult | undefined)[] | undefined> {
    return this.#execution.watch(this.#transaction(steps, options));
  }

  step<Result>(name: string, work: () => Result | PromiseLike<Result>): Promise<Result> {
    return this.#execution.watch(stepFromTask(this.#execution, name, work));
  }

  sleep(duration: number | Date): Promise<void> {
    return this.#execution.watch(sleepFromTask(this.#execution, duration));
  }

  flush(): Promise<void> {
    return this.#execution.watch(this.#flush());
  }

  check(name: string, passed: boolean, options?: CheckOptions): boolean {
    return checkFromTask(this.#execution, name, passed, options);
  }

  log(message: string, level: LogLevel = "info"): void {
    this.#execution.log(asStored(String(message)), level);
  }

  /** Begins to look at what is committed, where all tasks that are known are queued. */
  async #look(operation: string): Promise<void> {
    this.#execution.check(operation);
    await this.#execution.environment.queueAll?.();
  }

  async #stream(
    table: string,
    rows: Iterable<object> | AsyncIterable<object>,
    options?: InsertOptions,
  ): Promise<void> {
    const execution = this.#execution;
    execution.check("insert");
    if (execution.environment.atomic) {
      checkIterable(table, rows);
      const all = await Array.fromAsync(rows);
      if (all.length > 0) execution.post(toInsertMessage(table, all, options));
      return;
    }
    await insertInChunks(execution.stream(), table, rows, { ...options, task: this.id });
  }

  async #execute(
    sql: string,
    params?: readonly Bindable[],
  ): Promise<ExecuteResult | undefined> {
    this.#execution.check("execute");
    return await this.#execution.request(toExecuteMessage(sql, params));
  }

  async #query(sql: string, params?: readonly Bindable[]): Promise<SqlRow[]> {
    await this.#look("query");
    const query = Object.assign(toRowsQuery(sql, params), { by: this.id });
    return await this.#execution.environment.batchSender.query(query);
  }

  async #transaction(
    steps: readonly Step[],
    options?: TransactionOptions,
  ): Promise<(ExecuteResult | undefined)[] | undefined> {
    this.#execution.check("transaction");
    return await this.#execution.request(toTransactionMessage(steps, options)) as
      | (ExecuteResult | undefined)[]
      | undefined;
  }

  async #flush(): Promise<void> {
    await this.#look("flush");
    await this.#execution.environment.batchSender.flushed();
    this.#execution.throwIfFailed();
  }
}

refuseOldMembers(TaskHandle.prototype, { owner: "task", renamed: { run: "runId" } });

function fractionOf(step: number, total: number): number {
  return total > 0 || total !== total ? step / total : step >= total ? 1 : 0;
}
