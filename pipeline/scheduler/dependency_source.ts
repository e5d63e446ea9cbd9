/**
 * Gives tasks out in the order of their dependencies: each when all that it depends on are done.
 *
 * What depends on what is settled before anything starts, so all items have to be known: a generator has no
 * dependencies, because it is unknown whether a key is missing or still to come.
 *
 * @module
 */
import { type DependencyOptions, toKeys, toPatience } from "./dependency_options.ts";
import { DependencyGraph } from "./dependencies.ts";
import { LOOKAHEAD } from "./item_source.ts";
import type { BatchSender } from "../../writer/client/batch_sender.ts";
import type { TaskSource } from "./task_source.ts";
import { describe, type IdentifiedItem, type IdentityOptions } from "./task_identity.ts";
import type { TaskSupply } from "./queue/ready_queue.ts";
import { type Unplaced, UnplacedTasks } from "./unplaced_tasks.ts";
import type { EndStatus } from "../../internal/task_status.ts";

/** What became of tasks that were added. */
export interface Admitted<Item> {
  /** Tasks that may run now; others wait. */
  ready: IdentifiedItem<Item>[];
  /** Tasks that never can, because of what they depend on; with an error where that is not there. */
  refused: { task: IdentifiedItem<Item>; error?: Error }[];
}

/** Tasks whose turn has come. Its fields belong to the main thread. */
export class DependencySource<Item> implements TaskSupply<Item> {
  readonly #feed: TaskSource<Item>;
  readonly #graph: DependencyGraph;
  readonly #dependsOn: (item: Item) => readonly string[] | undefined;
  readonly #isPatient: (item: Item) => boolean;
  #announce: ((pairs: [number, number][]) => void) | undefined;
  readonly #known: number;
  /** The tasks by the place of their items; what need not run is left out. */
  readonly #tasks: (IdentifiedItem<Item> | undefined)[] = [];
  readonly #places = new Map<number, number>();
  /** The ids of added tasks that are done without running here, by their places. */
  readonly #doneIds = new Map<number, number>();
  /** The places of tasks whose turn has come, and how many of them have been given out. */
  readonly #ready: number[] = [];
  #given = 0;
  readonly #unplaced = new UnplacedTasks<IdentifiedItem<Item>>();
  /** Whether tasks are added. */
  #grows = false;
  #loading: Promise<void> | undefined;
  #isLoaded = false;

