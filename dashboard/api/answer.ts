/**
 * Answers that are about no run: the state of the database, control, errors.
 *
 * @module
 */

/**
 * Whether the database can be read at present.
 *
 * @example A line above the page
 * ```ts ignore
 * import type { SourceState } from "@pipeloom/pipeloom/dashboard";
 *
 * const line = ({ state, message }: SourceState) => state === "ok" ? "" : message ?? state;
 * ```
 */
export interface SourceState {
  /** `ok`, or why the data is not live: the file is not there (yet), is damaged, or cannot be read. */
  state: "ok" | "missing" | "corrupt" | "unreadable";
  /** The problem and a remedy. */
  message?: string | undefined;
  /** The database's file, without its folder. */
  file: string;
  /** `ffi` or `builtin`: the driver of the dashboard's own connection. */
  driver?: string | undefined;
  /** Version of the SQLite library of the dashboard's own connection. */
  sqliteVersion?: string;
  /** `false` where the tables of the file are not shown. */
  data?: false;
}

/**
 * What became of `POST api/runs/:run/cancel` and the like.
 *
 * @example From the API
 * ```ts ignore
 * import type { ControlResult } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5/cancel");
 * const result: ControlResult = await answer.json();
 * console.log(result.answer);
 * ```
 */
export interface ControlResult {
  /** Id of the request. */
  request: number;
  /** The effect, in words; `null` until it takes effect (status 202). */
  answer: string | null;
}

/**
 * The answer to a request that failed.
 *
 * @example From the API
 * ```ts ignore
 * import type { ApiError } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/none");
 * const error: ApiError = await answer.json();
 * console.log(error);
 * ```
 */
export interface ApiError {
  /** What was wrong, and what to do. */
  error: string;
}
