/**
 * Tasks that wait for a worker, in the order of their priority, as far as the limits of their tags allow.
 *
 * Tasks with the same tags wait together: whether one of them may run is the same for all, so that a million
 * tasks behind a limit are not looked at one by one.
 *
 * @module
 */
import { Heap } from "./heap.ts";
import type { IdentifiedItem } from "./task_identity.ts";

/** Which tasks run first, and which at the same time. */
export interface QueueOptions<Item> {
  /**
   * The priority of an item's task: tasks with a greater number run before the others, in the order of the
   * items where it is the same. Of an array the tasks are ordered that wait, of a generator those read ahead.
   *
   * @default {0 for all}
   */
  priority?: (item: Item) => number;
  /** What an item's task uses, to be named in `limits`. */
  tags?: (item: Item) => readonly string[] | undefined;
  /**
   * How many tasks of a tag run at once at most. A task runs when all of its tags have room; one that waits for
   * its retry takes no room.
   *
   * @default {no limits}
   */
  limits?: Readonly<Record<string, number>>;
}

interface Entry<Item> {
  task: IdentifiedItem<Item>;
  priority: number;
  order: number;
}

/** Tasks with the same tags that have limits. */
interface Group<Item> {
  tags: readonly string[];
  waiting: Heap<Entry<Item>>;
}

/** The queue. Its fields belong to the main thread. */
export class TaskQueue<Item> {
  readonly #options: QueueOptions<Item>;
  readonly #groups = new Map<string, Group<Item>>();
  /** The tags of tasks that run, by id; those without are left out. */
  readonly #held = new Map<number, readonly string[]>();
  /** How many more tasks of a tag may run. */
  readonly #room: Map<string, number>;
  #size = 0;
  #order = 0;

  constructor(options: QueueOptions<Item> = {}) {
    this.#options = options;
    this.#room = new Map(Object.entries(options.limits ?? {}));
  }

  /** Number of tasks that wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a task; with `again` before the others of its priority.
   *
   * @throws {TypeError} If its priority is no number, or its tags are no array
   */
  push(task: IdentifiedItem<Item>, again = false): void {
    const { priority: priorityOf, tags: tagsOf } = this.#options;
    const priority = priorityOf ? priorityOf(task.item) : 0;
    if (typeof priority !== "number" || Number.isNaN(priority)) {
      throw new TypeError(
        `Cannot give task ${task.id} (${task.name}) the priority ${Deno.inspect(priority)}: ` +
          `pass a number`,
      );
    }
    const all = tagsOf?.(task.item) ?? [];
    if (!Array.isArray(all)) {
      throw new TypeError(
        `Cannot give task ${task.id} (${task.name}) the tags ${Deno.inspect(all)}: pass an array`,
      );
    }
    const tags = [...new Set(all)].filter((tag) => this.#room.has(tag)).sort();
    const name = JSON.stringify(tags);
    let group = this.#groups.get(name);
    if (!group) this.#groups.set(name, group = { tags, waiting: new Heap(isBefore) });
    const order = ++this.#order;
    group.waiting.push({ task, priority, order: again ? order - Number.MAX_SAFE_INTEGER : order });
    this.#size++;
  }

  /** Takes the next task that may run; `undefined` when there is none. */
  pop(): IdentifiedItem<Item> | undefined {
    let first: Group<Item> | undefined;
    for (const group of this.#groups.values()) {
      const entry = group.waiting.first;
      if (!entry || group.tags.some((tag) => this.#room.get(tag)! <= 0)) continue;
      if (!first || isBefore(entry, first.waiting.first!)) first = group;
    }
    if (!first) return undefined;
    this.#size--;
    const { task } = first.waiting.pop()!;
    if (first.tags.length > 0) {
      this.#held.set(task.id, first.tags);
      for (const tag of first.tags) this.#room.set(tag, this.#room.get(tag)! - 1);
    }
    return task;
  }

  /** A task that was taken runs no more: its tags have room again. */
  release(id: number): void {
    for (const tag of this.#held.get(id) ?? []) this.#room.set(tag, this.#room.get(tag)! + 1);
    this.#held.delete(id);
  }
}

/** Whether tasks are to be put in order before they run. */
export function hasOrder<Item>({ priority, limits }: QueueOptions<Item>): boolean {
  return priority !== undefined || (limits !== undefined && Object.keys(limits).length > 0);
}

/**
 * Refuses limits that let nothing run, or that nothing comes under.
 *
 * @throws {RangeError} If a limit is not a positive whole number
 * @throws {TypeError} If there are limits and no tags
 */
export function checkLimits<Item>({ limits, tags }: QueueOptions<Item>): void {
  for (const [tag, limit] of Object.entries(limits ?? {})) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new RangeError(
        `Cannot limit ${Deno.inspect(tag)} to ${Deno.inspect(limit)} tasks at once: ` +
          `pass a whole number from 1 up`,
      );
    }
  }
  if (limits && !tags) {
    throw new TypeError("Cannot keep limits without tags: pass tags, a function of an item");
  }
}

function isBefore<Item>(a: Entry<Item>, b: Entry<Item>): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.order < b.order);
}
