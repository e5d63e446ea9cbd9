/**
 * Gives items their tasks: an id, a name and a key, written as `queued` before they run.
 *
 * In a run that may be resumed, the writer finds the task of an item by its key, and those that are done already
 * are passed over.
 *
 * @module
 */
import { ANNOUNCE_MS, type Announcer, LATE_MS, toQueueMessage } from "./announcer.ts";
import { IdSet } from "./id_set.ts";
import { LOOKAHEAD } from "./item_source.ts";
import type { ResumeTasksMessage } from "../../writer/protocol/task_message.ts";
import {
  checkIdentities,
  checkUniqueKeys,
  chosenIds,
  describe,
  explicitId,
  fillIds,
  type IdentifiedItem,
  identify,
  type Identifying,
  requireKey,
} from "./task_identity.ts";

/** Ids that are reserved at a time for items whose number is not known. */
const ID_BLOCK = 100_000;

/** How items become tasks. */
export type FeedOptions<Item> = Identifying<Item> & {
  /** Whether tasks are found by their keys, because some may be there already. */
  resume?: boolean | number | object | undefined;
};

/** Registers the items of one run, in their order. */
export class TaskRegistration<Item> {
  readonly #known: readonly Item[] | undefined;
  readonly #options: FeedOptions<Item>;
  readonly #resumes: boolean;
  #announcer: Announcer<Item> | undefined;
  /** Tasks that need not run, because their work is unchanged or their keys were added before. */
  #unchanged: IdSet | undefined;
  /**
   * Ids of known items where one was chosen for any of them; 0 where it gets a free one, and in a run that is resumed
   * negative where it is done.
   */
  #ids: number[] | undefined;
  /** Whether an id was chosen for an item: only the database knows whether it is free. */
  #explicit = false;
  /** The first id that was reserved, and the next that is free. */
  #firstId = 1;
  #freeId = 1;
  #freeIds = Infinity;
  #count = 0;
  /** Whether tasks may have been added, and how many items stand for those. */
  #grown = false;
  #left = 0;
  /** How many of the known items are announced. */
  #announced = 0;
  #announcing = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isHalted = false;

  /**
   * `known` are the items when all are known at once.
   *
   * @throws {TypeError} If two of them carry one id, or one lacks a key that it needs
   * @throws {RangeError} If an id is not a positive whole number
   */
  constructor(known: readonly Item[] | undefined, options: FeedOptions<Item>) {
    this.#known = known;
    this.#options = options;
    this.#resumes = options.resume !== undefined && options.resume !== false;
    if (!known) return;
    this.#ids = chosenIds(known, options);
    this.#explicit = this.#ids !== undefined;
    if (this.#resumes) {
      checkUniqueKeys(known.map((item, index) => requireKey(item, index, options)));
    }
  }

