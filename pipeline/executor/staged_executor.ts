/**
 * The executors of a run with stages, as one: each task goes to that of its stage, and a stage that is full keeps none
 * of another waiting.
 *
 * @module
 */
import type { ErrorData } from "../../errors.ts";
import type { RunningTask } from "../observers/run_observer.ts";
import type { Executor, ExecutorEvents, OfferedTask } from "./executor.ts";

/** One stage. */
export interface OpenStage<Item> {
  readonly executor: Executor<Item>;
  /** How many of its tasks run at once, where it shares its executor with other stages. */
  readonly limit?: number | undefined;
}

interface Stage<Item> {
  readonly executor: Executor<Item>;
  readonly limit: number;
  /** Tasks that its executor has. */
  offered: number;
}

/** Runs tasks where their stages do. */
export class StagedExecutor<Item> implements Executor<Item> {
  readonly #stages: ReadonlyMap<string, Stage<Item>>;
  readonly #executors: readonly Executor<Item>[];

  constructor(stages: ReadonlyMap<string, OpenStage<Item>>) {
    this.#stages = new Map(
      stages.entries().map(([name, { executor, limit = Infinity }]) =>
        [name, { executor, limit, offered: 0 }] as const
      ),
    );
    this.#executors = [...new Set(this.#stages.values().map(({ executor }) => executor))];
  }

  get free(): number {
    return this.#executors.reduce((sum, { free }) => sum + free, 0);
  }

  get notice(): string | undefined {
    return this.#executors.find(({ notice }) => notice !== undefined)?.notice;
  }

  get workers(): number | undefined {
    return this.#executors.find(({ workers }) => workers !== undefined)?.workers;
  }

  hasRoom(stage: string): boolean {
    const { executor, limit, offered } = this.#stages.get(stage)!;
    return executor.free > 0 && offered < limit;
  }

  async start(events: ExecutorEvents<Item>): Promise<void> {
    const own: ExecutorEvents<Item> = {
      ...events,
      ended: (task, outcome) => {
        this.#stageOf(task).offered--;
        events.ended(task, outcome);
      },
      lost: (task, outcome) => {
        this.#stageOf(task).offered--;
        events.lost(task, outcome);
      },
      returned: (task) => {
        this.#stageOf(task).offered--;
        events.returned(task);
      },
    };
    await Promise.all(this.#executors.map((executor) => executor.start(own)));
  }

  offer(task: OfferedTask<Item>): void {
    const stage = this.#stageOf(task);
    stage.offered++;
    stage.executor.offer(task);
  }

  cancel(task: OfferedTask<Item>, reason: Error): void {
    this.#stageOf(task).executor.cancel(task, reason);
  }

  *running(): Generator<RunningTask> {
    for (const executor of this.#executors) yield* executor.running();
  }

  messageFailed(id: number, error: ErrorData): void {
    for (const executor of this.#executors) executor.messageFailed?.(id, error);
  }

  async finish(): Promise<void> {
    await Promise.all(this.#executors.map((executor) => executor.finish()));
  }

  [Symbol.dispose](): void {
    for (const executor of this.#executors) executor[Symbol.dispose]();
  }

  #stageOf({ stage }: OfferedTask<Item>): Stage<Item> {
    return this.#stages.get(stage!)!;
  }
}
