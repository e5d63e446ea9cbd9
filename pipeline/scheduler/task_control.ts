/**
 * Cancels and retries single tasks while their run goes on.
 *
 * Where a task is decides what is done: one that runs is told, one that waits for its next attempt is taken back,
 * one that nobody has begun is marked, so that it is passed over when its turn comes, and cancelled in the table at
 * once. Tasks that failed are kept with their items until their run ends, to be queued again.
 *
 * Without a request the cost is a bit for each task that begins, and what is kept of failures.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import type { DependencySource } from "./dependency_source.ts";
import { toErrorData } from "../../errors.ts";
import { toErrorSummary } from "../../internal/error_text.ts";
import { IdSet } from "./id_set.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import type { TaskEnvironment } from "../executor/task_execution.ts";
import type { IdentifiedItem } from "./task_identity.ts";
import type { EndStatus } from "../../internal/task_status.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";

/** Tasks that are kept to be queued again; the oldest make room. */
const MAX_KEPT = 100_000;

/** Tasks that are queued again in one message. */
const REQUEUED_AT_ONCE = 1_000;

/** What is done with the tasks of a run; see `scheduler.ts`. */
export interface ControlledTurns<Item> {
  /** What the tasks share. */
  readonly environment: TaskEnvironment;
  /** Which task waits for which, where any does. */
  readonly dependent: DependencySource<Item> | undefined;
  /** Tells a task that has begun to stop. Returns whether there is one that has not ended. */
  tell(id: number, reason: Error): boolean;
  /** Takes back a task that waits for its next attempt and ends it. Returns whether there is one. */
  stopWaiting(id: number, outcome: TaskOutcome): boolean;
  /** A task that waits for its turn is to be passed over from now on. */
  passOver(): void;
  /** A task that was never begun has ended, and that is written. */
  endedUnbegun(task: TaskIdentity, outcome: TaskOutcome): void;
  /** The end of a task does not count any more. */
  revoke(id: number, status: EndStatus): void;
  /** Ends a task that cannot run because of another that it depends on. */
  drop(task: TaskIdentity): void;
  /** Gives a task out once more. */
  giveBack(task: IdentifiedItem<Item>): void;
  /** The run does not end before this has. */
  hold(work: Promise<unknown>): void;
}

/** A task that ended, and not as `done`. */
interface RetryableTask<Item> {
  id: number;
  status: EndStatus;
  /** Missing as long as it has not been given out. */
  task: IdentifiedItem<Item> | undefined;
  /** Whether it was cancelled because of another that it depends on. */
  isDependent: boolean;
}

/** A task that is being cancelled. */
interface Cancelling {
  /** Resolved with its status when it has ended. */
  end: PromiseWithResolvers<EndStatus>;
  /** Settled when that was tried. */
  promise: Promise<void>;
}

/** Cancels and retries. Its fields belong to the main thread. */
export class TaskControl<Item> {
  readonly #turns: ControlledTurns<Item>;
  /** Tasks that were begun and are not queued again, or that are to be passed over. */
  readonly #begun = new IdSet();
  readonly #kept = new Map<number, RetryableTask<Item>>();
  /** Tasks that are about to be queued again. */
  readonly #requeuing = new Set<number>();
  /** Tasks that were passed over. */
  readonly #passed = new Map<number, IdentifiedItem<Item>>();
  /** Why tasks are to be passed over that no table knows. */
  readonly #unknown = new Map<number, TaskOutcome>();
  /** Tasks that are being cancelled. */
  readonly #cancelling = new Map<number, Cancelling>();
  #isOver = false;

  constructor(turns: ControlledTurns<Item>) {
    this.#turns = turns;
  }

