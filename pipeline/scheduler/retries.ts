/**
 * The attempts at a task, where a policy counts them: what each receives, and whether a task that failed is run again.
 *
 * The decision is made here, on the main thread, wherever the task runs: a function such as `retryIf` cannot be
 * sent elsewhere. A task that may be run again therefore does not write its failure itself.
 *
 * @module
 */
import { isoNow, isoTime } from "../../internal/timestamps.ts";
import { fromErrorData, toErrorData } from "../../errors.ts";
import { summarizeError, toErrorSummary, toErrorText } from "../../internal/error_text.ts";
import type { TaskEnvironment } from "../executor/task_execution.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";
import { type Sleep, sleepOf } from "../executor/steps/task_sleep.ts";
import { retryAfterOf } from "../retry_after.ts";
import type { LiveTask } from "./live_task.ts";
import type { Refusal } from "./queue/tag_limiter.ts";
import { Sleepers } from "./queue/sleepers.ts";
import { hasPolicy, policyOf, type PolicyOptions, retryDelay } from "./retry_policy.ts";

/** Where all tasks of a tag can be held back. */
export interface HeldTags<Item> {
  /** Starts no task with this tag for some milliseconds, as this one asks; throws if the tag has no limit. */
  hold(tag: string, refused: { ms: number; task: LiveTask<Item> }): Refusal;
}

/** When a task is run again. */
export interface NextAttempt {
  delayMs: number;
  /** Whether the attempt that failed is one of `retries`. */
  isCounted: boolean;
  /** Whether a tag of it is held back as long, so that it waits in the queue, before the others. */
  isHeld?: boolean;
  /** That the attempt has not failed: it continues after a sleep. */
  sleep?: Sleep;
}

/** Counts attempts and lets tasks wait for the next one. */
export class Retries<Item> {
  readonly #options: PolicyOptions<Item>;
  readonly #environment: TaskEnvironment;
  readonly #isCounted: boolean;
  readonly #queue: HeldTags<Item>;
  /** Tasks that wait for their next attempt, with the timers that fire when it is due. */
  readonly #waiting = new Map<LiveTask<Item>, ReturnType<typeof setTimeout> | undefined>();
  readonly #sleepers = new Sleepers<LiveTask<Item>>();
  /** Tasks that have slept and continue with the attempt that they have begun. */
  readonly #woken = new Set<LiveTask<Item>>();

  constructor(
    options: PolicyOptions<Item>,
    environment: TaskEnvironment,
    queue: HeldTags<Item>,
  ) {
    this.#queue = queue;
    this.#options = options;
    this.#environment = environment;
    this.#isCounted = hasPolicy(options);
  }

  /** Number of tasks that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Tasks that sleep, and when the first of them wakes. */
  get asleep(): { size: number; first: number | undefined } {
    return this.#sleepers;
  }

