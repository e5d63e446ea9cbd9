/**
 * A terminal emulator in this process, for what writes to a terminal.
 *
 * @module
 */
import xterm from "@xterm/headless";

/** A terminal emulator and what it shows. */
export class Emulator implements Disposable {
  readonly terminal: xterm.Terminal;
  #written = Promise.resolve();

  constructor(rows: number, cols: number) {
    const options = { rows, cols, scrollback: 10_000, allowProposedApi: true, convertEol: true };
    this.terminal = new xterm.Terminal(options);
  }

  write = (text: string): void => {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#written = promise;
    this.terminal.write(text, resolve);
  };

  /** The lines that have scrolled off the screen, and those that are on it. */
  async screen(): Promise<{ above: string[]; rows: string[] }> {
    await this.#written;
    const buffer = this.terminal.buffer.active;
    const lines = Array.from(
      { length: buffer.length },
      (_, y) => buffer.getLine(y)!.translateToString(true),
    );
    return { above: lines.slice(0, buffer.baseY), rows: lines.slice(buffer.baseY) };
  }

  /** Every line that is not empty, the scrolled ones included. */
  async lines(): Promise<string[]> {
    await this.#written;
    const buffer = this.terminal.buffer.active;
    return Array.from(
      { length: buffer.length },
      (_, y) => buffer.getLine(y)!.translateToString(true),
    )
      .filter((line) => line !== "");
  }

  [Symbol.dispose](): void {
    this.terminal.dispose();
  }
}
