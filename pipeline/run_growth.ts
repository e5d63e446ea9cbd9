/**
 * Items that are added to a run while it is active, by its tasks or its program.
 *
 * @module
 */
import {
  type Adds,
  type Identify,
  identifyAll,
  notStored,
  toAddMessages,
} from "./executor/added_items.ts";
import type { TaskEnvironment } from "./executor/task_execution.ts";
import type { Scheduler } from "./scheduler/scheduler.ts";
import type { Identifying } from "./scheduler/task_identity.ts";

/** Lets one run grow. Its fields belong to the main thread. */
export class RunGrowth<Item> implements Adds {
  readonly identify: Identify;
  readonly isPlain: boolean;
  readonly #environment: TaskEnvironment;
  /** Calls of the program so far, counted down. */
  #calls = 0;
  readonly #scheduler: () => Scheduler<Item> | undefined;

  /** `scheduler` returns that of the run, once there is one. */
  constructor(
    options: Identifying<Item>,
    environment: TaskEnvironment,
    scheduler: () => Scheduler<Item> | undefined,
  ) {
    this.identify = async (items) => {
      // Only an item that is queued has its key in the run.
      await environment.queueAll?.();
      return identifyAll(items, options);
    };
    this.isPlain = !options.taskName && !options.taskKey && !options.stage;
    this.#environment = environment;
    this.#scheduler = scheduler;
  }

  added(id: number): void {
    this.#scheduler()?.supply.added(id);
  }

  /** Adds items of the program. Resolves with the number of those that are new, once they are committed. */
  async add(items: Iterable<Item> | AsyncIterable<Item>): Promise<number> {
    const scheduler = this.#scheduler();
    const { signal } = this.#environment;
    if (!scheduler || scheduler.control.isClosed || signal.aborted) {
      throw new Error("Cannot add items: the run has ended, or is being stopped");
    }
    return await scheduler.whilePending(this.#add(items));
  }

  async #add(items: Iterable<Item> | AsyncIterable<Item>): Promise<number> {
    const { run, batchSender } = this.#environment;
    if (run === null) throw notStored();
    let total = 0;
    const call = --this.#calls;
    try {
      for await (const message of toAddMessages(items, { run, by: 0, identify: this.identify })) {
        // Items that come after this message have to be compared with it.
        this.added(call);
        total += await batchSender.request(message);
        this.added(call);
      }
      return total;
    } finally {
      this.#scheduler()?.supply.ended(call, false);
    }
  }
}
