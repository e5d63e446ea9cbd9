/**
 * Tasks on the main thread, which go on by turns, each while the others wait.
 *
 * @module
 */
import type { ErrorData } from "../../errors.ts";
import type { RunningTask } from "../observers/run_observer.ts";
import type { IdentifiedItem } from "../scheduler/task_identity.ts";
import { TaskExecution } from "./task_execution.ts";
import { runTask, type TaskFunction } from "./task_runner.ts";
import type { Executor, ExecutorOptions } from "./executor.ts";

/** Milliseconds after which tasks that never wait make way for timers, signals and acknowledgements. */
const YIELD_MS = 50;

/** Runs tasks on this thread. */
export class MainThreadExecutor<Item> implements Executor<Item> {
  readonly #work: TaskFunction<Item>;
  readonly #options: ExecutorOptions<Item>;
  /** Tasks whose rows may still fail, by id. */
  readonly #tasks = new Map<number, TaskExecution>();
  #yieldedAt = performance.now();

  constructor(work: TaskFunction<Item>, options: ExecutorOptions<Item>) {
    this.#work = work;
    this.#options = options;
    const { signal } = options.environment;
    signal.addEventListener("abort", () => {
      for (const task of this.#tasks.values()) task.abort(signal.reason);
    });
  }

  async turn(identified: IdentifiedItem<Item>): Promise<void> {
    const { attempts, begun, environment, observer, ended, watch } = this.#options;
    const task = new TaskExecution(identified, environment, attempts?.begin(identified));
    this.#tasks.set(task.id, task);
    const once = () => runTask(this.#work, identified.item, task, environment);
    const begin = attempts
      ? async () => {
        using _ = attempts.time(identified, { tell: (reason) => task.timeOut(reason) });
        return await once();
      }
      : once;
    const running = observer?.within ? observer.within(task, begin) : begin();
    begun?.(identified);
    const outcome = await running;
    if ("pending" in outcome) watch(identified, outcome.pending);
    else if (outcome.unwritten) watch(identified, Promise.resolve(outcome));
    else ended(identified, outcome);
    const room = environment.batchSender.ready();
    if (room || performance.now() - this.#yieldedAt > YIELD_MS) {
      await (room ?? new Promise((resolve) => setTimeout(resolve, 0)));
      this.#yieldedAt = performance.now();
    }
  }

  cancel(id: number, reason: Error): boolean {
    const task = this.#tasks.get(id);
    task?.cancel(reason);
    return task !== undefined;
  }

  *running(): Generator<RunningTask> {
    for (const task of this.#tasks.values()) {
      if (!task.ended) yield task;
    }
  }

  fail(id: number, error: ErrorData): void {
    this.#tasks.get(id)?.fail(error);
  }

  forget(id: number): void {
    this.#tasks.delete(id);
  }
}
