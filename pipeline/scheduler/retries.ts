/**
 * The attempts at the tasks of a pipeline: what each is told, how long it may take, and whether a task that
 * failed is run again. Only a pipeline with a policy has them.
 *
 * The decision is made here, on the main thread, wherever the task runs: a function such as `retryIf` cannot be
 * sent to a Worker. A task that may be run again therefore does not write its failure itself.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import { fromErrorData, toErrorData } from "../../errors.ts";
import { summarizeError, toErrorSummary, toErrorText } from "../../internal/error_text.ts";
import {
  type Attempt,
  type FullPolicy,
  GRACE_MS,
  policyOf,
  type PolicyOptions,
  retryDelay,
} from "./retry_policy.ts";
import { logTask, type TaskEnvironment } from "../executor/task_execution.ts";
import type { IdentifiedItem } from "./task_identity.ts";
import type { ReadyQueue } from "./ready_queue.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";

/** A task between its first start and its end. */
interface AttemptState {
  policy: FullPolicy;
  /** Number of the attempt that runs or waits, from 1. */
  number: number;
  /** When it was begun, ISO 8601. */
  startedAt: string;
}

/** What is done when the time of an attempt is up. */
export interface TimeOut {
  /** Tells the task. */
  tell: (reason: Error) => void;
  /** Ends a task that has gone on for the time of grace; `undefined` where that cannot be done. */
  end?: (error: Error) => void;
}

/** Where tasks come back. */
export type RetryQueue<Item> = Pick<ReadyQueue<Item>, "release" | "requeue">;

/** A task that waits for its next attempt. */
interface Waiting<Item> {
  task: IdentifiedItem<Item>;
  timer?: ReturnType<typeof setTimeout>;
}

/** Counts attempts, times them and lets tasks come back. Its fields belong to the main thread. */
export class Retries<Item> {
  readonly #options: PolicyOptions<Item>;
  readonly #line: RetryQueue<Item>;
  readonly #environment: TaskEnvironment;
  /** Tasks that have been taken and have not ended, by id. */
  readonly #tried = new Map<number, AttemptState>();
  /** Tasks that wait, each with its timer once it has one, by id. */
  readonly #waiting = new Map<number, Waiting<Item>>();

  constructor(
    options: PolicyOptions<Item>,
    line: RetryQueue<Item>,
    environment: TaskEnvironment,
  ) {
    this.#options = options;
    this.#line = line;
    this.#environment = environment;
    environment.signal.addEventListener("abort", () => {
      for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    });
  }

  /** Begins the next attempt at a task. `pooled` tells whether it can be ended in the middle. */
  begin({ id, item }: IdentifiedItem<Item>, pooled = false): Attempt {
    let tried = this.#tried.get(id);
    if (!tried) {
      const policy = policyOf(this.#options, { item });
      this.#tried.set(id, tried = { policy, number: 0, startedAt: "" });
    }
    tried.number++;
    tried.startedAt = isoNow();
    const { number, policy } = tried;
    const retryable = number <= policy.retries;
    return { number, retryable, timed: pooled && policy.timeoutMs !== undefined };
  }

  /** Times the attempt that has begun, until it is disposed of; `undefined` when it may take any time. */
  time(task: IdentifiedItem<Item>, { tell, end }: TimeOut): Disposable | undefined {
    const { timeoutMs } = this.#tried.get(task.id)!.policy;
    if (timeoutMs === undefined) return undefined;
    const begun = performance.now();
    const text = `Timed out after ${timeoutMs} ms`;
    let late = false;
    const log = (message: string) => {
      try {
        logTask(task, this.#environment, { message, level: "warn" });
      } catch {
        // The writer is gone, which the run hears itself; thrown in a timer it would end the process.
      }
    };
    let timer = setTimeout(() => {
      late = true;
      log(`${text}: its signal is aborted`);
      tell(new DOMException(text, "TimeoutError"));
      if (!end) return;
      timer = setTimeout(() => {
        log(`${text}; its Worker was terminated`);
        end(new DOMException(`${text}; its Worker was terminated`, "TimeoutError"));
      }, this.#options.abortGraceMs ?? GRACE_MS);
    }, timeoutMs);
    return {
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        // One that never waits keeps the timer from firing.
        if (!late && performance.now() - begun > timeoutMs) log(`${text}, but could not be told`);
      },
    };
  }

  /**
   * Lets a task that failed come back after a while. Resolves with whether it does, once that is committed; it
   * does not when it has used up its attempts, or its error is none to retry.
   */
  async retry(task: IdentifiedItem<Item>, outcome: TaskOutcome): Promise<boolean> {
    const { run, batchSender, signal } = this.#environment;
    const { policy, number, startedAt } = this.#tried.get(task.id)!;
    if (outcome.status !== "error" || number > policy.retries || signal.aborted) return false;
    const cannotTell = (why: string) => {
      const cause = fromErrorData(outcome.error!);
      outcome.error = toErrorData(new Error(`Cannot tell whether to retry: ${why}`, { cause }));
      return false;
    };
    try {
      const error = outcome.thrown ?? fromErrorData(outcome.error!);
      const again: unknown = policy.retryIf(error, number);
      if (again instanceof Promise) {
        // It would be taken for true, and what it is rejected with would end the process.
        again.catch(() => {});
        return cannotTell("retryIf returned a promise; return true or false");
      }
      if (!again) return false;
    } catch (thrown) {
      return cannotTell(`retryIf threw ${summarizeError(thrown)}`);
    }
    const delay = retryDelay(policy, number);
    const waiting: Waiting<Item> = { task };
    this.#waiting.set(task.id, waiting);
    if (run !== null) {
      const at = new Date(Date.now() + delay).toISOString();
      await batchSender.request({
        kind: "requeue_tasks",
        run,
        ids: [task.id],
        attempt: {
          startedAt,
          finishedAt: isoNow(),
          error: toErrorText(outcome.error!),
          message: `Attempt ${number + 1} of ${policy.retries + 1} at ${at}, because attempt ` +
            `${number} failed: ${toErrorSummary(outcome.error!)}`,
        },
      });
    }
    // It may have been cancelled meanwhile.
    if (this.#waiting.get(task.id) !== waiting) return true;
    this.#line.release(task);
    if (signal.aborted) return true;
    waiting.timer = setTimeout(() => {
      this.#waiting.delete(task.id);
      this.#line.requeue(task);
    }, delay);
    return true;
  }

  /** A task that waits is not to be run again. Returns it; `undefined` when it does not wait. */
  stopWaiting(id: number): IdentifiedItem<Item> | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting?.task;
  }

  /** A task has ended for good. */
  ended(id: number): void {
    this.#tried.delete(id);
  }
}
