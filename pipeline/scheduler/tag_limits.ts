/**
 * The limits of tags: how many tasks of each run at once, and how many start in a time.
 *
 * @module
 */
import { checkInteger, checkOptionNames, unexpected } from "../../internal/validate.ts";
import { RateWindow } from "./rate_window.ts";

/** Milliseconds of the interval of a rate, unless told. */
const INTERVAL_MS = 1_000;

/** What the tasks of a tag are limited to. */
export interface TagLimit {
  /**
   * How many run at once at most.
   *
   * @default {no limit}
   */
  concurrency?: number | undefined;
  /**
   * How many start in any `intervalMs` milliseconds at most; each attempt is a start.
   *
   * @default {no limit}
   */
  rate?: number | undefined;
  /**
   * Milliseconds of the interval that `rate` counts for.
   *
   * @default {1000}
   */
  intervalMs?: number | undefined;
}

const TAG_LIMIT = ["concurrency", "rate", "intervalMs"] satisfies (keyof TagLimit)[];

const RENAMED = { perMs: "intervalMs" };

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

/** Tags without limits that are remembered. */
const MAX_UNLIMITED = 1_000;

/** A tag without what people write in one way or another. */
function toPlain(tag: string): string {
  return `${tag}`.normalize("NFKC").toLowerCase().replaceAll(/[\s_-]+/g, "");
}

/** What can take of limits. */
export interface Reserving {
  reservations: Reservation[] | undefined;
}

/** Keeps the limits. */
export class TagLimiter {
  readonly #states: ReadonlyMap<string, TagState>;
  /** Tags that are known to have no limits. */
  readonly #unlimited = new Set<string>();

  constructor(limits: TagLimits = {}) {
    this.#states = new Map(
      Object.entries(limits).map(([tag, limit]) => {
        const { concurrency = Infinity, rate, intervalMs = INTERVAL_MS } = toTagLimit(limit);
        const window = rate === undefined ? undefined : new RateWindow(rate, intervalMs);
        return [tag, { room: concurrency, window }];
      }),
    );
  }

  /**
   * Whether a tag has limits.
   *
   * @throws {TypeError} If it is another spelling of one that has, or not text: it would silently have none
   */
  has(tag: string): boolean {
    if (this.#states.has(tag)) return true;
    if (this.#states.size === 0 || this.#unlimited.has(tag)) return false;
    if (typeof tag !== "string") {
      throw new TypeError(`Cannot limit the tag ${Deno.inspect(tag)}: a tag is text`);
    }
    const plain = toPlain(tag);
    for (const known of this.#states.keys()) {
      if (toPlain(known) !== plain) continue;
      throw new TypeError(
        `Cannot limit the tag ${Deno.inspect(tag)}: the limits name ${Deno.inspect(known)}. ` +
          `Write both alike`,
      );
    }
    if (this.#unlimited.size < MAX_UNLIMITED) this.#unlimited.add(tag);
    return false;
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
export function hasRate({ limits = {} }: { limits?: TagLimits | undefined }): boolean {
  return Object.values(limits).some((limit) => toTagLimit(limit).rate !== undefined);
}

/**
 * Refuses limits that let nothing run, that limit nothing, or that nothing comes under.
 *
 * @throws {RangeError} If a number of tasks is not a positive whole number, or an interval is out of range
 * @throws {TypeError} If a limit is of another kind, or there are limits and no tags
 */
export function checkLimits(
  { limits, tags }: { limits?: TagLimits | undefined; tags?: unknown },
): void {
  for (const [tag, limit] of Object.entries(limits ?? {})) {
    const operation = `limit the tag ${Deno.inspect(tag)}`;
    if (typeof limit !== "number" && (typeof limit !== "object" || limit === null)) {
      const expected = `an integer, or { ${TAG_LIMIT.join(", ")} },`;
      throw new TypeError(unexpected(limit, { operation, name: "its limit", expected }));
    }
    const { concurrency, rate, intervalMs } = toTagLimit(limit);
    checkOptionNames(toTagLimit(limit), { operation, known: TAG_LIMIT, renamed: RENAMED });
    for (const [name, count] of Object.entries({ concurrency, rate })) {
      if (count !== undefined) checkInteger(count, { operation, name, min: 1 });
    }
    if (concurrency === undefined && rate === undefined) {
      throw new TypeError(
        `Cannot ${operation}: its limit is empty. Pass concurrency, rate or both`,
      );
    }
    if (intervalMs === undefined) continue;
    if (rate === undefined) {
      throw new TypeError(
        `Cannot ${operation}: intervalMs needs a rate. Pass the number of starts`,
      );
    }
    if (typeof intervalMs !== "number" || !(intervalMs > 0 && intervalMs < Infinity)) {
      const expected = "milliseconds above 0";
      throw new RangeError(unexpected(intervalMs, { operation, name: "intervalMs", expected }));
    }
  }
  if (limits && !tags) {
    throw new TypeError(
      "Cannot run the pipeline: limits need tags. Pass tags, a function of an item",
    );
  }
}

function toTagLimit(limit: number | TagLimit): TagLimit {
  return typeof limit === "number" ? { concurrency: limit } : limit;
}
