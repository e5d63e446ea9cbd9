/**
 * The terminal of this process, shared by all pipelines that show their progress on it: one live area, one
 * timer, one wrapped `console`.
 *
 * @module
 */
import { aroundConsole } from "./console.ts";
import { StatusArea } from "./status_area.ts";

/** Milliseconds between two frames: ten a second move smoothly, more would only cost. */
const FRAME_MS = 100;

/** How often in a frame's time the lines are put back after a print; when more is printed they wait. */
const REPLACEMENTS = 5;

/** What is heard last of a program that exits, or dies of an error. */
const LAST_EVENTS = ["unload", "error", "unhandledrejection"] as const;

/** Draws the lines of one run into the columns and lines that are left for it. */
export type Section = (columns: number, lines: number) => string[];

/** What the screen needs of a terminal. */
export interface Terminal {
  write(text: string): void;
  size(): { columns: number; rows: number };
}

/** Sections one below the other, redrawn while there are any. */
export class ProgressTerminal {
  readonly #terminal: Terminal;
  readonly #area: StatusArea;
  readonly #sections = new Map<Section, boolean>();
  #frame: string[] = [];
  #replaced = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #console: Disposable | undefined;
  /** Leaves the terminal as it was, for a program that may end now. */
  readonly #leave = () => {
    this.#erase();
    this.#area.hideCursor(false);
  };

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#area = new StatusArea(terminal.write);
  }

  /**
   * Shows a section from now on. With `hideCursor` the cursor is not seen meanwhile: only for a run that
   * hears of signals, because a process that dies of one could not show it again.
   */
  add(section: Section, hideCursor: boolean): void {
    this.#sections.set(section, hideCursor);
    if (this.#sections.size === 1) {
      this.#console = aroundConsole(() => this.#erase(), () => this.#putBack());
      this.#timer = setInterval(() => this.#draw(), FRAME_MS);
      for (const type of LAST_EVENTS) addEventListener(type, this.#leave);
    }
    this.#hideCursor();
  }

  /** Takes a section away and may leave a line in its place. */
  remove(section: Section, line?: string): void {
    if (!this.#sections.delete(section)) return;
    this.#erase();
    if (line !== undefined) this.#terminal.write(`${line}\r\n`);
    this.#hideCursor();
    if (this.#sections.size > 0) return this.#putBack();
    clearInterval(this.#timer);
    this.#console?.[Symbol.dispose]();
    for (const type of LAST_EVENTS) removeEventListener(type, this.#leave);
    this.#frame = [];
  }

  /** Prints a line above. */
  print(line: string): void {
    this.#erase();
    this.#terminal.write(`${line}\r\n`);
    this.#putBack();
  }

  #draw(): void {
    const { columns, rows } = this.#terminal.size();
    this.#replaced = 0;
    this.#frame = [];
    // One line is the cursor's.
    let left = Math.max(1, rows - 1);
    let waiting = this.#sections.size;
    for (const section of this.#sections.keys()) {
      const lines = section(columns, Math.max(1, left - --waiting)).slice(0, left);
      this.#frame.push(...lines);
      left -= lines.length;
    }
    this.#hideCursor();
    this.#area.draw(this.#frame, columns);
  }

  #erase(): void {
    this.#area.erase(this.#terminal.size().columns);
  }

  #putBack(): void {
    if (this.#frame.length === 0 || this.#replaced++ >= REPLACEMENTS) return;
    const { columns, rows } = this.#terminal.size();
    this.#area.draw(this.#frame.slice(-Math.max(1, rows - 1)), columns);
  }

  #hideCursor(): void {
    const hidden = this.#sections.size > 0 && [...this.#sections.values()].every((wish) => wish);
    this.#area.hideCursor(hidden);
  }
}
