/**
 * Workers on other machines, as tests start them: in this process, or in one of their own that can be killed.
 *
 * @module
 */
import type { PipelineOptions } from "../../mod.ts";
import { natsExecutor, type NatsExecutorOptions, serveWorker } from "../../nats.ts";
import { ROOT } from "./child.ts";

/** The module of the tasks. */
export const REMOTE_TASKS = new URL("../fixtures/remote_tasks.ts", import.meta.url);

/** A worker of this process; `lines` is what it logs. */
export function startWorker(
  servers: string,
  options: Partial<Parameters<typeof serveWorker>[0]> = {},
): AsyncDisposable & { lines: string[]; stop(): Promise<void> } {
  const controller = new AbortController();
  const lines: string[] = [];
  const served = serveWorker({
    servers,
    modules: [REMOTE_TASKS],
    workers: 4,
    handleSignals: false,
    signal: controller.signal,
    log: (line) => void lines.push(line),
    ...options,
  });
  served.catch(() => {});
  const stop = async () => {
    controller.abort();
    await served;
  };
  return { lines, stop, [Symbol.asyncDispose]: stop };
}

/** Where a process runs. */
export interface Place {
  /** What starts it there. */
  on?: string[];
  /** The address of the server. */
  address?: string;
  env?: Record<string, string>;
}

/** A fixture that is connected to a server, in a process of its own. */
class RemoteProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<void>;
  readonly #waiting = new Set<() => void>();
  #text = "";
  #hasEnded = false;

  constructor(fixture: string, args: string[], place: Place) {
    const { on = [], address = "127.0.0.1", env } = place;
    const [command = "", ...before] = [...on, Deno.execPath()];
    this.#child = new Deno.Command(command, {
      args: [
        ...before,
        "run",
        "--no-prompt",
        "--no-lock",
        "--cached-only",
        "--no-check",
        "--allow-read",
        "--allow-write",
        `--allow-net=${address}`,
        "--allow-sys=hostname",
        "--allow-run",
        new URL(`tests/fixtures/${fixture}`, ROOT).href,
        ...args,
      ],
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#read = this.#readAll();
  }

  async #readAll(): Promise<void> {
    for await (const part of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#text += part;
      for (const look of this.#waiting) look();
    }
    this.#hasEnded = true;
    for (const look of this.#waiting) look();
  }

  /** All that it has printed. */
  get text(): string {
    return this.#text;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves with all that it has printed once that contains this part. */
  async printed(part: string): Promise<string> {
    while (!this.#text.includes(part)) {
      if (this.#hasEnded) throw new Error(`The process ended after:\n${this.#text}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
    }
    return this.#text;
  }

  signal(signal: Deno.Signal): void {
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
    await Promise.all([this.#read, this.#child.status]);
  }
}

/** A worker in a process of its own. */
export class WorkerProcess extends RemoteProcess {
  constructor(servers: string, { workers = 2, graceMs = 100 } = {}, place: Place = {}) {
    super("remote_worker.ts", [servers, `${workers}`, `${graceMs}`], place);
  }
}

/** A pipeline in a process of its own; see the fixture. */
export class CoordinatorProcess extends RemoteProcess {
  constructor(
    db: string,
    servers: string,
    { name = "loadSlowly", count = 100, workers = 8, isAtomic = true } = {},
    place: Place = {},
  ) {
    const args = [db, servers, name, `${count}`, `${workers}`, `${isAtomic}`];
    super("remote_coordinator.ts", args, place);
  }
}

/** Tables for the rows of the tasks. */
const SCHEMA = "CREATE TABLE IF NOT EXISTS numbers (n INTEGER);" +
  "CREATE TABLE IF NOT EXISTS keyed (n INTEGER);";

/** Options of a pipeline whose tasks run elsewhere. */
export function remotely(
  servers: string,
  name: string,
  options: Partial<NatsExecutorOptions> = {},
): Pick<PipelineOptions<unknown>, "executor" | "handleSignals" | "run" | "schema"> {
  return {
    executor: natsExecutor({ servers, leaseMs: 2_000, ...options }),
    run: { module: REMOTE_TASKS, export: name },
    schema: SCHEMA,
    handleSignals: false,
  };
}
