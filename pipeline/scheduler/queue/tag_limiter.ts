/**
 * Keeps the limits of tags: how many tasks of each run at once, how many start in a time, and which are held back.
 *
 * @module
 */
import { closest } from "../../../internal/validate.ts";
import {
  checkLimit,
  INTERVAL_MS,
  type TagLimit,
  type TagLimits,
  toTagLimit,
} from "./tag_limits.ts";
import { type Reservation, TagState } from "./tag_state.ts";

/** Tags that are remembered, at least, before those that are idle are forgotten. */
const MAX_TAGS = 10_000;

/** What can take of limits. */
export interface Reserving {
  reservations: Reservation[] | undefined;
}

/** What a refusal that holds back a tag means for the task. */
export interface Refusal {
  /** Whether the tag's limit was not known to be reached when the task was taken. */
  isNews: boolean;
  /** Whether the task itself has the tag, and is held back by it. */
  isHeld: boolean;
}

/** The tags whose limits hold for all runs of this process. */
const shared = new Map<string, TagState>();

/** A tag without what people write in one way or another. */
function toPlain(tag: string): string {
  return `${tag}`.normalize("NFKC").toLowerCase().replaceAll(/[\s_-]+/g, "");
}

/** Keeps the limits of one run. */
export class TagLimiter {
  readonly #named: ReadonlyMap<string, number | TagLimit>;
  readonly #limitOf: ((tag: string) => number | TagLimit | undefined) | undefined;
  /** `undefined` for a tag that has no limit. */
  readonly #states = new Map<string, TagState | undefined>();
  /** How many tags there are when those that are idle are forgotten next. */
  #most = MAX_TAGS;
  readonly #wake: (tag: string) => void;

  /** `wake` is called with the tag when another run makes room. */
  constructor(limits: TagLimits = {}, wake: (tag: string) => void = () => {}) {
    const isFunction = typeof limits === "function";
    this.#limitOf = isFunction ? limits : undefined;
    this.#named = new Map(isFunction ? [] : Object.entries(limits));
    this.#wake = wake;
  }

  /**
   * Whether a tag has limits.
   *
   * @throws {TypeError} If the limits do not name it: a misspelled one would silently have none
   */
  has(tag: string): boolean {
    return this.#stateOf(tag) !== undefined;
  }

  /** From when on a task with this tag may start; `Infinity` as long as others must end or start first. */
  opensAt(tag: string): number {
    return this.#stateOf(tag)!.opensAt;
  }

  /** A task with these tags is taken from the queue. */
  reserve(task: Reserving, tags: readonly string[]): void {
    if (tags.length === 0) return;
    task.reservations = tags.map((tag) => this.#stateOf(tag)!.reserve());
  }

  /** A task that was taken has started. Returns whether others may have waited for that. */
  start({ reservations = [] }: Reserving, now: number): boolean {
    let counted = false;
    for (const reservation of reservations) {
      if (!reservation.state.start(reservation, now)) continue;
      counted = true;
      this.#wakeSharers(reservation.state);
    }
    return counted;
  }

  /** A task that was taken runs no more. */
  release(task: Reserving, now: number): void {
    // It may never have started.
    this.start(task, now);
    for (const reservation of task.reservations ?? []) {
      reservation.state.release(reservation);
      this.#wakeSharers(reservation.state);
    }
    task.reservations = undefined;
  }

  /**
   * No task with this tag starts for some milliseconds from now, because this one was refused.
   *
   * @throws {TypeError} If the tag has no limit
   */
  hold(tag: string, { now, ms, task }: { now: number; ms: number; task: Reserving }): Refusal {
    const state = this.#stateOf(tag);
    if (!state) {
      throw new TypeError(
        `Cannot hold back the tag ${Deno.inspect(tag)}: it has no limit. Name it in limits`,
      );
    }
    const own = task.reservations?.find((reservation) => reservation.state === state);
    return { isNews: state.hold({ now, ms }, own), isHeld: own !== undefined };
  }

  /** It is woken no more. */
  close(): void {
    for (const state of this.#states.values()) state?.sharers?.delete(this.#wake);
  }

  #stateOf(tag: string): TagState | undefined {
    const known = this.#states.get(tag);
    if (known || this.#states.has(tag)) return known;
    if (typeof tag !== "string") {
      throw new TypeError(`Cannot limit the tag ${Deno.inspect(tag)}: a tag is text`);
    }
    if (this.#states.size >= this.#most) this.#forgetIdle();
    const state = this.#open(tag);
    this.#states.set(tag, state);
    return state;
  }

  #open(tag: string): TagState | undefined {
    const limit = this.#limitOf?.(tag) ?? this.#named.get(tag) ?? this.#named.get("*");
    if (limit === undefined) {
      // A run without limits has none to name.
      if (this.#limitOf || this.#named.size === 0) return undefined;
      throw new TypeError(this.#unnamed(tag));
    }
    if (this.#limitOf) checkLimit(tag, limit);
    const whole = toTagLimit(limit);
    return whole.shared ? this.#share(tag, whole) : new TagState(tag, whole);
  }

  #unnamed(tag: string): string {
    const names = [...this.#named.keys()];
    const meant = names.find((name) => toPlain(name) === toPlain(tag)) ?? closest(tag, names);
    const what = `Cannot limit the tag ${Deno.inspect(tag)}: the limits do not name it`;
    return meant === undefined
      ? `${what}. Add it, or "*" as the limit of each tag that is not named`
      : `${what}; did you mean ${Deno.inspect(meant)}?`;
  }

  #share(tag: string, limit: TagLimit): TagState {
    let state = shared.get(tag);
    if (state && !isAlike(state.limit, limit)) {
      if (state.sharers!.size > 0) {
        throw new TypeError(
          `Cannot limit the tag ${Deno.inspect(tag)} to ${Deno.inspect(limit)}: another run of ` +
            `this process shares it with ${Deno.inspect(state.limit)}. Pass the same limit`,
        );
      }
      state = undefined;
    }
    if (!state) shared.set(tag, state = new TagState(tag, limit));
    state.sharers!.add(this.#wake);
    return state;
  }

  #wakeSharers({ tag, sharers }: TagState): void {
    for (const wake of sharers ?? []) {
      if (wake !== this.#wake) wake(tag);
    }
  }

  /** Forgets tags of which nothing runs, waits or is counted. */
  #forgetIdle(): void {
    const now = performance.now();
    for (const [tag, state] of this.#states) {
      if (state && !state.isIdle(now)) continue;
      state?.sharers?.delete(this.#wake);
      this.#states.delete(tag);
    }
    // Where most are in use, it is not looked for idle ones with each new tag.
    this.#most = Math.max(MAX_TAGS, 2 * this.#states.size);
  }
}

function isAlike(one: TagLimit, other: TagLimit): boolean {
  return one.concurrency === other.concurrency && one.rate === other.rate &&
    (one.intervalMs ?? INTERVAL_MS) === (other.intervalMs ?? INTERVAL_MS);
}
