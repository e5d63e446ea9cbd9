/**
 * Lets some hundred lines a second through to a terminal that shows bars: more cannot be read, and each would push
 * those before it off the screen.
 *
 * @module
 */
import { formatCount } from "../../../internal/units.ts";

/** Lines in a second that are shown. */
const MAX_LINES = 200;

/** Milliseconds in which they are counted. */
const WINDOW_MS = 1_000;

/** Counts the lines of one run, and reports how many are left out. */
export class LogThrottle {
  readonly #print: (line: string) => void;
  #begun = -Infinity;
  #shown = 0;
  #left = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Prints a line, unless there were too many. */
  print(line: string): void {
    const now = performance.now();
    if (now - this.#begun >= WINDOW_MS) {
      this.flush();
      this.#begun = now;
      this.#shown = 0;
    }
    if (this.#shown++ < MAX_LINES) return this.#print(line);
    this.#left++;
    this.#timer ??= setTimeout(() => this.flush(), this.#begun + WINDOW_MS - now);
  }

  /** Reports how many lines were left out since the last time, if any. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#left > 0) this.#print(`… ${formatCount(this.#left)} more lines that tasks logged`);
    this.#left = 0;
  }
}
