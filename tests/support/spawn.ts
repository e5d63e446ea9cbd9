/**
 * A child process that runs a fixture, read line by line.
 *
 * @module
 */
import { ROOT } from "./child.ts";

/** A fixture in a process of its own. */
export class Fixture implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #text = "";

  /**
   * Starts `tests/fixtures/<name>`; it may read the project, and read and write `folder`. It has a global
   * `gc()`.
   */
  constructor(name: string, folder: string, ...args: string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--no-lock",
        "--cached-only",
        "--v8-flags=--expose-gc",
        `--allow-read=${folder},${decodeURIComponent(ROOT.pathname)}`,
        `--allow-write=${folder}`,
        ...ffiFlags(),
        new URL(`tests/fixtures/${name}`, ROOT).href,
        ...args,
      ],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Its next line. */
  async line(): Promise<string> {
    let end: number;
    while ((end = this.#text.indexOf("\n")) < 0) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`The fixture ended after ${this.#text}`);
      this.#text += value;
    }
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  /** Its lines up to this one; all of them, where it ends before. */
  async linesUpTo(last: string): Promise<string[]> {
    const lines: string[] = [];
    while (lines.at(-1) !== last) {
      const line = await this.line().catch(() => undefined);
      if (line === undefined) break;
      lines.push(line);
    }
    return lines;
  }

  /** All further lines, until it ends. It never has to wait for a reader while this reads. */
  async rest(): Promise<string[]> {
    for (let read = await this.#lines.read(); !read.done; read = await this.#lines.read()) {
      this.#text += read.value;
    }
    return this.#text.split("\n").slice(0, -1);
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** How it ended. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#lines.cancel();
    await this.#child.status;
  }
}

/** What a child needs for the FFI driver, where tests have it. */
export function ffiFlags(): string[] {
  if (!Deno.env.get("DENO_SQLITE_PATH")) return [];
  return ["--allow-ffi", "--allow-env=DENO_SQLITE_PATH,DENO_SQLITE_LOCAL"];
}
