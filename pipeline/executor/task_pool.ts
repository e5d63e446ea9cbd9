/**
 * A pool of task Workers: tasks run in parallel, each Worker with its own port straight to the writer, so
 * that rows do not pass through the main thread.
 *
 * @module
 */
import type { RunningTask } from "../observers/run_observer.ts";
import type { IdentifiedItem } from "../scheduler/task_identity.ts";
import type { StartOptions, TaskPoolOptions } from "./pool_options.ts";
import type { TaskModule } from "./task_module.ts";
import { PooledWorker } from "./pool_worker.ts";
import type { TaskOutcome } from "./task_runner.ts";

/** The Workers; each has a slot, and one that dies is replaced when its slot gets the next task. */
export class TaskPool implements Disposable {
  readonly #task: TaskModule;
  readonly #options: TaskPoolOptions;
  readonly #workers: PooledWorker[] = [];
  /** Tasks that are being given to a Worker, and why they are not to be any more. */
  readonly #given = new Map<number, Error | undefined>();
  readonly #abort = () =>
    this.#workers.forEach((worker) => worker.abort(this.#options.signal.reason));

  constructor(task: TaskModule, options: TaskPoolOptions) {
    this.#task = task;
    this.#options = options;
    options.signal.addEventListener("abort", this.#abort);
  }

  /**
   * Starts the Workers; there are fewer when the signal is aborted meanwhile, and none when it was before.
   *
   * @throws {Error} If the module cannot be loaded or has no such export
   */
  async start(size: number): Promise<void> {
    // None would hear of it any more while its module loads, which may take for ever.
    if (this.#options.signal.aborted) return;
    await Promise.all(Array.from({ length: size }, (_, slot) => this.#start(slot)));
  }

  /** Runs a task in a slot. Resolves when the slot is free again, with a promise of the outcome. */
  async run(
    slot: number,
    task: IdentifiedItem<unknown>,
    start?: StartOptions,
  ): Promise<{ pending: Promise<TaskOutcome> }> {
    const begun = await this.#give(slot, task, start);
    if (begun) return begun;
    return await this.#give(slot, task, start) ?? this.#workers[slot]!.lost();
  }

  /**
   * Cancels a task: it is told, and its Worker is ended if it goes on for `graceMs`. Returns whether it is here at
   * all; one that has returned and waits for its commit is left alone.
   */
  cancel(id: number, reason: Error, graceMs: number): boolean {
    if (this.#given.has(id)) {
      this.#given.set(id, reason);
      return true;
    }
    return this.#workers.some((worker) => worker.cancel(id, reason, graceMs));
  }

  /** Tells the task in a slot that its time is up. */
  timeOut(slot: number, id: number, reason: Error): void {
    this.#workers[slot]?.timeOut(id, reason);
  }

  /** Ends the Worker of a slot in the middle of its task, which fails with this error. */
  terminate(slot: number, id: number, error: Error): void {
    this.#workers[slot]?.terminate(id, error);
  }

  /** The tasks that run at the moment; how far they are is known where somebody looks on. */
  *running(): Generator<RunningTask> {
    for (const { running } of this.#workers) {
      if (running) yield running;
    }
  }

  /** Resolves when everything that the tasks sent is committed. */
  async finish(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.finish()));
  }

  /** Ends the Workers; a task that still runs on one of them has failed. */
  [Symbol.dispose](): void {
    this.#options.signal.removeEventListener("abort", this.#abort);
    for (const worker of this.#workers) worker[Symbol.dispose]();
  }

  async #give(
    slot: number,
    task: IdentifiedItem<unknown>,
    start?: StartOptions,
  ): Promise<{ pending: Promise<TaskOutcome> } | undefined> {
    this.#given.set(task.id, undefined);
    let worker: PooledWorker;
    let reason: Error | undefined;
    try {
      worker = await this.#alive(slot);
    } finally {
      reason = this.#given.get(task.id);
      this.#given.delete(task.id);
    }
    return reason ? worker.lost(reason, "cancelled") : await worker.run(task, start);
  }

  /** The Worker of a slot; a dead one is replaced, unless nothing more is to be started. */
  async #alive(slot: number): Promise<PooledWorker> {
    if (this.#workers[slot]!.death && !this.#options.signal.aborted) await this.#start(slot);
    return this.#workers[slot]!;
  }

  async #start(slot: number): Promise<void> {
    const { signal } = this.#options;
    const worker = this.#workers[slot] = new PooledWorker(this.#options);
    try {
      await worker.load(this.#task);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (signal.aborted) worker.abort(signal.reason);
  }
}
