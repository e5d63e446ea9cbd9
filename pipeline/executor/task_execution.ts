/**
 * One attempt at a task, on the thread that runs it: what it has sent, what it holds back, what it failed with and
 * whether it was stopped. Its function sees only the handle (`task_handle.ts`).
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import { type ErrorData, fromErrorData } from "../../errors.ts";
import type { LogLevel } from "../../internal/log_level.ts";
import { checkKeys, keysIn } from "../../writer/client/idempotency_key.ts";
import type { BatchSender } from "../../writer/client/batch_sender.ts";
import { markRowless } from "../../writer/client/steps.ts";
import type { StatementDeadline } from "../../writer/client/statement_deadline.ts";
import type { RowSender } from "../../writer/client/row_stream.ts";
import type { InsertMessage, ResultOf, WriteMessage } from "../../writer/protocol/write_message.ts";
import type { Attempt } from "../scheduler/retry_policy.ts";
import type { Adds } from "./added_items.ts";
import type { DurableSteps, NotedChecks, WritesOutside } from "./attempt_parts.ts";
import type { Stop } from "./cancellation.ts";
import type { TaskIdentity } from "./task_context.ts";
import { TaskWrites } from "./task_writes.ts";

/** What the tasks of one run share. */
export interface TaskEnvironment {
  /** The run; `null` when the status of tasks is not stored. */
  run: number | null;
  /** Its arguments. */
  args?: Readonly<Record<string, unknown>> | undefined;
  /** What `setup()` of the tasks' module returned for this Worker. */
  worker?: unknown;
  /** Where its messages go. */
  batchSender: BatchSender;
  /** Whether a task's rows are committed together with its end. */
  atomic: boolean;
  /** Aborted when the pipeline is stopped. */
  signal: AbortSignal;
  /** Queues all tasks that are known; `undefined` when they are. */
  queueAll?: () => Promise<void> | undefined;
  /** Whether known tasks may be given out before they are queued. */
  queuesLate?: boolean;
  /** Whether a task may be ended in the middle when its time is up. */
  isTerminable?: true;
  /** Lets its tasks add others, where their status is stored. */
  adds?: Adds | undefined;
  /** Whether ends are reported once they are committed, and not when they are sent. */
  confirms?: boolean | undefined;
  /** Whether a task on another thread may ask for the result of this one as soon as it has ended. */
  isNeeded?: ((id: number) => boolean) | undefined;
  /** Whether outcomes hold what tasks returned, for the hook that receives them. */
  keepsResults?: boolean | undefined;
  /** Receives the lines that tasks write into their logs. */
  onLog?: ((task: TaskIdentity, level: LogLevel, message: string) => void) | undefined;
  /** Whether no sleep of a task takes time, in tests. */
  skipsSleeps?: boolean | undefined;
  /** Limits the statements of tasks whose time is up, or that are asked to stop. */
  deadline?: Pick<StatementDeadline, "limitTask" | "releaseTask"> | undefined;
  /** Called when a task has reported progress; on the main thread it is looked up instead. */
  progressed?: (task: TaskExecution) => void;
}

/** An attempt at a task. */
export class TaskExecution implements TaskIdentity {
  readonly id: number;
  readonly name: string;
  readonly key: string | null;
  readonly environment: TaskEnvironment;
  readonly #attempt: Attempt | undefined;
  /** What an atomic task has to write; sent with its end. */
  held: WriteMessage[] | undefined;
  /** What it has checked, if that is needed at its end. */
  declare checks: NotedChecks | undefined;
  /** Its durable steps, where it has any. */
  declare steps: DurableSteps | undefined;
  /** When the attempt began, ISO 8601. */
  startedAt = "";
  readonly #begunAt: number;
  #writes: TaskWrites | undefined;
  #failure: Error | undefined;
  /** Whether rows were sent whose failure would make the task fail. */
  sent = false;
  /** Whether its function returned a promise. */
  waited = false;
  /** Whether nothing more is taken. */
  ended = false;
  /** Whether its end is written without it. */
  isAbandoned = false;
  #controller: AbortController | undefined;
  /** That it was cancelled by itself, and why. */
  cancelled: Stop | undefined;
  /** Its progress as last reported. */
  fraction: number | undefined;
  /** The message of its last progress report. */
  note: string | undefined;

  constructor({ id, name, key }: TaskIdentity, environment: TaskEnvironment, attempt?: Attempt) {
    this.id = id;
    this.name = name;
    this.key = key;
    this.environment = environment;
    this.#attempt = attempt;
    this.#begunAt = attempt?.timeoutMs === undefined ? 0 : performance.now();
  }

  /** The number of the attempt, from 1. */
  get attempt(): number {
    return this.#attempt?.number ?? 1;
  }

  /** Whether a failure is reported but not written, because it may not be the task's end. */
  get retryable(): boolean {
    return this.#attempt?.retryable ?? false;
  }

  /** When an attempt began that continues after a sleep, ISO 8601. */
  get continues(): string | undefined {
    return this.#attempt?.awakeMs === undefined ? undefined : this.#attempt.startedAt;
  }

