/**
 * One Worker of a pool as the main thread sees it: it runs one task at a time, may have others at hand, and may die or
 * be ended in the middle of one.
 *
 * @module
 */
import { fromErrorData, toErrorData } from "../../../errors.ts";
import { TransientMap } from "../../../internal/transient_map.ts";
import type { TaskUpdateMessage } from "../../../writer/protocol/task_message.ts";
import { unpack } from "../../../writer/protocol/task_news.ts";
import type { RunningTask } from "../../observers/run_observer.ts";
import { timeAttempt } from "../attempt_timer.ts";
import { type ExecutorEvents, lostOutcome, type OfferedTask } from "../executor.ts";
import type { TaskOutcome } from "../task_runner.ts";
import { GivenTasks } from "./given_tasks.ts";
import { passOn } from "./pass_on.ts";
import type { TaskEnded, TaskProgressed, TaskReport, TaskWorkerReply } from "./pool_protocol.ts";
import type { WorkerOptions } from "./pool_worker_options.ts";
import { notSent, toRequest } from "./run_request.ts";
import { GivenState } from "./task_board.ts";
import { TaskWatches } from "./task_watches.ts";
import { UnsentEnds } from "./unsent_ends.ts";
import { type Death, WorkerThread } from "./worker_thread.ts";
import { endDone } from "./end_done.ts";

/** One Worker, which runs one task at a time. */
export class PooledWorker<Item> implements Disposable {
  readonly #options: WorkerOptions;
  readonly #events: ExecutorEvents<Item>;
  readonly #returned: (count: number) => void;
  readonly #thread: WorkerThread;
  #isAborted = false;
  readonly #given = new GivenTasks<Item>();
  /** Tasks that have returned, and not ended. */
  readonly #pending = new TransientMap<number, OfferedTask<Item>>();
  readonly #watches = new TaskWatches();
  /** What was last reported of the task that runs. */
  #progress: TaskProgressed | undefined;
  readonly #unsent = new UnsentEnds<Item>();

