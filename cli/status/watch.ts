/**
 * `pipeloom status --watch`: looks ten times a second whether anything was committed, which costs next to
 * nothing (`PRAGMA data_version`), and reads and draws when it was, or when a second has passed.
 *
 * @module
 */
import { DatabaseHandle, SourceError } from "../../dashboard/server/database_handle.ts";
import { databasePath } from "../../sqlite/database_file.ts";
import { onInterrupt } from "../../pipeline/signals.ts";
import type { TaskStatus } from "../../internal/task_status.ts";
import { delay } from "../../internal/delay.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../terminal/exit_code.ts";
import type { DbOption } from "../options.ts";
import { colorsFor } from "../terminal/colors.ts";
import { drawHeader } from "./draw_run.ts";
import { FullScreen } from "../terminal/full_screen.ts";
import { PlainOutput } from "./plain_output.ts";
import { readSnapshot, type SnapshotQuery } from "./snapshot.ts";
import { isTerminal, surface, terminalSize, write, writeLines } from "../terminal/terminal.ts";
import { type Seen, WatchView } from "./watch_view.ts";

/** Milliseconds between two looks. */
const LOOK_MS = 100;

/** Milliseconds after which clocks have moved on. */
const TICK_MS = 1_000;

/** Options of {@linkcode watchStatus}. */
export interface WatchOptions extends DbOption {
  /** Which run. */
  run?: number | undefined;
  /** Which tasks. */
  status?: TaskStatus[] | undefined;
  /** How many. */
  limit?: number;
  /** Whether to print JSON. */
  json?: boolean;
}

/** Follows a run until Ctrl-C or `q`, and until the run has ended where it was named or no key can be pressed. */
export async function watchStatus(options: WatchOptions): Promise<ExitCode> {
  const stop = new AbortController();
  let exitCode: ExitCode = EXIT.done;
  using _ = onInterrupt((signal) => {
    exitCode = exitCodeOf(signal);
    stop.abort();
  });
  using source = new DatabaseHandle(await databasePath(options.db));
  if (isTerminal() && !options.json) {
    using out = new TerminalOutput(options);
    await follow(source, { ...options, signal: stop.signal }, out);
  } else {
    await follow(source, { ...options, signal: stop.signal }, new PlainOutput(options));
  }
  return exitCode;
}

/** Where a run is shown. */
interface Output {
  /** Which of its tasks have to be read. */
  readonly query: Omit<SnapshotQuery, "run">;
  /** Whether it ends with the run, whichever that is. */
  readonly endsWithRun: boolean;
  /** Whether it is time to look again. */
  isDue(changed: boolean, since: number): boolean;
  /** Shows what was found. Returns whether the reader is still there. */
  show(seen: Seen): boolean;
}

async function follow(
  source: DatabaseHandle,
  { db, run, signal }: WatchOptions & { signal: AbortSignal },
  out: Output,
): Promise<void> {
  let lookedAt = -Infinity;
  while (!signal.aborted) {
    const changed = await source.changed();
    const now = performance.now();
    if (out.isDue(changed, now - lookedAt)) {
      lookedAt = now;
      const seen = await look(source, db, { ...out.query, run });
      if (!out.show(seen)) return;
      const ended = "snapshot" in seen && seen.snapshot.run.status !== "running";
      if (ended && (run !== undefined || out.endsWithRun)) return;
    }
    await delay(LOOK_MS, signal);
  }
}

async function look(source: DatabaseHandle, db: string, query: SnapshotQuery): Promise<Seen> {
  const { message } = source.state;
  if (message) return { why: message };
  try {
    const snapshot = await readSnapshot((query) => source.read(query), query);
    if (snapshot) return { snapshot };
    const what = query.run === undefined ? "no runs" : `no run ${query.run}`;
    return { why: `${db} has ${what} yet: it appears here as soon as a pipeline writes it` };
  } catch (error) {
    if (error instanceof SourceError) return { why: error.message };
    throw error;
  }
}

/** A terminal, all of it. What was last to be seen stays when it is left. */
class TerminalOutput implements Output, Disposable {
  readonly endsWithRun = false;
  readonly #view: WatchView;
  readonly #screen: FullScreen;
  readonly #paint = colorsFor(Deno.stdout);
  #size = terminalSize();
  #isDirty = false;
  #last: Seen | undefined;

  constructor(options: WatchOptions) {
    this.#view = new WatchView(options);
    this.#screen = new FullScreen(write, (key) => {
      this.#view.press(key);
      this.#isDirty = true;
    });
  }

  get query(): Omit<SnapshotQuery, "run"> {
    return this.#view.query;
  }

  isDue(changed: boolean, since: number): boolean {
    const { columns, rows } = terminalSize();
    const resized = columns !== this.#size.columns || rows !== this.#size.rows;
    this.#size = { columns, rows };
    const isDue = changed || resized || this.#isDirty || since >= TICK_MS;
    if (isDue) this.#isDirty = false;
    return isDue;
  }

  show(seen: Seen): boolean {
    this.#last = seen;
    const { query } = this;
    this.#screen.draw(this.#view.draw(seen, { ...this.#size, paint: this.#paint }), this.#size);
    // Scrolled past the last task, or opened just now: the tasks to show are others.
    if (query.offset !== this.query.offset || query.limit !== this.query.limit) {
      this.#isDirty = true;
    }
    return !this.#view.isOver;
  }

  [Symbol.dispose](): void {
    this.#screen[Symbol.dispose]();
    if (this.#last && "snapshot" in this.#last) {
      writeLines(drawHeader(this.#last.snapshot, surface()));
    }
  }
}
