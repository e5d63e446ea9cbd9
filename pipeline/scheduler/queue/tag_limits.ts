/**
 * The limits of tags, as options: how many tasks of each run at once, and how many start in a time.
 *
 * @module
 */
import {
  checkInteger,
  checkOptions,
  type KindsOf,
  unexpected,
} from "../../../internal/validate.ts";

/** Milliseconds of the interval of a rate by default. */
export const INTERVAL_MS = 1_000;

/**
 * What the tasks of a tag are limited to.
 *
 * @example Two at once, ten in a second
 * ```ts ignore
 * import type { TagLimit } from "@pipeloom/pipeloom";
 *
 * const limit: TagLimit = { concurrency: 2, rate: 10, intervalMs: 1_000 };
 * ```
 */
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
  /**
   * Whether it holds for all runs of this process together that share the tag.
   *
   * @default {false}
   */
  shared?: boolean | undefined;
}

const TAG_LIMIT: KindsOf<TagLimit> = {
  concurrency: "own check",
  rate: "own check",
  intervalMs: "own check",
  shared: "boolean",
};

const RENAMED = { perMs: "intervalMs" };

/**
 * The limits of tags; a number is a `concurrency`. By their names, where `"*"` is the limit of each tag that is not
 * named; or a function of the tag, where `undefined` is not a limit.
 *
 * @example By name, or by a function
 * ```ts ignore
 * import type { TagLimits } from "@pipeloom/pipeloom";
 *
 * const byName: TagLimits = { api: 2, "*": Infinity };
 * const byHost: TagLimits = (host) => host.endsWith(".example") ? { rate: 10 } : 2;
 * ```
 */
export type TagLimits =
  | Readonly<Record<string, number | TagLimit>>
  | ((tag: string) => number | TagLimit | undefined);

/** Whether any tag may limit how many tasks start in a time, so that starts have to be reported. */
export function hasRate({ limits = {} }: { limits?: TagLimits | undefined }): boolean {
  if (typeof limits === "function") return true;
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
  if (typeof limits !== "function") {
    for (const [tag, limit] of Object.entries(limits ?? {})) checkLimit(tag, limit);
  }
  if (limits && !tags) {
    throw new TypeError(
      "Cannot run the pipeline: limits need tags. Pass tags, a function of an item",
    );
  }
}

/** Refuses what cannot be the limit of a tag, as {@linkcode checkLimits} does. */
export function checkLimit(tag: string, limit: number | TagLimit): void {
  const operation = `limit the tag ${Deno.inspect(tag)}`;
  if (typeof limit !== "number" && (typeof limit !== "object" || limit === null)) {
    const expected = `an integer, or { ${Object.keys(TAG_LIMIT).join(", ")} },`;
    throw new TypeError(unexpected(limit, { operation, name: "its limit", expected }));
  }
  const { concurrency, rate, intervalMs } = toTagLimit(limit);
  checkOptions(toTagLimit(limit), { operation, kinds: TAG_LIMIT, renamed: RENAMED });
  // The limit of all other tags may be that they have none.
  if (concurrency !== undefined && !(tag === "*" && concurrency === Infinity)) {
    checkInteger(concurrency, { operation, name: "concurrency", min: 1 });
  }
  if (rate !== undefined) checkInteger(rate, { operation, name: "rate", min: 1 });
  if (concurrency === undefined && rate === undefined) {
    throw new TypeError(
      `Cannot ${operation}: its limit is empty. Pass concurrency, rate or both`,
    );
  }
  if (intervalMs === undefined) return;
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

/** A limit with its names. */
export function toTagLimit(limit: number | TagLimit): TagLimit {
  return typeof limit === "number" ? { concurrency: limit } : limit;
}
