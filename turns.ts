/**
 * The turns of a pipeline's tasks: each worker takes one task after the other, on this thread or on a Worker
 * of the pool, until there is none or the pipeline is stopped.
 *
 * @module
 */
import { Attempts } from "./attempts.ts";
import type { ErrorData } from "./errors.ts";
import type { DependentFeed } from "./dependent_feed.ts";
import { LOOKAHEAD } from "./item_source.ts";
import { writtenEnd } from "./lost_task.ts";
import { hasPolicy, type PolicyOptions } from "./retry_policy.ts";
import type { RunningTask, RunObserver } from "./run_observer.ts";
import { TaskContext, type TaskEnvironment } from "./task_context.ts";
import type { TaskFeed } from "./task_feed.ts";
import type { IdentifiedItem } from "./task_identity.ts";
import { hasOrder, type QueueOptions, TaskQueue } from "./task_queue.ts";
import { hasRate } from "./tag_limits.ts";
import { TaskLine } from "./task_line.ts";
import { type TaskModule, TaskPool } from "./task_pool.ts";
import { runTask, type TaskFunction, type TaskOutcome, writeFailure } from "./task_runner.ts";
import { onGone, type SqliteWriter } from "./writer_client.ts";

/** Milliseconds after which tasks that never wait make way for timers, signals and acknowledgements. */
const YIELD_MS = 50;

/** What the turns need of the pipeline. */
export interface TurnsOptions<Item> {
  /** Where the tasks come from. */
  feed: TaskFeed<Item>;
  /** The same in the order of their dependencies, where there are any. */
  dependent: DependentFeed<Item> | undefined;
  /** How each task is tried, and which go first. */
  policy: PolicyOptions<Item> & QueueOptions<Item>;
  /** How many tasks run at once. */
  workers: number;
  /** Aborted when the pipeline is to stop. */
  signal: AbortSignal;
  /** Who looks on, if anybody does. */
  observer: RunObserver | undefined;
  /** Called when a task has ended. */
  ended(task: IdentifiedItem<Item>, outcome: TaskOutcome): void;
  /** Called with what keeps the pipeline itself from going on. */
  giveUp(error: Error): void;
}

/** Runs the tasks of one pipeline. Its fields belong to the main thread. */
export class Turns<Item> {
  readonly #options: TurnsOptions<Item>;
  /** Tasks on this thread whose rows may still fail, by id. */
  readonly #tasks = new Map<number, TaskContext>();
  /** Tasks that have returned and whose rows are on their way. */
  readonly #pending = new Set<Promise<void>>();
  #pool: TaskPool | undefined;
  /** Where tasks are put in order and come back, where they do; and who lets them, where there is a policy. */
  #line: TaskLine<Item> | undefined;
  #attempts: Attempts<Item> | undefined;
  #environment: TaskEnvironment | undefined;
  #yieldedAt = performance.now();

  constructor(options: TurnsOptions<Item>) {
    this.#options = options;
    options.signal.addEventListener("abort", () => {
      for (const task of this.#tasks.values()) task.abort(options.signal.reason);
    });
  }

  /** Resolves when every task has ended that is to run at all. */
  async run(
    work: TaskFunction<Item> | TaskModule,
    writer: SqliteWriter,
    environment: TaskEnvironment,
  ): Promise<void> {
    this.#environment = environment;
    this.#lineUp(environment);
    const running = typeof work === "function"
      ? this.#runHere(work, environment)
      : this.#runInPool(work, writer, environment);
    await running.catch((error) => this.#options.giveUp(error));
    await Promise.all(this.#pending);
  }

  /** Makes the line and counts attempts, where that is asked for. */
  #lineUp(environment: TaskEnvironment): void {
    const { feed, dependent, signal, policy } = this.#options;
    const [ordered, tried] = [hasOrder(policy), hasPolicy(policy)];
    if (!ordered && !tried && !dependent) return;
    const queue = new TaskQueue(ordered ? policy : {});
    const ahead = !ordered ? 1 : feed.known ? Infinity : LOOKAHEAD;
    const whole = feed.known !== undefined && policy.priority !== undefined;
    this.#line = new TaskLine({ source: dependent ?? feed, queue, ahead, whole, signal });
    if (tried) this.#attempts = new Attempts(policy, this.#line, environment);
  }

  /** The tasks that run at the moment, in the order of their start. */
  *running(): Generator<RunningTask> {
    if (this.#pool) yield* this.#pool.running();
    for (const task of this.#tasks.values()) {
      if (!task.ended) yield task;
    }
  }

  /** A message of a task failed for which nobody waits: the task fails. */
  fail(task: number, error: ErrorData): void {
    this.#tasks.get(task)?.fail(error);
  }

  async #runHere(work: TaskFunction<Item>, environment: TaskEnvironment): Promise<void> {
    const { observer } = this.#options;
    await this.#takeTurns(async (identified) => {
      const attempts = this.#attempts;
      const task = new TaskContext(identified, environment, attempts?.begin(identified));
      this.#tasks.set(task.id, task);
      const once = () => runTask(work, identified.item, task, environment);
      const begin = attempts
        ? async () => {
          using _ = attempts.time(identified, { tell: (reason) => task.timeOut(reason) });
          return await once();
        }
        : once;
      const running = observer?.within ? observer.within(task, begin) : begin();
      this.#line?.start(identified);
      const outcome = await running;
      if ("pending" in outcome) this.#watch(identified, outcome.pending, environment);
      else if (outcome.unwritten) this.#watch(identified, Promise.resolve(outcome), environment);
      else this.#ended(identified, outcome);
      const room = environment.outbox.room();
      if (room || performance.now() - this.#yieldedAt > YIELD_MS) {
        await (room ?? new Promise((resolve) => setTimeout(resolve, 0)));
        this.#yieldedAt = performance.now();
      }
    });
  }

