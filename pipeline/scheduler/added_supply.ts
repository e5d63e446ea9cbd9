/**
 * The tasks of a run that are not among its items, because tasks or the program added them, after those that are.
 *
 * They are read from the database, a page at a time: what adds them is on any thread or machine, a million of them do
 * not fill the memory, and a run that is resumed has those of its earlier attempts. They get rows of their own when
 * their page is read, or after a moment in which none is (`writer/worker/tasks/added_items.ts`).
 *
 * @module
 */
import type { BatchSender } from "../../writer/client/batch_sender.ts";
import type { AddedPage } from "../../writer/protocol/task_message.ts";
import type { Admitted } from "./dependency_source.ts";
import { LOOKAHEAD } from "./item_source.ts";
import type { TaskSupply } from "./queue/ready_queue.ts";
import type { IdentifiedItem } from "./task_identity.ts";
import type { TaskSource } from "./task_source.ts";

/** Milliseconds that added tasks are left alone which may be read soon, and are queued then. */
const QUEUE_MS = 50;

const DONE = `SELECT t.id, t.key FROM main.pipeline_runs AS r CROSS JOIN main.task_runs AS t
    ON t.id BETWEEN r.first_task_id AND r.last_task_id AND t.run_id=r.id
  WHERE r.id=? AND t.added_by IS NOT NULL AND t.own_status='done'`;

/** Where the run's items come from. */
export interface ItemSupply<Item> extends TaskSupply<Item> {
  /** Takes tasks that were not among its items, and those of them that have failed. */
  admit?(
    tasks: readonly IdentifiedItem<Item>[],
    failed: ReadonlyMap<IdentifiedItem<Item>, Error>,
  ): Admitted<Item>;
  /** Whether such tasks wait for others that were not added yet. */
  readonly hasUnplaced?: boolean;
  /** None is added any more for which those wait. */
  refuseUnplaced?(): Admitted<Item>;
  /** A task that was not among its items is done. */
  admitDone?(key: string, id: number): void;
}

/** What the supply needs of the run. */
export interface AddedSupplyOptions<Item> {
  /** The tasks of the run's items. */
  items: ItemSupply<Item>;
  /** The run; `null` when the status of tasks is not stored, so that none is added. */
  run: number | null;
  batchSender: BatchSender;
  /** Whether the run may have tasks that were added in an earlier attempt; and what is kept of items. */
  source: Pick<TaskSource<Item>, "grow" | "notes" | "resumes">;
  signal: AbortSignal;
  /** Whether tasks may start only when they are committed, because other threads refer to them. */
  confirm: boolean;
  /** Called when there may be a task to take. */
  wake(): void;
  /** Gives a task its stage, and throws where an option refuses its item. */
  check?: ((task: IdentifiedItem<Item>) => void) | undefined;
  /** Called with a task that never can run; with an error where what it depends on is not there. */
  refuse(task: IdentifiedItem<Item>, error: Error | undefined): void;
}

/** Gives out the tasks of the run's items, then those that were added. */
export class AddedSupply<Item> implements TaskSupply<Item> {
  readonly #options: AddedSupplyOptions<Item>;
  /** Whether there may be tasks in the database that were not read yet. */
  #mayHaveMore = false;
  #resumes: boolean;
  /** Tasks that add others and have not ended. */
  readonly #adders = new Set<number>();
  /** The last id that was read. */
  #lastId = 0;
  /** Tasks that were read or passed over, and are queued again. */
  #returned: number[] = [];
  /** The next page, which is read while the tasks of the one before it run. */
  #ahead: Promise<readonly AddedPage[]> | undefined;
  #page: IdentifiedItem<Item>[] = [];
  #given = 0;
  #count = 0;
  /** How often a task was wanted. */
  #takes = 0;
  /** The next task of the items, while it is waited for, and when it has come. */
  #awaited: Promise<void> | undefined;
  #late: IdentifiedItem<Item> | undefined;
  #news = Promise.withResolvers<void>();
  /** Queues what is not read. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: AddedSupplyOptions<Item>) {
    this.#options = options;
    this.#resumes = options.source.resumes && options.run !== null;
  }

  /** Number of added tasks so far; `undefined` when there may be more. */
  get count(): number | undefined {
    return this.#mayHaveMore || this.#ahead || this.#resumes ? undefined : this.#count;
  }

