/**
 * The records of a run's tasks by id. Only tasks that are live, or that ended otherwise than `done` and may be
 * queued again, have one. Of all others that left the source a bit remains.
 *
 * @module
 */
import type { EndStatus } from "../../internal/task_status.ts";
import { TransientMap } from "../../internal/transient_map.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import { IdSet } from "./id_set.ts";
import { LiveTask } from "./live_task.ts";
import type { IdentifiedItem } from "./task_identity.ts";

/** Tasks that are kept to be queued again; the oldest make room. */
const MAX_ENDED = 100_000;

/** The records. */
export class TaskRecords<Item> {
  readonly #live = new TransientMap<number, LiveTask<Item>>();
  /** Tasks that ended otherwise than `done`, the oldest first. */
  readonly #ended = new Map<number, LiveTask<Item>>();
  /** Tasks that left the source, or were cancelled before that. */
  readonly #seen = new IdSet();
  /** Whether the writer has refused two tasks of one id. */
  readonly #areUnique: boolean;

  constructor(areUnique: boolean) {
    this.#areUnique = areUnique;
  }

  /**
   * A task leaves the source. Returns its record; `undefined` when it is not to be run.
   *
   * @throws {TypeError} If there was one of that id
   */
  admit(identified: IdentifiedItem<Item>): LiveTask<Item> | undefined {
    const { id } = identified;
    if (this.#seen.add(id)) {
      const task = new LiveTask<Item>(identified, identified);
      this.#live.set(id, task);
      return task;
    }
    const cancelled = this.get(id);
    if (!this.#areUnique && (!cancelled || cancelled.isKnown)) {
      throw new TypeError(`Cannot run two tasks of id ${id}: an id must be unique`);
    }
    cancelled?.identify(identified);
    return cancelled?.phase === "held" ? cancelled : undefined;
  }

  /** The record of a task to cancel before it leaves the source; `undefined` when it has left. */
  hold(id: number): LiveTask<Item> | undefined {
    if (!this.#seen.add(id)) return undefined;
    const task = new LiveTask<Item>({ id, name: `task ${id}`, key: null });
    task.phase = "held";
    this.#live.set(id, task);
    return task;
  }

  /** The record of a task, if it has one. */
  get(id: number): LiveTask<Item> | undefined {
    return this.#live.get(id) ?? this.#ended.get(id);
  }

  /** Tasks that ended with this status. */
  endedAs(status: EndStatus): LiveTask<Item>[] {
    return [...this.#ended.values()].filter((task) => task.status === status);
  }

  /** A task has ended; it keeps its record when it may be queued again. */
  end(task: LiveTask<Item>, status: EndStatus, mayReturn: boolean): void {
    task.phase = "ended";
    task.status = status;
    this.#live.delete(task.id);
    if (!mayReturn) return;
    this.#seen.add(task.id);
    this.#ended.set(task.id, task);
    if (this.#ended.size > MAX_ENDED) this.#ended.delete(this.#ended.keys().next().value!);
  }

  /** A task that has ended is being queued again. */
  revive(task: LiveTask<Item>): void {
    task.phase = "requeuing";
    this.#ended.delete(task.id);
    this.#live.set(task.id, task);
  }

  /** A task comes from the source when its turn does, as if it had never existed. */
  forget({ id }: TaskIdentity): void {
    this.#live.delete(id);
    this.#seen.delete(id);
  }
}
