/**
 * Tasks on the main thread, which run in turns, each while the others wait.
 *
 * @module
 */
import { TransientMap } from "../../internal/transient_map.ts";
import { type ErrorData, toErrorData } from "../../errors.ts";
import type { RunningTask, RunObserver } from "../observers/run_observer.ts";
import { timeAttempt } from "./attempt_timer.ts";
import { type Executor, type ExecutorEvents, lostOutcome, type OfferedTask } from "./executor.ts";
import { type TaskEnvironment, TaskExecution } from "./task_execution.ts";
import { runTask, type TaskOutcome } from "./task_runner.ts";
import type { TaskFunction } from "./task_module.ts";

/** Milliseconds after which tasks that never wait make way for timers, signals and acknowledgements. */
const YIELD_MS = 50;

/** What an executor needs of the run. */
export interface ExecutorOptions {
  environment: TaskEnvironment;
  /** How many tasks run at once. */
  slots: number;
  /** The initial number of tasks, where that is known; tasks may add others. */
  expected?: number | undefined;
  /** The run's observer, if it has one. */
  observer: RunObserver | undefined;
}

/** Runs tasks on this thread. */
export class MainThreadExecutor<Item> implements Executor<Item> {
  readonly #work: TaskFunction<Item>;
  readonly #options: ExecutorOptions;
  /** Attempts whose outcome is not known yet, by the ids of their tasks. */
  readonly #executions = new TransientMap<number, TaskExecution>();
  #free: number;
  #events: ExecutorEvents<Item> | undefined;
  /** On the clock of the day, which is read for each task anyway, and may be set. */
  #yieldedAt = Date.now();
  /** While the thread is given to others. */
  #yielding: Promise<void> | undefined;
  readonly #abort = () => {
    const { reason } = this.#options.environment.signal;
    for (const execution of this.#executions.values()) execution.abort(reason);
  };

  constructor(work: TaskFunction<Item>, options: ExecutorOptions) {
    this.#work = work;
    this.#options = options;
    this.#free = options.slots;
    options.environment.signal.addEventListener("abort", this.#abort);
  }

  get free(): number {
    return this.#free;
  }

  start(events: ExecutorEvents<Item>): Promise<void> {
    this.#events = events;
    return Promise.resolve();
  }

  offer(task: OfferedTask<Item>): void {
    this.#free--;
    void this.#run(task);
  }

  cancel(task: OfferedTask<Item>, reason: Error): void {
    this.#executions.get(task.id)?.cancel(reason);
    this.#options.environment.deadline?.limitTask(task.id, 0, "it was cancelled");
  }

  *running(): Generator<RunningTask> {
    for (const execution of this.#executions.values()) {
      if (!execution.ended) yield execution;
    }
  }

  messageFailed(id: number, error: ErrorData): void {
    this.#executions.get(id)?.fail(error);
  }

  async finish(): Promise<void> {
    // No timer outlives the run.
    await this.#yielding;
    await this.#options.environment.batchSender.flushed();
  }

  [Symbol.dispose](): void {
    this.#options.environment.signal.removeEventListener("abort", this.#abort);
  }

  async #run(task: OfferedTask<Item>): Promise<void> {
    const { environment, observer } = this.#options;
    const events = this.#events!;
    try {
      const execution = new TaskExecution(task, environment, task.attempt);
      this.#executions.set(task.id, execution);
      const begin = task.attempt?.timeoutMs === undefined
        ? () => runTask(this.#work, task.item, execution, environment)
        : () => this.#runTimed(task, execution);
      const running = observer?.within ? observer.within(task, begin) : begin();
      events.started(task);
      const outcome = await running;
      const room = environment.batchSender.ready();
      const yields = room !== undefined || Math.abs(Date.now() - this.#yieldedAt) > YIELD_MS;
      if (!yields) this.#free++;
      if ("pending" in outcome) {
        outcome.pending.then((end) => this.#end(task, end), (error) => this.#lose(task, error));
      } else this.#end(task, outcome);
      if (yields) {
        await (room ? environment.batchSender.readyInTurn() : this.#yield());
        this.#yieldedAt = Date.now();
        this.#free++;
      }
      if (yields || "pending" in outcome) events.ready();
    } catch (error) {
      // It is never answered before it was offered.
      await undefined;
      this.#lose(task, error);
    }
  }

  async #runTimed(
    task: OfferedTask<Item>,
    execution: TaskExecution,
  ): Promise<TaskOutcome | { pending: Promise<TaskOutcome> }> {
    const { environment } = this.#options;
    using _ = timeAttempt(task, environment, { notify: (reason) => execution.timeOut(reason) });
    return await runTask(this.#work, task.item, execution, environment);
  }

  /** The writer is gone: nothing more can be sent, perhaps not even the end of the task. */
  #lose(task: OfferedTask<Item>, error: unknown): void {
    this.#events!.failed(error as Error);
    if (!this.#executions.delete(task.id)) return;
    this.#events!.lost(task, lostOutcome(toErrorData(error), "error"));
  }

  /** Gives the thread to others. */
  #yield(): Promise<void> {
    return this.#yielding ??= new Promise<void>((resolve) =>
      setTimeout(() => {
        this.#yielding = undefined;
        resolve();
      }, 0)
    );
  }

  #end(task: OfferedTask<Item>, outcome: TaskOutcome): void {
    this.#executions.delete(task.id);
    this.#options.environment.deadline?.releaseTask(task.id);
    this.#events!.ended(task, outcome);
  }
}