  /** Begins the next attempt at a task. */
  begin(task: LiveTask<Item>): void {
    if (this.#woken.size > 0 && this.#woken.delete(task) && task.attempt) return;
    if (!this.#isCounted) return;
    task.policy ??= policyOf(this.#options, task);
    const { retries, timeoutMs } = task.policy;
    const number = (task.attempt?.number ?? 0) + 1;
    const retryable = number <= retries;
    task.attempt = { number, retryable, timeoutMs, startedAt: isoNow() };
  }

  /** An attempt was lost before it began: it does not count. */
  takeBack(task: LiveTask<Item>): void {
    // Where it has slept, it still continues with the attempt that has.
    if (task.attempt?.awakeMs !== undefined) this.#woken.add(task);
    else this.#uncount(task);
  }

  #uncount(task: LiveTask<Item>): void {
    if (task.attempt) task.attempt = { ...task.attempt, number: task.attempt.number - 1 };
  }

  /** When a task that failed is run again, if it is; where that cannot be decided, its error gives the reason. */
  next(task: LiveTask<Item>, outcome: TaskOutcome): NextAttempt | undefined {
    const { policy, attempt, cancellation } = task;
    const { signal } = this.#environment;
    const sleep = sleepOf(outcome.error);
    if (cancellation || signal.aborted) {
      if (sleep) {
        const { reason } = cancellation ?? signal;
        Object.assign(outcome, { status: "cancelled", error: toErrorData(reason) });
      }
      return undefined;
    }
    if (outcome.status !== "error") return undefined;
    if (sleep) return { delayMs: sleep.until - Date.now(), isCounted: false, sleep };
    const isRetryable = policy !== undefined && attempt?.retryable === true;
    const asked = retryAfterOf(outcome.error);
    const undecided = (why: string) => {
      const cause = fromErrorData(outcome.error!);
      outcome.error = toErrorData(new Error(`Cannot decide whether to retry: ${why}`, { cause }));
      return undefined;
    };
    let where = "";
    try {
      if (asked) {
        const { ms, tag } = asked;
        const refusal = tag === undefined ? undefined : this.#queue.hold(tag, { ms, task });
        const isCounted = asked.spendsAttempt && refusal?.isNews !== false;
        if (isCounted && !isRetryable) return undefined;
        return { delayMs: ms, isCounted, isHeld: refusal?.isHeld === true };
      }
      if (!isRetryable) return undefined;
      // What a Worker threw is what it would be on this thread, as far as it can be sent.
      const { other } = outcome.error!;
      const error = outcome.thrown ?? (other ? other.value : fromErrorData(outcome.error!));
      where = "retryIf threw ";
      const again: unknown = policy.retryIf(error, attempt.number);
      if (again instanceof Promise) {
        // It would be taken for true, and what it is rejected with would end the process.
        again.catch(() => {});
        return undecided("retryIf returned a promise; return true or false");
      }
      if (!again) return undefined;
      where = "retryDelayMs threw ";
      const failure = { attempt: attempt.number, error };
      return { delayMs: retryDelay(policy, failure), isCounted: true };
    } catch (thrown) {
      return undecided(`${where}${summarizeError(thrown)}`);
    }
  }

  /**
   * Lets a task that failed wait for its next attempt. Resolves when that is committed; `due` is called when its
   * time has come, unless it was stopped or the run was.
   */
  async wait(
    task: LiveTask<Item>,
    { outcome: { error }, next }: {
      outcome: TaskOutcome;
      next: NextAttempt;
    },
    due: () => void,
  ): Promise<void> {
    const { delayMs, isCounted, isHeld, sleep } = next;
    if (sleep) return await this.#sleep(task, sleep, due);
    const { run, batchSender, signal, skipsSleeps } = this.#environment;
    const startedAt = task.attempt?.startedAt;
    task.phase = "waiting";
    this.#waiting.set(task, undefined);
    if (run !== null) {
      const at = new Date(Date.now() + delayMs).toISOString();
      const number = task.attempt?.number ?? 1;
      const message = isCounted
        ? `Attempt ${number + 1} of ${task.policy!.retries + 1} at ${at}, because attempt ` +
          `${number} failed: ${toErrorSummary(error!)}`
        : `Attempt ${number} again at ${at}: ${toErrorSummary(error!)}`;
      await batchSender.request({
        kind: "requeue_tasks",
        run,
        ids: [task.id],
        attempt: {
          ...(startedAt === undefined ? {} : { startedAt }),
          finishedAt: isoNow(),
          error: toErrorText(error!),
          message,
          isCounted,
        },
      });
    }
    if (!isCounted) this.#uncount(task);
    // It may have been cancelled meanwhile.
    if (signal.aborted || !this.#waiting.has(task) || this.#waiting.get(task)) return;
    const again = () => {
      this.stop(task);
      due();
    };
    if (isHeld || skipsSleeps) again();
    else this.#waiting.set(task, setTimeout(again, Math.ceil(delayMs)));
  }

  /** Lets a task sleep. Resolves when that is committed. */
  async #sleep(task: LiveTask<Item>, sleep: Sleep, due: () => void): Promise<void> {
    const { run, batchSender, signal } = this.#environment;
    const { until, startedAt, awakeMs } = sleep;
    const first = { number: 1, retryable: false, timeoutMs: undefined };
    const attempt = task.attempt = { ...task.attempt ?? first, startedAt, awakeMs };
    task.phase = "waiting";
    this.#waiting.set(task, undefined);
    const wakesAt = isoTime(until);
    await batchSender.request({ kind: "requeue_tasks", run: run!, ids: [task.id], wakesAt });
    // It may have been cancelled meanwhile, or even sleep again.
    if (signal.aborted || !this.#waiting.has(task) || task.attempt !== attempt) return;
    this.#sleepers.add(task, until, () => {
      this.stop(task);
      this.#woken.add(task);
      due();
    });
  }

  /** Lets a task sleep that has slept in an earlier attempt at its run: `asleep` has when it is due. */
  rests(task: LiveTask<Item> | undefined, asleep: Map<number, number>, due: () => void): boolean {
    const until = task?.phase === "ready" ? asleep.get(task.id) : undefined;
    if (!task || until === undefined) return false;
    asleep.delete(task.id);
    task.phase = "waiting";
    this.#waiting.set(task, undefined);
    this.#sleepers.add(task, until, () => {
      this.stop(task);
      due();
    });
    return true;
  }

  /** A task waits no more. */
  stop(task: LiveTask<Item>): void {
    clearTimeout(this.#waiting.get(task));
    this.#waiting.delete(task);
    this.#sleepers.delete(task);
  }

  /** No task is run again any more. */
  close(): void {
    for (const task of this.#waiting.keys()) this.stop(task);
  }
}
