/**
 * Dispatches ready tasks to the free slots of an executor, and decides what becomes of each when it ends.
 *
 * There is no loop: whatever happens to a task, a slot or the source leads to `#dispatch`, which offers tasks as
 * long as there is a slot and a task. The run has settled when nothing is live and nothing is pending.
 *
 * @module
 */
import { type ErrorData, toErrorData } from "../../errors.ts";
import type { EndStatus } from "../../internal/task_status.ts";
import {
  type Executor,
  type ExecutorEvents,
  lostOutcome,
  type OfferedTask,
} from "../executor/executor.ts";
import type { TaskEnvironment } from "../executor/task_execution.ts";
import { leavesThread } from "../executor/stages.ts";
import { type TaskOutcome, writeFailure } from "../executor/task_runner.ts";
import type { RunningTask } from "../observers/run_observer.ts";
import type { DependencySource } from "./dependency_source.ts";
import { LOOKAHEAD } from "./item_source.ts";
import { AddedSupply } from "./added_supply.ts";
import { blockDependents, checkOfAdded, refuseAdded } from "./dependents.ts";
import type { LiveTask } from "./live_task.ts";
import { hasOrder, ReadyQueue } from "./queue/ready_queue.ts";
import { endOrphans, reconcile, writtenEnd } from "./reconcile.ts";
import { Retries } from "./retries.ts";
import type { SchedulerOptions } from "./scheduler_options.ts";
import { type ControlledTasks, TaskControl } from "./task_control.ts";
import type { IdentifiedItem } from "./task_identity.ts";
import { TaskRecords } from "./task_records.ts";

/** Offers after which a task that was lost each time has failed. */
const MAX_OFFERS = 2;