  /**
   * @throws {TypeError} If the items are not an array, or their dependencies lead nowhere or in a circle
   */
  constructor(feed: TaskSource<Item>, options: DependencyOptions<Item> & IdentityOptions<Item>) {
    const { known } = feed;
    if (!known) {
      throw new TypeError(
        "Cannot use dependsOn with a generator: pass an array, so that all keys are known",
      );
    }
    const keys = known.map((item, index) => describe(item, index, options).key);
    this.#feed = feed;
    this.#dependsOn = (item) => toKeys(options.dependsOn!(item));
    const { runsWhen } = options;
    this.#isPatient = runsWhen ? (item) => toPatience(runsWhen(item)) : () => false;
    this.#known = known.length;
    this.#graph = new DependencyGraph(
      keys,
      (task) => this.#dependsOn(known[task]!),
      (task) => this.#isPatient(known[task]!),
    );
  }

  /** Whether added tasks wait for keys that are not in the run. */
  get hasUnplaced(): boolean {
    return this.#unplaced.size > 0;
  }

  /** Takes tasks that were added to the run. One that depends on a key that is not there waits until that comes. */
  admit(
    tasks: readonly IdentifiedItem<Item>[],
    failed: ReadonlyMap<IdentifiedItem<Item>, Error> = new Map(),
  ): Admitted<Item> {
    this.#grows = true;
    // One that comes again is given out when its turn comes.
    const isNew = ({ id, key }: IdentifiedItem<Item>) =>
      !this.#places.has(id) && !this.#unplaced.has(key!);
    const admitted: Admitted<Item> = { ready: [], refused: [] };
    this.#place(
      tasks.filter(isNew).map((task) => {
        const key = task.key!;
        try {
          const error = failed.get(task);
          return { task, key, error, needs: error ? undefined : this.#dependsOn(task.item) };
        } catch (error) {
          return { task, key, error: error as Error, needs: undefined };
        }
      }),
      admitted,
    );
    return admitted;
  }

  /** No task is added any more: those that wait for a key never can run. */
  refuseUnplaced(): Admitted<Item> {
    const admitted: Admitted<Item> = { ready: [], refused: [] };
    while (this.#unplaced.size > 0) {
      const { tasks, circle } = this.#unplaced.giveUp();
      if (circle === undefined) this.#place(tasks, admitted, true);
      else {
        const error = new TypeError(`Cannot run tasks that wait for each other: ${circle}`);
        for (const unplaced of tasks) this.#refuse(unplaced, error, admitted);
        this.#place(tasks.flatMap(({ key }) => this.#unplaced.placed(key)), admitted);
      }
    }
    return admitted;
  }

  /** Adds tasks to the graph, and those that waited for them; with `isLast` those whose keys are missing, too. */
  #place(
    tasks: readonly Unplaced<IdentifiedItem<Item>>[],
    admitted: Admitted<Item>,
    isLast = false,
  ): void {
    const pairs: [number, number][] = [];
    const queue = [...tasks];
    for (const unplaced of queue) {
      const { task, key, needs, error } = unplaced;
      try {
        if (error) throw error;
        const missing = this.#graph.missing(needs);
        if (missing !== undefined && !isLast) {
          this.#unplaced.add(unplaced, missing);
          continue;
        }
        const added = this.#graph.add(key, needs, this.#isPatient(task.item));
        this.#tasks[added.task] = task;
        this.#places.set(task.id, added.task);
        for (const needed of added.needs) pairs.push([task.id, this.#idOf(needed)]);
        if (added.state === "ready") admitted.ready.push(task);
        if (added.state === "blocked") admitted.refused.push({ task });
      } catch (error) {
        this.#refuse(unplaced, error as Error, admitted);
      }
      queue.push(...this.#unplaced.placed(key));
    }
    this.#announce?.(pairs);
  }

  /** A task never can run; what depends on it cannot either. */
  #refuse(
    { task, key }: Unplaced<IdentifiedItem<Item>>,
    error: Error,
    admitted: Admitted<Item>,
  ): void {
    const { task: place } = this.#graph.add(key, undefined);
    this.#tasks[place] = task;
    this.#places.set(task.id, place);
    admitted.refused.push({ task, error });
  }

  /** A task that was added is done without running here. */
  admitDone(key: string, id: number): void {
    this.#doneIds.set(this.#graph.addDone(key), id);
  }

  #idOf(place: number): number {
    if (place < this.#known) return this.#feed.idOf(place);
    return this.#doneIds.get(place) ?? this.#tasks[place]!.id;
  }

  /** Has the writer keep what depends on what, for readers; the tasks have been announced. */
  async announce(run: number, batchSender: BatchSender): Promise<void> {
    this.#announce = (pairs) => {
      if (pairs.length === 0) return;
      const [ids, dependsOn] = [pairs.map(([id]) => id), pairs.map(([, id]) => id)];
      batchSender.post({ kind: "depend_tasks", run, ids, dependsOn });
    };
    let ids: number[] = [];
    let dependsOn: number[] = [];
    const send = async () => {
      if (ids.length > 0) batchSender.post({ kind: "depend_tasks", run, ids, dependsOn });
      [ids, dependsOn] = [[], []];
      await batchSender.ready();
    };
    for (const [task, needed] of this.#graph.pairs()) {
      ids.push(this.#feed.idOf(task));
      dependsOn.push(this.#feed.idOf(needed));
      if (ids.length === LOOKAHEAD) await send();
    }
    await send();
    // A task on another thread may ask for them as soon as it begins.
    await batchSender.flushed();
  }

  /** The next task whose turn has come; `undefined` when there is none at the moment. */
  take(): IdentifiedItem<Item> | undefined | Promise<IdentifiedItem<Item> | undefined> {
    if (!this.#isLoaded) return this.loaded().then(() => this.take());
    // A task is missing when its items failed half way.
    while (this.#given < this.#ready.length) {
      const task = this.#tasks[this.#ready[this.#given++]!];
      if (task) return task;
    }
    return undefined;
  }

  /** A task has ended. Returns the tasks that cannot run because of that. */
  ended(id: number, status: EndStatus): IdentifiedItem<Item>[] {
    const place = this.#places.get(id);
    // The run was stopped before all tasks were known.
    if (place === undefined) return [];
    if (status !== "done") {
      const { blocked, released } = this.#graph.blockDownstream(place);
      this.#release(released);
      return blocked.flatMap((at) => this.#tasks[at] ?? []);
    }
    this.#release(this.#graph.done(place));
    return [];
  }

  /** Tasks that ended, and not as `done`, are run again. Returns the tasks that can run now because of that. */
  unblock(ids: readonly number[]): IdentifiedItem<Item>[] {
    const places = ids.map((id) => this.#places.get(id)!);
    return this.#graph.unblock(places).flatMap((at) => this.#tasks[at] ?? []);
  }

  /** Whether a task depends on this one, or may be added that does. */
  isNeeded(id: number): boolean {
    const place = this.#places.get(id);
    return this.#grows || (place !== undefined && this.#graph.isNeeded(place));
  }

  /** Whether a task cannot run because of another that it depends on. */
  isBlocked(id: number): boolean {
    const place = this.#places.get(id);
    return place !== undefined && this.#graph.isBlocked(place);
  }

  /** Whether a task that is due to run again waits until others have ended. */
  isWaiting(id: number): boolean {
    const place = this.#places.get(id);
    return place !== undefined && this.#graph.isWaiting(place);
  }

  /** Resolves when all tasks are known. */
  async loaded(): Promise<void> {
    await (this.#loading ??= this.#load());
  }

  async #load(): Promise<void> {
    for (let place = 0; place < this.#known; place++) {
      if (this.#feed.isSkipped(place)) continue;
      let task = this.#feed.take();
      if (task instanceof Promise) task = await task;
      if (!task) break;
      this.#tasks[place] = task;
      this.#places.set(task.id, place);
    }
    this.#isLoaded = true;
    this.#release(this.#graph.roots);
  }

  /** Tasks whose turn has come; one that was done in an earlier attempt at the run is done at once. */
  #release(places: readonly number[]): void {
    const free = [...places];
    for (const place of free) {
      if (this.#feed.isSkipped(place)) free.push(...this.#graph.done(place));
      else this.#ready.push(place);
    }
  }
}
