/**
 * Lines in the last rows of a terminal, which everything else scrolls above: what this program prints in any way,
 * its Workers, and programs that it starts.
 *
 * The terminal does that by itself: it scrolls the rows between two margins, and the lines are below the lower one.
 * The cursor rests where it was; a frame, which is one write, moves it away and back. The margins have to be taken
 * away before the program ends or is stopped (`terminal_guard.ts`). Rejected: to ask the terminal where the cursor
 * is, because the answer comes through the standard input, which is not ours.
 *
 * Rows once taken are kept until the window changes its size, so that lines that come and go move nothing.
 *
 * @module
 */
import type { TerminalSize } from "../../../internal/terminal.ts";

/** Terminals that know these show what is between them at once; others ignore them. */
export const BEGIN_UPDATE = "\x1b[?2026h";
export const END_UPDATE = "\x1b[?2026l";
export const WRAP_OFF = "\x1b[?7l";
export const WRAP_ON = "\x1b[?7h";
export const ERASE_TO_LINE_END = "\x1b[K";
export const ERASE_BELOW = "\x1b[J";

/** Saves where the cursor is, and its colours; the next moves it back. */
const SAVE = "\x1b7";
const RESTORE = "\x1b8";
const NO_COLORS = "\x1b[m";
/** Scrolls all rows. Setting margins moves the cursor. */
const NO_MARGINS = `${SAVE}\x1b[r${RESTORE}`;
/** Moves the cursor to the row below, in its column; the last row scrolls. */
const INDEX = "\x1bD";

/** Draws lines; `write` gets what goes to the terminal. */
export class PinnedRows {
  readonly #write: (text: string) => void;
  #count = 0;
  #size = "";

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Draws lines, fewer than the terminal has rows, in place of those before. */
  draw(lines: readonly string[], { columns, rows }: TerminalSize): void {
    const size = `${columns}x${rows}`;
    const isNew = size !== this.#size;
    let text = BEGIN_UPDATE;
    if (isNew || lines.length > this.#count) {
      this.#count = isNew ? lines.length : Math.max(lines.length, this.#count);
      this.#size = size;
      // Terminals forget the margins with another size, and the old lines are somewhere below the cursor.
      text += NO_MARGINS + ERASE_BELOW + INDEX.repeat(this.#count) + `\x1b[${this.#count}A`;
    }
    const last = rows - this.#count;
    text += `${SAVE}\x1b[1;${last}r${WRAP_OFF}${NO_COLORS}`;
    for (let i = 0; i < this.#count; i++) {
      const line = lines[i - this.#count + lines.length] ?? "";
      text += `\x1b[${last + 1 + i};1H${line}${NO_COLORS}${ERASE_TO_LINE_END}`;
    }
    this.#write(`${text}${WRAP_ON}${RESTORE}${END_UPDATE}`);
  }

  /** Takes the lines off the screen and lets all rows scroll again. */
  erase(): void {
    if (this.#count === 0) return;
    this.#write(NO_MARGINS + ERASE_BELOW);
    this.#count = 0;
    this.#size = "";
  }
}