  /** There may be tasks that this task has added, now or when it has ended; calls of the program have numbers below 0. */
  added(by: number): void {
    if (this.#options.run === null) return;
    if (by !== 0) this.#adders.add(by);
    this.#options.source.grow();
    this.#mayHaveMore = true;
    this.#queueSoon();
    this.#news.resolve();
    this.#news = Promise.withResolvers();
    this.#options.wake();
  }

  /** A task has ended: what it has added is committed. One that was lost may have added some unnoticed. */
  ended(id: number, isLost: boolean): void {
    if (isLost || (this.#adders.size > 0 && this.#adders.delete(id))) this.added(0);
  }

  /** A task is queued again that may have been added, and is read again. */
  returned(id: number): void {
    // What comes after the last id that was read is read anyway.
    this.#returned.push(id);
    this.added(0);
  }

  /** Nothing more is taken. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  take(): IdentifiedItem<Item> | undefined | Promise<IdentifiedItem<Item> | undefined> {
    this.#takes++;
    const item = this.#takeItem();
    if (item) return item;
    if (this.#given < this.#page.length) return this.#page[this.#given++];
    if (this.#options.signal.aborted) return undefined;
    if ((this.#mayHaveMore || this.#ahead) && this.#options.run !== null) {
      return this.#read().then(() => this.take());
    }
    if (this.#awaited) {
      return Promise.race([this.#awaited, this.#news.promise]).then(() => this.take());
    }
    if (this.#resumes) return this.#resume().then(() => this.take());
    // Tasks that have added others, and still run, may add what these wait for.
    if (!this.#options.items.hasUnplaced || this.#adders.size > 0) return undefined;
    return Promise.resolve().then(() => {
      this.#give(this.#options.items.refuseUnplaced!());
      return this.take();
    });
  }

  #takeItem(): IdentifiedItem<Item> | undefined {
    const late = this.#late;
    this.#late = undefined;
    if (late || this.#awaited) return late;
    const item = this.#options.items.take();
    if (!(item instanceof Promise)) return item;
    this.#awaited = item.then((late) => {
      this.#late = late;
    }).finally(() => this.#awaited = undefined);
    this.#awaited.catch(() => {});
    return undefined;
  }

  async #read(): Promise<void> {
    const { run, items, confirm, batchSender, source: { notes } } = this.#options;
    const pages = await (this.#ahead ?? this.#query());
    this.#ahead = undefined;
    let tasks = pages.flatMap((page) => identified<Item>(page));
    if (tasks.length === 0) return;
    if (tasks.length >= LOOKAHEAD) {
      this.#ahead = this.#query();
      // It is awaited when its turn comes.
      this.#ahead.catch(() => {});
    }
    this.#count += tasks.length;
    const isListed = typeof pages[0]!.ids === "number";
    if (isListed) {
      const upTo = tasks.at(-1)!.id;
      batchSender.post({ kind: "queue_added", run: run!, upTo, tasks: tasks.length });
    }
    const { check } = this.#options;
    // Their items may be anything that a task has found: those fail that an option refuses, and not the run.
    const failed = new Map<IdentifiedItem<Item>, Error>();
    tasks = tasks.filter((task) => {
      try {
        check?.(task);
        notes?.check(task);
        return true;
      } catch (error) {
        failed.set(task, error as Error);
        return false;
      }
    });
    const unchanged = new Set(await notes?.note(tasks));
    if (unchanged.size > 0) {
      for (const { id, key } of tasks) if (unchanged.has(id)) items.admitDone?.(key!, id);
      tasks = tasks.filter(({ id }) => !unchanged.has(id));
    }
    const admitted = items.admit?.([...tasks, ...failed.keys()], failed) ??
      { ready: tasks, refused: [...failed].map(([task, error]) => ({ task, error })) };
    // Any thread finds them and their dependencies when they begin.
    if (items.admit || (isListed && confirm)) await batchSender.flushed();
    this.#give(admitted);
  }

  #give({ ready, refused }: Admitted<Item>): void {
    this.#page = ready;
    this.#given = 0;
    for (const { task, error } of refused) this.#options.refuse(task, error);
  }

  /** Reads what is queued again, or else the next page. */
  async #query(): Promise<readonly AddedPage[]> {
    const { run, batchSender } = this.#options;
    const returned = this.#returned.filter((id) => id <= this.#lastId);
    this.#returned = [];
    const isAgain = returned.length > 0;
    // What comes from here on may come too late for this.
    this.#mayHaveMore = isAgain;
    const query = { kind: "added", run: run!, after: this.#lastId } as const;
    // What is listed is committed; what is queued again may be on its way.
    const pages = isAgain
      ? await batchSender.query({ ...query, again: returned })
      : await batchSender.queryAhead(query);
    const last = pages.at(-1);
    if (!last || isAgain) return pages;
    const { ids, tasks } = last;
    const isListed = typeof ids === "number";
    this.#lastId = isListed ? ids + tasks - 1 : ids.at(-1)!;
    // What is listed comes after what has rows.
    if (!isListed) this.#mayHaveMore = true;
    return pages;
  }

  /**
   * Queues what is added when no task is wanted for a moment, for those who look at it. Where tasks are quick, each is
   * queued when it is read: the writer then writes its start and its end together with that.
   */
  #queueSoon(): void {
    if (this.#isClosed) return;
    const takes = this.#takes;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // A writer that is gone ends the run by itself.
      this.#queueUnread(takes).catch(() => {});
    }, QUEUE_MS);
  }

  async #queueUnread(takes: number): Promise<void> {
    const { run, batchSender } = this.#options;
    while (!this.#isClosed && this.#takes === takes && !batchSender.ready()) {
      if (await batchSender.request({ kind: "queue_added", run: run! }) === 0) return;
    }
    this.#queueSoon();
  }

  /** Queues what was added in earlier attempts; the items have ended, so it is known for which there is one. */
  async #resume(): Promise<void> {
    this.#resumes = false;
    // They have ids before those that were added in this attempt.
    this.#lastId = 0;
    const { run, batchSender, items } = this.#options;
    await batchSender.request({ kind: "resume_added", run: run! });
    if (items.admitDone) {
      const done = await batchSender.query({ kind: "rows", sql: DONE, params: [run!] });
      for (const { id, key } of done) items.admitDone(String(key), Number(id));
    }
    this.#mayHaveMore = true;
  }
}

/** Tasks with their items. */
function identified<Item>({ ids, names, keys, items }: AddedPage): IdentifiedItem<Item>[] {
  const allNames = JSON.parse(names) as (string | null)[];
  const allKeys = JSON.parse(keys) as (string | null)[];
  const parsed = JSON.parse(`[${items.replaceAll("\n", ",")}]`) as Item[];
  return parsed.map((item, i) => {
    const id = typeof ids === "number" ? ids + i : ids[i]!;
    const key = allKeys[i]!;
    const name = allNames.length === 0 ? key : allNames[i] ?? null;
    return { id, name: name ?? `task ${id}`, key, item };
  });
}
