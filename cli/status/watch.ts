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
import { flow } from "../terminal/table.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../terminal/exit_code.ts";
import type { DbOption } from "../options.ts";
import { colorsFor } from "../terminal/colors.ts";
import { sanitize, sanitizedJson } from "../terminal/sanitize.ts";
import { drawHeader, drawLine, drawSnapshot } from "./draw_run.ts";
import { FullScreen } from "../terminal/full_screen.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";
import { isTerminal, surface, terminalSize, write, writeLines } from "../terminal/terminal.ts";

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

/** What a look found: a run, or why there is none. */
type Seen = { snapshot: Snapshot } | { why: string };

/** Follows a run until Ctrl-C, or until the run that was named has ended. */
export async function watchStatus(options: WatchOptions): Promise<ExitCode> {
  const stop = new AbortController();
  let exitCode: ExitCode = EXIT.done;
  using _ = onInterrupt((signal) => {
    exitCode = exitCodeOf(signal);
    stop.abort();
  });
  using source = new DatabaseHandle(await databasePath(options.db));
  using out = isTerminal() ? new TerminalOutput(options) : new PlainOutput(options);
  let lookedAt = -Infinity;
  while (!stop.signal.aborted) {
    const changed = await source.changed();
    const now = performance.now();
    if (out.isDue(changed, now - lookedAt)) {
      lookedAt = now;
      const seen = await look(source, { ...options, limit: options.limit ?? out.limit });
      if (!out.show(seen)) break;
      const ended = "snapshot" in seen && seen.snapshot.run.status !== "running";
      if (ended && options.run !== undefined) break;
    }
    await delay(LOOK_MS, stop.signal);
  }
  return exitCode;
}

async function look(
  source: DatabaseHandle,
  { db, run, status, limit }: WatchOptions & { limit: number },
): Promise<Seen> {
  const { message } = source.state;
  if (message) return { why: message };
  try {
    const snapshot = await readSnapshot((query) => source.read(query), { run, status, limit });
    if (snapshot) return { snapshot };
    const what = run === undefined ? "no runs" : `no run ${run}`;
    return { why: `${db} has ${what} yet: it appears here as soon as a pipeline writes it` };
  } catch (error) {
    if (error instanceof SourceError) return { why: error.message };
    throw error;
  }
}

/** A terminal, all of it. What was last to be seen stays when it is left. */
class TerminalOutput implements Disposable {
  readonly #screen = new FullScreen(write);
  readonly #paint = colorsFor(Deno.stdout);
  readonly #hint: string;
  #size = terminalSize();
  #last: Seen | undefined;

  constructor({ run }: WatchOptions) {
    this.#hint = run === undefined ? "Ctrl-C ends this view, not the pipeline" : "";
  }

  get limit(): number {
    return this.#size.rows;
  }

  isDue(changed: boolean, since: number): boolean {
    const { columns, rows } = terminalSize();
    const resized = columns !== this.#size.columns || rows !== this.#size.rows;
    this.#size = { columns, rows };
    return changed || resized || since >= TICK_MS;
  }

  show(seen: Seen): boolean {
    this.#last = seen;
    this.#screen.draw(this.#draw(seen), this.#size);
    return true;
  }

  #draw(seen: Seen): string[] {
    const { columns: width, rows } = this.#size;
    const paint = this.#paint;
    if ("why" in seen) return flow(words(seen.why), { width, paint, separator: " " });
    const roomy = this.#hint !== "" && rows >= 12;
    const height = roomy ? rows - 2 : rows;
    const lines = drawSnapshot(seen.snapshot, { width, height, paint });
    return roomy
      ? [...lines, "", ...flow([{ text: this.#hint, style: "dim" }], { width, paint })]
      : lines;
  }

  [Symbol.dispose](): void {
    this.#screen[Symbol.dispose]();
    if (this.#last && "snapshot" in this.#last) {
      writeLines(drawHeader(this.#last.snapshot, surface()));
    }
  }
}

/** A file or a pipe: a line whenever there is something new, at most once a second. */
class PlainOutput implements Disposable {
  readonly limit: number;
  readonly #json: boolean;
  #dirty = true;
  #last = "";

  constructor({ json, limit = 20 }: WatchOptions) {
    this.limit = limit;
    this.#json = json ?? false;
  }

  isDue(changed: boolean, since: number): boolean {
    this.#dirty ||= changed;
    return this.#dirty && since >= TICK_MS;
  }

  show(seen: Seen): boolean {
    this.#dirty = false;
    const line = "why" in seen
      ? this.#json ? sanitizedJson({ waiting: seen.why }) : sanitize(seen.why)
      : this.#json
      ? sanitizedJson(seen.snapshot)
      : drawLine(seen.snapshot);
    if (line === this.#last) return true;
    this.#last = line;
    return writeLines([line]);
  }

  [Symbol.dispose](): void {}
}

function words(text: string): { text: string }[] {
  return sanitize(text).split(" ").map((text) => ({ text }));
}
