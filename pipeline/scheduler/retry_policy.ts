/**
 * How often a task is tried, how long it waits in between, and how long an attempt may take. Pure: no
 * timers.
 *
 * The wait is exponential backoff with full jitter, anything from 0 to `retryDelayMs * 2 ** (attempt - 1)`: of
 * the variants that were measured in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015) the one that
 * spreads tasks best which failed together. Rejected: a fixed wait, after which all come back at once.
 *
 * @module
 */
import {
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkOptionNames,
  MAX_TIMER_MS,
  unexpected,
} from "../../internal/validate.ts";

/** Milliseconds of the first wait at most by default: long enough for a server to let go of a connection. */
const DELAY_MS = 1_000;

/** Milliseconds of any wait at most by default. */
const MAX_DELAY_MS = 60_000;

/** Milliseconds that a task on the pool may continue after its signal is aborted by default. */
export const GRACE_MS = 5_000;

/**
 * How a task is tried.
 *
 * @example Three more attempts
 * ```ts ignore
 * import type { TaskPolicy } from "@pipeloom/pipeloom";
 *
 * const policy: TaskPolicy = { retries: 3, retryDelayMs: 500, timeoutMs: 30_000 };
 * ```
 */
export interface TaskPolicy {
  /**
   * Maximum number of further attempts after a failure.
   *
   * @default {0}
   */
  retries?: number | undefined;
  /**
   * Upper bound of the wait before the first retry, in milliseconds. The bound doubles with each retry, and each
   * wait is random below its bound (exponential backoff with full jitter). Or a function of the failed attempt's
   * number, from 1, and its error, which returns the wait itself. A task that throws {@linkcode RetryAfter} sets its
   * own wait.
   *
   * @default {1000}
   */
  retryDelayMs?: number | ((attempt: number, error: unknown) => number) | undefined;
  /**
   * Upper bound of any wait before a retry, in milliseconds.
   *
   * @default {60000, or no limit where `retryDelayMs` is a function}
   */
  maxRetryDelayMs?: number | undefined;
  /**
   * Whether to retry after this error of the attempt with this number, from 1. For tasks on the pool it receives a
   * copy of the error: class, message and stack, without its own properties.
   *
   * @default {always}
   */
  retryIf?: ((error: unknown, attempt: number) => boolean) | undefined;
  /**
   * Time limit of an attempt, in milliseconds. `task.signal` is then aborted with a `TimeoutError`. A task that
   * ignores it runs to its end; on the pool its Worker is terminated after `abortGraceMs`.
   *
   * @default {no limit}
   */
  timeoutMs?: number | undefined;
}

const TASK_POLICY = [
  "retries",
  "retryDelayMs",
  "maxRetryDelayMs",
  "retryIf",
  "timeoutMs",
] satisfies (keyof TaskPolicy)[];

/**
 * How the tasks of a pipeline are tried.
 *
 * @example More patience for large items
 * ```ts ignore
 * import type { PolicyOptions } from "@pipeloom/pipeloom";
 *
 * const options: PolicyOptions<{ bytes: number }> = {
 *   timeoutMs: 30_000,
 *   taskOptions: ({ bytes }) => bytes > 1e9 ? { timeoutMs: 600_000 } : undefined,
 * };
 * ```
 */
export interface PolicyOptions<Item> extends TaskPolicy {
  /** Options for one item; those that it leaves out are the pipeline's. */
  taskOptions?: ((item: Item) => TaskPolicy | undefined) | undefined;
  /**
   * Time that a task on the pool may continue after its signal was aborted, in milliseconds, before its Worker is
   * terminated. A statement of a task or run that must stop may take as long. Then the writer is terminated, because
   * SQLite cannot leave a statement before its end, and the run fails with that reason.
   *
   * @default {5000}
   */
  abortGraceMs?: number | undefined;
}

/** The same with nothing left out or undefined. */
type Complete<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

/** A policy with nothing left out but the limit that there is not. */
export interface FullPolicy extends Complete<Omit<TaskPolicy, "timeoutMs">> {
  /** Milliseconds that an attempt may take. */
  timeoutMs: number | undefined;
}

