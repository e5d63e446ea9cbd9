/**
 * How the progress of a pipeline is shown. Apart from what shows it, which is loaded only when it is wanted.
 *
 * @module
 */

/** Options of `progress` in {@linkcode PipelineOptions}. */
export interface ProgressOptions {
  /**
   * Whether to draw bars, or to write a plain line now and then.
   *
   * @default {whether stderr is a terminal that can move its cursor}
   */
  bars?: boolean;
  /**
   * The largest number of running tasks that have a bar of their own.
   *
   * @default {as many as the terminal has room for}
   */
  maxBars?: number;
  /**
   * Milliseconds between two plain lines.
   *
   * @default {5000}
   */
  lineMs?: number;
  /**
   * Whether a line about the end stays.
   *
   * @default {true}
   */
  lastLine?: boolean;
}
