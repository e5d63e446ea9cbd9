/**
 * What the API returns about two runs side by side.
 *
 * @module
 */
import type { ComparedChecks } from "./checks.ts";
import type { ComparedRows } from "./rows.ts";
import type { Run } from "./run.ts";
import type { Task } from "./task.ts";

/**
 * One task in two runs.
 *
 * @example How much slower
 * ```ts ignore
 * import type { ComparedTask } from "@pipeloom/pipeloom/dashboard";
 *
 * const slower = ({ a, b }: ComparedTask) => (b.durationMs ?? 0) - (a.durationMs ?? 0);
 * ```
 */
export interface ComparedTask {
  /** The key, or the name of tasks without one. */
  label: string;
  /** The task in the earlier run. */
  a: Pick<Task, "id" | "status" | "durationMs">;
  /** The task in the later run. */
  b: Pick<Task, "id" | "status" | "durationMs">;
}

/**
 * Two runs side by side. Tasks are paired by key, else by name.
 *
 * @example From the API
 * ```ts ignore
 * import type { Comparison } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/compare?a=4&b=5");
 * const comparison: Comparison = await answer.json();
 * console.log(comparison.newlyFailed.total);
 * ```
 */
export interface Comparison {
  /** The earlier run. */
  a: Run;
  /** The later run. */
  b: Run;
  /** Tasks that are in both. */
  paired: number;
  /** Tasks that are in the earlier run alone. */
  onlyA: number;
  /** Tasks that are in the later run alone. */
  onlyB: number;
  /** Failed in the later run and not in the earlier: at most 100, with their number. */
  newlyFailed: { total: number; tasks: ComparedTask[] };
  /** Failed in the earlier run and done in the later: at most 100, with their number. */
  mended: { total: number; tasks: ComparedTask[] };
  /** Done in both and slower in the later run, most first: at most 100, with their number. */
  slower: { total: number; tasks: ComparedTask[] };
  /** Done in both and faster in the later run, most first: at most 100, with their number. */
  faster: { total: number; tasks: ComparedTask[] };
  /** Checks that are not the same in both runs. */
  checks: ComparedChecks;
  /** The tables that they wrote. */
  wrote: ComparedRows[];
  /** Median of the durations of tasks that are done in both, in milliseconds. */
  medianMs: { a: number | null; b: number | null };
  /** Whether tasks were left out because there are more than 200,000 in a run. */
  partial: boolean;
}
