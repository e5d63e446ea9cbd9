/**
 * A child process of `pipeloom serve`: it describes definitions, or runs one of them once.
 *
 * @module
 */
import { isGranted } from "../../internal/permissions.ts";
import { CommandError } from "../terminal/failure.ts";
import { CHILD_COMMAND } from "./child_command.ts";
import { linesOf } from "./child/lines.ts";
import type { ChildReply, ChildStart, StopRequest } from "./protocol.ts";

/** Milliseconds after its own limit when a child is killed. */
const KILL_MS = 3_000;

/** Variables that hold secrets of the server: a child does not get them. */
const SECRETS = ["PIPELOOM_TOKEN", "PIPELOOM_CONTROL_TOKEN", "PIPELOOM_NOTIFY_SECRET"] as const;

/** How children are started. */
export interface ChildSettings {
  /** Flags of `deno run`. */
  flags: readonly string[];
  /** Milliseconds in which a run may end after it was asked to. */
  graceMs: number;
  /** The working directory of runs: that of this process by default. */
  cwd?: string | undefined;
}

/** What is called with what a child replies and prints. */
export interface ChildListeners {
  onReply: (reply: ChildReply) => void;
  /** A line that its definition printed. */
  onLine: (line: string) => void;
}

/** How a child ended. */
export interface ChildEnd {
  code: number;
  signal: Deno.Signal | null;
}

/** A child process. */
export class Child {
  /** Settled when it has ended, and all of its output was read. */
  readonly ended: Promise<ChildEnd>;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;

  constructor(
    request: ChildStart["request"],
    { flags, graceMs, cwd }: ChildSettings,
    listeners: ChildListeners,
  ) {
    const secret = crypto.randomUUID();
    const cli = new URL("../../cli.ts", import.meta.url).href;
    const args = Deno.build.standalone ? [] : ["run", ...flags, cli];
    this.#child = new Deno.Command(programOf(), {
      args: [...args, CHILD_COMMAND],
      ...(cwd === undefined ? {} : { cwd }),
      env: { NO_COLOR: "1", ...Object.fromEntries(SECRETS.map((name) => [name, ""])) },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    const outputs = [this.#read(this.#child.stdout, secret, listeners)];
    outputs.push(this.#read(this.#child.stderr, undefined, listeners));
    this.#send({ secret, graceMs, request });
    this.ended = this.#end(outputs);
  }

  /** Ends its run gracefully, and the process after that time in any case. */
  async stop(reason: string, graceMs: number): Promise<void> {
    this.#send({ kind: "stop", reason, graceMs });
    const timer = setTimeout(() => this.kill(), graceMs + KILL_MS);
    await this.ended;
    clearTimeout(timer);
  }

  async #end(outputs: Promise<void>[]): Promise<ChildEnd> {
    const { code, signal } = await this.#child.status;
    await Promise.all(outputs);
    await this.#stdin.close().catch(() => {});
    return { code, signal };
  }

  /** Ends the process at once. */
  kill(): void {
    // Where a script stands in for Deno, the script alone is killed; the end of its input ends the child.
    this.#stdin.close().catch(() => {});
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }

  #send(line: ChildStart | StopRequest): void {
    // One that has ended takes no more, and `ended` is settled.
    this.#stdin.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`)).catch(() => {});
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    secret: string | undefined,
    { onReply, onLine }: ChildListeners,
  ): Promise<void> {
    const mark = `\0${secret}`;
    for await (const line of linesOf(stream)) {
      if (secret !== undefined && line.startsWith(mark)) {
        onReply(JSON.parse(line.slice(mark.length)));
      } else if (line.trim() !== "") onLine(line);
    }
  }
}

/**
 * The program that is started: this Deno, or the one that is called so.
 *
 * @throws {CommandError} If it may not be
 */
export function programOf(): string {
  const path = Deno.execPath();
  for (const command of [path, "deno"]) {
    if (isGranted({ name: "run", command })) return command;
  }
  throw new CommandError(
    `Cannot start runs: each is a process of its own. Add --allow-run=${path}`,
  );
}
