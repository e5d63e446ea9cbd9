/**
 * From the user's items to tasks with an identity, given out one after the other.
 *
 * An array is known at once: it is queued in bulk, ahead of the tasks as far as they leave time for that, and no object
 * is kept for an item before its turn. Any other iterable is read a little ahead (`LOOKAHEAD`), so
 * that a generator of a million items is never held in memory. Where it fails, the tasks before that are
 * given out, and the failure is reported at the end.
 *
 * @module
 */
import type { Announcer } from "./announcer.ts";
import { stageOf } from "../executor/stages.ts";
import type { ItemNotes } from "./item_notes.ts";
import { type FeedOptions, TaskRegistration } from "./task_registration.ts";
import { fromErrorData, toErrorData } from "../../errors.ts";
import { ItemSource, LOOKAHEAD } from "./item_source.ts";
import type { IdentifiedItem } from "./task_identity.ts";

/** Known items that are read at first; each time as many are read as were before. */
const FIRST_ITEMS = 125;

/** Gives tasks out, one after the other, to free slots. */
export class TaskSource<Item> {
  /** The items when all are known at once: a copy, because the user's own may change meanwhile. */
  readonly known: readonly Item[] | undefined;
  /** Whether the run may be an earlier one. */
  readonly resumes: boolean;
  /** Stores what items declare, if anything. */
  notes: ItemNotes<Item> | undefined;
  readonly #source: ItemSource<Item>;
  readonly #registration: TaskRegistration<Item>;
  #ready: IdentifiedItem<Item>[] = [];
  #given = 0;
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
    if (Array.isArray(items) || items instanceof Set || items instanceof Map) {
      this.known = [...items] as Item[];
    }
    if (options.stage) this.known?.forEach((item, i) => stageOf(item, `item ${i}`, options));
    this.resumes = options.resume !== undefined && options.resume !== false;
    this.#registration = new TaskRegistration(this.known, options);
    this.#source = new ItemSource(this.known ?? items);
  }

  /** Whether a known item has no task to run, because that is done already. */
  isSkipped(index: number): boolean {
    return this.#registration.isSkipped(index);
  }

  /** The id of the task of a known item, whether it will run or not; known when all have been announced. */
  idOf(index: number): number {
    return this.#registration.idOf(index);
  }

  /** How many ids to reserve when the run begins. */
  get reserve(): number {
    return this.#registration.reserve;
  }

  /** Number of tasks so far, whether they have been given out or not. */
  get count(): number {
    return this.known?.length ?? this.#registration.count;
  }

  /** Number of tasks in all; `undefined` as long as more items may come, and where they failed. */
  get total(): number | undefined {
    if (this.#failure) return undefined;
    return this.known?.length ??
      (this.#source.exhausted || this.#halted ? this.#registration.count : undefined);
  }

  /** What the items failed with: what came before it is given out, and nothing came after it. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Numbers the tasks from the first reserved id on, and announces each before it is given out. */
  async open(firstId: number, announcer?: Announcer<Item>): Promise<void> {
    this.notes = announcer?.notes;
    await this.#registration.open(firstId, announcer);
  }

  /** Tasks are added to the run: items are left out whose keys are. */
  grow(): void {
    this.#registration.grow();
  }

  /** Announces all known tasks, for those who look at them; `undefined` when they are. */
  announceAll(): Promise<void> | undefined {
    return this.#registration.announceAll();
  }

  /** The next task, `undefined` when there is none; a promise when it has to be waited for. */
  take(): IdentifiedItem<Item> | undefined | Promise<IdentifiedItem<Item> | undefined> {
    if (this.#halted) return undefined;
    if (this.#given < this.#ready.length) return this.#ready[this.#given++];
    if (!this.#loading && (this.#source.exhausted || this.#failure)) return undefined;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
      this.#notify();
    });
    return this.#news.promise.then(() => this.take());
  }

  /** Gives out nothing more, and wakes the callers that wait. */
  halt(): void {
    this.#halted = true;
    this.#source.halt();
    this.#registration.halt();
    this.#ready = [];
    this.#news.resolve();
  }

  /** Halts, lets the user's iterator end, and announces the known tasks that are left, to be cancelled. */
  async stop(): Promise<void> {
    this.halt();
    if (!this.#source.waiting) await this.#loading;
    await this.#source.close();
    await this.announceAll();
  }

  async #load(): Promise<void> {
    const items: Item[] = [];
    const chunk: IdentifiedItem<Item>[] = [];
    // Of known items a few come first, so that the writer soon has something to do.
    const most = this.known ? FIRST_ITEMS + this.#registration.count : LOOKAHEAD;
    await this.#try(() => this.#source.pull(items, Math.min(most, LOOKAHEAD)));
    if (this.#halted) return;
    await this.#try(() => this.#registration.register(items, chunk));
    // What is announced after the run has cancelled what was queued would stay queued.
    if (this.#halted) return;
    await this.#try(async () => {
      const ready = await this.#registration.announce(chunk);
      if (this.#source.exhausted && !this.#failure) this.#registration.announceTotal();
      if (this.#halted) return;
      this.#ready = ready;
      this.#given = 0;
    });
  }

  #notify(): void {
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
}

function isIterable(items: object): items is Iterable<unknown> | AsyncIterable<unknown> {
  return Symbol.iterator in items || Symbol.asyncIterator in items;
}
