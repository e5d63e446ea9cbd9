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
  /** Lines for the server's configuration, such as users. */
  config?: string;
  /** The port; a free one unless given. */
  port?: number;
  /** The scheme of its address. */
  scheme?: "nats" | "tls";
}

/** A server with JetStream. */
export class NatsServer implements AsyncDisposable {
  readonly #folder = tempFolder();
  readonly #options: NatsServerOptions;
  #child: Deno.ChildProcess | undefined;
  #port = 0;

  private constructor(options: NatsServerOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  /** Starts a server. Resolves when it takes connections. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(options);
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

  /** Its address. */
  get url(): string {
    return `${this.#options.scheme ?? "nats"}://127.0.0.1:${this.#port}`;
  }

  /** Starts it again, on the same port. */
  async restart(): Promise<void> {
    const config = this.#folder.file("nats.conf");
    await Deno.writeTextFile(
      config,
      `host: 127.0.0.1\nport: ${this.#port || -1}\n` +
        `jetstream: { store_dir: ${JSON.stringify(this.#folder.file("store"))} }\n` +
        (this.#options.config ?? ""),
    );
    this.#child = new Deno.Command("nats-server", {
      args: ["-c", config],
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
