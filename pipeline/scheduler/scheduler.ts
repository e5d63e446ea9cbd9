/**
 * The turns of a pipeline's tasks: each worker takes one task after the other, on this thread or on a Worker
 * of the pool, until there is none or the pipeline is stopped.
 *
 * @module
 */
import { Retries } from "./retries.ts";
import { WorkerSlots } from "./worker_slots.ts";
import type { ErrorData } from "../../errors.ts";
import type { DependencySource } from "./dependency_source.ts";
import { LOOKAHEAD } from "./item_source.ts";
import { endLost, writtenEnd } from "../executor/orphaned_tasks.ts";
import { GRACE_MS, hasPolicy, type PolicyOptions } from "./retry_policy.ts";
import { MainThreadExecutor } from "../executor/main_thread_executor.ts";
import type { Executor, ExecutorOptions } from "../executor/executor.ts";
import { WorkerPoolExecutor } from "../executor/worker_pool_executor.ts";
import type { RunningTask, RunObserver } from "../observers/run_observer.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import type { TaskEnvironment } from "../executor/task_execution.ts";
import type { TaskSource } from "./task_source.ts";
import type { IdentifiedItem } from "./task_identity.ts";
import { hasOrder, type QueueOptions, TaskQueue } from "./task_queue.ts";
import { hasRate } from "./tag_limits.ts";
import { ReadyQueue } from "./ready_queue.ts";
import type { EndStatus } from "../../internal/task_status.ts";
import { TaskControl } from "./task_control.ts";
import type { OrphanedTasks } from "../executor/pool_options.ts";
import type { TaskModule } from "../executor/task_module.ts";
import { type TaskFunction, type TaskOutcome, writeFailure } from "../executor/task_runner.ts";
import type { WriterClient } from "../../writer/client/writer_client.ts";

/** What the turns need of the pipeline. */
export interface SchedulerOptions<Item> {
  /** Where the tasks come from. */
  feed: TaskSource<Item>;
  /** The same in the order of their dependencies, where there are any. */
  dependent: DependencySource<Item> | undefined;
  /** How each task is tried, and which go first. */
  policy: PolicyOptions<Item> & QueueOptions<Item>;
  /** How many tasks run at once. */
  workers: number;
  /** Aborted when the pipeline is to stop. */
  signal: AbortSignal;
  /** Who looks on, if anybody does. */
  observer: RunObserver | undefined;
  /** Called when a task has ended. */
  ended(task: TaskIdentity, outcome: TaskOutcome): void;
  /** Called when the end of a task does not count any more, because it is run again or ended otherwise. */
  revoked(id: number, status: EndStatus): void;
  /** Called with what keeps the pipeline itself from going on. */
  giveUp(error: Error): void;
}

/** Runs the tasks of one pipeline. Its fields belong to the main thread. */
export class Scheduler<Item> {
  readonly #options: SchedulerOptions<Item>;
  #place: Executor<Item> | undefined;
  /** Where tasks are put in order and come back, where they do; and who lets them, where there is a policy. */
  #line: ReadyQueue<Item> | undefined;
  /** Tells the line that a task on the pool has begun, where the rate of its tags is counted from there. */
  #begun: ((task: IdentifiedItem<Item>) => void) | undefined;
  #attempts: Retries<Item> | undefined;
  #environment: TaskEnvironment | undefined;
  #control: TaskControl<Item> | undefined;
  readonly #crew: WorkerSlots;

  constructor(options: SchedulerOptions<Item>) {
    this.#options = options;
    this.#crew = new WorkerSlots((error) => options.giveUp(error));
  }