  /** `returned` is called when tasks have returned, and when it has died. */
  constructor(
    options: WorkerOptions,
    events: ExecutorEvents<Item>,
    returned: (count: number) => void = () => {},
  ) {
    this.#options = options;
    this.#events = events;
    this.#returned = returned;
    this.#thread = new WorkerThread({
      options,
      board: this.#given.board.memory,
      receive: (reply) => this.#receive(reply),
      failed: (why) => this.#die(why),
    });
  }

  /** Tasks that run or wait for that. */
  get size(): number {
    return this.#given.size;
  }

  /** The task that has not returned yet. */
  get running(): RunningTask | undefined {
    const { current } = this.#given;
    if (!current) return undefined;
    const { id, name, key } = current;
    const progress = this.#progress?.id === id ? this.#progress : undefined;
    return { id, name, key, fraction: progress?.fraction, note: progress?.note };
  }

  /** What the Worker died of. */
  get death(): Error | undefined {
    return this.#thread.death;
  }

  /**
   * Loads the task.
   *
   * @throws {Error} If the module cannot be loaded or has no such export
   */
  async load(): Promise<void> {
    await this.#thread.load();
  }

  /** Runs a task. Resolves when it has returned. */
  run(task: OfferedTask<Item>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watches.add(task.id, resolve);
    this.give([task]);
    return promise;
  }

  /** Gives it tasks, which it runs one after the other. */
  give(tasks: readonly OfferedTask<Item>[]): void {
    if (this.death) return this.#refuse(tasks, this.#lost(this.death));
    this.#unsent.forgetSent();
    const first = this.#given.addAll(tasks);
    try {
      this.#thread.post(toRequest(tasks, first, this.#options));
    } catch (error) {
      return this.#giveApart(tasks, error as Error);
    }
    for (const task of tasks) {
      // It is the only one that the Worker has.
      if (task.attempt?.timeoutMs !== undefined) this.#time(task);
    }
  }

  /** Takes back what waits behind the task that runs. */
  takeBack(): OfferedTask<Item>[] {
    const { current } = this.#given;
    return this.#given.takeBack((task) => task !== current);
  }

  /** Sees which tasks have returned. Returns whether one runs that ran before, too, and keeps others waiting. */
  look(before: OfferedTask<Item> | undefined): { current?: OfferedTask<Item>; stalls: boolean } {
    this.#settle();
    const { current, isRunning, size } = this.#given;
    if (!current || !isRunning) return { stalls: false };
    return { current, stalls: current === before && size > 1 };
  }

  /** Asks the tasks to stop; a Worker that is still loading is ended. */
  abort(reason: unknown): void {
    this.#isAborted = true;
    if (this.death) return;
    if (!this.#thread.isLoaded) return this.#die(reason);
    this.#refuse(this.takeBack(), this.#lost(reason as Error, "cancelled"));
    this.#thread.post({ kind: "abort", reason: toErrorData(reason) });
  }

  /** Asks a task to stop, and ends the Worker if it continues; one that has returned is left alone. */
  cancel(id: number, reason: Error): void {
    if (this.death) return;
    const taken = this.#given.takeBack((task) => task.id === id);
    if (taken.length > 0) return this.#refuse(taken, this.#lost(reason, "cancelled"));
    const { current, isRunning } = this.#given;
    if (current?.id !== id || !isRunning) return;
    this.#thread.post({ kind: "cancel", id, reason: toErrorData(reason) });
    const kill = setTimeout(() => {
      const text = `${reason.message}; its Worker was terminated`;
      this.#terminate(current, new DOMException(text, "AbortError"), "cancelled");
    }, this.#options.graceMs);
    this.#watches.add(id, () => clearTimeout(kill));
  }

  /** Resolves when everything that the tasks sent is committed and the module torn down, or the Worker has died. */
  async finish(): Promise<void> {
    await this.#thread.finish();
  }

  /** Has the module let go of what its `setup()` made, unless a task runs. */
  async tearDown(): Promise<void> {
    if (this.size === 0) await this.#thread.tearDown();
  }

  /** Ends the Worker. */
  [Symbol.dispose](): void {
    const status = this.#isAborted ? "cancelled" : "error";
    this.#die(new Error("It was ended"), { status, isOver: true });
  }

  #receive(reply: TaskWorkerReply): void {
    switch (reply?.kind) {
      case "begun": {
        const task = this.#given.begin(reply.number);
        return task && this.#events.started(task);
      }
      case "returned":
        return this.#report(reply);
      case "failed":
        // Every task that it began has ended.
        this.#report(reply);
        return this.#die(fromErrorData(reply.error), { hasVictim: reply.hasVictim });
      case "refused":
        return this.#events.failed(fromErrorData(reply.error));
      case "progressed":
        return void (this.#progress = reply);
      case "logged":
      case "printed":
      case "added":
      case "identify":
      case "queue_all":
        return passOn(reply, this.#options.environment, (answer) => {
          if (!this.death) this.#thread.post(answer);
        });
      default:
        this.#die(new TypeError(`It sent a reply of unknown kind ${Deno.inspect(reply)}`));
    }
  }

  #report({ news, ends }: TaskReport): void {
    this.#settle(news && unpack([news]) as TaskUpdateMessage[]);
    ends?.forEach((end) => this.#end(end));
  }

  /** Lets tasks leave that have returned, and ends those that are done; `news` are those of some, in their order. */
  #settle(news: readonly TaskUpdateMessage[] = []): void {
    const all = this.#given.shiftReturned(news);
    if (all.length === 0) return;
    const { environment, reportsStarts } = this.#options;
    // Those that are queued late are so with their news.
    environment.batchSender.queueUpTo(all.reduce((most, { task }) => Math.max(most, task.id), 0));
    for (const returned of all) {
      const { task, state } = returned;
      this.#watches.end(task.id);
      if (reportsStarts && !returned.isBegun) this.#events.started(task);
      if (state === GivenState.returned) this.#pending.set(task.id, task);
      else endDone(returned, environment, this.#events);
    }
    this.#returned(all.length);
  }

  /** A task has ended, and what it has sent is committed. */
  #end({ id, status, error, result, unwritten }: TaskEnded): void {
    const task = this.#pending.get(id);
    if (!task) return;
    this.#pending.delete(id);
    this.#options.environment.deadline?.releaseTask(id);
    if (status === "done") this.#unsent.add(task);
    const outcome = result === undefined ? { status, error } : { status, error, result };
    this.#events.ended(task, unwritten ? { ...outcome, unwritten } : outcome);
  }

  #time(task: OfferedTask<Item>): void {
    const { environment, graceMs } = this.#options;
    const { id } = task;
    const timer = timeAttempt(task, environment, {
      notify: (reason) => {
        if (!this.death) this.#thread.post({ kind: "time_out", id, reason: toErrorData(reason) });
      },
      end: { afterMs: graceMs, run: (error) => this.#terminate(task, error, "error") },
    });
    this.#watches.add(id, () => timer?.[Symbol.dispose]());
  }

  /** Some of these items cannot be sent: the others are, each by itself. */
  #giveApart(tasks: readonly OfferedTask<Item>[], error: Error): void {
    this.#given.takeBack((task) => tasks.includes(task));
    if (tasks.length > 1) return tasks.forEach((task) => this.give([task]));
    this.#refuse(tasks, this.#lost(notSent(tasks[0]!, error), "error"));
  }

  /** Ends tasks that have not begun. */
  #refuse(tasks: readonly OfferedTask<Item>[], outcome: TaskOutcome): void {
    for (const task of tasks) {
      this.#watches.end(task.id);
      this.#events.ended(task, outcome);
    }
    if (tasks.length > 0) this.#returned(0);
  }

  /** The outcome of a task that cannot write its end itself. */
  #lost(
    error: Error,
    status: "cancelled" | "error" = this.#isAborted ? "cancelled" : "error",
  ): TaskOutcome {
    return lostOutcome(toErrorData(error), status);
  }

  /** Ends the Worker in the middle of a task, which ends with this error. */
  #terminate(task: OfferedTask<Item>, error: Error, status: "cancelled" | "error"): void {
    this.#settle();
    if (this.#given.current !== task) return;
    const orphans = this.#unsent.tasks;
    this.#die(error, { victim: task, status });
    const why = `Its Worker was ended for task ${task.id} (${error.message})`;
    if (orphans.length > 0) this.#events.orphaned(orphans, why);
  }

  /** Ends the Worker; `status` is that of the task that runs on it, or only of the victim where there is one. */
  #die(
    why: unknown,
    { victim, hasVictim, status = "error", isOver = false }: Death<OfferedTask<Item>> = {},
  ) {
    if (this.death) return;
    this.#settle();
    const unstarted = this.#given.takeBack();
    const begun = this.#given.clear();
    const lost = [...this.#pending.values(), ...begun];
    const death = this.#thread.end(why, begun.length > 0);
    this.#pending.clear();
    this.#watches.endAll();
    for (const task of lost) {
      const outcome = task === victim
        ? this.#lost(why as Error, status)
        : this.#lost(death, victim ? "error" : status);
      this.#events.ended(task, outcome);
    }
    for (const task of unstarted) {
      if (isOver) this.#events.ended(task, this.#lost(death, status));
      // Where no task ran, the next one may be what the Worker cannot bear.
      else if (task !== unstarted[0] || hasVictim || begun.length > 0) this.#events.returned(task);
      else this.#events.lost(task, this.#lost(death));
    }
    this.#returned(0);
  }
}
