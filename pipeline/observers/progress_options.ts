/**
 * How the progress of a pipeline is shown. Apart from what shows it, which is loaded only when it is wanted.
 *
 * @module
 */
import {
  checkInteger,
  checkMilliseconds,
  checkOptionNames,
  namesOf,
} from "../../internal/validate.ts";

/**
 * Options of `progress` in {@linkcode PipelineOptions}.
 *
 * @example Lines instead of bars
 * ```ts ignore
 * import type { ProgressOptions } from "@pipeloom/pipeloom";
 *
 * const progress: ProgressOptions = { bars: false, intervalMs: 10_000 };
 * ```
 */
export interface ProgressOptions {
  /**
   * Whether to draw bars instead of plain lines.
   *
   * @default {whether stderr is a terminal that can move its cursor and reports its size, not that of a CI job}
   */
  bars?: boolean | undefined;
  /**
   * Maximum number of running tasks with their own bar.
   *
   * @default {as many as the terminal has room for}
   */
  maxBars?: number | undefined;
  /**
   * Time between two plain lines, in milliseconds.
   *
   * @default {5000}
   */
  intervalMs?: number | undefined;
  /**
   * Whether a summary line stays at the end.
   *
   * @default {true}
   */
  summary?: boolean | undefined;
  /**
   * Whether lines that tasks log are shown. Above bars, lines past 200 a second are counted instead.
   *
   * @default {true}
   */
  taskLogs?: boolean | undefined;
}

const NAMES = namesOf<ProgressOptions>({
  bars: true,
  intervalMs: true,
  maxBars: true,
  summary: true,
  taskLogs: true,
});

const RENAMED = { lineMs: "intervalMs", lastLine: "summary" };

/**
 * Refuses options that cannot be followed.
 *
 * @throws {RangeError} If a number is out of range
 * @throws {TypeError} If an option is unknown
 */
export function checkProgress(progress: boolean | ProgressOptions = false): void {
  if (typeof progress === "boolean") return;
  const operation = "show the progress of the pipeline";
  checkOptionNames(progress, { operation, known: NAMES, renamed: RENAMED });
  const { intervalMs, maxBars } = progress;
  if (intervalMs !== undefined) {
    checkMilliseconds(intervalMs, { operation, name: "intervalMs", min: 1 });
  }
  if (maxBars !== undefined && maxBars !== Infinity) {
    checkInteger(maxBars, { operation, name: "maxBars", min: 0 });
  }
}
