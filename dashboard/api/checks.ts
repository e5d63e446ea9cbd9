/**
 * What the API returns about the checks that tasks made of their data.
 *
 * @module
 */

/**
 * The last check of one name of one task.
 *
 * @example A line of a list
 * ```ts ignore
 * import type { Check } from "@pipeloom/pipeloom/dashboard";
 *
 * const line = ({ task, name, value }: Check) => `${task}: ${name}, got ${value}`;
 * ```
 */
export interface Check {
  /** Id of the task. */
  taskId: number;
  /** Name of the task. */
  task: string;
  /** Its name, cut to 300 characters. */
  name: string;
  /** Whether the data were as they should be. */
  passed: boolean;
  /** `error`, or `warn` for one that does not fail its task. */
  severity: string;
  /** The value that was found, as JSON text cut to 300 characters. */
  value: string | null;
  /** The value that was expected, as JSON text cut to 300 characters. */
  expected: string | null;
  /** Time of the check. */
  at: string;
}

/**
 * The checks of a run: `GET api/runs/:run/checks`.
 *
 * @example From the API
 * ```ts ignore
 * import type { RunChecks } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5/checks");
 * const { failed, checks }: RunChecks = await answer.json();
 * console.log(failed, checks[0]?.name);
 * ```
 */
export interface RunChecks {
  /** Checks that passed. */
  passed: number;
  /** Checks that did not pass and failed their tasks. */
  failed: number;
  /** Checks that did not pass, with severity `warn`. */
  warned: number;
  /** The first 100 of them: those that failed, then those that warned, then the others. */
  checks: Check[];
}

/**
 * Checks of two runs that are not the same in both, paired by their names and their tasks.
 *
 * @example How many are new
 * ```ts ignore
 * import type { Comparison } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/compare?a=4&b=5");
 * const { checks }: Comparison = await answer.json();
 * console.log(checks.newlyFailed.total, checks.mended.total);
 * ```
 */
export interface ComparedChecks {
  /** Checks of both runs that did not pass. */
  failing: { a: number; b: number };
  /** Did not pass in the later run, and were not failing in the earlier: at most 100, with their number. */
  newlyFailed: { total: number; checks: Check[] };
  /** Did not pass in the earlier run, and pass in the later: at most 100, with their number. */
  mended: { total: number; checks: Check[] };
}
