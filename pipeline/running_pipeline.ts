/**
 * A pipeline that has been started: its report to wait for, and its tasks to cancel and retry.
 *
 * @module
 */
import { fromErrorData, toErrorData } from "../errors.ts";
import type { PipelineReport } from "./report.ts";
import type { RunControl } from "./run_control.ts";

/**
 * A pipeline that {@linkcode startPipeline} has started.
 *
 * @example Cancel one task, and retry what failed
 * ```ts
 * import { startPipeline } from "@pipeloom/pipeloom";
 *
 * const slow = Promise.withResolvers<number>();
 * const pipeline = startPipeline(["slow", "quick"], {
 *   db: ":memory:",
 *   workers: 2,
 *   async run(item, { id, signal }) {
 *     if (item === "quick") return;
 *     slow.resolve(id);
 *     await new Promise((_, reject) => signal.onabort = () => reject(signal.reason));
 *   },
 * });
 * await pipeline.cancel(await slow.promise);
 * const report = await pipeline.finished;
 * console.log(report.counts.cancelled); // 1
 * ```
 */
export interface RunningPipeline {
  /** Its report, when it has ended; rejected as `runPipeline` is. */
  readonly finished: Promise<PipelineReport>;

  /**
   * Its row in `pipeline_runs`, as soon as it has one; `null` when the status of tasks is not stored. Rejected where it
   * ends before it begins.
   */
  readonly started: Promise<number | null>;

  /**
   * Cancels one task and resolves when it has ended; without an id it cancels the run and resolves when that has
   * ended. A task or hook of the run does not await that: it would wait for its own end.
   *
   * A queued task never starts. A running task is aborted through its `signal`: it is `cancelled` when it throws the
   * signal's reason or an `AbortError`, and `done` when it finishes anyway. On the pool its Worker is terminated
   * when it still runs after `abortGraceMs`. Tasks that depend on it are cancelled, too.
   *
   * @param task Its id: `task.id`, `task_runs.id`
   * @param reason The error that it receives; its message is in `task_runs`
   * @throws {Error} If the task has ended otherwise, or no task has this id
   * @throws {TypeError} If the id is not an integer ≥ 1
   */
  cancel(task?: number, reason?: unknown): Promise<void>;

  /**
   * Runs a failed or cancelled task again in the same run; without an id all failed tasks. Tasks that were cancelled
   * because they depend on them run again, too. The earlier attempt is kept in `task_attempts`. A run that has ended
   * is continued with `resume` instead.
   *
   * @param task Its id: `task.id`, `task_runs.id`
   * @returns How many tasks are queued again
   * @throws {Error} If no task can be run again, or the run ends
   * @throws {TypeError} If the id is not an integer ≥ 1
   */
  retry(task?: number): Promise<number>;

  /**
   * Adds items to the run, as `task.add` does; those whose key the run has already are left out. The run does not
   * end before they are added. When nothing else is left of it, it may have ended already.
   *
   * @returns How many are new, once they are committed
   * @throws {TypeError} If an item has no key, or a part of it has no JSON form
   * @throws {Error} If the run has ended or is being stopped, or the status of tasks is not stored
   */
  add(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<number>;
}

/** A pipeline as {@linkcode startPipeline} returns it. */
export class PipelineHandle implements RunningPipeline {
  readonly finished: Promise<PipelineReport>;
  readonly started: Promise<number | null>;
  readonly #control: RunControl;

  constructor(finished: Promise<PipelineReport>, control: RunControl) {
    this.finished = finished;
    this.started = control.started;
    this.#control = control;
  }

  async cancel(task?: number, reason?: unknown): Promise<void> {
    const error = reason === undefined || reason instanceof Error
      ? reason
      : fromErrorData(toErrorData(reason));
    if (task !== undefined) return await this.#control.cancel(task, error);
    this.#control.stop(error);
    await this.finished.catch(() => {});
  }

  async retry(task?: number): Promise<number> {
    return await this.#control.retry(task);
  }

  async add(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<number> {
    return await this.#control.add(items);
  }
}