/** One attempt at a task, as far as the thread that runs it needs to know. */
export interface Attempt {
  /** Its number, from 1. */
  readonly number: number;
  /** Whether a failure is not the task's end yet, so that it is reported but not written. */
  readonly retryable: boolean;
  /** Milliseconds that it may take. */
  readonly timeoutMs: number | undefined;
  /** When it was begun, ISO 8601. */
  readonly startedAt: string;
  /** Milliseconds that it has run before, where it continues after a sleep. */
  readonly awakeMs?: number;
}

/** Whether any task may be run again or be timed, so that attempts have to be counted. */
export function hasPolicy<Item>(options: PolicyOptions<Item>): boolean {
  const { retries = 0, timeoutMs, taskOptions } = options;
  return retries > 0 || timeoutMs !== undefined || taskOptions !== undefined;
}

/**
 * The policy of an item's task; that of all tasks when there is no item.
 *
 * @throws {RangeError} If a number is out of range
 * @throws {TypeError} If the policy of the item is not an object, or has an unknown key
 */
export function policyOf<Item>(options: PolicyOptions<Item>, item?: { item: Item }): FullPolicy {
  const own = item && options.taskOptions?.(item.item) || {};
  const operation = item ? "apply taskOptions" : "run the pipeline";
  // What an async function returns has none of the names, and would be no policy at all.
  if (typeof own !== "object" || "then" in own) {
    const expected = "an object such as { retries: 1 }";
    throw new TypeError(unexpected(own, { operation, name: "what it returns", expected }));
  }
  checkOptionNames(own, { operation, known: TASK_POLICY });
  const {
    retries = options.retries ?? 0,
    retryDelayMs = options.retryDelayMs ?? DELAY_MS,
    maxRetryDelayMs = options.maxRetryDelayMs ??
      (typeof retryDelayMs === "function" ? MAX_TIMER_MS : MAX_DELAY_MS),
    retryIf = options.retryIf ?? (() => true),
    timeoutMs = options.timeoutMs,
  } = own;
  checkInteger(retries, { operation, name: "retries", min: 0 });
  checkFunction(retryIf, { operation, name: "retryIf" });
  checkMilliseconds(maxRetryDelayMs, { operation, name: "maxRetryDelayMs", min: 0 });
  if (typeof retryDelayMs !== "function") {
    checkMilliseconds(retryDelayMs, { operation, name: "retryDelayMs", min: 0 });
  }
  if (timeoutMs !== undefined) {
    checkMilliseconds(timeoutMs, { operation, name: "timeoutMs", min: 1 });
  }
  return { retries, retryDelayMs, maxRetryDelayMs, retryIf, timeoutMs };
}

/**
 * Refuses what cannot be the policy of a pipeline.
 *
 * @throws {RangeError} If a number is out of range
 * @throws {TypeError} If `retryIf` is not a function
 */
export function checkPolicy<Item>(options: PolicyOptions<Item>): void {
  policyOf(options);
  const { abortGraceMs } = options;
  if (abortGraceMs === undefined) return;
  const subject = { operation: "run the pipeline", name: "abortGraceMs" };
  checkMilliseconds(abortGraceMs, { ...subject, min: 0 });
}

/** An attempt that failed. */
export interface Failure {
  /** Its number, from 1. */
  attempt: number;
  /** Its error. */
  error?: unknown;
}

/**
 * Milliseconds to wait after an attempt that failed.
 *
 * @throws {RangeError} If the caller's function returns no number of milliseconds
 * @throws {unknown} What the caller's function throws
 */
export function retryDelay(
  { retryDelayMs, maxRetryDelayMs }: Pick<FullPolicy, "retryDelayMs" | "maxRetryDelayMs">,
  { attempt, error }: Failure,
  random: () => number = Math.random,
): number {
  if (typeof retryDelayMs === "function") {
    const ms: unknown = retryDelayMs(attempt, error);
    if (typeof ms === "number" && ms >= 0) return Math.min(maxRetryDelayMs, ms);
    // What a promise is rejected with would end the process.
    if (ms instanceof Promise) ms.catch(() => {});
    const operation = "wait for the next attempt";
    const expected = "milliseconds ≥ 0";
    throw new RangeError(
      unexpected(ms, { operation, name: "what retryDelayMs returned", expected }),
    );
  }
  // Past the range of numbers the power is Infinity, and the cap holds; but not for a delay of 0.
  const most = retryDelayMs && Math.min(maxRetryDelayMs, retryDelayMs * 2 ** (attempt - 1));
  return Math.round(random() * most);
}
