/**
 * The error by which a task sets the time of its next attempt.
 *
 * @module
 */
import type { ErrorData } from "../errors.ts";
import {
  checkMilliseconds,
  checkOptions,
  checkText,
  type KindsOf,
  MAX_TIMER_MS,
} from "../internal/validate.ts";

/** Milliseconds to wait where a server does not specify a time. */
const DEFAULT_MS = 1_000;

/**
 * When to run a task again.
 *
 * @example Hold back all tasks of a server
 * ```ts ignore
 * import type { RetryAfterOptions } from "@pipeloom/pipeloom";
 *
 * const options: RetryAfterOptions = { ms: 2_000, tag: "api", spendsAttempt: false };
 * ```
 */
export interface RetryAfterOptions {
  /** Milliseconds to wait, from 0. */
  ms: number;
  /**
   * Holds back all tasks with this tag as long; `limits` has to limit it. After that, those that were refused run
   * before others, at first as many at once as came through since the hold before. Without a tag only this task waits.
   */
  tag?: string | undefined;
  /**
   * Whether the attempt is one of `retries`. If not, the task is run again however often it asks for that. An attempt
   * that had begun before its `tag` was held back is never one, as long as other tasks with the tag come through.
   *
   * @default {true}
   */
  spendsAttempt?: boolean | undefined;
  /** The error of the task. */
  cause?: unknown;
}

const OPTIONS: KindsOf<RetryAfterOptions> = {
  ms: "own check",
  tag: "own check",
  spendsAttempt: "boolean",
  cause: "own check",
};

/**
 * Thrown by a task, it is run again after this time in place of the pipeline's own wait, and `retryIf` is not asked.
 * It holds no worker meanwhile. The time is rounded up to a millisecond.
 *
 * @example A server that specifies when to retry
 * ```ts
 * import { RetryAfter, runPipeline } from "@pipeloom/pipeloom";
 *
 * let requests = 0;
 * const ask = () => new Response("", { status: requests++ ? 200 : 429, headers: { "retry-after": "0" } });
 * await runPipeline(["https://example.org/a", "https://example.org/b"], {
 *   db: ":memory:",
 *   tags: (url) => [new URL(url).host],
 *   limits: { "*": 4 },
 *   run(url) {
 *     const response = ask(); // await fetch(url, { signal: task.signal })
 *     if (response.status !== 429) return;
 *     const after = response.headers.get("retry-after");
 *     throw RetryAfter.fromHeader(after, { tag: new URL(url).host, spendsAttempt: false });
 *   },
 * });
 * ```
 */
export class RetryAfter extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "RetryAfter";
  /** Milliseconds to wait. */
  readonly ms: number;
  /** The tag whose tasks are held back; `undefined` for none. */
  readonly tag: string | undefined;
  /** Whether the attempt is one of `retries`, unless its `tag` was held back meanwhile. */
  readonly spendsAttempt: boolean;

  /**
   * Creates the error; its message is for people.
   *
   * @throws {RangeError} If `ms` is not from 0 to 2³¹ − 1
   * @throws {TypeError} If another option is of the wrong kind
   */
  constructor(options: RetryAfterOptions, message?: string) {
    const operation = "retry later";
    checkOptions(options, { operation, kinds: OPTIONS });
    const { ms, tag, spendsAttempt = true } = options;
    checkMilliseconds(ms, { operation, name: "ms", min: 0 });
    if (tag !== undefined) checkText(tag, { operation, name: "tag" });
    super(message ?? `Asked to retry after ${ms} ms`, "cause" in options ? options : undefined);
    this.ms = ms;
    this.tag = tag;
    this.spendsAttempt = spendsAttempt;
  }

  /**
   * The error for the value of an HTTP `Retry-After` header (RFC 9110, 10.2.3): seconds, or a date; a number is seconds. Without a value
   * that can be read it waits for `ms`, one second by default. A date that is over waits 0 ms; a wait is 24 days at
   * most.
   */
  static fromHeader(
    value: string | number | null | undefined,
    { ms = DEFAULT_MS, ...options }: Partial<RetryAfterOptions> = {},
  ): RetryAfter {
    return new RetryAfter({ ...options, ms: headerMs(String(value ?? "").trim()) ?? ms });
  }
}

/** Milliseconds that the value of a header asks to wait; `undefined` if it is neither seconds nor a date. */
function headerMs(value: string): number | undefined {
  // Decimals are not in the standard, but are sent.
  const ms = /^\d+(\.\d+)?$/.test(value)
    ? Number(value) * 1_000
    : /[a-z]/i.test(value)
    ? Date.parse(value) - Date.now()
    : NaN;
  return Number.isNaN(ms) ? undefined : Math.min(MAX_TIMER_MS, Math.max(0, Math.ceil(ms)));
}

/** What an error asks for; it may come from a Worker, where its class is another. */
export function retryAfterOf(
  error: ErrorData | undefined,
): Pick<RetryAfter, "ms" | "tag" | "spendsAttempt"> | undefined {
  if (error?.name !== "RetryAfter") return undefined;
  const { ms, tag, spendsAttempt } = error.properties ?? {};
  if (typeof ms !== "number" || typeof spendsAttempt !== "boolean") return undefined;
  return { ms, tag: tag as string | undefined, spendsAttempt };
}
