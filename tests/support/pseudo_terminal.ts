/**
 * Any program in a real pseudo-terminal (`script` of util-linux), read through a real terminal emulator: tests
 * see the screen as a person does, whatever sequences drew it.
 *
 * @module
 */
import xterm from "@xterm/headless";
import { ROOT } from "./child.ts";

/** Options of {@linkcode TestTerminal}. */
export interface TerminalOptions {
  rows?: number | undefined;
  columns?: number | undefined;
  /** Environment variables beside those of this process. */
  env?: Record<string, string> | undefined;
  /** Whether the program gets `env` alone, without those of this process. */
  clearEnv?: boolean;
  /** The folder in which it is run; the project's by default. */
  cwd?: string | URL;
}

/** Milliseconds after which a test gives up waiting: a slow machine under load needs seconds, at times many. */
const PATIENCE_MS = 120_000;

/** A terminal in which one program runs. */
export class TestTerminal implements AsyncDisposable {
  /** When each frame began that the program drew, as `performance.now()`. */
  readonly frames: number[] = [];
  readonly #emulator: xterm.Terminal;
  readonly #child: Deno.ChildProcess;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #raw = "";
  #device = "";
  #cursorHidden = false;
  #hasMargins = false;
  #over = false;

  /** Starts `words`, a program and its arguments. */
  constructor(words: readonly string[], options: TerminalOptions = {}) {
    const { rows = 24, columns = 80, env, clearEnv, cwd = ROOT } = options;
    this.#emulator = new xterm.Terminal({
      // A terminal need not report its size.
      rows: rows || 24,
      cols: columns || 80,
      scrollback: 100_000,
      allowProposedApi: true,
    });
    for (const final of ["h", "l"]) {
      this.#emulator.parser.registerCsiHandler({ prefix: "?", final }, ([mode]) => {
        if (mode === 25) this.#cursorHidden = final === "l";
        if (mode === 2026 && final === "h") this.frames.push(performance.now());
        return false;
      });
    }
    this.#emulator.parser.registerCsiHandler({ final: "r" }, ([top, bottom]) => {
      this.#hasMargins = !!top && Number(bottom) < this.#emulator.rows;
      return false;
    });
    const command = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    this.#child = new Deno.Command("script", {
      args: ["-qec", `stty rows ${rows} cols ${columns}; tty; exec ${command}`, "/dev/null"],
      cwd,
      ...(clearEnv === undefined ? {} : { clearEnv }),
      // The caller of the tests may want no colours; the terminal has them.
      env: { SHELL: "/bin/sh", TERM: "xterm-256color", NO_COLOR: "", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#keyboard = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Starts a program and waits until it is in its terminal. */
  static async start(
    words: readonly string[],
    options: TerminalOptions = {},
  ): Promise<TestTerminal> {
    const terminal = new TestTerminal(words, options);
    await terminal.until(() => terminal.#device !== "");
    return terminal;
  }

  /** Runs `deno run` with flags, a script and its arguments. */
  static deno(words: readonly string[], options?: TerminalOptions): Promise<TestTerminal> {
    const flags = ["--no-prompt", "--no-lock", "--cached-only"];
    return TestTerminal.start([Deno.execPath(), "run", ...flags, ...words], options);
  }

  /** The lines of the screen, without blanks at their ends. */
  get screen(): string[] {
    const { viewportY } = this.#emulator.buffer.active;
    return this.lines.slice(viewportY, viewportY + this.#emulator.rows);
  }

  /** The lines of the screen and all that have scrolled off it. */
  get lines(): string[] {
    const buffer = this.#emulator.buffer.active;
    return Array.from(
      { length: buffer.length },
      (_, y) => buffer.getLine(y)!.translateToString(true),
    );
  }

  /** The lines that are not empty. */
  get text(): string[] {
    return this.lines.filter((line) => line !== "");
  }

  /** All that the program has written. */
  get raw(): string {
    return this.#raw;
  }

  /** Whether it shows its other screen, as an editor does. */
  get isOtherScreen(): boolean {
    return this.#emulator.buffer.active.type === "alternate";
  }

  /** Whether the cursor is hidden. */
  get cursorHidden(): boolean {
    return this.#cursorHidden;
  }

  /** Whether only a part of its rows scrolls. */
  get hasMargins(): boolean {
    return this.#hasMargins;
  }

  /** Resolves when what the terminal shows meets a condition; it is looked at whenever it changes. */
  async until(condition: () => boolean): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`The terminal never met the condition:\n${this.text.join("\n")}`)),
        PATIENCE_MS,
      );
    });
    late.catch(() => {});
    try {
      while (!condition()) {
        if (this.#over) {
          throw new Error(`The program ended before the condition:\n${this.text.join("\n")}`);
        }
        await Promise.race([this.#changed.promise, late]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Types a text; `\x03` is Ctrl-C. */
  async type(text: string): Promise<void> {
    await this.#keyboard.write(new TextEncoder().encode(text));
  }

  /** Gives the terminal another size, as dragging the corner of its window does. */
  async resize(rows: number, columns: number): Promise<void> {
    await this.until(() => this.#device !== "");
    this.#emulator.resize(columns, rows);
    const { success } = await new Deno.Command("stty", {
      args: ["-F", this.#device, "rows", `${rows}`, "cols", `${columns}`],
    }).output();
    if (!success) throw new Error(`Cannot resize ${this.#device}`);
  }

  /** Resolves with the exit code when the program has ended and all that it wrote is on the screen. */
  async end(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      // With `script` the terminal ends, which SIGHUP reports to the program.
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#keyboard.close().catch(() => {});
    await this.#child.status;
    await this.#reading;
    this.#emulator.dispose();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stdout) {
      let text = decoder.decode(bytes, { stream: true });
      this.#raw += text;
      if (!this.#device) {
        const end = this.#raw.indexOf("\n");
        if (end < 0) continue;
        this.#device = this.#raw.slice(0, end).trim();
        text = this.#raw = this.#raw.slice(end + 1);
      }
      await new Promise<void>((resolve) => this.#emulator.write(text, resolve));
      this.#look();
    }
    this.#over = true;
    this.#look();
  }

  #look(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
