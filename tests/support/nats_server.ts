/**
 * A real `nats-server` for tests, on a port of its own, which can be killed and started again.
 *
 * @module
 */
import { isInstalled } from "./child.ts";
import { tempFolder } from "./temp.ts";

/** Whether tests with NATS can run; under CI they must. */
export const hasNats = await isInstalled("nats-server");

/** Options of {@linkcode NatsServer.start}. */
export interface NatsServerOptions {
  /** A configuration with a port and a folder of its own, in place of the plain one. */
  configuration?: string;
  /** Makes files that the configuration names, beside it. */
  prepare?: (folder: string) => Promise<void>;
  /** What the configuration refers to. */
  env?: Record<string, string>;
  /** The scheme of its address. */
  scheme?: "nats" | "tls";
  /** The address on which it listens. */
  address?: string;
}

/** A server with JetStream. */
export class NatsServer implements AsyncDisposable {
  readonly #folder = tempFolder();
  readonly #options: NatsServerOptions;
  #child: Deno.ChildProcess | undefined;
  #port = 0;

  private constructor(options: NatsServerOptions) {
    this.#options = options;
  }

  /** Starts a server. Resolves when it takes connections. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(options);
    await options.prepare?.(server.folder);
    await server.restart();
    return server;
  }

  /** Its folder. */
  get folder(): string {
    return this.#folder.path;
  }

  get port(): number {
    return this.#port;
  }

  /** The number of its process. */
  get pid(): number {
    return this.#child!.pid;
  }

  /** Its address. */
  get url(): string {
    return `${this.#options.scheme ?? "nats"}://${
      this.#options.address ?? "127.0.0.1"
    }:${this.#port}`;
  }

  /** Starts it again, on the same port. */
  async restart(): Promise<void> {
    const config = this.#folder.file("nats.conf");
    const {
      configuration = `port: 4222\njetstream: { store_dir: "jetstream" }\n`,
      env = {},
      address = "127.0.0.1",
    } = this.#options;
    const own = configuration
      .replace("port: 4222", `host: ${address}\nport: ${this.#port || -1}`)
      .replace(
        'store_dir: "jetstream"',
        `store_dir: ${JSON.stringify(this.#folder.file("store"))}`,
      );
    await Deno.writeTextFile(config, own);
    this.#child = new Deno.Command("nats-server", {
      args: ["-c", config],
      cwd: this.folder,
      env,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const lines = this.#child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("Server is ready")) {
      const { value, done } = await lines.read();
      if (done) throw new Error(`nats-server ended:\n${text}`);
      text += value;
    }
    this.#port = Number(/client connections on [^\n]*?:(\d+)/.exec(text)![1]);
    void (async () => {
      while (!(await lines.read()).done);
    })();
  }

  /** Ends it at once; `wipe` removes what it has stored. */
  async kill({ wipe = false } = {}): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.status;
    this.#child = undefined;
    if (wipe) await Deno.remove(this.#folder.file("store"), { recursive: true }).catch(() => {});
  }

  /** Stops it, lets it continue, or ends it. */
  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#child?.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.#folder[Symbol.dispose]();
  }
}
