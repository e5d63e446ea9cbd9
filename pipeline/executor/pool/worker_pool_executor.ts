/**
 * Tasks on a pool of Workers: they run in parallel, each Worker with its own port straight to the writer, so that
 * rows do not pass through the main thread.
 *
 * @module
 */
import { toErrorData } from "../../../errors.ts";
import type { RunningTask } from "../../observers/run_observer.ts";
import { type Executor, type ExecutorEvents, lostOutcome, type OfferedTask } from "../executor.ts";
import type { ExecutorOptions } from "../main_thread_executor.ts";
import { PooledWorker } from "./pool_worker.ts";
import type { WorkerOptions } from "./pool_worker_options.ts";

/** What a pool needs of the run. */
export interface WorkerPoolOptions extends ExecutorOptions, WorkerOptions {
  slots: number;
  /** Calls back when the writer is gone; see {@linkcode SqliteWriter.onClosed}. */
  onClosed: (listener: () => void) => Disposable;
}

/** The Workers; each has a slot, and one that dies is replaced when its slot gets the next task. */
export class WorkerPoolExecutor<Item> implements Executor<Item> {
  readonly #options: WorkerPoolOptions;
  readonly #workers: PooledWorker<Item>[] = [];
  /** Slots that have no task. */
  readonly #idle: number[] = [];
  /** Slots that have no Worker, because there were fewer tasks than slots. */
  readonly #unstarted: number[] = [];
  #events: ExecutorEvents<Item> | undefined;
  readonly #closed: Disposable;
  #isDisposed = false;
  readonly #abort = () => {
    const { reason } = this.#options.environment.signal;
    for (const worker of this.#workers) worker.abort(reason);
  };

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#closed = options.onClosed(() => this[Symbol.dispose]());
    options.environment.signal.addEventListener("abort", this.#abort);
  }

  get free(): number {
    return this.#idle.length + this.#unstarted.length;
  }

  /**
   * Starts the Workers; there are fewer when the signal is aborted meanwhile, and none when it was before.
   *
   * @throws {Error} If the module cannot be loaded or has no such export
   */
  async start(events: ExecutorEvents<Item>): Promise<void> {
    this.#events = events;
    // None would notice it any more while its module loads, which may take for ever.
    if (this.#options.environment.signal.aborted) return;
    const { slots, expected = slots } = this.#options;
    const all = Array.from({ length: slots }, (_, slot) => slot);
    const first = all.splice(0, expected);
    try {
      await Promise.all(first.map((slot) => this.#start(slot)));
    } catch (error) {
      // What others have set up is not left behind.
      await this.finish();
      throw error;
    }
    this.#idle.push(...first);
    this.#unstarted.push(...all);
  }

  offer(task: OfferedTask<Item>): void {
    const slot = this.#idle.shift() ?? this.#unstarted.shift()!;
    const { observer } = this.#options;
    const run = () => this.#run(task, slot);
    (observer?.within ? observer.within(task, run) : run()).then(() => {
      this.#idle.push(slot);
      this.#events!.ready();
    }).catch((error) => this.#events!.failed(error));
  }

  cancel(task: OfferedTask<Item>, reason: Error): void {
    for (const worker of this.#workers) worker.cancel(task.id, reason);
    this.#options.environment.deadline?.limitTask(task.id, 0, "it was cancelled");
  }

  *running(): Generator<RunningTask> {
    for (const { running } of this.#workers) {
      if (running) yield running;
    }
  }

  async finish(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.finish()));
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#closed[Symbol.dispose]();
    this.#options.environment.signal.removeEventListener("abort", this.#abort);
    for (const worker of this.#workers) worker[Symbol.dispose]();
  }

  /** Runs a task in a slot. Resolves when the slot is free again. */
  async #run(task: OfferedTask<Item>, slot: number): Promise<void> {
    // It is never answered before it was offered.
    await undefined;
    const events = this.#events!;
    try {
      const isOver = this.#isDisposed || this.#options.environment.signal.aborted;
      const before = this.#workers[slot];
      if (!isOver && (!before || before.death)) await this.#start(slot);
    } catch (error) {
      events.failed(error as Error);
      return events.lost(task, lostOutcome(toErrorData(error), "error"));
    }
    const worker = this.#workers[slot];
    if (!task.cancellation && worker) return await worker.run(task);
    const reason = task.cancellation?.reason ?? this.#options.environment.signal.reason;
    events.ended(task, lostOutcome(toErrorData(reason), "cancelled"));
  }

  async #start(slot: number): Promise<void> {
    const { signal } = this.#options.environment;
    const worker = this.#workers[slot] = new PooledWorker(this.#options, this.#events!);
    try {
      await worker.load();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (signal.aborted) worker.abort(signal.reason);
    if (this.#isDisposed) worker[Symbol.dispose]();
  }
}
