/**
 * The command line as a person sees it: in a real pseudo-terminal (`script` of util-linux), whose screen is read
 * through a real terminal emulator (xterm.js without a window); and as a program sees it, through pipes.
 *
 * @module
 */
import xterm from "@xterm/headless";
import { isInstalled } from "./child.ts";

/** The project's folder. */
const ROOT = new URL("../", import.meta.url);

/** How long a test waits for what must come. */
const PATIENCE_MS = 30_000;

/** Whether there can be pseudo-terminals here. */
export const hasTerminals: boolean = Deno.build.os === "linux" && await isInstalled("script");

/** Options of {@linkcode openTerminal} and {@linkcode runCli}. */
export interface CliOptions {
  /** The folder that the command may write to, and in which it is run. */
  folder: string;
  /** Environment variables; nothing else but what `deno` needs is in the environment. */
  env?: Record<string, string>;
  /** Permissions, where the usual ones are too many. */
  permissions?: string[];
}

/** Size of a terminal. */
export interface Size {
  columns: number;
  rows: number;
}

function commandLine(args: readonly string[], { folder, permissions }: CliOptions): string[] {
  const usual = ["--allow-read", `--allow-write=${folder}`, "--allow-net=127.0.0.1"];
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--cached-only",
    "--no-lock",
    `--config=${path("deno.json")}`,
    ...(permissions ?? usual),
    path("cli.ts"),
    ...args,
  ];
}

function path(name: string): string {
  return decodeURIComponent(new URL(name, ROOT).pathname);
}

function environment(env: Record<string, string> = {}): Record<string, string> {
  const kept = ["HOME", "PATH", "DENO_DIR", "TMPDIR"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(kept), TERM: "xterm-256color", SHELL: "/bin/sh", ...env };
}

/** What a command printed into pipes, and its exit code. */
export interface CliOutput {
  code: number;
  out: string;
  err: string;
}

/** Runs a command to its end, with pipes instead of a terminal. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliOutput> {
  const { code, stdout, stderr } = await spawnCli(args, options).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Starts a command with pipes instead of a terminal. */
export function spawnCli(args: readonly string[], options: CliOptions): Deno.ChildProcess {
  const [program, ...rest] = commandLine(args, options);
  return new Deno.Command(program!, {
    args: rest,
    cwd: options.folder,
    clearEnv: true,
    env: environment(options.env),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a command in a terminal. */
export function openTerminal(
  args: readonly string[],
  options: CliOptions & Partial<Size>,
): CliTerminal {
  return new CliTerminal(args, options);
}

/** A command in a terminal. */
export class CliTerminal implements AsyncDisposable {
  /** Everything that was written to the terminal. */
  raw = "";
  readonly #terminal: xterm.Terminal;
  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #ttyFile: string;
  #changed = Promise.withResolvers<void>();
  #ended = false;

  constructor(args: readonly string[], options: CliOptions & Partial<Size>) {
    const { columns = 80, rows = 24, folder } = options;
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#ttyFile = `${folder}/.tty-${crypto.randomUUID()}`;
    const quoted = commandLine(args, options).map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    const script = `tty > '${this.#ttyFile}'; stty cols ${columns} rows ${rows}; ` +
      `exec ${quoted.join(" ")}`;
    this.#child = new Deno.Command("script", {
      args: ["-qec", script, "/dev/null"],
      cwd: folder,
      clearEnv: true,
      env: environment(options.env),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#keys = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** The lines of the screen that a person sees, without blanks at their ends. */
  get lines(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from(
      { length: this.#terminal.rows },
      (_, row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? "",
    );
  }

  /** The screen as one text. */
  get screen(): string {
    return this.lines.join("\n").trimEnd();
  }

  /** Whether the terminal shows its other screen, as an editor does. */
  get isOtherScreen(): boolean {
    return this.#terminal.buffer.active.type === "alternate";
  }

  /** Whether the cursor is to be seen. */
  get hasCursor(): boolean {
    return this.raw.lastIndexOf("\x1b[?25h") >= this.raw.lastIndexOf("\x1b[?25l");
  }

  /** Resolves with the screen as soon as it shows what is looked for. */
  async until(what: string | RegExp | ((screen: string) => boolean)): Promise<string> {
    const isThere = typeof what === "function"
      ? what
      : typeof what === "string"
      ? (screen: string) => screen.includes(what)
      : (screen: string) => what.test(screen);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error("late")), PATIENCE_MS);
    try {
      while (!isThere(this.screen)) {
        if (this.#ended) throw new Error("the program has ended");
        await Promise.race([this.#changed.promise, late.promise]);
      }
      return this.screen;
    } catch (error) {
      throw new Error(`The screen never showed ${what}; it shows:\n${this.screen}`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Types. */
  async type(text: string): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(text));
  }

  /** Types Ctrl-C. */
  async interrupt(): Promise<void> {
    await this.type("\x03");
  }

  /** Makes the window larger or smaller; the program is told as a window would tell it. */
  async resize({ columns, rows }: Size): Promise<void> {
    this.#terminal.resize(columns, rows);
    const tty = (await Deno.readTextFile(this.#ttyFile)).trim();
    const { success } = await new Deno.Command("stty", {
      args: ["-F", tty, "cols", `${columns}`, "rows", `${rows}`],
    }).output();
    if (!success) throw new Error(`Cannot resize ${tty}`);
  }

  /** Resolves with the exit code when the program has ended and all it wrote is on the screen. */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.ended();
    await this.#keys.close().catch(() => {});
    this.#terminal.dispose();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      const text = decoder.decode(chunk, { stream: true });
      this.raw += text;
      await new Promise<void>((resolve) => this.#terminal.write(text, resolve));
      this.#tell();
    }
    this.#ended = true;
    this.#tell();
  }

  #tell(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
