/**
 * Tasks that wait for a free slot: in the order of their priority, as far as the limits of their tags allow, and
 * those first that are run again. It reads ahead of the source as far as an order needs it; a run that asks
 * for none takes its tasks straight from the source.
 *
 * @module
 */
import { LiveTask } from "../live_task.ts";
import { MAX_TIMER_MS } from "../../../internal/validate.ts";
import { type Refusal, TagLimiter } from "./tag_limiter.ts";
import type { TagLimits } from "./tag_limits.ts";
import type { IdentifiedItem } from "../task_identity.ts";
import { WaitingTasks } from "./waiting_tasks.ts";

/**
 * Which tasks run first, and which at the same time.
 *
 * @example Few requests at once, large items first
 * ```ts ignore
 * import type { QueueOptions } from "@pipeloom/pipeloom";
 *
 * const options: QueueOptions<{ bytes: number }> = {
 *   priority: ({ bytes }) => bytes,
 *   tags: () => ["api"],
 *   limits: { api: { concurrency: 2, rate: 10 } },
 * };
 * ```
 */
export interface QueueOptions<Item> {
  /**
   * Priority of an item's task: a task with a greater number runs first; equal ones run in the order of the items.
   * It orders the waiting tasks of an array, and those that are read ahead of a generator.
   *
   * @default {0 for all}
   */
  priority?: ((item: Item) => number) | undefined;
  /** Tags of an item's task, such as the resources that it uses. `limits` must name each of them. */
  tags?: ((item: Item) => readonly string[] | undefined) | undefined;
  /**
   * Limits of each tag: the maximum number of concurrent tasks, or `{ concurrency: 2, rate: 10, intervalMs: 1_000 }`
   * for concurrent tasks and for starts in an interval. A task runs when all its tags allow it; others overtake it
   * meanwhile. A task that waits for its retry takes no room, and its next attempt is another start. `"*"` is the
   * limit of each tag that is not named; a function of the tag may replace the table. Starts of other runs count
   * only where a limit is `shared`; those of other processes never count.
   *
   * @default {no limits}
   */
  limits?: TagLimits | undefined;
}

/** Where tasks come from. */
export interface TaskSupply<Item> {
  /** The next task; `undefined` when there is none at the moment; a promise when it has to be waited for. */
  take(): IdentifiedItem<Item> | undefined | Promise<IdentifiedItem<Item> | undefined>;
}

/** What a ready queue is made of. */
export interface ReadyQueueOptions<Item> {
  /** Where the tasks come from. */
  source: TaskSupply<Item>;
  /** Which run first, and which at the same time. */
  order: QueueOptions<Item>;
  /** How many tasks to read ahead, so that there are some to put in order. */
  ahead: number;
  /** Whether none is taken before all are read, because the last may be the first in order. */
  whole?: boolean;
  /** Makes the record of a task that has left the source; `undefined` when it is not to be run. */
  admit(task: IdentifiedItem<Item>): LiveTask<Item> | undefined;
  /** Called with a task that cannot be put back, because an option refuses its item now. */
  refuse(task: LiveTask<Item>, error: Error): void;
  /** Called when there may be a task to take, without anything that the caller did. */
  wake(): void;
  /** Whether a stage has a free slot; left out where tasks have no stages. */
  hasRoom?: ((stage: string) => boolean) | undefined;
  /** Milliseconds on a clock that never goes back. */
  clock?: (() => number) | undefined;
}

/** What is subtracted from places of tasks that are run again; no id and no other place is as great. */
const FIRST = Number.MAX_SAFE_INTEGER + 1;