  /** Resolves when every task has ended that is to run at all. */
  async run(
    work: TaskFunction<Item> | TaskModule,
    writer: WriterClient,
    environment: TaskEnvironment,
  ): Promise<void> {
    this.#environment = environment;
    this.#control = this.#controlOf(environment);
    this.#lineUp(environment);
    const place: ExecutorOptions<Item> = {
      environment,
      attempts: this.#attempts,
      observer: this.#options.observer,
      begun: this.#begun,
      ended: (task, outcome) => this.#ended(task, outcome),
      watch: (task, pending) => this.#watch(task, pending),
    };
    const running = typeof work === "function"
      ? this.#takeTurns(new MainThreadExecutor(work, place))
      : this.#runInPool(work, writer, place);
    await running.catch((error) => this.#options.giveUp(error));
    await this.#settled();
  }

  /** Cancels a task; see {@linkcode TaskControl.cancel}. */
  async cancel(id: number, reason: Error): Promise<void> {
    await this.#control!.cancel(id, reason);
  }

  /** Queues tasks again; see {@linkcode TaskControl.retry}. The run goes on until they have ended, too. */
  async retry(id?: number): Promise<number> {
    const retrying = this.#control!.retry(id);
    this.#crew.hold(retrying.catch(() => {}));
    return await retrying;
  }

  /** What requests can do with the tasks. */
  #controlOf(environment: TaskEnvironment): TaskControl<Item> {
    const { dependent, feed, revoked } = this.#options;
    return new TaskControl<Item>({
      environment,
      dependent,
      tell: (id, reason) => this.#place?.cancel(id, reason) ?? false,
      stopWaiting: (id, outcome) => {
        const task = this.#attempts?.stopWaiting(id);
        if (task) this.#endedBadly(task, outcome);
        return task !== undefined;
      },
      passOver: () => this.#line?.lookAgain(),
      endedUnbegun: (task, outcome) => {
        this.#attempts?.ended(task.id);
        this.#options.ended(task, outcome);
        this.#control!.ended(task, outcome);
        this.#letGo(task, outcome);
      },
      revoke: (id, status) => revoked(id, status),
      drop: (task) => this.#drop(task, "Not run: a task that it depends on is not done"),
      giveBack: (task) => {
        (this.#line ?? feed).giveBack(task);
        this.#crew.wake();
      },
      hold: (work) => this.#crew.hold(work),
    });
  }

  /** Makes the line and counts attempts, where that is asked for. */
  #lineUp(environment: TaskEnvironment): void {
    const { feed, dependent, signal, policy } = this.#options;
    const [ordered, tried] = [hasOrder(policy), hasPolicy(policy)];
    if (!ordered && !tried && !dependent) return;
    const queue = new TaskQueue(ordered ? policy : {}, {
      isPassedOver: (id) => this.#control!.isPassedOver(id),
    });
    const ahead = !ordered ? 1 : feed.known ? Infinity : LOOKAHEAD;
    const whole = feed.known !== undefined && policy.priority !== undefined;
    this.#line = new ReadyQueue({ source: dependent ?? feed, queue, ahead, whole, signal });
    const line = this.#line;
    if (hasRate(policy)) this.#begun = (task) => line.start(task);
    if (!tried) return;
    this.#attempts = new Retries(policy, {
      release: (task) => line.release(task),
      requeue: (task) => {
        this.#control!.requeued(task.id);
        line.requeue(task);
      },
    }, environment);
  }

  /** The tasks that run at the moment, in the order of their start. */
  running(): Iterable<RunningTask> {
    return this.#place?.running() ?? [];
  }

  /** A message of a task failed for which nobody waits: the task fails. */
  fail(task: number, error: ErrorData): void {
    this.#place?.fail?.(task, error);
  }

  async #runInPool(
    work: TaskModule,
    writer: WriterClient,
    options: ExecutorOptions<Item>,
  ): Promise<void> {
    const { policy: { abortGraceMs: graceMs = GRACE_MS }, giveUp } = this.#options;
    using pool = new WorkerPoolExecutor(work, {
      ...options,
      graceMs,
      attach: (sender) => writer.attach(sender),
      lose: (lost) => this.#crew.hold(this.#lose(lost as OrphanedTasks<Item>)),
      giveUp: (error) => giveUp(error),
    });
    using _ = writer.onClosed(() => pool[Symbol.dispose]());
    await pool.start(this.#slots);
    await this.#takeTurns(pool);
    await pool.finish();
  }

  /** Workers that find something to do. */
  get #slots(): number {
    const { workers, feed } = this.#options;
    return Math.min(workers, feed.known?.length ?? Infinity);
  }

  async #takeTurns(place: Executor<Item>): Promise<void> {
    this.#place = place;
    const { feed, signal } = this.#options;
    const source = this.#line ?? feed;
    const control = this.#control!;
    this.#crew.start(this.#slots, async (slot) => {
      while (!signal.aborted) {
        let task = source.take();
        if (task instanceof Promise) task = await task;
        if (!task || signal.aborted) return;
        if (control.begins(task)) await place.turn(task, slot);
        else this.#line?.complete(task);
      }
    });
    await this.#settled();
  }

  /** Resolves when nothing is under way. From then on no task begins any more. */
  async #settled(): Promise<void> {
    await this.#crew.settled();
    this.#control!.close();
  }

  #watch(
    task: IdentifiedItem<Item>,
    pending: Promise<TaskOutcome>,
  ): void {
    this.#crew.hold(
      pending.then((outcome) =>
        outcome.unwritten ? this.#failed(task, outcome) : this.#ended(task, outcome)
      ),
    );
  }

  /** A task failed and has not written it: it is run again, or has ended. */
  async #failed(
    task: IdentifiedItem<Item>,
    outcome: TaskOutcome,
  ): Promise<void> {
    this.#place?.forget?.(task.id);
    const written = outcome.lost && await writtenEnd(task, outcome, this.#environment!);
    if (written) return this.#ended(task, written);
    const isCancelled = this.#control!.isCancelling(task.id);
    if (!isCancelled && await this.#attempts?.retry(task, outcome)) return;
    if (!outcome.lost) return this.#endedBadly(task, outcome);
    // Until now its Worker's news may have been on their way.
    const [end] = await endLost([task.id], outcome, this.#environment!);
    this.#ended(task, end!);
  }

  /** A task has ended that has not written it. */
  #endedBadly(task: IdentifiedItem<Item>, outcome: TaskOutcome): void {
    writeFailure(task.id, outcome, this.#environment!);
    this.#ended(task, outcome);
  }

  /** Ends tasks that said they were done, and whose Worker was ended before it could write it. */
  async #lose({ victim, done }: OrphanedTasks<Item>): Promise<void> {
    // Without a table nobody can tell.
    if (this.#environment!.run === null) return;
    const message = `Its Worker was ended for task ${victim.id} (${victim.error.message}): what ` +
      `this one had sent may or may not be written`;
    const lost: TaskOutcome = { status: "error", error: { name: "TaskWorkerDiedError", message } };
    const outcomes = await endLost(done.map(({ id }) => id), lost, this.#environment!);
    done.forEach((task, i) => {
      const outcome = outcomes[i]!;
      if (outcome.status === "done") return;
      this.#options.revoked(task.id, "done");
      this.#options.ended(task, outcome);
      this.#control!.ended(task, outcome, { task });
    });
  }

  #ended(task: IdentifiedItem<Item>, outcome: TaskOutcome): void {
    this.#place?.forget?.(task.id);
    this.#attempts?.ended(task.id);
    this.#options.ended(task, outcome);
    const control = this.#control!;
    if (outcome.status !== "done" || control.isAsked) control.ended(task, outcome, { task });
    if (!this.#line) return;
    this.#letGo(task, outcome);
    this.#line.complete(task);
  }

  /** Lets go what waits for a task that has ended; what waited in vain is cancelled. */
  #letGo(task: TaskIdentity, { status }: TaskOutcome): void {
    const { dependent, signal } = this.#options;
    const control = this.#control!;
    const lost = dependent?.ended(task, status).filter(({ id }) => !control.isSettled(id)) ?? [];
    // When the pipeline stops, whatever is queued is cancelled.
    if (lost.length === 0 || signal.aborted) return;
    const what = status === "error" ? "failed" : "was cancelled";
    const message = `Not run: task ${task.id} (${task.name}) ${what}, and it depends on that`;
    for (const other of lost) this.#drop(other, message, other);
  }

  /** Ends a task that cannot run because of another. */
  #drop(identity: TaskIdentity, message: string, task?: IdentifiedItem<Item>): void {
    const outcome: TaskOutcome = { status: "cancelled", error: { name: "AbortError", message } };
    writeFailure(identity.id, outcome, this.#environment!);
    this.#options.ended(identity, outcome);
    this.#control!.ended(identity, outcome, { task, isDependent: true });
  }
}
