/**
 * The command line as a person sees it, in a pseudo-terminal, and as a program sees it, through pipes.
 *
 * @module
 */
import { isInstalled, ROOT } from "../support/child.ts";
import { TestTerminal } from "../support/pseudo_terminal.ts";
import { CliHost } from "./cli_host.ts";

/** Whether there can be pseudo-terminals here. */
export const hasTerminals: boolean = Deno.build.os === "linux" && await isInstalled("script");

/** Options of {@linkcode openTerminal} and {@linkcode runCli}. */
export interface CliOptions {
  /** The folder that the command may write to, and in which it is run. */
  folder: string;
  /** Environment variables; nothing else but what `deno` needs is in the environment. */
  env?: Record<string, string> | undefined;
  /** Permissions, where the usual ones are too many. */
  permissions?: string[];
}

/** Size of a terminal. */
export interface Size {
  columns: number;
  rows: number;
}

/** The words that start a command. */
export function commandLine(
  args: readonly string[],
  { folder, permissions, program = "cli.ts" }: CliOptions & { program?: string },
): string[] {
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
    path(program),
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

let host: CliHost | undefined;

Deno.test.beforeAll(() => {
  // The folders of all tests are below that of the system.
  const folder = Deno.makeTempDirSync();
  Deno.removeSync(folder);
  const below = folder.slice(0, folder.lastIndexOf("/"));
  const command = spawning([], { folder: below, program: "tests/fixtures/cli_host.ts" });
  host = new CliHost(new Deno.Command(command.program, { ...command.options, stdin: "piped" }));
});
Deno.test.afterAll(() => host?.[Symbol.asyncDispose]());

/**
 * Runs a command to its end, with pipes instead of a terminal: in a process that runs many, unless permissions or
 * the environment are its own.
 */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliOutput> {
  const { folder, permissions, env } = options;
  if (host && !permissions && !env) return await host.run({ args: [...args], folder });
  return await runAlone(args, options);
}

/** As {@linkcode runCli}, always in a process of its own, which ends with it. */
export async function runAlone(args: readonly string[], options: CliOptions): Promise<CliOutput> {
  const { code, stdout, stderr } = await spawnCli(args, options).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Starts a command with pipes instead of a terminal. */
export function spawnCli(args: readonly string[], options: CliOptions): Deno.ChildProcess {
  const command = spawning(args, options);
  return new Deno.Command(command.program, command.options).spawn();
}

function spawning(args: readonly string[], options: CliOptions & { program?: string }) {
  const [program, ...rest] = commandLine(args, options);
  return {
    program: program!,
    options: {
      args: rest,
      cwd: options.folder,
      clearEnv: true,
      env: environment(options.env),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    } satisfies Deno.CommandOptions,
  };
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
  readonly #terminal: TestTerminal;

  constructor(args: readonly string[], options: CliOptions & Partial<Size>) {
    const { columns, rows, folder, env } = options;
    this.#terminal = new TestTerminal(commandLine(args, options), {
      columns,
      rows,
      cwd: folder,
      clearEnv: true,
      env: environment(env),
    });
  }

  /** Everything that was written to the terminal. */
  get raw(): string {
    return this.#terminal.raw;
  }

  /** The lines of the screen that a person sees, without blanks at their ends. */
  get lines(): string[] {
    return this.#terminal.screen;
  }

  /** The screen as one text. */
  get screen(): string {
    return this.lines.join("\n").trimEnd();
  }

  /** Whether the terminal shows its other screen, as an editor does. */
  get isOtherScreen(): boolean {
    return this.#terminal.isOtherScreen;
  }

  /** Whether the cursor is visible. */
  get hasCursor(): boolean {
    return !this.#terminal.cursorHidden;
  }

  /** Resolves with the screen as soon as it shows what is looked for. */
  async until(what: string | RegExp | ((screen: string) => boolean)): Promise<string> {
    const isThere = typeof what === "function"
      ? what
      : typeof what === "string"
      ? (screen: string) => screen.includes(what)
      : (screen: string) => what.test(screen);
    await this.#terminal.until(() => isThere(this.screen));
    return this.screen;
  }

  /** Types. */
  async type(text: string): Promise<void> {
    await this.#terminal.type(text);
  }

  /** Types Ctrl-C. */
  async interrupt(): Promise<void> {
    await this.type("\x03");
  }

  /** Makes the window larger or smaller; the program is notified as by a window. */
  async resize({ columns, rows }: Size): Promise<void> {
    await this.#terminal.resize(rows, columns);
  }

  /** Resolves with the exit code when the program has ended and all it wrote is on the screen. */
  async ended(): Promise<number> {
    return await this.#terminal.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#terminal[Symbol.asyncDispose]();
  }
}
