/**
 * The attempts at the tasks of a pipeline: what each is told, how long it may take, and whether a task that
 * failed is run again. Only a pipeline with a policy has them.
 *
 * The decision is made here, on the main thread, wherever the task runs: a function such as `retryIf` cannot be
 * sent to a Worker. A task that may be run again therefore does not write its failure itself.
 *
 * @module
 */
import { isoNow } from "./clock.ts";
import { fromErrorData, toErrorData, toErrorText } from "./errors.ts";
import {
  type Attempt,
  type FullPolicy,
  policyOf,
  type PolicyOptions,
  retryDelay,
} from "./retry_policy.ts";
import { TaskContext, type TaskEnvironment } from "./task_context.ts";
import type { IdentifiedItem } from "./task_identity.ts";
import type { TaskLine } from "./task_line.ts";
import type { TaskOutcome } from "./task_runner.ts";

/** Milliseconds that a task on the pool may go on after its time is up, unless told. */
const GRACE_MS = 5_000;

/** A task between its first start and its end. */
interface Tried {
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

/** Counts attempts, times them and lets tasks come back. Its fields belong to the main thread. */
export class Attempts<Item> {
  readonly #options: PolicyOptions<Item>;
  readonly #line: TaskLine<Item>;
  readonly #environment: TaskEnvironment;
  /** Tasks that have been taken and have not ended, by id. */
  readonly #tried = new Map<number, Tried>();
  /** Tasks that wait, each with its timer. */
  readonly #waiting = new Set<ReturnType<typeof setTimeout>>();

  constructor(options: PolicyOptions<Item>, line: TaskLine<Item>, environment: TaskEnvironment) {
    this.#options = options;
    this.#line = line;
    this.#environment = environment;
    environment.signal.addEventListener("abort", () => {
      for (const timer of this.#waiting) clearTimeout(timer);
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
    const log = (message: string) => new TaskContext(task, this.#environment).log(message, "warn");
    let timer = setTimeout(() => {
      late = true;
      log(`${text}: its signal is aborted`);
      tell(new DOMException(text, "TimeoutError"));
      if (!end) return;
      timer = setTimeout(() => {
        log(`${text}; its Worker was terminated`);
        end(new DOMException(`${text}; its Worker was terminated`, "TimeoutError"));
      }, this.#options.timeoutGraceMs ?? GRACE_MS);
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
    const { run, outbox, signal } = this.#environment;
    const { policy, number, startedAt } = this.#tried.get(task.id)!;
    if (outcome.status !== "error" || number > policy.retries || signal.aborted) return false;
    try {
      if (!policy.retryIf(outcome.thrown ?? fromErrorData(outcome.error!), number)) return false;
    } catch (thrown) {
      outcome.error = toErrorData(
        new Error(`Cannot tell whether to retry: retryIf threw ${toErrorData(thrown).message}`, {
          cause: fromErrorData(outcome.error!),
        }),
      );
      return false;
    }
    const delay = retryDelay(policy, number);
    if (run !== null) {
      const at = new Date(Date.now() + delay).toISOString();
      await outbox.request({
        kind: "retry_task",
        run,
        task: task.id,
        startedAt,
        finishedAt: isoNow(),
        error: toErrorText(outcome.error!),
        message: `Attempt ${number + 1} of ${policy.retries + 1} at ${at}, because attempt ` +
          `${number} failed: ${outcome.error!.message}`,
      });
    }
    this.#line.rest(task);
    if (signal.aborted) return true;
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      this.#line.comeBack(task);
    }, delay);
    this.#waiting.add(timer);
    return true;
  }

  /** A task has ended for good. */
  ended(id: number): void {
    this.#tried.delete(id);
  }
}
