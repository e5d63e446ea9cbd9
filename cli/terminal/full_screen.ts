/**
 * The whole terminal, on which lines are drawn again and again, and only those that changed.
 *
 * It is the terminal's other screen, as editors use it: a change of its size cannot tear what is on it, and
 * the former contents come back. Libraries that update lines in place (`log-update`) erase and write them
 * all, need the environment for colours, and cannot know how a terminal folds lines when it becomes narrower.
 *
 * @module
 */
import { guardTerminal } from "../../internal/terminal_guard.ts";
import { type Key, Keyboard } from "./keyboard.ts";

const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/** The terminal's other screen; the first comes back when it is disposed, at Ctrl-Z, or when the program ends. */
export class FullScreen implements Disposable {
  readonly #write: (text: string) => void;
  readonly #keyboard: Keyboard;
  readonly #guard: Disposable;
  #lines: string[] = [];
  #size = "";
  #isTaken = false;

  /** Takes the terminal, with its cursor hidden and without folding of long lines. */
  constructor(write: (text: string) => void, onKey: (key: Key) => void) {
    this.#write = write;
    this.#keyboard = new Keyboard(onKey);
    this.#guard = guardTerminal({ leave: () => this.#leave(), redraw: () => this.#redraw() });
    this.#take();
  }

  /** Shows lines from the top; those past the last row are left out. */
  draw(lines: readonly string[], { columns, rows }: { columns: number; rows: number }): void {
    let text = "";
    const size = `${columns}x${rows}`;
    if (size !== this.#size) {
      text += "\x1b[2J";
      this.#lines = [];
      this.#size = size;
    }
    const shown = lines.slice(0, rows);
    for (let i = 0; i < Math.max(shown.length, this.#lines.length); i++) {
      const line = shown[i] ?? "";
      if (line !== (this.#lines[i] ?? "")) text += rowOf(i, line);
    }
    this.#lines = shown;
    if (text) this.#write(text);
  }

  /** Gives the terminal back as it was. */
  [Symbol.dispose](): void {
    this.#guard[Symbol.dispose]();
    this.#leave();
  }

  #take(): void {
    this.#isTaken = true;
    this.#keyboard.take();
    this.#write(ENTER);
  }

  #leave(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#write(LEAVE);
    this.#keyboard.release();
  }

  /** After a stop a shell had the terminal; it may have changed all there was. */
  #redraw(): void {
    this.#take();
    this.#write(this.#lines.map((line, i) => rowOf(i, line)).join(""));
  }
}

/** A row is erased before it is written: past a line as long as the row, the cursor stands on its last character. */
function rowOf(i: number, line: string): string {
  return `\x1b[${i + 1};1H\x1b[K${line}\x1b[0m`;
}
