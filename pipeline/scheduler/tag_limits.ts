/**
 * The limits of tags: how many tasks of each run at once, and how many start in a time.
 *
 * @module
 */
import { RateWindow } from "./rate_window.ts";

/** Milliseconds of the interval of a rate, unless told. */
const PER_MS = 1_000;

/** What the tasks of a tag are limited to. */
export interface TagLimit {
  /**
   * How many run at once at most.
   *
   * @default {no limit}
   */
  concurrency?: number;
  /**
   * How many start in any `perMs` milliseconds at most; each attempt is a start.
   *
   * @default {no limit}
   */
  rate?: number;
  /**
   * Milliseconds of the interval that `rate` counts for.
   *
   * @default {1000}
   */
  perMs?: number;
}

/** The limits of tags, by their names; a number is a `concurrency`. */
export type TagLimits = Readonly<Record<string, number | TagLimit>>;

/** One tag. */
export interface TagState {
  /** How many more may run. */
  room: number;
  window: RateWindow | undefined;
}

/** What a task that was taken from the queue takes of one tag. */
export interface Reservation {
  readonly state: TagState;
  /** Its place in the window until it has started. */
  place: number | undefined;
}

/** What can take of limits. */
export interface Reserving {
  reservations: Reservation[] | undefined;
}

/** Keeps the limits. */
export class TagLimiter {
  readonly #states: ReadonlyMap<string, TagState>;

  constructor(limits: TagLimits = {}) {
    this.#states = new Map(
      Object.entries(limits).map(([tag, limit]) => {
        const { concurrency = Infinity, rate, perMs = PER_MS } = toTagLimit(limit);
        const window = rate === undefined ? undefined : new RateWindow(rate, perMs);
        return [tag, { room: concurrency, window }];
      }),
    );
  }

  /** Whether a tag has limits. */
  has(tag: string): boolean {
    return this.#states.has(tag);
  }

  /** From when on a task with these tags may start; `Infinity` as long as others must end or start first. */
  opensAt(tags: readonly string[]): number {
    let at = -Infinity;
    for (const tag of tags) {
      const { room, window } = this.#states.get(tag)!;
      if (room <= 0) return Infinity;
      if (window) at = Math.max(at, window.opensAt);
    }
    return at;
  }

  /** A task with these tags is taken from the queue. */
  reserve(task: Reserving, tags: readonly string[]): void {
    if (tags.length === 0) return;
    task.reservations = tags.map((tag): Reservation => {
      const state = this.#states.get(tag)!;
      state.room--;
      return { state, place: state.window?.reserve() };
    });
  }

  /** A task that was taken has started. Returns whether others may have waited for that. */
  start({ reservations = [] }: Reserving, now: number): boolean {
    let counted = false;
    for (const reservation of reservations) {
      if (reservation.place === undefined) continue;
      reservation.state.window!.start(reservation.place, now);
      reservation.place = undefined;
      counted = true;
    }
    return counted;
  }

  /** A task that was taken runs no more. */
  release(task: Reserving, now: number): void {
    // It may never have started.
    this.start(task, now);
    for (const { state } of task.reservations ?? []) state.room++;
    task.reservations = undefined;
  }
}

/** Whether any tag limits how many tasks start in a time, so that starts are to be told. */
export function hasRate({ limits = {} }: { limits?: TagLimits }): boolean {
  return Object.values(limits).some((limit) => toTagLimit(limit).rate !== undefined);
}

/**
 * Refuses limits that let nothing run, that limit nothing, or that nothing comes under.
 *
 * @throws {RangeError} If a number of tasks is not a positive whole number, or an interval is out of range
 * @throws {TypeError} If a limit is of another kind, or there are limits and no tags
 */
export function checkLimits(
  { limits, tags }: { limits?: TagLimits; tags?: unknown },
): void {
  for (const [tag, limit] of Object.entries(limits ?? {})) {
    const what = `Cannot limit ${Deno.inspect(tag)} to ${Deno.inspect(limit)}`;
    if (typeof limit !== "number" && (typeof limit !== "object" || limit === null)) {
      throw new TypeError(`${what}: pass a number of tasks, or { concurrency, rate, perMs }`);
    }
    const { concurrency, rate, perMs, ...others } = toTagLimit(limit);
    const [other] = Object.keys(others);
    if (other !== undefined) {
      throw new TypeError(
        `${what}: there is no ${Deno.inspect(other)}; pass concurrency, rate and perMs`,
      );
    }
    for (const [option, count] of Object.entries({ concurrency, rate })) {
      if (count === undefined || (Number.isSafeInteger(count) && count >= 1)) continue;
      throw new RangeError(`${what}: ${option} is a whole number of tasks from 1 up`);
    }
    if (concurrency === undefined && rate === undefined) {
      throw new TypeError(`${what}: pass concurrency, rate or both`);
    }
    if (perMs === undefined) continue;
    if (rate === undefined) throw new TypeError(`${what}: pass rate, the number of starts, too`);
    if (typeof perMs !== "number" || !(perMs > 0 && perMs < Infinity)) {
      throw new RangeError(`${what}: perMs is a number of milliseconds above 0`);
    }
  }
  if (limits && !tags) {
    throw new TypeError("Cannot keep limits without tags: pass tags, a function of an item");
  }
}

function toTagLimit(limit: number | TagLimit): TagLimit {
  return typeof limit === "number" ? { concurrency: limit } : limit;
}
