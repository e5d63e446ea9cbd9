/**
 * The statements by which tasks add tasks: those whose key a run has already are left out, and the items of the others
 * are kept, so that a run that is resumed has them without what found them.
 *
 * @module
 */
import type { Connection } from "../../../sqlite/connection.ts";
import { Statements } from "../../../sqlite/statement.ts";
import type { ExpectTasksMessage } from "../../protocol/run_message.ts";
import type {
  AddedCall,
  AddedPage,
  AddTasksMessage,
  QueueAddedMessage,
  QueueTasksMessage,
} from "../../protocol/task_message.ts";
import { ADDED_TASKS } from "../resume_store.ts";
import type { RunStore } from "../run_store.ts";
import { AddedItems, LISTED_TASKS } from "./added_items.ts";
import type { TaskUpdateStore } from "./task_update_store.ts";

/** Calls whose tasks are queued together, where all are. */
const CALLS_AT_ONCE = 20;

/** The part of the store that adds tasks. */
export class AddedTasks {
  readonly #runs: RunStore;
  readonly #statements: Statements;
  readonly #updates: TaskUpdateStore;
  readonly #items: AddedItems;
  /** Runs that were added to: their keys are known. */
  readonly #grown = new Set<number>();

  constructor(connection: Connection, runs: RunStore, updates: TaskUpdateStore) {
    this.#runs = runs;
    this.#updates = updates;
    this.#statements = new Statements(connection);
    this.#items = new AddedItems(connection);
  }

  /** Runs that were added to: some of that may have no rows yet. */
  get grown(): readonly number[] {
    return [...this.#grown];
  }

  /** Adds tasks and returns how many are new. */
  add(message: AddTasksMessage): number {
    const { run, by } = message;
    this.#grown.add(run);
    const isNew = this.#runs.keys.claim(run, message);
    const fresh = isNew ? only(message, isNew) : message;
    const { tasks } = fresh;
    if (tasks === 0) return 0;
    this.#items.keep(this.#runs.reserveIds({ run, count: tasks }), { ...fresh, run, by });
    // It is written with the others of its run.
    this.#runs.count(run);
    this.#statements.of(
      "UPDATE main.pipeline_runs SET expected=expected+?2 WHERE id=?1 AND expected IS NOT NULL",
    ).run(run, tasks);
    return tasks;
  }

  /** The next tasks that were added to a run. */
  page(run: number, after: number): AddedPage[] {
    const pages = this.#items.page(run, after);
    // Of those that have rows, some may be there since before the run was resumed.
    for (const { ids, keys } of pages) if (typeof ids !== "number") this.#runs.keys.give(run, keys);
    return pages;
  }

  /** Tasks of these ids that are queued again. */
  again(run: number, ids: readonly number[]): AddedPage[] {
    return this.#items.again(run, ids);
  }

  /** Queues added tasks, and returns how many. */
  queue({ run, upTo }: QueueAddedMessage): number {
    let queued = 0;
    for (const message of this.#items.take(run, upTo)) {
      this.#updates.queue(message);
      queued += message.ids.length;
    }
    return queued;
  }

  /** Queues all tasks that were added to a run, for what looks at its tasks. */
  queueAll(run: number): void {
    if (!this.#grown.has(run)) return;
    let calls = 0;
    for (const message of this.#items.take(run, Number.MAX_SAFE_INTEGER)) {
      this.#updates.queue(message);
      if (++calls % CALLS_AT_ONCE === 0) this.#updates.flush();
    }
    this.#updates.flush();
  }

  /** Keeps how many tasks a run has in all, of which this many are its items. */
  expect({ run, count }: ExpectTasksMessage): undefined {
    const added = this.#runs.keys.isLearnt(run) ? `+${ADDED_TASKS}+${LISTED_TASKS}` : "";
    this.#statements.of(
      `UPDATE main.pipeline_runs SET expected=?2${added} WHERE id=?1`,
    ).run(run, count);
  }

  /** Queues items of a run, without those whose keys were added to it; returns these, where that was asked for. */
  queueItems(message: QueueTasksMessage): readonly number[] | undefined {
    const { fresh, left } = this.#leaveOut(message);
    const { run, keys, chosen } = fresh;
    this.#updates.queue(fresh);
    if (chosen) this.#updates.flushNew();
    // Their keys cannot be added any more.
    if (this.#grown.has(run)) this.#runs.keys.note(run, keys);
    return left;
  }

  /** Tasks to queue, without those whose keys were added to their run; these are `left`. */
  #leaveOut(message: QueueTasksMessage): { fresh: QueueTasksMessage; left?: readonly number[] } {
    const { run, ids, names, keys, unlessAdded } = message;
    if (!unlessAdded || !this.#grown.has(run)) return { fresh: message };
    const isAdded = this.#runs.keys.addedAmong(run, keys);
    const kept = <T>(values: readonly T[]) => values.filter((_, i) => !isAdded[i]);
    return {
      fresh: { ...message, ids: kept(ids), names: kept(names), keys: kept(keys) },
      left: ids.filter((_, i) => isAdded[i]),
    };
  }

  /** A run has ended. */
  forget(run: number): void {
    this.#grown.delete(run);
    if (this.#grown.size === 0) this.#items.forget();
  }
}

/** The items of a call for which this is true. */
function only({ names, keys, items }: AddedCall, isWanted: readonly boolean[]): AddedCall {
  const filter = <T>(values: readonly T[]) => values.filter((_, i) => isWanted[i]);
  return {
    tasks: filter(isWanted).length,
    names: JSON.stringify(filter(JSON.parse(names))),
    keys: JSON.stringify(filter(JSON.parse(keys))),
    items: filter(items.split("\n")).join("\n"),
  };
}
