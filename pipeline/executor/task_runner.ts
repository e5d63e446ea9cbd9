/**
 * Runs one task to its end and writes its start and its end.
 *
 * @module
 */
import { isCancellation } from "./cancellation.ts";
import { isoNow } from "../../internal/timestamps.ts";
import { type ErrorData, toErrorData } from "../../errors.ts";
import { toErrorSummary, toErrorText } from "../../internal/error_text.ts";
import type { TaskUpdateMessage } from "../../writer/protocol/task_message.ts";
import { newsOf } from "../../writer/protocol/task_news.ts";
import type { TransactionMessage } from "../../writer/protocol/write_message.ts";
import { writeChecks } from "./task_checks.ts";
import type { TaskEnvironment, TaskExecution } from "./task_execution.ts";
import { TaskHandle } from "./task_handle.ts";
import type { TaskFunction } from "./task_module.ts";
import { retryAfterOf } from "../retry_after.ts";
import type { EndStatus } from "../../internal/task_status.ts";
import { toJson } from "../../internal/json.ts";

/** Characters of a message of which several copies are made. */
const LARGE_ERROR = 100_000;

/** How a task ended. */
export interface TaskOutcome {
  /** Its last status. */
  status: EndStatus;
  /** The thrown error. */
  error?: ErrorData | undefined;
  /** What a task that is done returned, as JSON, where the run keeps that. */
  result?: string | undefined;
  /** Whether the task has not written its end: it could not, or it may be run again. */
  unwritten?: boolean | undefined;
  /** Whether its Worker is gone, so that it may have ended before, unnoticed. */
  lost?: boolean;
  /** The very thing that was thrown, where that was on this thread. */
  thrown?: unknown;
}

/**
 * Runs a task. It never rejects for the task's failure.
 *
 * @returns The outcome; or, when rows of the task are still on their way, a promise of it in `pending`,
 * so that the next task need not wait for the disk
 */
export async function runTask<Item>(
  run: TaskFunction<Item>,
  item: Item,
  task: TaskExecution,
  environment: TaskEnvironment,
): Promise<TaskOutcome | { pending: Promise<TaskOutcome> }> {
  const { run: runId, batchSender } = environment;
  const { id } = task;
  try {
    if (runId !== null) {
      const start = newsOf(runId, id);
      start.status = "running";
      start.startedAt = task.startedAt = task.continues ?? isoNow();
      // The message still shows why the task had to wait.
      if (task.attempt > 1) start.message = `Attempt ${task.attempt}`;
      batchSender.update(start);
      // A task that blocks its Worker until that is ended could not send it any more.
      if (task.timed) batchSender.flushed().catch(() => {});
    }
    const returned = run(item, new TaskHandle(task));
    if (isThenable(returned)) task.waited = true;
    const value = task.waited ? await returned : returned;
    task.steps?.end();
    const result = toResult(value);
    if (task.streaming) await task.streaming;
    task.throwIfFailed();
    task.checks?.throwIfFailed();
    task.ended = true;
    const done = runId === null ? undefined : end(runId, id, "done", result);
    const checks = task.checks?.held;
    if (checks?.length) task.held = [...task.held ?? [], ...checks];
    if (task.held) {
      const messages = done ? [...task.held, done] : task.held;
      // What it wrote was held back, so it has not waited for the disk yet.
      await batchSender.ready();
      const whole = { kind: "transaction", messages, by: task.id } as const;
      const pending = commitWhole(whole, task, environment);
      return { pending: environment.keepsResults ? withResult(pending, result) : pending };
    } else if (task.sent) {
      const pending = commit(done, task, environment);
      return { pending: environment.keepsResults ? withResult(pending, result) : pending };
    } else if (done) {
      batchSender.update(done);
    }
    return environment.keepsResults ? { status: "done", result } : { status: "done" };
  } catch (caught) {
    task.ended = true;
    const thrown = task.steps?.sleep ?? caught;
    const status = isStopped(thrown, task, environment) ? "cancelled" : "error";
    // The report of it is a copy, and its stack another one.
    if (isLarge(thrown)) await batchSender.readyInTurn().catch(() => {});
    return failed(task, { status, error: toErrorData(thrown), thrown }, environment);
  }
}

/** Whether what was thrown is too much to be described while others wait for room. */
function isLarge(thrown: unknown): boolean {
  try {
    return String((thrown as Error).message).length > LARGE_ERROR;
  } catch {
    return false;
  }
}

/** Whether a task threw because it or its pipeline was stopped. */
export function isStopped(
  thrown: unknown,
  task: TaskExecution | undefined,
  { signal }: TaskEnvironment,
): boolean {
  return isCancellation(thrown, signal) || isCancellation(thrown, task?.cancelled);
}

/** Writes the end of a task that is not `done`. */
export function writeFailure(
  id: number,
  { status, error }: TaskOutcome,
  { run, batchSender }: TaskEnvironment,
): void {
  if (run === null) return;
  const update = end(run, id, status);
  update.message = error ? toErrorSummary(error) : "";
  update.error = error ? toErrorText(error) : update.message;
  batchSender.update(update);
}

/** Waits until the rows and the end are committed; a row that was refused has made the end an `error`. */
async function commit(
  done: TaskUpdateMessage | undefined,
  task: TaskExecution,
  { batchSender }: TaskEnvironment,
): Promise<TaskOutcome> {
  try {
    if (task.retryable) {
      // Once its end is written it cannot be run again, so the rows come first.
      await batchSender.flushed();
      task.throwIfFailed();
    }
    await (done ? batchSender.requestUpdate(done) : batchSender.flushed());
    task.throwIfFailed();
    return { status: "done" };
  } catch (thrown) {
    const unwritten = task.retryable;
    return { status: "error", error: toErrorData(thrown), thrown, unwritten };
  }
}

/** Waits until all of an atomic task is committed; when it was refused, its end is written by itself. */
async function commitWhole(
  transaction: TransactionMessage,
  task: TaskExecution,
  environment: TaskEnvironment,
): Promise<TaskOutcome> {
  try {
    await environment.batchSender.request(transaction);
    return { status: "done" };
  } catch (thrown) {
    return failed(task, { status: "error", error: toErrorData(thrown), thrown }, environment);
  }
}

/** The outcome with what the task returned, if it is done. */
async function withResult(
  pending: Promise<TaskOutcome>,
  result: string | undefined,
): Promise<TaskOutcome> {
  const outcome = await pending;
  return outcome.status === "done" ? { ...outcome, result } : outcome;
}

/** The failure of a task: written, unless it may be run again. */
function failed(
  task: TaskExecution,
  outcome: TaskOutcome,
  environment: TaskEnvironment,
): TaskOutcome {
  const sleeps = task.steps?.sleep !== undefined;
  if (task.checks && !sleeps) writeChecks(task, environment);
  const mayReturn = task.retryable || sleeps || retryAfterOf(outcome.error) !== undefined;
  if (mayReturn && outcome.status === "error") return { ...outcome, unwritten: true };
  if (!task.isAbandoned) writeFailure(task.id, outcome, environment);
  return outcome;
}

function end(run: number, id: number, status: EndStatus, result?: string): TaskUpdateMessage {
  const update = newsOf(run, id);
  update.status = status;
  update.finishedAt = isoNow();
  update.result = result;
  return update;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}

/** The JSON of what a task returned; a `bigint` in it becomes a string. */
function toResult(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return toJson(value, { place: placeInResult, bigintAsString: true });
}

function placeInResult(path: string): string {
  return path === "" ? "the result of the task" : `result${path}`;
}
