/**
 * What the API returns about failures in a run, and about what delays it.
 *
 * @module
 */
import type { Task } from "./task.ts";

/**
 * Failures whose messages differ in numbers, ids, quoted parts, paths and URLs only.
 *
 * @example A line of a list
 * ```ts ignore
 * import type { FailureCause } from "@pipeloom/pipeloom/dashboard";
 *
 * const line = ({ text, count }: FailureCause) => `${count} times: ${text}`;
 * ```
 */
export interface FailureCause {
  /** Finds its tasks: pass it as `cause` to `api/runs/:run/tasks`. */
  id: string;
  /** The message they share: `#` stands for numbers and ids, `"…"`, `<path>` and `<url>` for those. */
  text: string;
  /** How many tasks failed so. */
  count: number;
  /** Their part of all failures of the run, as a fraction. */
  share: number;
  /** When the first of them failed. */
  firstAt: string | null;
  /** When the last of them failed. */
  lastAt: string | null;
  /** One of them. */
  sample: {
    /** Id of the task. */
    id: number;
    /** Name of the task. */
    name: string;
    /** Its error with the stack, else its message, cut to 4,000 characters. */
    error: string | null;
  };
}

/**
 * The failures of a run by their causes: `GET api/runs/:run/failures`.
 *
 * @example From the API
 * ```ts ignore
 * import type { FailureReport } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5/failures");
 * const report: FailureReport = await answer.json();
 * console.log(report.total, report.causes[0]?.text);
 * ```
 */
export interface FailureReport {
  /** Tasks that failed. */
  total: number;
  /** The most frequent causes first. */
  causes: FailureCause[];
  /** How many causes there are beside those, counted up to 10,000. */
  left: number;
}

/**
 * How many tasks of one tag wait and run.
 *
 * @example A line of a list
 * ```ts ignore
 * import type { TagLoad } from "@pipeloom/pipeloom/dashboard";
 *
 * const line = ({ tag, queued, running }: TagLoad) => `${tag}: ${queued} queued, ${running} running`;
 * ```
 */
export interface TagLoad {
  /** The tag. */
  tag: string;
  /** Tasks that wait, among the first 5,000 of the run. */
  queued: number;
  /** Tasks that run. */
  running: number;
}

/**
 * What holds a run up, and what was slow: `GET api/runs/:run/delays`.
 *
 * @example From the API
 * ```ts ignore
 * import type { RunDelays } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5/delays");
 * const delays: RunDelays = await answer.json();
 * console.log(delays.silent.total, delays.retries.total);
 * ```
 */
export interface RunDelays {
  /** Time of the server in milliseconds since 1970. */
  at: number;
  /** Tasks that run and have reported nothing for a minute or more, the longest silent first. */
  silent: {
    /** How many. */
    total: number;
    /** Whether nothing else is left of the run: no task waits, and no other runs. */
    holdUp: boolean;
    /** The first five. */
    tasks: Task[];
  };
  /** Tasks that failed and wait for their next attempt. */
  retries: {
    /** How many, among those of the last 5,000 failed attempts. */
    total: number;
    /** When the first of them is due, where that is known. */
    nextAt: string | null;
    /** The first five. */
    tasks: Task[];
  };
  /** Tags under which tasks wait while others run: a limit may hold them. The five of which most wait. */
  tags?: TagLoad[];
  /** The five tasks that took longest or run longest. */
  slowest: Task[];
}
