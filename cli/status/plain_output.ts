/**
 * What `pipeloom status --watch` writes where there is no terminal, or only that of a CI job: lines.
 *
 * @module
 */
import type { TaskStatus } from "../../internal/task_status.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { writeLines } from "../terminal/terminal.ts";
import { drawLine } from "./draw_run.ts";
import type { Seen } from "./watch_view.ts";

/** Milliseconds between two looks. */
const LOOK_MS = 1_000;

/** Milliseconds between two lines for people. A change of the run's status is printed at once. */
const LINE_MS = 5_000;

/** Tasks in a JSON value by default. */
const LIMIT = 20;

/** A file or a pipe: a line when there is something new, now and then. */
export class PlainOutput {
  readonly query: { status: TaskStatus[]; limit: number };
  /** No key can be pressed. */
  readonly endsWithRun = true;
  readonly #json: boolean;
  #isDirty = true;
  #last = "";
  #status = "";
  #wroteAt = -Infinity;

  constructor(
    { json = false, limit = LIMIT, status = [] }: {
      json?: boolean | undefined;
      limit?: number | undefined;
      status?: TaskStatus[] | undefined;
    },
  ) {
    this.query = { status, limit };
    this.#json = json;
  }

  /** Whether it is time to look again. */
  isDue(changed: boolean, since: number): boolean {
    this.#isDirty ||= changed;
    return this.#isDirty && since >= LOOK_MS;
  }

  /** Writes a line, if it is time for one. Returns whether the reader is still there. */
  show(seen: Seen): boolean {
    const status = "why" in seen ? "none" : seen.snapshot.run.status;
    const isTime = this.#json || performance.now() - this.#wroteAt >= LINE_MS;
    if (!isTime && status === this.#status) return true;
    this.#isDirty = false;
    const line = "why" in seen
      ? this.#json ? sanitizedJson({ waiting: seen.why }) : sanitize(seen.why)
      : this.#json
      ? sanitizedJson(seen.snapshot)
      : drawLine(seen.snapshot);
    if (line === this.#last) return true;
    this.#last = line;
    this.#status = status;
    this.#wroteAt = performance.now();
    return writeLines([line]);
  }
}
