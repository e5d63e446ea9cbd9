/**
 * What `pipeloom doctor` finds.
 *
 * @module
 */

/** One finding. */
export interface Check {
  /** What was looked at. */
  title: string;
  /** Whether it is as it should be; a note is neither good nor bad. */
  state: "ok" | "note" | "wrong";
  /** What was found. */
  found: string;
  /** What to do. */
  advice?: string | undefined;
}