  async #runInPool(
    work: TaskModule,
    writer: SqliteWriter,
    environment: TaskEnvironment,
  ): Promise<void> {
    const { signal, observer } = this.#options;
    const { run, atomic, heard } = environment;
    const watch = heard && { heard, prints: observer?.prints === true };
    using pool = new TaskPool(work, { run, atomic, signal, watch, attach: () => writer.attach() });
    using _ = onGone(writer, () => pool[Symbol.dispose]());
    await pool.start(this.#slots);
    this.#pool = pool;
    await this.#takeTurns(async (identified, slot) => {
      const begin = () => this.#runInSlot(pool, slot, identified);
      const { pending } = await (observer?.within ? observer.within(identified, begin) : begin());
      this.#watch(identified, pending, environment);
    });
    await Promise.all(this.#pending);
    await pool.finish();
  }

  async #runInSlot(
    pool: TaskPool,
    slot: number,
    task: IdentifiedItem<Item>,
  ): Promise<{ pending: Promise<TaskOutcome> }> {
    const attempts = this.#attempts;
    const line = this.#line;
    const begun = line && hasRate(this.#options.policy) ? () => line.start(task) : undefined;
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

  /** Workers that find something to do. */
  get #slots(): number {
    const { workers, feed } = this.#options;
    return Math.min(workers, feed.known?.length ?? Infinity);
  }

  async #takeTurns(
    body: (task: IdentifiedItem<Item>, slot: number) => Promise<void>,
  ): Promise<void> {
    const { feed, signal } = this.#options;
    const source = this.#line ?? feed;
    const takeTurns = async (slot: number): Promise<void> => {
      try {
        while (!signal.aborted) {
          let task = source.take();
          if (task instanceof Promise) task = await task;
          if (!task || signal.aborted) return;
          await body(task, slot);
        }
      } catch (error) {
        this.#options.giveUp(error as Error);
      }
    };
    await Promise.all(Array.from({ length: this.#slots }, (_, slot) => takeTurns(slot)));
  }

  #watch(
    task: IdentifiedItem<Item>,
    pending: Promise<TaskOutcome>,
    environment: TaskEnvironment,
  ): void {
    const watched = pending
      .then((outcome) =>
        outcome.unwritten ? this.#failed(task, outcome, environment) : this.#ended(task, outcome)
      )
      .catch((error) => this.#options.giveUp(error))
      .finally(() => this.#pending.delete(watched));
    this.#pending.add(watched);
  }

  /** A task failed and has not written it: it is run again, or has ended. */
  async #failed(
    task: IdentifiedItem<Item>,
    outcome: TaskOutcome,
    environment: TaskEnvironment,
  ): Promise<void> {
    this.#tasks.delete(task.id);
    const written = outcome.lost && await writtenEnd(task, outcome, environment);
    if (written) return this.#ended(task, written);
    if (await this.#attempts?.retry(task, outcome)) return;
    writeFailure(task.id, outcome, environment);
    this.#ended(task, outcome);
  }

  #ended(task: IdentifiedItem<Item>, outcome: TaskOutcome): void {
    this.#tasks.delete(task.id);
    this.#attempts?.ended(task.id);
    this.#options.ended(task, outcome);
    if (this.#line) this.#leave(this.#line, task, outcome);
  }

  /** Lets go what waits for a task that has ended; what waited in vain is cancelled. */
  #leave(line: TaskLine<Item>, task: IdentifiedItem<Item>, { status }: TaskOutcome): void {
    const { dependent, signal, ended } = this.#options;
    const lost = dependent?.ended(task, status) ?? [];
    // When the pipeline stops, whatever is queued is cancelled.
    if (lost.length > 0 && !signal.aborted) {
      const what = status === "error" ? "failed" : "was cancelled";
      const message = `Not run: task ${task.id} (${task.name}) ${what}, and it depends on that`;
      const outcome: TaskOutcome = { status: "cancelled", error: { name: "AbortError", message } };
      for (const other of lost) {
        writeFailure(other.id, outcome, this.#environment!);
        ended(other, outcome);
      }
    }
    line.leave(task);
  }
}
