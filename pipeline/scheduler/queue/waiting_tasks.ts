/**
 * Tasks that may run as far as they themselves are concerned, and wait for room: in their stage, and under the limits
 * of their tags.
 *
 * Tasks of one stage with the same tags are a group: whether one of them may run is the same for all. A group stands
 * either among the open ones, in the order of their first tasks, or at one tag that keeps it closed. A tag that gets
 * room lets go of one group of each stage, the first in order: only when a task of that one was taken is there a
 * reason to look at the next. So a take costs the logarithm of the number of groups, be they ten thousand hosts.
 *
 * What holds between calls: where a tag has room and groups stand at it, an open group of the same stage has that tag,
 * too.
 *
 * @module
 */
import type { LiveTask } from "../live_task.ts";
import { Heap } from "./heap.ts";
import type { TagLimiter } from "./tag_limiter.ts";

/** Tasks of one stage with the same tags. */
interface Group<Item> {
  readonly name: string;
  readonly stage: string;
  readonly tags: readonly string[];
  readonly tasks: Heap<LiveTask<Item>>;
  /** Where it stands; places from before do not count any more. */
  place: Place<Item> | undefined;
}

/** Where a group stands, by the task that was its first then. */
interface Place<Item> {
  readonly group: Group<Item>;
  readonly task: LiveTask<Item>;
  /** The tag that keeps it closed; `undefined` where it is open. */
  readonly closedBy: string | undefined;
}

/** The tasks that wait. */
export class WaitingTasks<Item> {
  readonly #limits: TagLimiter;
  readonly #clock: () => number;
  readonly #groups = new Map<string, Group<Item>>();
  /** Places of groups that are open, by their stages. */
  readonly #open = new Map<string, Heap<Place<Item>>>();
  /** Places of groups that are closed, by their tags and stages. */
  readonly #closed = new Map<string, Map<string, Heap<Place<Item>>>>();
  /** When tags open at which groups stand, and the earliest such time of each tag. */
  readonly #opening = new Heap<{ tag: string; at: number }>((a, b) => a.at < b.at);
  readonly #opensAt = new Map<string, number>();
  #size = 0;

  constructor(limits: TagLimiter, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Number of tasks, with those that were cancelled and are not left out yet. */
  get size(): number {
    return this.#size;
  }

  /** From when on another task may start without any that ends before; `Infinity` where time alone changes nothing. */
  get opensAt(): number {
    for (let next = this.#opening.first; next; next = this.#opening.first) {
      const { tag, at } = next;
      const known = this.#closed.has(tag) ? this.#limits.opensAt(tag) : Infinity;
      if (known === at || known === -Infinity) return at;
      this.#popOpening();
      this.#awaitOpening(tag, known);
    }
    return Infinity;
  }

  /** Whether there is a task that was not cancelled. */
  hasReady(): boolean {
    for (const group of this.#groups.values()) {
      if (group.tasks.first!.phase === "ready") return true;
      this.#skip(group);
      if (group.tasks.first) return true;
    }
    return false;
  }

  /** Adds a task, which has its priority and its order. */
  push(task: LiveTask<Item>, tags: readonly string[]): void {
    const { stage = "" } = task;
    const name = tags.length === 0 ? `=${stage}` : JSON.stringify([stage, ...tags]);
    let group = this.#groups.get(name);
    if (!group) {
      group = { name, stage, tags, tasks: new Heap(isBefore), place: undefined };
      this.#groups.set(name, group);
    }
    group.tasks.push(task);
    this.#size++;
    if (group.tasks.first === task) this.#move(group);
  }

  /** Takes the first task that may run, of a stage that has room. */
  take(hasRoom?: (stage: string) => boolean): LiveTask<Item> | undefined {
    this.#reopen();
    for (;;) {
      const place = this.#first(hasRoom);
      if (!place) return undefined;
      const { group } = place;
      this.#open.get(group.stage)!.pop();
      // Others may have taken the last room under a limit.
      if (this.#closedBy(group.tags) === undefined) {
        const task = this.#drop(group);
        this.#limits.reserve(task, group.tags);
        this.#move(group);
        return task;
      }
      this.#move(group);
    }
  }

  /** A tag may have got room. */
  changed(tag: string): void {
    const stages = this.#closed.get(tag);
    if (!stages) return;
    for (const [stage, closed] of stages) {
      for (let place = this.#firstOf(closed); place; place = this.#firstOf(closed)) {
        if (this.#closedBy([tag]) !== undefined) return;
        closed.pop();
        if (this.#place(place.group)) break;
      }
      if (!closed.first) stages.delete(stage);
    }
    if (stages.size === 0) this.#closed.delete(tag);
  }

  /** The place of the first task that may run. */
  #first(hasRoom?: (stage: string) => boolean): Place<Item> | undefined {
    let first: Place<Item> | undefined;
    for (const [stage, open] of this.#open) {
      if (hasRoom?.(stage) === false) continue;
      const place = this.#firstOf(open);
      if (place && (!first || isBefore(place.task, first.task))) first = place;
    }
    return first;
  }

  /** The first place of those that count, whose task was not cancelled. */
  #firstOf(places: Heap<Place<Item>>): Place<Item> | undefined {
    for (let place = places.first; place; place = places.first) {
      if (place.group.place !== place) places.pop();
      else if (place.task.phase === "ready") return place;
      else this.#skip(place.group);
    }
    return undefined;
  }

  /** Leaves out the first tasks of a group that were cancelled. */
  #skip(group: Group<Item>): void {
    const isOpen = group.place!.closedBy === undefined;
    while (group.tasks.first && group.tasks.first.phase !== "ready") this.#drop(group);
    if (isOpen) this.#move(group);
    else this.#place(group);
  }

