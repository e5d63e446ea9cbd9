/**
 * Cancels and retries single tasks while their run continues.
 *
 * The state of a task decides what is done: a running one is notified, one that waits for its next attempt is taken
 * back, one that was not offered yet is held, and cancelled in the table at once. Tasks that failed keep their records
 * until their run ends, to be queued again.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import { toErrorData } from "../../errors.ts";
import { toErrorSummary } from "../../internal/error_text.ts";
import type { EndStatus } from "../../internal/task_status.ts";
import type { TaskFound } from "../../writer/protocol/task_message.ts";
import type { TaskEnvironment } from "../executor/task_execution.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";
import type { DependencySource } from "./dependency_source.ts";
import type { Cancellation, LiveTask } from "./live_task.ts";
import type { AddedSupply } from "./added_supply.ts";
import type { TaskRecords } from "./task_records.ts";

/** Tasks that are queued again in one message. */
const REQUEUED_AT_ONCE = 1_000;

/** What is done with the tasks of a run; see `scheduler.ts`. */
export interface ControlledTasks<Item> {
  readonly environment: TaskEnvironment;
  readonly records: TaskRecords<Item>;
  readonly supply: AddedSupply<Item>;
  /** Which task waits for which, where any does. */
  readonly dependencies: DependencySource<Item> | undefined;
  /** Asks a task that was offered to stop. */
  stop(task: LiveTask<Item>, reason: Error): void;
  /** Ends a task, which has not written that. */
  fail(task: LiveTask<Item>, outcome: TaskOutcome): void;
  /** A task has ended, and that is written. */
  end(task: LiveTask<Item>, outcome: TaskOutcome): void;
  /** Ends a task that cannot run because of another. */
  block(task: LiveTask<Item>, message: string): void;
  /** A task may be run, before the others. */
  requeue(task: LiveTask<Item>): void;
  /** The end of a task does not count any more. */
  revoked(id: number, status: EndStatus): void;
  /** The run does not settle before this has. */
  whilePending<T>(work: Promise<T>): Promise<T>;
}

/** Cancels and retries. */
export class TaskControl<Item> {
  readonly #tasks: ControlledTasks<Item>;
  /** Tasks that are being cancelled. */
  readonly #cancelling = new Set<LiveTask<Item>>();
  #isClosed = false;

  constructor(tasks: ControlledTasks<Item>) {
    this.#tasks = tasks;
  }

  /** Whether the run has settled. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The run has settled: a task that has not ended by now does not end any more. */
  close(): void {
    this.#isClosed = true;
    for (const { id, cancellation } of this.#cancelling) {
      cancellation?.end.reject(new Error(`Cannot cancel task ${id}: the run ended before that`));
    }
  }

  /**
   * Cancels a task, and resolves when it has ended.
   *
   * @throws {Error} If it ended otherwise, now or before, or there is no such task
   */
  async cancel(id: number, reason: Error): Promise<void> {
    const cannot = `Cannot cancel task ${id}`;
    this.#check(cannot, id);
    await this.#tasks.dependencies?.loaded();
    this.#check(cannot, id);
    const task = this.#find(id, cannot);
    let { cancellation } = task;
    if (!cancellation) {
      const end = Promise.withResolvers<EndStatus>();
      end.promise.catch(() => {});
      cancellation = task.cancellation = { reason, end, promise: undefined };
      cancellation.promise = this.#cancel(task, cancellation, cannot);
    }
    // A caller that asks meanwhile waits for the same.
    await cancellation.promise;
  }

