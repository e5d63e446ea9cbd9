/**
 * Answers that are about no run: the state of the database, control, errors.
 *
 * @module
 */

/** Whether the database can be read at present. */
export interface SourceState {
  /** `ok`, or why the data is not live: the file is not there (yet), is damaged, or cannot be read. */
  state: "ok" | "missing" | "corrupt" | "unreadable";
  /** What is wrong and what helps. */
  message?: string | undefined;
  /** The database's file, without its folder. */
  file: string;
  /** `ffi` or `builtin`: the driver of the dashboard's own connection. */
  driver?: string | undefined;
  /** Version of the SQLite library of the dashboard's own connection. */
  sqliteVersion?: string;
}

/** What became of `POST api/runs/:run/cancel` and the like. */
export interface ControlResult {
  /** Id of the request. */
  request: number;
  /** What was done, for people; `null` when it has not taken effect yet (status 202). */
  answer: string | null;
}

/** The answer to a request that failed. */
export interface ApiError {
  /** What was wrong, and what to do. */
  error: string;
}