/** Runs the tasks of one run. */
export class Scheduler<Item> implements ControlledTasks<Item> {
  /** Cancels and retries its tasks. */
  readonly control: TaskControl<Item>;
  readonly records: TaskRecords<Item>;
  readonly supply: AddedSupply<Item>;
  readonly environment: TaskEnvironment;
  readonly dependencies: DependencySource<Item> | undefined;
  readonly #options: SchedulerOptions<Item>;
  readonly #queue: ReadyQueue<Item>;
  readonly #retries: Retries<Item>;
  #executor: Executor<Item> | undefined;
  /** Tasks that the executor has, and what is pending without it. */
  #offered = 0;
  #pending = 0;
  #isDispatching = false;
  /** Resolved when the run has settled, while that is awaited. */
  #settled: PromiseWithResolvers<void> | undefined;
  readonly #abort = () => {
    this.#retries.close();
    this.#queue.close();
    this.supply.close();
    this.#dispatch();
  };

  constructor(options: SchedulerOptions<Item>) {
    const { source, dependencies, policy, environment } = options;
    this.#options = options;
    this.environment = environment;
    this.dependencies = dependencies;
    this.records = new TaskRecords(environment.run !== null);
    this.control = new TaskControl(this);
    this.supply = new AddedSupply({
      ...environment,
      items: dependencies ?? source,
      source,
      confirm: policy.run !== undefined && leavesThread(policy.run),
      wake: () => this.#dispatch(),
      check: checkOfAdded(policy, (task) => this.#queue.check(task)),
      refuse: (task, error) => refuseAdded(this, task, error),
    });
    this.#queue = new ReadyQueue({
      source: this.supply,
      order: hasOrder(policy) ? policy : {},
      ahead: source.known ? Infinity : LOOKAHEAD,
      whole: source.known !== undefined && policy.priority !== undefined,
      admit: (task) => this.#admit(task),
      refuse: (task, error) => this.fail(task, { status: "error", error: toErrorData(error) }),
      wake: () => this.#dispatch(),
      hasRoom: policy.stage && ((stage) => this.#executor!.hasRoom!(stage)),
    });
    this.#retries = new Retries(policy, environment, this.#queue);
    options.hooks?.listen(() => this.#dispatch());
  }

  /** Runs the tasks. Resolves when each task that can run has ended. */
  async run(executor: Executor<Item>): Promise<void> {
    const { signal } = this.environment;
    signal.addEventListener("abort", this.#abort);
    try {
      await executor.start(this.#events);
      this.#executor = executor;
      await this.#settle();
      await executor.finish();
    } catch (thrown) {
      this.#options.failed(thrown as Error);
    }
    executor[Symbol.dispose]();
    await this.#settle();
    signal.removeEventListener("abort", this.#abort);
  }

  /** The tasks that run at the moment, in the order of their start. */
  running(): Iterable<RunningTask> {
    return this.#executor?.running() ?? [];
  }

  /** Tasks that sleep, and when the first of them wakes. */
  get asleep(): { size: number; first: number | undefined } {
    return this.#retries.asleep;
  }

  /** A message of a task failed that the task did not await: the task fails. */
  messageFailed(id: number, error: ErrorData): void {
    this.#executor?.messageFailed?.(id, error);
  }

  /** Asks a task that was offered to stop. */
  stop(task: LiveTask<Item>, reason: Error): void {
    this.#executor?.cancel(task, reason);
  }

  /** A task may be run, before the others. */
  requeue(task: LiveTask<Item>): void {
    this.#queue.requeue(task);
    this.#dispatch();
  }

  /** The end of a task does not count any more. */
  revoked(id: number, status: EndStatus): void {
    this.#options.revoked(id, status);
  }

  /** Ends a task, which has not written that. */
  fail(task: LiveTask<Item>, outcome: TaskOutcome): void {
    this.#retries.stop(task);
    writeFailure(task.id, outcome, this.environment);
    this.end(task, outcome);
  }

  /** A task has ended, and that is written. */
  end(task: LiveTask<Item>, outcome: TaskOutcome): void {
    this.#queue.release(task);
    this.#options.ended(task, outcome);
    const { status } = outcome;
    this.records.end(task, status, status !== "done" && !this.environment.signal.aborted);
    task.cancellation?.end.resolve(status);
    if (task.cancellation) task.cancellation = undefined;
    if (!task.isBlocked) blockDependents(this, task, status);
  }

  /** Ends a task that cannot run because of another. */
  block(task: LiveTask<Item>, message: string): void {
    task.isBlocked = true;
    this.fail(task, { status: "cancelled", error: { name: "AbortError", message } });
  }

  /** The run does not settle before this has. */
  async whilePending<T>(work: Promise<T>): Promise<T> {
    this.#pending++;
    try {
      return await work;
    } finally {
      this.#pending--;
      this.#dispatch();
    }
  }

  readonly #events: ExecutorEvents<Item> = {
    ready: () => this.#dispatch(),
    started: (task) => {
      if (this.#queue.start(task as LiveTask<Item>)) this.#dispatch();
    },
    ended: (task, outcome) => this.#ended(task as LiveTask<Item>, outcome),
    lost: (task, outcome) => this.#lost(task as LiveTask<Item>, outcome),
    returned: (task) => this.#returned(task as LiveTask<Item>),
    orphaned: (tasks, why) => this.#background(this.#reconcile(tasks, why)),
    failed: (error) => this.#options.failed(error),
  };

  /** Offers tasks while there is a free slot, and sees whether the run has settled. */
  #dispatch(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    const executor = this.#executor;
    const { signal } = this.environment;
    try {
      while (executor && executor.free > 0 && !signal.aborted && !this.control.isClosed) {
        if (this.#options.hooks?.isFull) break;
        const task = this.#queue.take();
        if (!task) break;
        this.#retries.begin(task);
        task.phase = "offered";
        this.#offered++;
        executor.offer(task);
      }
    } catch (thrown) {
      this.#options.failed(thrown as Error);
    } finally {
      this.#isDispatching = false;
    }
    this.#settleIfIdle();
  }

  /** Resolves when the run has settled; from then on no task is offered, cancelled or queued again. */
  async #settle(): Promise<void> {
    const settled = this.#settled = Promise.withResolvers<void>();
    this.#dispatch();
    await settled.promise;
  }

  #settleIfIdle(): void {
    if (!this.#settled || this.#offered + this.#pending > 0) return;
    if (this.#options.hooks?.isIdle === false) return;
    const isOver = this.environment.signal.aborted || this.control.isClosed;
    if (!isOver && (this.#retries.waiting > 0 || !this.#queue.isDrained())) return;
    this.control.close();
    this.#queue.close();
    this.supply.close();
    this.#settled?.resolve();
    this.#settled = undefined;
  }

  /** Makes the record of a task that leaves the source, unless it was cancelled before that. */
  #admit(identified: IdentifiedItem<Item>): LiveTask<Item> | undefined {
    const task = this.records.admit(identified);
    const { asleep } = this.#options;
    if (asleep && this.#retries.rests(task, asleep, () => this.requeue(task!))) return undefined;
    if (task?.phase !== "held") return task;
    if (task.cancellation?.outcome) this.end(task, task.cancellation.outcome);
    return undefined;
  }

  #ended(task: LiveTask<Item>, outcome: TaskOutcome): void {
    this.#offered--;
    this.supply.ended(task.id, outcome.lost === true);
    if (task.losses) task.losses = 0;
    if (outcome.unwritten) this.#background(this.#failed(task, outcome));
    else {
      try {
        this.end(task, outcome);
      } catch (thrown) {
        this.#options.failed(thrown as Error);
      }
    }
    this.#dispatch();
  }

  #lost(task: LiveTask<Item>, outcome: TaskOutcome): void {
    if (!task.cancellation) task.losses = (task.losses ?? 0) + 1;
    return task.losses === MAX_OFFERS ? this.#ended(task, outcome) : this.#returned(task);
  }

  /** A task comes back that has not begun. */
  #returned(task: LiveTask<Item>): void {
    if (task.cancellation) {
      return this.#ended(task, lostOutcome(toErrorData(task.cancellation.reason), "cancelled"));
    }
    this.#offered--;
    this.#retries.takeBack(task);
    this.requeue(task);
  }

  /** A task failed and has not written it: it is run again, or has ended. */
  async #failed(task: LiveTask<Item>, outcome: TaskOutcome): Promise<void> {
    const written = outcome.lost && await writtenEnd(task, outcome, this.environment);
    if (written) return this.end(task, written);
    const next = this.#retries.next(task, outcome);
    if (next) {
      await this.#retries.wait(task, { outcome, next }, () => this.requeue(task));
      // It may have been cancelled, or even queued again, meanwhile.
      if (task.phase === "waiting") this.#queue.release(task);
      return;
    }
    if (!outcome.lost) return this.fail(task, outcome);
    // Until now the news of its end may have been on their way.
    const [end] = await reconcile([task.id], outcome, this.environment);
    this.end(task, end!);
  }

  /** Ends tasks that were reported as done, and whose sender was cut off before it could write it. */
  async #reconcile(tasks: readonly OfferedTask<Item>[], why: string): Promise<void> {
    for (const [task, outcome] of await endOrphans(tasks, why, this.environment)) {
      this.revoked(task.id, "done");
      this.#options.ended(task, outcome);
      const mayReturn = !this.environment.signal.aborted;
      this.records.end(task as LiveTask<Item>, outcome.status, mayReturn);
    }
  }

  #background(work: Promise<void>): void {
    this.whilePending(work).catch((error) => this.#options.failed(error));
  }
}