  /**
   * Queues a task again that ended as `error` or `cancelled`, or those of a list that did; without either all that
   * ended as `error`. What was cancelled because it depends on them is queued, too.
   *
   * @returns How many tasks are queued again
   * @throws {Error} If there are none
   */
  async retry(wanted?: number | readonly number[]): Promise<number> {
    return await this.#tasks.whilePending(
      typeof wanted === "object" ? this.#retryList(wanted) : this.#retry(wanted),
    );
  }

  async #retryList(ids: readonly number[]): Promise<number> {
    const cannot = `Cannot retry ${ids.length} tasks`;
    this.#check(cannot, 0);
    const { records, dependencies } = this.#tasks;
    const chosen = [...new Set(ids)].flatMap((id) => {
      const task = records.get(id);
      return task?.phase === "ended" && !dependencies?.isBlocked(id) ? [task] : [];
    });
    if (chosen.length === 0) {
      throw new Error(`${cannot}: none of them has ended as error or cancelled`);
    }
    return await this.#queueAgain(chosen, cannot);
  }

  async #retry(id?: number): Promise<number> {
    const cannot = id === undefined ? "Cannot retry the failed tasks" : `Cannot retry task ${id}`;
    this.#check(cannot, id ?? 0);
    const { records, dependencies } = this.#tasks;
    const one = id === undefined ? undefined : records.get(id);
    const chosen = id === undefined
      ? records.endedAs("error")
      : one?.phase === "ended"
      ? [one]
      : [];
    if (chosen.length === 0) {
      const why = id === undefined ? "none has failed" : "it has not ended as error or cancelled";
      throw new Error(`${cannot}: ${why}`);
    }
    if (id !== undefined && dependencies?.isBlocked(id)) {
      throw new Error(`${cannot}: a task that it depends on is not done; retry that one`);
    }
    return await this.#queueAgain(chosen, cannot);
  }

  /** Queues tasks that have ended again, and what they blocked. */
  async #queueAgain(chosen: readonly LiveTask<Item>[], cannot: string): Promise<number> {
    const { environment, records, dependencies } = this.#tasks;
    if (environment.signal.aborted) throw new Error(`${cannot}: the run is being stopped`);
    const unblocked = (dependencies?.unblock(chosen.map(({ id }) => id)) ?? [])
      .flatMap(({ id }) => records.get(id) ?? [])
      .filter(({ phase, isBlocked }) => phase === "ended" && isBlocked);
    const all = [...chosen, ...unblocked];
    for (const task of all) records.revive(task);
    let requeued = 0;
    try {
      while (requeued < all.length) {
        const part = all.slice(requeued, requeued + REQUEUED_AT_ONCE);
        await this.#write(part.map(({ id }) => id));
        requeued += part.length;
      }
    } finally {
      // What could not be written has ended as it had before.
      for (const task of all.slice(requeued)) {
        records.end(task, task.status!, true);
        if (!task.isBlocked) dependencies?.ended(task.id, task.status!);
      }
      this.#requeue(all.slice(0, requeued));
    }
    return all.length;
  }

  /** The record of a task that can be cancelled. */
  #find(id: number, cannot: string): LiveTask<Item> {
    const { records } = this.#tasks;
    const task = records.get(id) ?? records.hold(id);
    if (!task) throw new Error(`${cannot}: it is done`);
    if (task.phase === "ended") throw new Error(`${cannot}: it is ${task.status}`);
    if (task.phase === "requeuing") {
      throw new Error(`${cannot}: it is being queued again; ask once more`);
    }
    return task;
  }

  async #cancel(
    task: LiveTask<Item>,
    cancellation: Cancellation,
    cannot: string,
  ): Promise<void> {
    this.#cancelling.add(task);
    try {
      await this.#tasks.whilePending(this.#begin(task, cancellation, cannot));
      const status = await cancellation.end.promise;
      if (status !== "cancelled") throw new Error(`${cannot}: it ended before that, as ${status}`);
    } finally {
      this.#cancelling.delete(task);
      if (task.cancellation === cancellation) task.cancellation = undefined;
    }
  }

  /** Ends a task that has not ended; resolves when it is notified, or cancelled in the table. */
  async #begin(task: LiveTask<Item>, cancellation: Cancellation, cannot: string): Promise<void> {
    const { reason } = cancellation;
    const outcome: TaskOutcome = { status: "cancelled", error: toErrorData(reason) };
    if (task.phase === "offered") this.#tasks.stop(task, reason);
    else if (task.phase === "waiting") this.#tasks.fail(task, outcome);
    else if (this.#tasks.environment.run !== null) await this.#cancelHeld(task, outcome, cannot);
    else if (task.isKnown) this.#tasks.end(task, outcome);
    else cancellation.outcome = outcome;
  }

  /** Cancels a task in the table that was not offered yet; what else it is there is an error. */
  async #cancelHeld(task: LiveTask<Item>, outcome: TaskOutcome, cannot: string): Promise<void> {
    const { id } = task;
    const { environment: { run, batchSender }, records } = this.#tasks;
    task.phase = "held";
    let found: TaskFound | null | undefined;
    try {
      if (!task.isKnown) await this.#tasks.environment.queueAll?.();
      const answer = await batchSender.request({
        kind: "end_tasks",
        run: run!,
        ids: [id],
        status: "cancelled",
        message: toErrorSummary(outcome.error!),
        finishedAt: isoNow(),
      });
      found = answer.found[0];
    } finally {
      if (found?.status === "queued") {
        if (!task.isKnown) Object.assign(task, { name: found.name, key: found.key });
        this.#tasks.end(task, outcome);
      } else if (task.isKnown) {
        this.#tasks.requeue(task);
      } else {
        records.forget(task);
      }
    }
    if (found?.status === "queued") return;
    throw found
      ? new Error(`${cannot}: it is ${found.status}`)
      : new RangeError(`${cannot}: run ${run} has no task of that id yet`);
  }

  async #write(ids: readonly number[]): Promise<void> {
    const { run, batchSender } = this.#tasks.environment;
    if (run !== null) await batchSender.request({ kind: "requeue_tasks", run, ids });
  }

  /** Tasks are queued again, and that is written. */
  #requeue(tasks: readonly LiveTask<Item>[]): void {
    const { records, dependencies } = this.#tasks;
    for (const { id, status } of tasks) this.#tasks.revoked(id, status!);
    for (const task of tasks) {
      const isBlocked = task.isBlocked;
      Object.assign(task, { isBlocked: false, policy: undefined, attempt: undefined });
      if (dependencies?.isBlocked(task.id)) {
        // What it depends on has failed meanwhile.
        this.#tasks.block(task, "Not run: a task that it depends on is not done");
      } else if (dependencies?.isWaiting(task.id)) {
        // It is given out when those have ended that it waits for.
        records.forget(task);
      } else if (task.isKnown && !isBlocked) {
        this.#tasks.requeue(task);
      } else {
        // It comes from the source when its turn does.
        records.forget(task);
        if (!task.isKnown) this.#tasks.supply.returned(task.id);
      }
    }
  }

  #check(cannot: string, id: number): void {
    if (!Number.isSafeInteger(id) || id < 0) {
      throw new TypeError(`${cannot}: ${Deno.inspect(id)} is not an id of a task`);
    }
    if (this.#isClosed) throw new Error(`${cannot}: the run has ended`);
  }
}