  #drop({ tasks }: Group<Item>): LiveTask<Item> {
    const task = tasks.pop()!;
    task.order = 0;
    this.#size--;
    return task;
  }

  /** Places a group that was open; others may have waited behind it. */
  #move(group: Group<Item>): void {
    this.#place(group);
    for (const tag of group.tags) this.changed(tag);
  }

  /** Places a group where it stands now, by its first task. Returns whether it is open. */
  #place(group: Group<Item>): boolean {
    const { name, stage, tags, tasks: { first: task } } = group;
    if (!task) {
      group.place = undefined;
      this.#groups.delete(name);
      return false;
    }
    const closedBy = this.#closedBy(tags);
    const places = closedBy === undefined
      ? this.#open
      : this.#closed.getOrInsertComputed(closedBy, () => new Map());
    group.place = { group, task, closedBy };
    places.getOrInsertComputed(stage, newPlaces<Item>).push(group.place);
    return closedBy === undefined;
  }

  /** The first of these tags that has no room. */
  #closedBy(tags: readonly string[]): string | undefined {
    for (const tag of tags) {
      const at = this.#limits.opensAt(tag);
      if (at === -Infinity || (at !== Infinity && at <= this.#clock())) continue;
      this.#awaitOpening(tag, at);
      return tag;
    }
    return undefined;
  }

  #awaitOpening(tag: string, at: number): void {
    if (at === Infinity || at >= (this.#opensAt.get(tag) ?? Infinity)) return;
    this.#opensAt.set(tag, at);
    this.#opening.push({ tag, at });
  }

  #popOpening(): string {
    const { tag, at } = this.#opening.pop()!;
    if (this.#opensAt.get(tag) === at) this.#opensAt.delete(tag);
    return tag;
  }

  /** Lets go of groups at tags whose time has come. */
  #reopen(): void {
    while (this.#opening.first && this.#opening.first.at <= this.#clock()) {
      this.changed(this.#popOpening());
    }
  }
}

/** Whether a task comes before another in order. */
export function isBefore<Item>(a: LiveTask<Item>, b: LiveTask<Item>): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.order < b.order);
}

function newPlaces<Item>(): Heap<Place<Item>> {
  return new Heap((a, b) => isBefore(a.task, b.task));
}
