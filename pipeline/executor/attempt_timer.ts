/**
 * Times an attempt at a task: notifies it when its time is up, and ends it after the grace period if possible.
 *
 * @module
 */
import type { Attempt } from "../scheduler/retry_policy.ts";
import type { TaskIdentity } from "./task_context.ts";
import { logTask, type TaskEnvironment } from "./task_execution.ts";

/** What is done when the time of an attempt is up. */
export interface TimeOut {
  /** Notifies the task. */
  notify: (reason: Error) => void;
  /** Ends a task that has continued for the time of grace, and what that is in milliseconds. */
  end?: { afterMs: number; run: (error: Error) => void };
}

/** Times an attempt until it is disposed of; `undefined` when it may take any time. */
export function timeAttempt(
  task: TaskIdentity & { readonly attempt: Attempt | undefined },
  environment: TaskEnvironment,
  { notify, end }: TimeOut,
): Disposable | undefined {
  const timeoutMs = task.attempt?.timeoutMs;
  if (timeoutMs === undefined) return undefined;
  const leftMs = Math.max(1, timeoutMs - (task.attempt?.awakeMs ?? 0));
  const startedAt = performance.now();
  // Also when it has returned, until what it sent is written.
  environment.deadline?.limitTask(task.id, leftMs, "its time was up");
  const text = `Timed out after ${timeoutMs} ms`;
  let isLate = false;
  const warn = (message: string) => {
    try {
      logTask(task, environment, { message, level: "warn" });
    } catch {
      // The writer is gone, which the run notices itself; thrown in a timer it would end the process.
    }
  };
  let timer = setTimeout(() => {
    isLate = true;
    warn(`${text}: its signal is aborted`);
    notify(new DOMException(text, "TimeoutError"));
    if (!end) return;
    timer = setTimeout(() => {
      const ended = `${text}; its Worker was terminated`;
      warn(ended);
      end.run(new DOMException(ended, "TimeoutError"));
    }, end.afterMs);
  }, leftMs);
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      // A task that never waits keeps the timer from firing.
      if (!isLate && performance.now() - startedAt > leftMs) {
        warn(`${text}, but could not be notified`);
      }
    },
  };
}
