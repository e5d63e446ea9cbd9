/**
 * From the user's items to tasks with an identity, written as `queued` before they run.
 *
 * An array is known at once: all of it is queued in bulk before the first task starts, and no object is
 * made for an item before its turn. Any other iterable is read a little ahead ({@linkcode LOOKAHEAD}), so
 * that a generator of a million items is never held in memory. Where it fails, the tasks before that are
 * given out, and the failure is told at the end.
 *
 * In a run that may be resumed, the writer finds the task of an item by its key, and those that are done already
 * are passed over.
 *
 * @module
 */
import { fromErrorData, toErrorData } from "../errors.ts";
import { ItemSource, LOOKAHEAD } from "./item_source.ts";
import type { RunKey } from "../messages/run_message.ts";
import type { QueueTasksMessage, ResumeTasksMessage } from "../messages/task_message.ts";
import type { Outbox } from "../sender/outbox.ts";
import {
  checkUnique,
  checkUniqueKeys,
  describe,
  explicitId,
  type IdentifiedItem,
  identify,
  type IdentityOptions,
  requireKey,
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
  /** Hears of tasks that need not run, because they are done already. */
  skipped?: (tasks: number) => void;
}

/** How items become tasks. */
export interface FeedOptions<Item> extends IdentityOptions<Item> {
  /** Whether tasks are found by their keys, because some may be there already. */
  resume?: boolean | number | RunKey;
}

/** Gives tasks out, one after the other, to whoever is free. */
export class TaskFeed<Item> {
  /** The items when all are known at once: a copy, because the user's own may change meanwhile. */
  readonly known: readonly Item[] | undefined;
  readonly #source: ItemSource<Item>;
  readonly #options: FeedOptions<Item>;
  readonly #resumes: boolean;
  #announcer: Announcer | undefined;
  /**
   * Ids of known items where any of them carries one; 0 where it is to get a free one, and in a run that is resumed
   * negative where it is done.
   */
  #ids: number[] | undefined;
  /** Whether an item carried an id: only the database knows whether it is free. */
  #explicit = false;
  /** The first id that was reserved, and the next that is free. */
  #firstId = 1;
  #freeId = 1;
  #freeIds = Infinity;
  #count = 0;
  #ready: IdentifiedItem<Item>[] = [];
  #given = 0;
  /** Tasks that were given back, and how many of them have been given out again. */
  #back: IdentifiedItem<Item>[] = [];
  #givenBack = 0;
  #loading: Promise<void> | undefined;
  /** Resolves when there is something to take, or nothing more comes. */
  #news = Promise.withResolvers<void>();
  #halted = false;
  #failure: Error | undefined;

  /**
   * @throws {TypeError} If the items cannot be iterated, or two of them carry one id, or one lacks a key that it
   * needs
   * @throws {RangeError} If an id is not a positive whole number
   */
  constructor(
    items: Iterable<Item> | AsyncIterable<Item>,
    options: FeedOptions<Item>,
  ) {
    if (typeof items !== "object" || items === null || !isIterable(items)) {
      throw new TypeError(
        `Cannot run the items ${
          Deno.inspect(items)
        }: pass an array, a generator or another iterable`,
      );
    }
    this.#options = options;
    this.#resumes = options.resume !== undefined && options.resume !== false;
    if (Array.isArray(items) || items instanceof Set || items instanceof Map) {
      this.known = [...items] as Item[];
      const ids = this.known.map((item, index) => explicitId(item, index, options) ?? 0);
      this.#explicit = ids.some((id) => id > 0);
      if (this.#explicit) checkUnique(ids.filter((id) => id > 0));
      if (this.#explicit) this.#ids = ids;
      if (this.#resumes) {
        checkUniqueKeys(this.known.map((item, index) => requireKey(item, index, options)));
      }
    }
    this.#source = new ItemSource(this.known ?? items);
  }

  /** Whether a known item has no task to run, because that is done already. */
  isSkipped(index: number): boolean {
    return this.#ids !== undefined && this.#ids[index]! < 0;
  }

  /** The id of the task of a known item, whether it is to run or not; known when all have been announced. */
  idOf(index: number): number {
    return this.#ids ? Math.abs(this.#ids[index]!) : this.#firstId + index;
  }

  /** How many ids to reserve when the run begins. */
  get reserve(): number {
    // The writer numbers those that are new.
    if (this.#resumes) return 0;
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
    this.#firstId = this.#freeId = firstId;
    if (this.#resumes) {
      this.#announcer = announcer;
      if (known) await this.#resumeKnown(known);
      return;
    }
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
    if (this.#halted) return undefined;
    if (this.#givenBack < this.#back.length) return this.#takeBack();
    if (this.#given < this.#ready.length) return this.#ready[this.#given++];
    if (!this.#loading && (this.#source.exhausted || this.#failure)) return undefined;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
      this.#tell();
    });
    return this.#news.promise.then(() => this.take());
  }

  /** A task that was given out is to be run again: it is given out before the others. */
  giveBack(task: IdentifiedItem<Item>): void {
    this.#back.push(task);
    this.#tell();
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
    await this.#try(() =>
      this.#resumes && !this.known ? this.#resumeNext(items, chunk) : this.#identify(items, chunk)
    );
    await this.#try(async () => {
      if (!this.known && !this.#resumes) await this.#send(chunk);
      if (this.#halted) return;
      this.#ready = chunk;
      this.#given = 0;
    });
  }

  #takeBack(): IdentifiedItem<Item> {
    const task = this.#back[this.#givenBack++]!;
    if (this.#givenBack === this.#back.length) {
      this.#back = [];
      this.#givenBack = 0;
    }
    return task;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
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
      // Known items that are done have no task to run.
      if (id !== undefined && id < 0) {
        this.#count++;
        continue;
      }
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

  async #resumeKnown(known: readonly Item[]): Promise<void> {
    const ids: number[] = [];
    for (let start = 0; start < known.length; start += LOOKAHEAD) {
      ids.push(...await this.#resume(known.slice(start, start + LOOKAHEAD), start));
    }
    this.#ids = ids;
  }

  async #resumeNext(items: readonly Item[], chunk: IdentifiedItem<Item>[]): Promise<void> {
    if (items.length === 0) return;
    const first = this.#count;
    const ids = await this.#resume(items, first);
    this.#count += items.length;
    items.forEach((item, i) => {
      if (ids[i]! > 0) chunk.push(identify(item, first + i, ids[i]!, this.#options));
    });
  }

  /** Takes items up: the ids of their tasks, negative for those that are done. */
  async #resume(items: readonly Item[], first: number): Promise<number[]> {
    const { run, outbox, skipped } = this.#announcer!;
    const options = this.#options;
    const message: ResumeTasksMessage = {
      kind: "resume_tasks",
      run,
      ids: items.map((item, i) => explicitId(item, first + i, options) ?? 0),
      names: items.map((item, i) => describe(item, first + i, options).name),
      keys: items.map((item, i) => requireKey(item, first + i, options)),
    };
    const ids = await outbox.request(message) as number[];
    skipped?.(ids.filter((id) => id < 0).length);
    return ids;
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
