/**
 * Tasks that wait for a worker, in the order of their priority, as far as the limits of their tags allow.
 *
 * Tasks with the same tags wait together: whether one of them may run is the same for all, so that a million
 * tasks behind a limit are not looked at one by one.
 *
 * @module
 */
import { Heap } from "./heap.ts";
import { TagLimiter, type TagLimits } from "./tag_limits.ts";
import type { IdentifiedItem } from "./task_identity.ts";

/** Which tasks run first, and which at the same time. */
export interface QueueOptions<Item> {
  /**
   * The priority of an item's task: tasks with a greater number run before the others, in the order of the
   * items where it is the same. Of an array the tasks are ordered that wait, of a generator those read ahead.
   *
   * @default {0 for all}
   */
  priority?: ((item: Item) => number) | undefined;
  /** What an item's task uses, to be named in `limits`. */
  tags?: ((item: Item) => readonly string[] | undefined) | undefined;
  /**
   * How many tasks of a tag run at once at most, as a number; or how many run at once and how many start in a
   * time, as `{ concurrency: 2, rate: 10, intervalMs: 1_000 }`. A task runs when all of its tags allow it; others go
   * before it meanwhile. One that waits for its retry takes no room, and its next attempt is another start. What
   * earlier runs and other processes started is not counted.
   *
   * @default {no limits}
   */
  limits?: TagLimits | undefined;
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

/** What a queue is told. */
export interface QueueHooks {
  /** Tells milliseconds, and never goes back. */
  clock?: () => number;
  /** Whether a task is not to be run: it is given out without regard to limits, for its turn to be over. */
  isPassedOver?: (id: number) => boolean;
}

/** The queue. Its fields belong to the main thread. */
export class TaskQueue<Item> {
  readonly #options: QueueOptions<Item>;
  readonly #clock: () => number;
  readonly #isPassedOver: (id: number) => boolean;
  readonly #groups = new Map<string, Group<Item>>();
  readonly #limits: TagLimiter;
  #size = 0;
  #order = 0;

  constructor(options: QueueOptions<Item> = {}, hooks: QueueHooks = {}) {
    const { clock = () => performance.now(), isPassedOver = () => false } = hooks;
    this.#options = options;
    this.#clock = clock;
    this.#isPassedOver = isPassedOver;
    this.#limits = new TagLimiter(options.limits);
  }

  /** Number of tasks that wait. */
  get size(): number {
    return this.#size;
  }

  /** Milliseconds until one of the tasks that wait may start; `Infinity` when that is not a matter of time. */
  get waitMs(): number {
    let at = Infinity;
    for (const group of this.#groups.values()) {
      if (group.waiting.first) at = Math.min(at, this.#opensAt(group));
    }
    return at === Infinity ? at : Math.max(0, at - this.#clock());
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
    const tags = [...new Set(all)].filter((tag) => this.#limits.has(tag)).sort();
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
    let now: number | undefined;
    for (const group of this.#groups.values()) {
      const entry = group.waiting.first;
      if (!entry || (first && !isBefore(entry, first.waiting.first!))) continue;
      const at = this.#opensAt(group);
      if (at === -Infinity || at <= (now ??= this.#clock())) first = group;
    }
    if (!first) return undefined;
    this.#size--;
    const { task } = first.waiting.pop()!;
    const { tags } = first;
    if (tags.length > 0 && !this.#isPassedOver(task.id)) this.#limits.hold(task.id, tags);
    return task;
  }

  /** From when on the first task of a group may be given out. */
  #opensAt({ tags, waiting }: Group<Item>): number {
    if (tags.length === 0 || this.#isPassedOver(waiting.first!.task.id)) return -Infinity;
    return this.#limits.opensAt(tags);
  }

  /** A task that was taken has begun. Returns whether others may have waited for that. */
  start(id: number): boolean {
    return this.#limits.start(id, this.#clock());
  }

  /** A task that was taken runs no more: its tags have room again. */
  release(id: number): void {
    this.#limits.release(id, this.#clock());
  }
}

/** Whether tasks are to be put in order before they run. */
export function hasOrder<Item>({ priority, limits }: QueueOptions<Item>): boolean {
  return priority !== undefined || (limits !== undefined && Object.keys(limits).length > 0);
}

function isBefore<Item>(a: Entry<Item>, b: Entry<Item>): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.order < b.order);
}
