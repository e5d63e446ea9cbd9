/**
 * What the API returns of the tasks' logs.
 *
 * @module
 */
import type { Task } from "./task.ts";

/**
 * One line of a task's log.
 *
 * @example A line of text
 * ```ts ignore
 * import type { LogLine } from "@pipeloom/pipeloom/dashboard";
 *
 * const text = ({ at, level, message }: LogLine) => `${at} ${level} ${message}`;
 * ```
 */
export interface LogLine {
  /** Id of the line, growing. */
  id: number;
  /** Time of the line. */
  at: string;
  /** `debug`, `info`, `warn` or `error`. */
  level: string;
  /** The text, cut to 2,000 characters. */
  message: string;
  /** Whether it was cut: all of it is at `api/tasks/:task/logs/:line`. */
  cut?: true;
}

/**
 * One line of the log of a run.
 *
 * @example A line as text
 * ```ts ignore
 * import type { RunLogLine } from "@pipeloom/pipeloom/dashboard";
 *
 * const text = ({ at, level, message }: RunLogLine) => `${at} ${level} ${message}`;
 * ```
 */
export interface RunLogLine extends LogLine {
  /** The task that logged it. */
  task: Pick<Task, "id" | "name">;
}

/**
 * Some lines of the log of a run, oldest first: `GET api/runs/:run/logs`.
 *
 * @example Warnings and errors of a run
 * ```ts ignore
 * import type { RunLogPage } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5/logs?level=warn");
 * const { lines }: RunLogPage = await answer.json();
 * console.log(lines.length);
 * ```
 */
export interface RunLogPage {
  /** At most `limit` lines that match, and no more than 200,000 characters. */
  lines: RunLogLine[];
  /** Pass it as `before` to look for lines before these; `null` when there are none. */
  previous: number | null;
  /** Pass it as `after` to get what is logged later. */
  last: number;
}

/**
 * Some lines of a task's log, oldest first.
 *
 * @example From the API
 * ```ts ignore
 * import type { LogPage } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/tasks/7/logs");
 * const page: LogPage = await answer.json();
 * console.log(page.lines.length);
 * ```
 */
export interface LogPage {
  /** At most `limit` lines, and no more than 200,000 characters. */
  lines: LogLine[];
  /** Pass it as `before` to get the lines before these; `null` when there are none. */
  previous: number | null;
}