  /** Whether a task whose turn has come is to be run. */
  begins(task: IdentifiedItem<Item>): boolean {
    if (this.#begun.add(task.id)) return true;
    if (this.#turns.environment.run === null && !this.#unknown.has(task.id)) {
      // Where there is a table it has been refused.
      throw new TypeError(`Cannot run two tasks of id ${task.id}: an id must be unique`);
    }
    this.#passed.set(task.id, task);
    const outcome = this.#unknown.get(task.id);
    this.#unknown.delete(task.id);
    if (outcome) this.#turns.endedUnbegun(task, outcome);
    return false;
  }

  /** Whether a task that waits for its turn is to be passed over. */
  isPassedOver(id: number): boolean {
    return this.#begun.has(id);
  }

  /** A task that has begun is queued again, by its policy. */
  requeued(id: number): void {
    this.#begun.delete(id);
  }

  /** A task has ended for good; of one that is `done` it need be told only when `isAsked`. */
  ended(
    { id }: TaskIdentity,
    { status }: TaskOutcome,
    { task, isDependent = false }: {
      task?: IdentifiedItem<Item> | undefined;
      isDependent?: boolean;
    } = {},
  ): void {
    this.#cancelling.get(id)?.end.resolve(status);
    if (status === "done" || this.#turns.environment.signal.aborted) return;
    this.#kept.set(id, { id, status, task, isDependent });
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }

  /** Whether anybody waits for the end of a task. */
  get isAsked(): boolean {
    return this.#cancelling.size > 0;
  }

  /** Whether what a task depends on need not end it: it has failed itself, or is about to be moved. */
  isSettled(id: number): boolean {
    return this.#kept.has(id) || this.#cancelling.has(id) || this.#requeuing.has(id);
  }

  /** Whether somebody has cancelled a task, so that it is not to be run again. */
  isCancelling(id: number): boolean {
    return this.#cancelling.has(id);
  }

  /**
   * Cancels a task, and resolves when it has ended.
   *
   * @throws {Error} If it ended otherwise, now or before, or there is no such task
   */
  async cancel(id: number, reason: Error): Promise<void> {
    const cannot = `Cannot cancel task ${id}`;
    this.#check(cannot, id);
    await this.#turns.dependent?.loaded();
    this.#check(cannot, id);
    let cancelling = this.#cancelling.get(id);
    if (!cancelling) {
      const end = Promise.withResolvers<EndStatus>();
      end.promise.catch(() => {});
      cancelling = { end, promise: this.#cancel(id, reason, { cannot, end: end.promise }) };
      // Whoever asks meanwhile waits for the same.
      this.#cancelling.set(id, cancelling);
    }
    await cancelling.promise;
  }

  async #cancel(
    id: number,
    reason: Error,
    { cannot, end }: { cannot: string; end: Promise<EndStatus> },
  ): Promise<void> {
    // After the caller has noted it: it may end at once.
    await undefined;
    try {
      this.#check(cannot, id);
      const outcome: TaskOutcome = { status: "cancelled", error: toErrorData(reason) };
      if (!this.#turns.tell(id, reason) && !this.#turns.stopWaiting(id, outcome)) {
        const cancelled = this.#cancelUnbegun(id, outcome, cannot);
        this.#turns.hold(cancelled.catch(() => {}));
        await cancelled;
      }
      const status = await end;
      if (status !== "cancelled") throw new Error(`${cannot}: it ended before that, as ${status}`);
    } finally {
      this.#cancelling.delete(id);
    }
  }

  async #cancelUnbegun(id: number, outcome: TaskOutcome, cannot: string): Promise<void> {
    const { run, batchSender } = this.#turns.environment;
    if (this.#requeuing.has(id)) {
      throw new Error(`${cannot}: it is being queued again; ask once more`);
    }
    const kept = this.#kept.get(id);
    if (kept || !this.#begun.add(id)) throw new Error(`${cannot}: it is ${kept?.status ?? "done"}`);
    this.#turns.passOver();
    if (run === null) return void this.#unknown.set(id, outcome);
    const { found: [found] } = await batchSender.request({
      kind: "end_tasks",
      run,
      ids: [id],
      status: "cancelled",
      message: toErrorSummary(outcome.error!),
      finishedAt: isoNow(),
    });
    if (found?.status === "queued") return this.#turns.endedUnbegun(found, outcome);
    this.#begun.delete(id);
    // Its turn came meanwhile.
    const passed = this.#passed.get(id);
    this.#passed.delete(id);
    if (passed) this.#turns.giveBack(passed);
    throw found
      ? new Error(`${cannot}: it is ${found.status}`)
      : new RangeError(`${cannot}: run ${run} has no task of that id yet`);
  }

  /**
   * Queues a task again that ended as `error` or `cancelled`; without an id all that ended as `error`. What was
   * cancelled because it depends on them is queued, too.
   *
   * @returns How many tasks are queued again
   * @throws {Error} If there are none
   */
  async retry(id?: number): Promise<number> {
    const cannot = id === undefined ? "Cannot retry the failed tasks" : `Cannot retry task ${id}`;
    this.#check(cannot, id ?? 0);
    const { environment, dependent } = this.#turns;
    if (environment.signal.aborted) throw new Error(`${cannot}: the run is being stopped`);
    const chosen = id === undefined
      ? [...this.#kept.values()].filter(({ status }) => status === "error")
      : [this.#kept.get(id)].filter((kept) => kept !== undefined);
    if (chosen.length === 0) {
      const why = id === undefined ? "none has failed" : "it has not ended as error or cancelled";
      throw new Error(`${cannot}: ${why}`);
    }
    if (id !== undefined && dependent?.isDropped(id)) {
      throw new Error(`${cannot}: a task that it depends on is not done; retry that one`);
    }
    for (const kept of chosen) this.#kept.delete(kept.id);
    const revived = (dependent?.unblock(chosen.map(({ id }) => id)) ?? [])
      .flatMap(({ id }) => this.#kept.get(id) ?? []).filter(({ isDependent }) => isDependent);
    for (const { id } of revived) this.#kept.delete(id);
    const all = [...chosen, ...revived];
    for (const { id } of all) this.#requeuing.add(id);
    let requeued = 0;
    try {
      while (requeued < all.length) {
        const part = all.slice(requeued, requeued + REQUEUED_AT_ONCE);
        await this.#requeue(part.map(({ id }) => id));
        requeued += part.length;
      }
    } finally {
      // What could not be written has ended as it had before.
      for (const kept of all.slice(requeued)) this.#kept.set(kept.id, kept);
      for (const { id } of all) this.#requeuing.delete(id);
      this.#giveBack(all.slice(0, requeued));
    }
    return all.length;
  }

  async #requeue(ids: readonly number[]): Promise<void> {
    const { run, batchSender } = this.#turns.environment;
    if (run !== null) await batchSender.request({ kind: "requeue_tasks", run, ids });
  }

  /** Tasks are queued again, and that is written. */
  #giveBack(tasks: readonly RetryableTask<Item>[]): void {
    const { dependent } = this.#turns;
    for (const { id, status } of tasks) this.#turns.revoke(id, status);
    for (const { id, task = this.#passed.get(id), isDependent } of tasks) {
      this.#begun.delete(id);
      this.#passed.delete(id);
      if (dependent?.isDropped(id)) {
        // What it depends on has failed meanwhile.
        this.#turns.drop(task ?? { id, name: `task ${id}`, key: null });
      } else if (task && !isDependent) {
        // The others come when their turn does.
        this.#turns.giveBack(task);
      }
    }
  }

  /** The run has ended: whoever still waits for a task waits in vain. */
  close(): void {
    this.#isOver = true;
    for (const [id, { end }] of this.#cancelling) {
      end.reject(new Error(`Cannot cancel task ${id}: the run ended before that`));
    }
  }

  #check(cannot: string, id: number): void {
    if (!Number.isSafeInteger(id) || id < 0) {
      throw new TypeError(`${cannot}: ${Deno.inspect(id)} is no id of a task`);
    }
    if (this.#isOver) throw new Error(`${cannot}: the run has ended`);
  }
}
