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
import { ItemSource, LOOKAHEAD } from "./item_source.ts";
import type { QueueTasksMessage } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import {
  checkUnique,
  explicitId,
  type IdentifiedItem,
  identify,
  type IdentityOptions,
} from "./task_identity.ts";

/** Ids that are reserved at a time for items whose number is not known. */
const ID_BLOCK = 100_000;

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
  readonly #source: ItemSource<Item>;
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
    this.#source = new ItemSource(this.known ?? items);
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
    return this.known?.length ?? (this.#source.exhausted || this.#halted ? this.#count : undefined);
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
    if (!this.#loading && (this.#source.exhausted || this.#failure)) return undefined;
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
    this.#source.halt();
    this.#ready = [];
    this.#news.resolve();
  }

  /** Halts, and lets the user's iterator end. */
  async stop(): Promise<void> {
    this.halt();
    if (!this.#source.waiting) await this.#loading;
    await this.#source.close();
  }

  async #load(): Promise<void> {
    const items: Item[] = [];
    const chunk: IdentifiedItem<Item>[] = [];
    await this.#try(() => this.#source.pull(items));
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

function isIterable(items: object): items is Iterable<unknown> | AsyncIterable<unknown> {
  return Symbol.iterator in items || Symbol.asyncIterator in items;
}
