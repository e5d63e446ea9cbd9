/**
 * Tasks on a pool of Workers, whose attempts are counted and timed here.
 *
 * @module
 */
import type { RunningTask } from "../observers/run_observer.ts";
import type { IdentifiedItem } from "../scheduler/task_identity.ts";
import type { TaskPoolOptions } from "./pool_options.ts";
import type { TaskModule } from "./task_module.ts";
import { TaskPool } from "./task_pool.ts";
import type { TaskOutcome } from "./task_runner.ts";
import type { Executor, ExecutorOptions } from "./executor.ts";

/** What a place on a pool needs beside that. */
export interface PoolPlaceOptions<Item>
  extends ExecutorOptions<Item>, Pick<TaskPoolOptions, "attach" | "lose" | "giveUp"> {
  /** Milliseconds a task that is cancelled may go on before its Worker is ended. */
  graceMs: number;
}

/** Runs tasks on Workers. */
export class WorkerPoolExecutor<Item> implements Executor<Item>, Disposable {
  readonly #options: PoolPlaceOptions<Item>;
  readonly #pool: TaskPool;

  constructor(work: TaskModule, options: PoolPlaceOptions<Item>) {
    this.#options = options;
    const { environment, observer, attach, lose, giveUp } = options;
    const { run, args, atomic, onLog, signal, batchSender } = environment;
    this.#pool = new TaskPool(work, {
      run,
      args,
      atomic,
      signal,
      watch: onLog && { onLog, prints: observer?.prints === true },
      attach,
      // On the port of what is written about its task afterwards. A writer that is gone takes nothing anyway.
      cut: (sender) => void batchSender.query({ kind: "disconnect", sender }).catch(() => {}),
      lose,
      giveUp,
    });
  }

  /**
   * Starts the Workers.
   *
   * @throws {Error} If the module cannot be loaded or has no such export
   */
  async start(slots: number): Promise<void> {
    await this.#pool.start(slots);
  }

  async turn(task: IdentifiedItem<Item>, slot: number): Promise<void> {
    const { observer, watch } = this.#options;
    const begin = () => this.#begin(task, slot);
    const { pending } = await (observer?.within ? observer.within(task, begin) : begin());
    watch(task, pending);
  }

  cancel(id: number, reason: Error): boolean {
    return this.#pool.cancel(id, reason, this.#options.graceMs);
  }

  running(): Iterable<RunningTask> {
    return this.#pool.running();
  }

  /** Resolves when everything that the tasks sent is committed. */
  async finish(): Promise<void> {
    await this.#pool.finish();
  }

  /** Ends the Workers. */
  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }

  async #begin(
    task: IdentifiedItem<Item>,
    slot: number,
  ): Promise<{ pending: Promise<TaskOutcome> }> {
    const pool = this.#pool;
    const { attempts } = this.#options;
    const begun = this.#options.begun && (() => this.#options.begun!(task));
    if (!attempts) return await pool.run(slot, task, { begun });
    const attempt = attempts.begin(task, true);
    let timer: Disposable | undefined;
    try {
      return await pool.run(slot, task, {
        attempt,
        begun,
        sent: () => {
          timer?.[Symbol.dispose]();
          timer = attempts.time(task, {
            tell: (reason) => pool.timeOut(slot, task.id, reason),
            end: (error) => pool.terminate(slot, task.id, error),
          });
        },
      });
    } finally {
      timer?.[Symbol.dispose]();
    }
  }
}
