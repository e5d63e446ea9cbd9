/**
 * From the user's items to tasks with an identity, written as `queued` before they run.
 *
 * An array is known at once: all of it is queued in bulk before the first task starts, and no object is
 * made for an item before its turn. Any other iterable is read a little ahead ({@linkcode LOOKAHEAD}), so
 * that a generator of a million items is never held in memory. Where it fails, the tasks before that are
 * given out, and the failure is told at the end.
 *
 * @module
 */
import { fromErrorData, toErrorData } from "./errors.ts";
import type { QueueTasksMessage } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import type { TaskIdentity } from "./task_context.ts";

/** Items that are read ahead of the tasks that run. */
const LOOKAHEAD = 1_000;

/** Milliseconds after which reading ahead makes way for the tasks, however few items it got. */
const LOOKAHEAD_MS = 10;

/** What comes instead of an item that keeps the tasks waiting. */
const LATE = Symbol("late");

/** Ids that are reserved at a time for items whose number is not known. */
const ID_BLOCK = 100_000;

/** Characters of an item's own text that become its task's name. */
const NAME_LENGTH = 200;

/** How the identity of a task is derived from its item. */
export interface IdentityOptions<Item> {
  /**
   * The id of an item's task in `task_runs`: a positive whole number that no task has yet.
   *
   * @default {the item's `id` when that is a whole number, else the next free id}
   */
  taskId?: (item: Item, index: number) => number | undefined;
  /**
   * The name of an item's task.
   *
   * @default {the item's `name`, the item itself when it is a string or number, else "task <id>"}
   */
  taskName?: (item: Item, index: number) => string | undefined;
  /**
   * What identifies the work of an item over several runs.
   *
   * @default {the item's `key`, or its `id` when that is a string}
   */
  taskKey?: (item: Item, index: number) => string | undefined;
}

/** An item with the identity of its task. */
export interface IdentifiedItem<Item> extends TaskIdentity {
  /** The user's item. */
  item: Item;
}

/** Where tasks are announced. */
export interface Announcer {
  /** The run that the tasks belong to. */
  run: number;
  /** Takes the messages. */
  outbox: Outbox;
  /** Whether a task may start only when its `queued` is committed, because another sender reports it. */
  confirm: boolean;
}

/** Gives tasks out, one after the other, to whoever is free. */
export class TaskFeed<Item> {
  /** The items when all are known at once: a copy, because the user's own may change meanwhile. */
  readonly known: readonly Item[] | undefined;
  readonly #iterator: Iterator<Item> | AsyncIterator<Item>;
  readonly #sync: boolean;
  readonly #options: IdentityOptions<Item>;
  #announcer: Announcer | undefined;
  /** Ids of known items where any of them carries one; 0 where it is to get a free one. */
  #ids: number[] | undefined;
  /** Whether an item carried an id: only the database knows whether it is free. */
  #explicit = false;
  #freeId = 1;
  #freeIds = Infinity;
  #count = 0;
  #ready: IdentifiedItem<Item>[] = [];
  #given = 0;
  #loading: Promise<void> | undefined;
  /** Resolves when there is something to take, or nothing more comes. */
  #news = Promise.withResolvers<void>();
  /** What the user's iterator has been asked for. */
  #pulled: Promise<IteratorResult<Item>> | undefined;
  /** Whether the user's iterator has ended or thrown: then it is not to be closed. */
  #exhausted = false;
  #halted = false;
  #failure: Error | undefined;