/** The queue. */
export class ReadyQueue<Item> {
  readonly #options: ReadyQueueOptions<Item>;
  readonly #isOrdered: boolean;
  readonly #clock: () => number;
  readonly #limits: TagLimiter;
  readonly #waiting: WaitingTasks<Item>;
  #pushed = 0;
  /** Whether the source was asked for a task that has not come yet. */
  #isReading = false;
  #failure: { thrown: unknown } | undefined;
  /** Fires when a task may start that waits for the rate of its tags. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ReadyQueueOptions<Item>) {
    this.#options = options;
    this.#isOrdered = hasOrder(options.order) || options.hasRoom !== undefined;
    this.#clock = options.clock ?? (() => performance.now());
    this.#limits = new TagLimiter(options.order.limits, (tag) => {
      this.#waiting.changed(tag);
      options.wake();
    });
    this.#waiting = new WaitingTasks(this.#limits, this.#clock);
  }

  /** Number of tasks that wait here. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Milliseconds until one of the tasks that wait may start; `Infinity` when that is not a matter of time. */
  get waitMs(): number {
    const at = this.#waiting.opensAt;
    return at === Infinity ? at : Math.max(0, at - this.#clock());
  }

  /**
   * Takes the next task that may run; `undefined` when there is none at the moment.
   *
   * @throws {unknown} What the source, or an option that orders tasks, failed with
   */
  take(): LiveTask<Item> | undefined {
    const { ahead, whole, hasRoom } = this.#options;
    if (this.#isOrdered) {
      while (this.size < ahead) {
        const task = this.#read();
        if (!task) break;
        this.push(task);
      }
    }
    if (this.#failure) throw this.#failure.thrown;
    if (whole && this.#isReading) return undefined;
    const task = this.size > 0 ? this.#waiting.take(hasRoom) : undefined;
    if (task) return task;
    if (!this.#isOrdered) return this.#read();
    this.#wakeInTime();
    return undefined;
  }

  /** Whether nothing waits, here or in the source. */
  isDrained(): boolean {
    if (this.#isReading || (this.size > 0 && this.#waiting.hasReady())) return false;
    try {
      const task = this.#read();
      if (task) this.push(task);
      return !task && !this.#isReading;
    } catch (thrown) {
      this.#failure ??= { thrown };
      return false;
    }
  }

  /**
   * Adds a task, behind the others of its priority or at a place of its own.
   *
   * @throws {TypeError} If its priority is not a number, or its tags are not an array
   */
  push(task: LiveTask<Item>, place = ++this.#pushed): void {
    task.phase = "ready";
    if (task.order !== 0) return;
    const tags = this.#rank(task);
    task.order = place;
    this.#waiting.push(task, tags);
  }

  /**
   * Refuses a task that could not be added.
   *
   * @throws {TypeError} If its priority is not a number, or its tags are not an array, or one that has no limit
   */
  check(task: IdentifiedItem<Item>): void {
    this.#rank(new LiveTask(task, task));
  }

  /** Puts back a task that was taken, before the others of its priority. */
  requeue(task: LiveTask<Item>): void {
    // In the order of their ids: one that found the limit of a tag would else find it again, behind others.
    const isRefused = task.reservations?.some((reservation) => reservation.isRefused);
    const place = isRefused ? task.id : ++this.#pushed;
    this.release(task);
    try {
      this.push(task, place - FIRST);
    } catch (thrown) {
      this.#options.refuse(task, thrown as Error);
    }
  }

  /** A task that was taken has started. Returns whether others may have waited for that. */
  start(task: LiveTask<Item>): boolean {
    const { reservations } = task;
    if (!reservations || !this.#limits.start(task, this.#clock())) return false;
    for (const { state } of reservations) this.#waiting.changed(state.tag);
    return true;
  }

  /** A task that was taken runs no more: its tags have room again. */
  release(task: LiveTask<Item>): void {
    const { reservations } = task;
    if (!reservations) return;
    this.#limits.release(task, this.#clock());
    for (const { state } of reservations) this.#waiting.changed(state.tag);
  }

  /**
   * Starts no task with this tag for some milliseconds, because this one was refused.
   *
   * @throws {TypeError} If the tag has no limit
   */
  hold(tag: string, { ms, task }: { ms: number; task: LiveTask<Item> }): Refusal {
    return this.#limits.hold(tag, { now: this.#clock(), ms, task });
  }

  /** Wakes the caller no more. */
  close(): void {
    this.#clearTimer();
    this.#limits.close();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Reads one task; one that comes late is added to those that wait. */
  #read(): LiveTask<Item> | undefined {
    const { source, admit, wake } = this.#options;
    while (!this.#isReading && !this.#failure) {
      const read = source.take();
      if (!read) return undefined;
      if (!(read instanceof Promise)) {
        const task = admit(read);
        if (task) return task;
        continue;
      }
      this.#isReading = true;
      read.then((late) => {
        const task = late && admit(late);
        if (task) this.push(task);
      }).catch((thrown) => this.#failure ??= { thrown }).then(() => {
        this.#isReading = false;
        wake();
      });
    }
    return undefined;
  }

  /** Gives a task its priority, and returns its tags that have limits. */
  #rank(task: LiveTask<Item>): string[] {
    const { order: { priority, tags } } = this.#options;
    task.priority = priority ? priority(task.item) : 0;
    const what = `Cannot give task ${task.id} (${task.name})`;
    if (typeof task.priority !== "number" || Number.isNaN(task.priority)) {
      const wrong = Deno.inspect(task.priority);
      throw new TypeError(`${what} the priority ${wrong}: pass a number`);
    }
    const all = tags ? tagsOf(task, tags) : [];
    return [...new Set(all)].filter((tag) => this.#limits.has(tag)).sort();
  }

  /** Has the caller look again when the next task may start; there is one timer for all of them. */
  #wakeInTime(): void {
    this.#clearTimer();
    const ms = this.waitMs;
    if (ms === Infinity) return;
    // Rounded up: a timer that fires early would be set again.
    this.#timer = setTimeout(() => this.#options.wake(), Math.min(MAX_TIMER_MS, Math.ceil(ms)));
  }
}

/**
 * The tags of a task.
 *
 * @throws {TypeError} If they are not an array
 */
export function tagsOf<Item>(
  { id, name, item }: IdentifiedItem<Item>,
  tags: NonNullable<QueueOptions<Item>["tags"]>,
): readonly string[] {
  const all = tags(item) ?? [];
  if (Array.isArray(all)) return all;
  throw new TypeError(
    `Cannot give task ${id} (${name}) the tags ${Deno.inspect(all)}: pass an array`,
  );
}

/** Whether tasks are sorted before they run. */
export function hasOrder<Item>({ priority, limits }: QueueOptions<Item>): boolean {
  return priority !== undefined || typeof limits === "function" ||
    (limits !== undefined && Object.keys(limits).length > 0);
}