  /** Whether a known item has no task to run, because that is done already. */
  isSkipped(index: number): boolean {
    return (this.#ids !== undefined && this.#ids[index]! < 0) ||
      this.#unchanged?.has(this.idOf(index)) === true;
  }

  /** The id of the task of a known item, whether it will run or not; known when all have been announced. */
  idOf(index: number): number {
    return this.#ids ? Math.abs(this.#ids[index]!) : this.#firstId + index;
  }

  /** How many ids to reserve when the run begins. */
  get reserve(): number {
    // The writer numbers those that are new.
    if (this.#resumes) return 0;
    if (!this.#known) return LOOKAHEAD;
    // With ids among them to skip, as many free ones are certain to be in a range this long.
    return !this.#ids || this.#ids.includes(0) ? this.#known.length : 0;
  }

  /** Number of items registered so far. */
  get count(): number {
    return this.#count - this.#left;
  }

  /** Tasks are added to the run: items are left out whose keys are. */
  grow(): void {
    this.#grown = true;
  }

  /**
   * Numbers the tasks from the first reserved id on. Where there is an announcer, each is announced before it is given
   * out; known ones while there is time for it, and all at once where that has to be confirmed.
   */
  async open(firstId: number, announcer?: Announcer<Item>): Promise<void> {
    const known = this.#known;
    this.#firstId = this.#freeId = firstId;
    if (this.#resumes) {
      this.#announcer = announcer;
      // Without an announcer the run was stopped before it began.
      if (known && announcer) await this.#resumeKnown(known);
      return;
    }
    if (this.#ids) this.#freeId = fillIds(this.#ids, firstId);
    if (!announcer) return;
    this.#freeIds = this.reserve;
    this.#announcer = announcer;
    if (!known) return;
    checkIdentities(known, this.#options);
    if (announcer.confirm || this.#explicit) await this.announceAll();
    else if (known.length > LOOKAHEAD) this.#announceAhead();
    if (announcer.confirm) await announcer.batchSender.flushed();
  }

  /** Announces all known items; `undefined` when they are. */
  announceAll(): Promise<void> | undefined {
    return this.#announced < this.#toAnnounce ? this.#announceTo(this.#toAnnounce) : undefined;
  }

  /** Announces no item any more that is not asked for. */
  halt(): void {
    this.#isHalted = true;
    clearTimeout(this.#timer);
  }

  /** Adds the tasks of the next items to `tasks`, as far as it comes. */
  async register(items: readonly Item[], tasks: IdentifiedItem<Item>[]): Promise<void> {
    if (this.#resumes && !this.#known) await this.#resumeNext(items, tasks);
    else await this.#identify(items, tasks);
  }

  /** Announces the tasks of the items that were registered last, and returns those that will run. */
  async announce(tasks: IdentifiedItem<Item>[]): Promise<IdentifiedItem<Item>[]> {
    if (this.#resumes) return tasks;
    if (this.#known) await this.#announceTo(Math.min(this.#count, this.#toAnnounce), tasks);
    else await this.#send(tasks);
    return this.#changed(tasks);
  }

  /** Announces that no further items come. */
  announceTotal(): void {
    if (this.#known || !this.#announcer) return;
    const { run, batchSender } = this.#announcer;
    batchSender.post({ kind: "expect_tasks", run, count: this.count });
  }

  /** How many known items are announced here; the writer has those of a run that is resumed. */
  get #toAnnounce(): number {
    return this.#announcer && !this.#resumes ? this.#known?.length ?? 0 : 0;
  }

  /** Announces known items up to here, after those that are being announced; `last` are the last of them. */
  #announceTo(end: number, last: readonly IdentifiedItem<Item>[] = []): Promise<void> {
    return this.#announcing = this.#announcing.then(async () => {
      while (this.#announced < end) {
        const start = this.#announced;
        const items = this.#known!.slice(start, Math.min(end, start + LOOKAHEAD));
        const tasks = start + last.length === end
          ? last
          : items.map((item, i) => identify(item, start + i, this.idOf(start + i), this.#options));
        await this.#send(tasks, tasks === last);
        this.#announced += tasks.length;
      }
    });
  }

  /**
   * Announces known items while the tasks before them take their time. Where tasks are quick, each is announced when
   * it is read: the writer then writes its start and its end together with that.
   */
  #announceAhead(): void {
    const { batchSender, late } = this.#announcer!;
    const count = this.#count;
    const announce = async () => {
      // When the writer has enough to do, tasks wait for that, and are not slow.
      while (this.#count === count && !batchSender.ready() && !this.#isHalted) {
        if (this.#announced === this.#toAnnounce) return;
        await this.#announceTo(Math.min(this.#announced + LOOKAHEAD, this.#toAnnounce));
      }
      if (!this.#isHalted) this.#announceAhead();
    };
    // A writer that is gone ends the run by itself.
    this.#timer = setTimeout(() => void announce().catch(() => {}), late ? LATE_MS : ANNOUNCE_MS);
  }

  async #identify(items: readonly Item[], chunk: IdentifiedItem<Item>[]): Promise<void> {
    for (const item of items) {
      const index = this.#count;
      let id = this.#known ? this.#ids?.[index] : explicitId(item, index, this.#options);
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
      this.#count++;
      if (!this.#unchanged?.has(id)) chunk.push(identify(item, index, id, this.#options));
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
    chunk.push(...this.#changed(this.#queued(items, first, ids)));
  }

  /** The tasks of items that are queued, by their ids. */
  #queued(items: readonly Item[], first: number, ids: readonly number[]): IdentifiedItem<Item>[] {
    return items.flatMap((item, i) =>
      ids[i]! > 0 ? [identify(item, first + i, ids[i]!, this.#options)] : []
    );
  }

  #changed(tasks: IdentifiedItem<Item>[]): IdentifiedItem<Item>[] {
    return this.#unchanged ? tasks.filter(({ id }) => !this.#unchanged!.has(id)) : tasks;
  }

  /** Stores what the items of these queued tasks declare. */
  async #note(tasks: readonly IdentifiedItem<Item>[]): Promise<void> {
    const ids = await this.#announcer!.notes?.note(tasks);
    for (const id of ids ?? []) (this.#unchanged ??= new IdSet()).add(id);
  }

  /** Takes items up: the ids of their tasks, negative for those that are done. */
  async #resume(items: readonly Item[], first: number): Promise<readonly number[]> {
    const { run, batchSender, skipped } = this.#announcer!;
    const options = this.#options;
    const message: ResumeTasksMessage = {
      kind: "resume_tasks",
      run,
      ids: items.map((item, i) => explicitId(item, first + i, options) ?? 0),
      names: items.map((item, i) => describe(item, first + i, options).name),
      keys: items.map((item, i) => requireKey(item, first + i, options)),
    };
    const ids = await batchSender.request(message);
    skipped?.(ids.filter((id) => id < 0).length);
    if (this.#announcer!.notes) await this.#note(this.#queued(items, first, ids));
    return ids;
  }

  async #reserve(count: number): Promise<void> {
    const { run, batchSender } = this.#announcer!;
    this.#freeId = await batchSender.request({ kind: "reserve_ids", run, count });
    this.#freeIds = count;
  }

  async #send(chunk: readonly IdentifiedItem<Item>[], isGiven = false): Promise<void> {
    if (!this.#announcer || chunk.length === 0) return;
    const { run, batchSender, confirm, late } = this.#announcer;
    const message = toQueueMessage(run, chunk, this.#explicit);
    await batchSender.ready();
    if (!this.#known && (confirm || this.#grown)) message.unlessAdded = true;
    const isAsked = message.chosen || message.unlessAdded;
    const post = () => late && isGiven ? batchSender.postLate(message) : batchSender.post(message);
    const left = isAsked ? await batchSender.request(message) : post();
    for (const id of left ?? []) (this.#unchanged ??= new IdSet()).add(id);
    this.#left += left?.length ?? 0;
    await this.#note(left?.length ? this.#changed([...chunk]) : chunk);
  }
}
