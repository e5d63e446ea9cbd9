/**
 * The attempts at a task, where a policy counts them: what each is told, and whether a task that failed is run again.
 *
 * The decision is made here, on the main thread, wherever the task runs: a function such as `retryIf` cannot be
 * sent elsewhere. A task that may be run again therefore does not write its failure itself.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import { fromErrorData, toErrorData } from "../../errors.ts";
import { summarizeError, toErrorSummary, toErrorText } from "../../internal/error_text.ts";
import type { TaskEnvironment } from "../executor/task_execution.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";
import type { LiveTask } from "./live_task.ts";
import { hasPolicy, policyOf, type PolicyOptions, retryDelay } from "./retry_policy.ts";

/** Counts attempts and lets tasks wait for the next one. */
export class Retries<Item> {
  readonly #options: PolicyOptions<Item>;
  readonly #environment: TaskEnvironment;
  readonly #isCounted: boolean;
  /** Tasks that wait for their next attempt, with the timers that fire when it is due. */
  readonly #waiting = new Map<LiveTask<Item>, ReturnType<typeof setTimeout> | undefined>();

  constructor(options: PolicyOptions<Item>, environment: TaskEnvironment) {
    this.#options = options;
    this.#environment = environment;
    this.#isCounted = hasPolicy(options);
  }

  /** Number of tasks that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Begins the next attempt at a task. */
  begin(task: LiveTask<Item>): void {
    if (!this.#isCounted) return;
    task.policy ??= policyOf(this.#options, task);
    const { retries, timeoutMs } = task.policy;
    const number = (task.attempt?.number ?? 0) + 1;
    const retryable = number <= retries;
    task.attempt = { number, retryable, timeoutMs, startedAt: isoNow() };
  }

  /** An attempt was lost before it began: it does not count. */
  takeBack(task: LiveTask<Item>): void {
    if (task.attempt) task.attempt = { ...task.attempt, number: task.attempt.number - 1 };
  }

  /** Whether a task that failed is run again; where that cannot be told, its error says so. */
  isRetried({ policy, attempt }: LiveTask<Item>, outcome: TaskOutcome): boolean {
    if (!policy || !attempt?.retryable || outcome.status !== "error") return false;
    if (this.#environment.signal.aborted) return false;
    const cannotTell = (why: string) => {
      const cause = fromErrorData(outcome.error!);
      outcome.error = toErrorData(new Error(`Cannot tell whether to retry: ${why}`, { cause }));
      return false;
    };
    try {
      const error = outcome.thrown ?? fromErrorData(outcome.error!);
      const again: unknown = policy.retryIf(error, attempt.number);
      if (!(again instanceof Promise)) return Boolean(again);
      // It would be taken for true, and what it is rejected with would end the process.
      again.catch(() => {});
      return cannotTell("retryIf returned a promise; return true or false");
    } catch (thrown) {
      return cannotTell(`retryIf threw ${summarizeError(thrown)}`);
    }
  }

  /**
   * Lets a task that failed wait for its next attempt. Resolves when that is committed; `due` is called when its
   * time has come, unless it was stopped or the run was.
   */
  async wait(task: LiveTask<Item>, { error }: TaskOutcome, due: () => void): Promise<void> {
    const { run, batchSender, signal } = this.#environment;
    const { number, startedAt } = task.attempt!;
    const { retries } = task.policy!;
    const delay = retryDelay(task.policy!, number);
    task.phase = "waiting";
    this.#waiting.set(task, undefined);
    if (run !== null) {
      const at = new Date(Date.now() + delay).toISOString();
      await batchSender.request({
        kind: "requeue_tasks",
        run,
        ids: [task.id],
        attempt: {
          startedAt,
          finishedAt: isoNow(),
          error: toErrorText(error!),
          message: `Attempt ${number + 1} of ${retries + 1} at ${at}, because attempt ` +
            `${number} failed: ${toErrorSummary(error!)}`,
        },
      });
    }
    // It may have been cancelled meanwhile.
    if (signal.aborted || !this.#waiting.has(task) || this.#waiting.get(task)) return;
    const timer = setTimeout(() => {
      this.stop(task);
      due();
    }, delay);
    this.#waiting.set(task, timer);
  }

  /** A task waits no more. */
  stop(task: LiveTask<Item>): void {
    clearTimeout(this.#waiting.get(task));
    this.#waiting.delete(task);
  }

  /** No task is run again any more. */
  close(): void {
    for (const task of this.#waiting.keys()) this.stop(task);
  }
}
