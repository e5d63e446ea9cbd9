/**
 * The terminal of this process, shared by all pipelines that show their progress on it: one area of at most half of
 * the rows, and one timer.
 *
 * The area is pinned to the last rows where the program is sure to give them back, and floats otherwise.
 *
 * @module
 */
import { type TerminalSize, USUAL_SIZE } from "../../../internal/terminal.ts";
import { guardTerminal } from "../../../internal/terminal_guard.ts";
import { aroundConsole } from "./console.ts";
import { PinnedRows } from "./pinned_rows.ts";
import { StatusArea } from "./status_area.ts";

/** Milliseconds between two frames: ten a second move smoothly, more would only cost. */
const FRAME_MS = 100;

/** How often in a frame's time floating lines are put back after a print; when more is printed they wait. */
const REPLACEMENTS = 5;

/** Rows of the smallest terminal that has lines pinned: two of them have to scroll. */
const LEAST_ROWS = 3;

/** Draws the lines of one run into the columns and lines that are left for it. */
export type Section = (columns: number, lines: number) => string[];

/** What the screen needs of a terminal. */
export interface Terminal {
  write(text: string): void;
  /** Its size now; `undefined` where it does not report one. */
  size(): TerminalSize | undefined;
  /** Whether the program handles signals, so that it can give the terminal back before it ends. */
  endsGently(): boolean;
}

/** Sections one below the other, redrawn while there are any. */
export class ProgressTerminal {
  readonly #terminal: Terminal;
  readonly #pinned: PinnedRows;
  readonly #floating: StatusArea;
  readonly #sections = new Set<Section>();
  #isPinned = false;
  #frame: string[] = [];
  #replaced = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #console: Disposable | undefined;
  #guard: Disposable | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#pinned = new PinnedRows(terminal.write);
    this.#floating = new StatusArea(terminal.write);
  }

  /** Whether whatever is printed scrolls above the lines by itself. */
  get canPin(): boolean {
    const { rows = 0 } = this.#terminal.size() ?? {};
    return rows >= LEAST_ROWS && this.#terminal.endsGently();
  }

  /** Shows a section from now on. */
  add(section: Section): void {
    this.#sections.add(section);
    if (this.#sections.size > 1) return;
    this.#console = aroundConsole(() => this.#makeWay(), () => this.#putBack());
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
    this.#guard = guardTerminal({
      leave: () => this.#erase(),
      redraw: () => {
        this.#erase();
        this.#draw();
      },
    });
  }

  /** Takes a section away and may leave a line in its place. */
  remove(section: Section, line?: string): void {
    if (!this.#sections.delete(section)) return;
    if (this.#sections.size > 0) {
      if (line !== undefined) this.print(line);
      return;
    }
    this.#erase();
    if (line !== undefined) this.#terminal.write(`${line}\r\n`);
    clearInterval(this.#timer);
    this.#console?.[Symbol.dispose]();
    this.#guard?.[Symbol.dispose]();
    this.#frame = [];
  }

  /** Prints a line above. */
  print(line: string): void {
    this.#makeWay();
    this.#terminal.write(`${line}\r\n`);
    this.#putBack();
  }

  #draw(): void {
    const size = this.#terminal.size() ?? USUAL_SIZE;
    const isPinned = this.canPin;
    if (isPinned !== this.#isPinned) this.#erase();
    this.#isPinned = isPinned;
    this.#replaced = 0;
    this.#frame = [];
    let left = Math.max(1, Math.floor(size.rows / 2));
    let waiting = this.#sections.size;
    for (const section of this.#sections) {
      const lines = section(size.columns, Math.max(1, left - --waiting)).slice(0, left);
      this.#frame.push(...lines);
      left -= lines.length;
    }
    if (isPinned) this.#pinned.draw(this.#frame, size);
    else this.#floating.draw(this.#frame, size.columns);
  }

  #erase(): void {
    this.#pinned.erase();
    this.#floating.erase(this.#columns);
  }

  /** Takes lines that float away, so that something can be printed. */
  #makeWay(): void {
    if (!this.#isPinned) this.#floating.erase(this.#columns);
  }

  #putBack(): void {
    if (this.#isPinned || this.#frame.length === 0 || this.#replaced++ >= REPLACEMENTS) return;
    this.#floating.draw(this.#frame, this.#columns);
  }

  get #columns(): number {
    return (this.#terminal.size() ?? USUAL_SIZE).columns;
  }
}
