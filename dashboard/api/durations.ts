/**
 * What the API returns about the durations of a run's tasks.
 *
 * @module
 */

/**
 * How long some tasks of a run took that are done, in milliseconds.
 *
 * @example A line of a table
 * ```ts ignore
 * import type { DurationGroup } from "@pipeloom/pipeloom/dashboard";
 *
 * const line = ({ name, count, p50, p99 }: DurationGroup) => `${name}: ${count}, ${p50} to ${p99} ms`;
 * ```
 */
export interface DurationGroup {
  /** The pattern of their names (`#` stands for numbers and ids), or their stage; empty for all tasks. */
  name: string;
  /** How many they are. */
  count: number;
  /** Their time together, in milliseconds. */
  totalMs: number;
  /** Half of them took no longer. */
  p50: number;
  /** 95% of them took no longer. */
  p95: number;
  /** 99% of them took no longer. */
  p99: number;
  /** The longest. */
  maxMs: number;
  /** How many took how long: the first from `fromMs`; each further bucket is twice as long. The bucket from 0 ends at 2. */
  histogram: { fromMs: number; counts: number[] };
  /** Those of the same name in the earlier run. */
  before?: { count: number; p50: number; p95: number; p99: number };
}

/**
 * The durations of a run beside those of an earlier one: `GET api/runs/:run/durations`.
 *
 * @example From the API
 * ```ts ignore
 * import type { RunDurations } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5/durations?by=name");
 * const { all, groups }: RunDurations = await answer.json();
 * console.log(all?.p95, groups[0]?.name);
 * ```
 */
export interface RunDurations {
  /** By what tasks are grouped. */
  by: "name" | "stage" | "tag";
  /** Id of the earlier run: the one of the same name before it, unless another was named; `null` where there is none. */
  against: number | null;
  /** All tasks; `null` where none is done. */
  all: DurationGroup | null;
  /** The 20 groups that took most time together, first to last. */
  groups: DurationGroup[];
  /** How many groups there are beside those. */
  left: number;
}
