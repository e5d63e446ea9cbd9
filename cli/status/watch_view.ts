/**
 * What `pipeloom status --watch` shows on a terminal, and what keys make of it.
 *
 * @module
 */
import type { TaskStatus } from "../../internal/task_status.ts";
import { formatCount } from "../../internal/units.ts";
import { type Cell, drawTable, flow } from "../terminal/table.ts";
import type { Colorize } from "../terminal/colors.ts";
import type { Key } from "../terminal/keyboard.ts";
import { sanitize } from "../terminal/sanitize.ts";
import { terminalSize } from "../terminal/terminal.ts";
import { drawSnapshot, mostSkipped } from "./draw_run.ts";
import type { Snapshot, SnapshotQuery } from "./snapshot.ts";

/** What a look found: a run, or why there is none. */
export type Seen = { snapshot: Snapshot } | { why: string };

/** How far the list can be scrolled: each task before the first that is shown is looked for, once a second. */
const MAX_OFFSET = 10_000;

/** Rows from which on one of them lists the keys. */
const ROOMY = 12;

/** Rows of a screen that are not tasks, about. */
const FRAME_ROWS = 8;

/** What each key does, as the help shows it. */
export const KEYS: readonly (readonly [keys: string, effect: string])[] = [
  ["q, Ctrl-C", "end this view, not the pipeline"],
  ["↑ ↓, k j", "scroll by a task"],
  ["PgUp PgDn, space", "scroll by a page"],
  ["Home End, g G", "the first tasks, the last"],
  ["/ text Enter", "find tasks by name or message"],
  ["e", "failed tasks only, or all again"],
  ["Esc", "all tasks again"],
  ["Ctrl-Z", "back to the shell; fg returns"],
  ["?", "show the keys"],
];

/** The part of a run that is shown. */
export class WatchView {
  /** Whether the user wants to end it. */
  isOver = false;
  readonly #status: readonly TaskStatus[];
  readonly #limit: number | undefined;
  #rows = terminalSize().rows;
  #offset = 0;
  #errorsOnly = false;
  #text = "";
  /** The text that is being typed. */
  #typed: string | undefined;
  #isHelp = false;

  constructor({ status = [], limit }: Partial<Pick<SnapshotQuery, "status" | "limit">>) {
    this.#status = status;
    this.#limit = limit;
  }

  /** What has to be read. */
  get query(): Pick<SnapshotQuery, "status" | "q" | "offset" | "limit"> {
    return {
      status: this.#errorsOnly ? ["error"] : this.#status,
      q: this.#text,
      offset: this.#offset,
      limit: this.#limit ?? this.#rows,
    };
  }

  /** Takes a key. */
  press({ name, text }: Key): void {
    if (name === "interrupt") this.isOver = true;
    else if (this.#typed !== undefined) this.#edit(this.#typed, { name, text });
    else if (this.#isHelp) this.#isHelp = false;
    else this.#do(name ?? text ?? "");
  }

  /** The lines of the screen. */
  draw(seen: Seen, { columns: width, rows, paint }: {
    columns: number;
    rows: number;
    paint: Colorize;
  }): string[] {
    this.#rows = rows;
    if (this.#isHelp) {
      const cells = KEYS.map(([keys, effect]): Cell[] => [
        { text: keys, style: "bold" },
        { text: effect },
      ]);
      return drawTable([{}, { min: 0 }], cells, { width, paint }).slice(0, rows);
    }
    if ("why" in seen) {
      const words = sanitize(seen.why).split(" ").map((text) => ({ text }));
      return flow(words, { width, paint, separator: " " });
    }
    const { snapshot } = seen;
    const cells = this.#footer(snapshot);
    const hasFoot = rows >= ROOMY || (rows > 1 && this.#isNarrowed);
    const foot = hasFoot ? flow(cells, { width, paint }).slice(0, 1) : [];
    const gap = rows >= ROOMY ? [""] : [];
    const height = rows - foot.length - gap.length;
    const surface = { width, height, paint };
    this.#offset = Math.min(this.#offset, mostSkipped(snapshot, surface), MAX_OFFSET);
    const lines = drawSnapshot(snapshot, surface, this.#offset);
    return [...lines, ...gap, ...foot];
  }

  /** Whether fewer tasks are shown than there are. */
  get #isNarrowed(): boolean {
    return this.#typed !== undefined || this.#text !== "" || this.#errorsOnly || this.#offset > 0;
  }

  #do(key: string): void {
    const page = Math.max(1, this.#rows - FRAME_ROWS);
    const steps: Record<string, number> = {
      up: -1,
      k: -1,
      down: 1,
      j: 1,
      "page up": -page,
      "page down": page,
      " ": page,
      home: -Infinity,
      g: -Infinity,
      end: MAX_OFFSET,
      G: MAX_OFFSET,
    };
    if (Object.hasOwn(steps, key)) {
      this.#offset = Math.min(MAX_OFFSET, Math.max(0, this.#offset + steps[key]!));
    } else if (key === "q") this.isOver = true;
    else if (key === "/") this.#typed = "";
    else if (key === "?" || key === "h") this.#isHelp = true;
    else if (key === "e") {
      this.#errorsOnly = !this.#errorsOnly;
      this.#offset = 0;
    } else if (key === "escape") {
      this.#errorsOnly = false;
      this.#text = "";
      this.#offset = 0;
    }
  }

  /** Changes the text that is being typed. */
  #edit(typed: string, { name, text = "" }: Key): void {
    if (name === "enter") {
      this.#text = typed.trim();
      this.#offset = 0;
    }
    const isDone = name === "enter" || name === "escape";
    if (isDone) this.#typed = undefined;
    else if (name === "backspace") this.#typed = [...typed].slice(0, -1).join("");
    else if (name === "clear") this.#typed = "";
    else this.#typed = typed + text;
  }

  #footer({ matching, tasks }: Snapshot): Cell[] {
    if (this.#typed !== undefined) {
      return [{ text: `/${sanitize(this.#typed)}█` }, { text: "Enter finds", style: "dim" }];
    }
    const cells: Cell[] = [];
    if (this.#errorsOnly) cells.push({ text: "failed only", style: "red" });
    if (this.#text) {
      cells.push({ text: `/${sanitize(this.#text)}: ${formatCount(matching)} found` });
    }
    if (this.#offset > 0) {
      const first = formatCount(this.#offset + Math.min(1, tasks.length));
      cells.push({ text: `from ${first} of ${formatCount(matching)}` });
    }
    cells.push({ text: "q ends this view, not the pipeline", style: "dim" });
    cells.push({ text: "? keys", style: "dim" });
    return cells;
  }
}
