/**
 * Lines below the cursor's last position that are drawn over and over, for a program that could not give margins
 * back (`pinned_rows.ts`): one that handles no signals. What else is printed must be announced, so that the lines can be
 * erased before.
 *
 * A frame is one write, and starts where the last one did: some lines up. How many that are is counted
 * with the terminal's present width, because terminals wrap what they hold again when they are made narrower;
 * all but the line that the cursor is on, as some do, so the cursor waits on an empty one below.
 * Wrapping is off while a frame is written: a character that the terminal takes for wider than we do cuts its
 * line short and upsets no other.
 *
 * @module
 */
import {
  BEGIN_UPDATE,
  END_UPDATE,
  ERASE_BELOW,
  ERASE_TO_LINE_END,
  WRAP_OFF,
  WRAP_ON,
} from "./pinned_rows.ts";
import { widthOf } from "./width.ts";

/** Draws lines; `write` gets what goes to the terminal. */
export class StatusArea {
  readonly #write: (text: string) => void;
  /** Cells of each line on the screen. */
  #widths: number[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Draws lines in place of those before; each must be narrower than `columns`. It takes one line more. */
  draw(lines: readonly string[], columns: number): void {
    const text = lines.map((line) => `${line}${ERASE_TO_LINE_END}\r\n`).join("");
    const frame = WRAP_OFF + this.#toStart(columns) + text + ERASE_BELOW + WRAP_ON;
    this.#write(BEGIN_UPDATE + frame + END_UPDATE);
    this.#widths = lines.map(widthOf);
  }

  /** Takes the lines off the screen, so that other text can be written where they were. */
  erase(columns: number): void {
    if (this.#widths.length === 0) return;
    this.#write(this.#toStart(columns) + ERASE_BELOW);
    this.#widths = [];
  }

  #toStart(columns: number): string {
    const rows = this.#widths.map((width) => Math.max(1, Math.ceil(width / columns)));
    const up = rows.reduce((sum, count) => sum + count, 0);
    return up > 0 ? `\r\x1b[${up}A` : "\r";
  }
}
