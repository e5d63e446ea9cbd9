/**
 * Keys, one by one as they are pressed, while a view takes the whole terminal.
 *
 * Ctrl-C, Ctrl-Z and Ctrl-\ stay signals, which the rest of this program receives as always.
 *
 * @module
 */

/** Keys that are not text, by what a terminal sends for them. */
const NAMES: Readonly<Record<string, string>> = {
  "\x1b": "escape",
  "\r": "enter",
  "\n": "enter",
  "\x7f": "backspace",
  "\b": "backspace",
  "\x03": "interrupt",
  "\x15": "clear",
  "\x1b[A": "up",
  "\x1b[B": "down",
  "\x1bOA": "up",
  "\x1bOB": "down",
  "\x1b[5~": "page up",
  "\x1b[6~": "page down",
  "\x1b[H": "home",
  "\x1b[F": "end",
  "\x1bOH": "home",
  "\x1bOF": "end",
  "\x1b[1~": "home",
  "\x1b[4~": "end",
  "\x1b[7~": "home",
  "\x1b[8~": "end",
};

/** A sequence of a key, or a character. */
// deno-lint-ignore no-control-regex
const KEY = /\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])|[^]/gu;

/** A key: its name, or the character that it stands for. */
export interface Key {
  name?: string | undefined;
  text?: string | undefined;
}

/** The keys in what a terminal has sent. Unknown ones are left out. */
export function keysIn(sent: string): Key[] {
  return [...sent.matchAll(KEY)].flatMap(([key]): Key[] => {
    const name = NAMES[key];
    if (name) return [{ name }];
    return /\p{Cc}/u.test(key) ? [] : [{ text: key }];
  });
}

/** Reads the keys of the standard input, where that is a terminal. */
export class Keyboard {
  readonly #onKey: (key: Key) => void;
  #isOpen = Deno.stdin.isTerminal();
  #isReading = false;

  constructor(onKey: (key: Key) => void) {
    this.#onKey = onKey;
  }

  /** Has each key sent as it is pressed, and not shown by the terminal. */
  take(): void {
    if (!this.#isOpen) return;
    Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
    if (!this.#isReading) void this.#read();
  }

  /** Lets the terminal collect lines again. */
  release(): void {
    if (this.#isOpen) Deno.stdin.setRaw(false);
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    const buffer = new Uint8Array(1_024);
    const decoder = new TextDecoder();
    try {
      for (let size; (size = await Deno.stdin.read(buffer)) !== null;) {
        const text = decoder.decode(buffer.subarray(0, size), { stream: true });
        for (const key of keysIn(text)) this.#onKey(key);
      }
    } catch {
      // The terminal is gone, which a signal reports.
    }
    this.#isOpen = false;
  }
}
