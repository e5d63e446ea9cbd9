/**
 * The hooks that report ends to a program: of each task, and of the run.
 *
 * @module
 */
import { checkMilliseconds } from "../internal/validate.ts";
import type { TaskIdentity } from "./executor/task_context.ts";
import type { PipelineReport } from "./report.ts";

/** Milliseconds that a call of a hook may take by default. */
export const HOOK_TIMEOUT_MS = 30_000;

/**
 * How a task ended.
 *
 * @example What failed
 * ```ts ignore
 * import type { EndedTask } from "@pipeloom/pipeloom";
 *
 * const line = ({ name, status, error }: EndedTask) => `${name}: ${status} ${error?.message ?? ""}`;
 * ```
 */
export interface EndedTask extends TaskIdentity {
  /** Its last status. */
  status: "done" | "error" | "cancelled";
  /** The number of the attempt that ended, from 1. */
  attempt: number;
  /** The thrown error, or the reason of the cancellation. */
  error?: Error | undefined;
  /** The return value of a task that is `done`, as JSON keeps it. */
  result?: unknown;
}

/**
 * How a run ended: its report, or what is known of a run that failed as a whole.
 *
 * @example A line for people
 * ```ts ignore
 * import type { EndedRun } from "@pipeloom/pipeloom";
 *
 * const line = ({ name, status, reason, counts }: EndedRun) =>
 *   `${name}: ${status}, ${reason ?? `${counts.error} of ${counts.total} failed`}`;
 * ```
 */
export interface EndedRun
  extends
    Omit<PipelineReport, "driver" | "sqliteVersion">,
    Partial<Pick<PipelineReport, "driver" | "sqliteVersion">> {
  /** Why the run failed as a whole, in one line; `undefined` when only tasks failed. */
  reason?: string | undefined;
  /** The error of a run that failed as a whole: `runPipeline` rejects with it. */
  error?: Error | undefined;
}

/**
 * Functions that are called at ends. A call is awaited, and given up after `hookTimeoutMs`. What it throws is a warning on
 * the console, or in the log, and never changes what becomes of the run.
 *
 * @example A message to a webhook when a run has not ended well
 * ```ts
 * import { runPipeline } from "@pipeloom/pipeloom";
 *
 * await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
 *   console.log(await request.text()); // nightly: error, 1 of 2 tasks failed
 *   return new Response();
 * });
 *
 * await runPipeline([1, 2], {
 *   name: "nightly",
 *   db: ":memory:",
 *   run(n) {
 *     if (n === 2) throw new Error("No");
 *   },
 *   async onEnd({ name, status, reason, counts }, signal) {
 *     if (status === "done") return;
 *     const why = reason ?? `${counts.error} of ${counts.total} tasks failed`;
 *     const url = `http://127.0.0.1:${server.addr.port}/`;
 *     const body = `${name}: ${status}, ${why}`;
 *     const answer = await fetch(url, { method: "POST", body, signal });
 *     await answer.body?.cancel();
 *   },
 * });
 * ```
 */
export interface HookOptions {
  /**
   * Called when a task has ended and is not retried. At most 16 calls are active; no task begins while there are as
   * many, and the run ends after them. Tasks that are cancelled before they begin, because the run is stopped, are
   * only counted. The signal is aborted when the time of the call is up.
   *
   * @default {nothing is called}
   */
  onTaskEnd?:
    | ((task: TaskIdentity, outcome: EndedTask, signal: AbortSignal) => unknown)
    | undefined;
  /**
   * Called once when the run is over and the database is closed, before `runPipeline` resolves or rejects: after
   * success, failure, cancellation and a signal of the system, and when the run or its items failed as a whole.
   * Wrong options and arguments are refused without a call. The signal is aborted when the time of the call is up.
   *
   * @default {nothing is called}
   */
  onEnd?: ((report: EndedRun, signal: AbortSignal) => unknown) | undefined;
  /**
   * Time limit of a call of `onTaskEnd` or `onEnd`, in milliseconds. The run then continues without it.
   *
   * @default {30000}
   */
  hookTimeoutMs?: number | undefined;
}

/**
 * Refuses an invalid time limit of hooks.
 *
 * @throws {RangeError} If it is not a number of milliseconds
 */
export function checkHooks({ hookTimeoutMs = HOOK_TIMEOUT_MS }: HookOptions): void {
  checkMilliseconds(hookTimeoutMs, {
    operation: "run the pipeline",
    name: "hookTimeoutMs",
    min: 1,
  });
}