  /** Milliseconds that the attempt has run so far, where it is timed. */
  get awakeMs(): number {
    const before = this.#attempt?.awakeMs ?? 0;
    return this.#begunAt === 0 ? before : before + performance.now() - this.#begunAt;
  }

  /** Whether it was asked to stop. */
  get isStopped(): boolean {
    return (this.#controller?.signal ?? this.environment.signal).aborted;
  }

  /** Whether it may be ended in the middle. */
  get timed(): boolean {
    return this.environment.isTerminable === true && this.#attempt?.timeoutMs !== undefined;
  }

  /** The task's own signal, made when it is first wanted. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      const { aborted, reason } = this.environment.signal;
      if (aborted) this.#controller.abort(reason);
    }
    return this.#controller.signal;
  }

  /**
   * Writes that the task did not wait for. The promise rejects when one of them failed and was never awaited
   * for it.
   */
  get streaming(): Promise<void> | undefined {
    return this.#writes?.settled();
  }

  /** Stops it with its pipeline. */
  abort(reason: unknown): void {
    this.#controller?.abort(reason);
  }

  /** The time of the attempt is up. */
  timeOut(reason: unknown): void {
    // A signal that is read later has to be aborted.
    void this.signal;
    this.abort(reason);
  }

  /** The task is cancelled by itself. */
  cancel(reason: unknown): void {
    this.cancelled ??= { aborted: true, reason };
    this.timeOut(reason);
  }

  /** A message of this task failed: the task cannot become `done`. */
  fail(error: ErrorData): void {
    this.#failure ??= fromErrorData(error);
  }

  /** Its end is written without it: whatever it comes to now is not. */
  abandon(error: ErrorData): void {
    this.fail(error);
    this.isAbandoned = true;
  }

  /** Throws what made the task fail behind its back. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Refuses an operation of a task that has failed or ended. */
  check(operation: string): void {
    this.throwIfFailed();
    if (this.steps?.sleep) throw this.steps.sleep;
    if (this.ended) {
      throw new Error(`Cannot ${operation} in task ${this.id} (${this.name}): it has ended`);
    }
  }

  /** How far the task is. */
  progress(fraction: number, note: string | undefined): void {
    if (this.ended) return;
    const { run, batchSender, progressed } = this.environment;
    this.fraction = fraction;
    if (note !== undefined) this.note = note;
    progressed?.(this);
    if (run !== null) batchSender.progress(run, this.id, fraction, note);
  }

  /** Adds a line to the task's log. */
  log(message: string, level: LogLevel): void {
    if (!this.ended) logTask(this, this.environment, { message, level });
  }

  /** Lets the failure of a write become the task's, if it is not awaited until the task ends. */
  watch<T>(operation: Promise<T>): Promise<T> {
    return this.ended ? operation : (this.#writes ??= new TaskWrites()).watch(operation);
  }

  /** Sends rows, or holds them back. */
  post(message: InsertMessage): void {
    const { batchSender, atomic } = this.environment;
    if (message.idempotencyKey) this.#ownKeys(message);
    if (atomic) return this.#hold(message);
    message.task = this.id;
    this.sent = true;
    batchSender.post(message);
  }

  /** Sends a message and resolves with what it did; one that is held back did nothing yet. */
  async request<M extends WriteMessage>(message: M): Promise<ResultOf<M> | undefined> {
    const { batchSender, atomic } = this.environment;
    this.#ownKeys(message);
    if (!atomic) return await batchSender.request(Object.assign(message, { by: this.id }));
    this.#hold(message);
    return undefined;
  }

  /** Where a stream of rows goes for as long as the task runs. */
  stream(): RowSender {
    const { batchSender } = this.environment;
    this.sent = true;
    return {
      ready: () => batchSender.ready(),
      request: (message) => {
        this.check("insert");
        this.#ownKeys(message);
        return batchSender.request(message);
      },
    };
  }

  /** Sets apart what it has written, because a step begins. */
  part(): WritesOutside {
    const outside = { held: this.held, checks: this.checks, writes: this.#writes };
    [this.held, this.checks, this.#writes] = [undefined, undefined, undefined];
    return outside;
  }

  /** A step has ended: what was written outside of it follows. */
  join({ held, checks, writes }: WritesOutside): void {
    [this.held, this.checks, this.#writes] = [held, checks, writes];
  }

  #hold(message: WriteMessage): void {
    markRowless(message);
    (this.held ??= []).push(message);
  }

  /** Its keys are not those of other tasks. */
  #ownKeys(message: WriteMessage): void {
    const { run } = this.environment;
    checkKeys(message, run !== null);
    for (const key of keysIn(message)) Object.assign(key, { run, task: this.id });
  }
}

/** Adds a line to the log of a task, wherever it runs. */
export function logTask(
  task: TaskIdentity,
  { run, batchSender, onLog }: TaskEnvironment,
  { message, level }: { message: string; level: LogLevel },
): void {
  onLog?.(task, level, message);
  if (run === null) return;
  batchSender.post({
    kind: "insert",
    table: "task_logs",
    columns: ["task_id", "run_id", "logged_at", "level", "message"],
    values: [task.id, run, isoNow(), String(level), message],
    width: 5,
    bytes: message.length,
  });
}