  /**
   * @throws {TypeError} If the items cannot be iterated, or two of them carry one id
   * @throws {RangeError} If an id is not a positive whole number
   */
  constructor(
    items: Iterable<Item> | AsyncIterable<Item>,
    options: IdentityOptions<Item>,
  ) {
    if (typeof items !== "object" || items === null || !isIterable(items)) {
      throw new TypeError(
        `Cannot run the items ${
          Deno.inspect(items)
        }: pass an array, a generator or another iterable`,
      );
    }
    this.#options = options;
    if (Array.isArray(items) || items instanceof Set || items instanceof Map) {
      this.known = [...items] as Item[];
      const ids = this.known.map((item, index) => explicitId(item, index, options) ?? 0);
      this.#explicit = ids.some((id) => id > 0);
      if (this.#explicit) checkUnique(ids.filter((id) => id > 0));
      if (this.#explicit) this.#ids = ids;
    }
    const source = this.known ?? items;
    this.#sync = Symbol.iterator in source;
    this.#iterator = Symbol.iterator in source
      ? source[Symbol.iterator]()
      : source[Symbol.asyncIterator]();
  }

  /** How many ids to reserve when the run begins. */
  get reserve(): number {
    if (!this.known) return LOOKAHEAD;
    // With ids among them that are to be skipped, as many free ones are sure to be in a range this long.
    return !this.#ids || this.#ids.includes(0) ? this.known.length : 0;
  }

  /** Number of tasks so far, whether they have been given out or not. */
  get count(): number {
    return this.known?.length ?? this.#count;
  }

  /** Number of tasks in all; `undefined` as long as more items may come. */
  get total(): number | undefined {
    return this.known?.length ?? (this.#exhausted || this.#halted ? this.#count : undefined);
  }

  /** What the items failed with: what came before it is given out, and nothing came after it. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Numbers the tasks from the first reserved id on. Where there is an announcer, all known tasks are
   * announced, and from now on each further one before it is given out.
   */
  async open(firstId: number, announcer?: Announcer): Promise<void> {
    const { known } = this;
    this.#freeId = firstId;
    this.#numberKnown();
    if (!announcer) return;
    this.#freeIds = this.reserve;
    this.#announcer = announcer;
    if (!known) return;
    for (let start = 0; start < known.length; start += LOOKAHEAD) {
      const chunk = known.slice(start, start + LOOKAHEAD).map((item, i) => {
        const index = start + i;
        return identify(item, index, this.#ids?.[index] ?? firstId + index, this.#options);
      });
      await this.#send(chunk);
    }
    if (announcer.confirm) await announcer.outbox.drained();
  }

  /** The next task, `undefined` when there is none; a promise when it has to be waited for. */
  take(): IdentifiedItem<Item> | undefined | Promise<IdentifiedItem<Item> | undefined> {
    if (this.#given < this.#ready.length) return this.#ready[this.#given++];
    if (this.#halted) return undefined;
    if (!this.#loading && (this.#exhausted || this.#failure)) return undefined;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    });
    return this.#news.promise.then(() => this.take());
  }

  /** Gives out nothing more, and tells those who wait. */
  halt(): void {
    this.#halted = true;
    this.#ready = [];
    this.#news.resolve();
  }

  /** Halts, and lets the user's iterator end. */
  async stop(): Promise<void> {
    this.halt();
    // A generator that is waiting for its next item ends when it gets there: that is not waited for.
    const waiting = this.#pulled !== undefined;
    if (!waiting) await this.#loading;
    if (this.#exhausted) return;
    const returned = Promise.try(() => this.#iterator.return?.());
    if (waiting) returned.catch(() => {});
    else await returned;
  }

  async #load(): Promise<void> {
    const items: Item[] = [];
    const chunk: IdentifiedItem<Item>[] = [];
    await this.#try(() => this.#sync ? this.#pullSync(items) : this.#pullAsync(items));
    if (this.#halted) return;
    await this.#try(() => this.#identify(items, chunk));
    await this.#try(async () => {
      if (!this.known) await this.#send(chunk);
      if (this.#halted) return;
      this.#ready = chunk;
      this.#given = 0;
    });
  }

  /** Lets a failure end the feed, after the tasks that came before it. */
  async #try(step: () => void | Promise<void>): Promise<void> {
    try {
      await step();
    } catch (thrown) {
      this.#failure ??= thrown instanceof Error ? thrown : fromErrorData(toErrorData(thrown));
    }
  }

  #pullSync(items: Item[]): void {
    const iterator = this.#iterator as Iterator<Item>;
    const until = performance.now() + LOOKAHEAD_MS;
    while (items.length < LOOKAHEAD) {
      this.#exhausted = true;
      const { value, done } = iterator.next();
      if (done) return;
      this.#exhausted = false;
      items.push(value);
      if (items.length % 16 === 0 && performance.now() > until) return;
    }
  }

  /** Waits for one item, then takes those that come without waiting. */
  async #pullAsync(items: Item[]): Promise<void> {
    const late = Promise.withResolvers<typeof LATE>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      while (items.length < LOOKAHEAD && !this.#halted) {
        this.#pulled ??= (this.#iterator as AsyncIterator<Item>).next();
        const result = await (timer ? Promise.race([this.#pulled, late.promise]) : this.#pulled);
        if (result === LATE) return;
        this.#pulled = undefined;
        this.#exhausted = result.done === true;
        if (this.#exhausted) return;
        items.push(result.value);
        timer ??= setTimeout(() => late.resolve(LATE), 0);
      }
    } catch (error) {
      this.#pulled = undefined;
      this.#exhausted = true;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #identify(items: readonly Item[], chunk: IdentifiedItem<Item>[]): Promise<void> {
    for (const item of items) {
      const index = this.#count;
      let id = this.known ? this.#ids?.[index] : explicitId(item, index, this.#options);
      if (id === undefined) {
        if (this.#freeIds === 0) await this.#reserve(ID_BLOCK);
        this.#freeIds--;
        id = this.#freeId++;
      } else {
        this.#explicit = true;
      }
      chunk.push(identify(item, index, id, this.#options));
      this.#count++;
    }
  }

  /** Gives free ids to the known items that carry none. */
  #numberKnown(): void {
    const taken = new Set(this.#ids);
    this.#ids?.forEach((id, index, ids) => {
      if (id > 0) return;
      while (taken.has(this.#freeId)) this.#freeId++;
      ids[index] = this.#freeId++;
    });
  }

  async #reserve(count: number): Promise<void> {
    const { run, outbox } = this.#announcer!;
    this.#freeId = await outbox.request({ kind: "reserve_ids", run, count }) as number;
    this.#freeIds = count;
  }

  async #send(chunk: IdentifiedItem<Item>[]): Promise<void> {
    if (!this.#announcer || chunk.length === 0) return;
    const { run, outbox, confirm } = this.#announcer;
    const message: QueueTasksMessage = {
      kind: "queue_tasks",
      run,
      ids: chunk.map(({ id }) => id),
      names: chunk.map(({ name }) => name),
      keys: chunk.map(({ key }) => key),
    };
    if (this.#explicit) checkUnique(message.ids);
    if (this.#explicit || (confirm && !this.known)) return void await outbox.request(message);
    outbox.post(message);
    await outbox.room();
  }
}

function checkUnique(ids: readonly number[]): void {
  const seen = new Set<number>();
  for (const id of ids) {
    if (seen.has(id)) {
      throw new TypeError(`Cannot run two items with the id ${id}: ids are unique`);
    }
    seen.add(id);
  }
}

function isIterable(items: object): items is Iterable<unknown> | AsyncIterable<unknown> {
  return Symbol.iterator in items || Symbol.asyncIterator in items;
}

interface Carrier {
  id?: unknown;
  name?: unknown;
  key?: unknown;
}

function carrierOf(item: unknown): Carrier {
  return typeof item === "object" && item !== null ? item : {};
}

function explicitId<Item>(
  item: Item,
  index: number,
  { taskId }: IdentityOptions<Item>,
): number | undefined {
  const id = taskId ? taskId(item, index) : carrierOf(item).id;
  if (id === undefined || (!taskId && typeof id !== "number")) return undefined;
  if (!Number.isSafeInteger(id) || id as number < 1) {
    throw new RangeError(
      `Cannot give item ${index} the id ${
        Deno.inspect(id)
      }: task ids are positive whole numbers; ` +
        `pass "taskId: () => undefined" when the items' own ids mean something else`,
    );
  }
  return id as number;
}

function identify<Item>(
  item: Item,
  index: number,
  id: number,
  { taskName, taskKey }: IdentityOptions<Item>,
): IdentifiedItem<Item> {
  const carrier = carrierOf(item);
  const own = typeof item === "string" || typeof item === "number"
    ? String(item).slice(0, NAME_LENGTH)
    : carrier.name;
  const name = (taskName ? taskName(item, index) : own) ?? `task ${id}`;
  const key = taskKey
    ? taskKey(item, index)
    : carrier.key ?? (typeof carrier.id === "string" ? carrier.id : undefined);
  return {
    id,
    name: String(name),
    key: key === undefined || key === null ? null : String(key),
    item,
  };
}
