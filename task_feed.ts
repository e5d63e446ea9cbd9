/**
 * From the user's items to tasks with an identity, written as `queued` before they run.
 *
 * An array is known at once: all of it is queued in bulk before the first task starts, and no object is
 * made for an item before its turn. Any other iterable is read a little ahead ({@linkcode LOOKAHEAD}), so
 * that a generator of a million items is never held in memory.
 *
 * @module
 */
import type { QueueTasksMessage } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import type { TaskIdentity } from "./task_context.ts";

/** Items that are read ahead of the tasks that run. */
const LOOKAHEAD = 1_000;

/** Milliseconds after which reading ahead makes way for the tasks, however few items it got. */
const LOOKAHEAD_MS = 10;

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
  /** The items when all are known at once. */
  readonly known: readonly Item[] | undefined;
  readonly #iterator: Iterator<Item> | AsyncIterator<Item>;
  readonly #sync: boolean;
  readonly #options: IdentityOptions<Item>;
  #announcer: Announcer | undefined;
  /** Ids of known items, where any of them carries one. */
  #ids: number[] | undefined;
  #freeId = 1;
  #freeIds = Infinity;
  #index = 0;
  #ready: IdentifiedItem<Item>[] = [];
  #given = 0;
  #loading: Promise<void> | undefined;
  #pulled: Promise<IteratorResult<Item>> | undefined;
  #finished = false;

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
      this.known = Array.isArray(items) ? items : [...items] as Item[];
      this.#ids = this.#explicitIds(this.known);
    }
    const source = this.known ?? items;
    this.#sync = Symbol.iterator in source;
    this.#iterator = Symbol.iterator in source
      ? source[Symbol.iterator]()
      : source[Symbol.asyncIterator]();
  }

  /** How many ids to reserve when the run begins. */
  get reserve(): number {
    return this.#ids ? 0 : this.known?.length ?? LOOKAHEAD;
  }

  /** Announces all known tasks, and from now on each further one before it is given out. */
  async announce(announcer: Announcer, firstId: number): Promise<void> {
    this.#announcer = announcer;
    this.#freeId = firstId;
    this.#freeIds = this.reserve;
    const { known } = this;
    if (!known) return;
    const explicit = this.#ids;
    if (explicit) await this.#reserve(explicit.filter((id) => id === 0).length);
    for (let start = 0; start < known.length; start += LOOKAHEAD) {
      const chunk = known.slice(start, start + LOOKAHEAD).map((item, i) => {
        const index = start + i;
        if (explicit) explicit[index] ||= this.#freeId++;
        return identify(item, index, explicit ? explicit[index]! : firstId + index, this.#options);
      });
      await this.#send(chunk, explicit !== undefined);
    }
    if (announcer.confirm) await announcer.outbox.drained();
  }

  /** The next task, `undefined` when there is none; a promise when it has to be waited for. */
  take(): IdentifiedItem<Item> | undefined | Promise<IdentifiedItem<Item> | undefined> {
    if (this.#given < this.#ready.length) return this.#ready[this.#given++];
    if (this.#finished) return undefined;
    this.#loading ??= this.#load().finally(() => this.#loading = undefined);
    return this.#loading.then(() => this.take());
  }

  /** Gives out nothing more, and lets the user's iterator end. */
  async stop(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    this.#ready = [];
    // A generator that is waiting for its next item ends when it gets there: that is not waited for.
    const returned = Promise.resolve(this.#iterator.return?.());
    if (this.#pulled) returned.catch(() => {});
    else await returned;
  }

  async #load(): Promise<void> {
    const items = this.#sync ? this.#pullSync() : await this.#pullAsync();
    if (this.#finished && items.length === 0) return;
    const chunk: IdentifiedItem<Item>[] = [];
    let explicit = false;
    for (const item of items) {
      const index = this.#index++;
      let id = this.#ids?.[index] ??
        (this.known ? undefined : explicitId(item, index, this.#options));
      if (id === undefined) {
        if (this.#freeIds === 0) await this.#reserve(ID_BLOCK);
        this.#freeIds--;
        id = this.#freeId++;
      } else {
        explicit = true;
      }
      chunk.push(identify(item, index, id, this.#options));
    }
    if (!this.known) await this.#send(chunk, explicit || this.#announcer?.confirm === true);
    this.#ready = chunk;
    this.#given = 0;
  }

  #pullSync(): Item[] {
    const items: Item[] = [];
    const until = performance.now() + LOOKAHEAD_MS;
    while (items.length < LOOKAHEAD) {
      const { value, done } = (this.#iterator as Iterator<Item>).next();
      if (done) {
        this.#finished = true;
        break;
      }
      items.push(value);
      if (items.length % 16 === 0 && performance.now() > until) break;
    }
    return items;
  }

  /** Waits for one item, then takes those that come without waiting. */
  async #pullAsync(): Promise<Item[]> {
    const items: Item[] = [];
    const late = Symbol();
    let tick: Promise<typeof late> | undefined;
    while (items.length < LOOKAHEAD) {
      this.#pulled ??= (this.#iterator as AsyncIterator<Item>).next();
      const result = await (tick ? Promise.race([this.#pulled, tick]) : this.#pulled);
      if (result === late) break;
      this.#pulled = undefined;
      if (result.done) {
        this.#finished = true;
        break;
      }
      items.push(result.value);
      tick ??= new Promise((resolve) => setTimeout(resolve, 0, late));
    }
    return items;
  }

  async #reserve(count: number): Promise<void> {
    const { run, outbox } = this.#announcer!;
    this.#freeId = await outbox.request({ kind: "reserve_ids", run, count }) as number;
    this.#freeIds = count;
  }

  async #send(chunk: IdentifiedItem<Item>[], confirm: boolean): Promise<void> {
    if (!this.#announcer || chunk.length === 0) return;
    const { run, outbox } = this.#announcer;
    const message: QueueTasksMessage = {
      kind: "queue_tasks",
      run,
      ids: chunk.map(({ id }) => id),
      names: chunk.map(({ name }) => name),
      keys: chunk.map(({ key }) => key),
    };
    if (confirm) return void await outbox.request(message);
    outbox.post(message);
    await outbox.room();
  }

  /** The ids that known items carry, 0 for those that carry none; `undefined` when none does. */
  #explicitIds(items: readonly Item[]): number[] | undefined {
    const ids = items.map((item, index) => explicitId(item, index, this.#options) ?? 0);
    const seen = new Set<number>();
    for (const id of ids) {
      if (id === 0) continue;
      if (seen.has(id)) {
        throw new TypeError(`Cannot run two items with the id ${id}: ids are unique`);
      }
      seen.add(id);
    }
    return seen.size > 0 ? ids : undefined;
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
