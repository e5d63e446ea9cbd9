/**
 * A worker: a process that runs tasks for the pipelines of other machines.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import {
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkOptionNames,
  checkSignal,
  namesOf,
  unexpected,
} from "../../internal/validate.ts";
import { delay } from "../../internal/delay.ts";
import { onInterrupt } from "../../pipeline/signals.ts";
import { type Connection, type NatsOptions, openConnection, shownServers } from "../connection.ts";
import { versionOf } from "../module_version.ts";
import { machineName, type Names, namesUnder, PREFIX, uniqueName } from "../names.ts";
import {
  BEAT_MS,
  decode,
  encode,
  type Hello,
  type ModuleVersion,
  PROTOCOL,
  type RunHello,
  type WorkerBeat,
} from "../protocol.ts";
import { RunSession } from "./run_session.ts";

const OPERATION = "serve as a worker";

/** Milliseconds for which running tasks may continue when the worker is to end. */
const GRACE_MS = 30_000;

/** Options of {@linkcode serveWorker}. */
export interface ServeWorkerOptions extends NatsOptions {
  /** The modules whose functions it runs, and no others: their URLs. */
  modules: readonly (string | URL)[];
  /**
   * How many tasks it runs at once.
   *
   * @default {the number of CPUs}
   */
  workers?: number | undefined;
  /** Ends the worker: it takes no more tasks, lets those that run end, and gives back the rest. */
  signal?: AbortSignal | undefined;
  /**
   * Whether SIGINT, SIGTERM and SIGHUP end the worker as `signal` does; a second one at once.
   *
   * @default {true}
   */
  handleSignals?: boolean | undefined;
  /**
   * Milliseconds for which running tasks may continue when the worker is to end. What runs after that is given back
   * and begins anew elsewhere.
   *
   * @default {30000}
   */
  graceMs?: number | undefined;
  /**
   * Takes a line about what the worker does: that it is connected, which run it joins or refuses, and why.
   *
   * @default {console.error}
   */
  log?: ((line: string) => void) | undefined;
}

const NAMES = namesOf<ServeWorkerOptions>({
  credentials: true,
  graceMs: true,
  handleSignals: true,
  log: true,
  modules: true,
  nkey: true,
  password: true,
  prefix: true,
  servers: true,
  signal: true,
  tls: true,
  token: true,
  user: true,
  workers: true,
});

/**
 * Runs tasks for pipelines with {@linkcode natsExecutor}, until it is told to end. It runs only the modules that it
 * was started with, and refuses a run that has another version of them. A lost connection comes back by itself.
 *
 * @returns When it has ended, and holds no task any more
 * @throws {TypeError} If an option is of the wrong kind
 * @throws {RangeError} If a number is out of range
 * @throws {Error} If a module cannot be read, or the server refuses the worker
 *
 * @example A worker that ends with a signal
 * ```ts
 * import { serveWorker } from "@pipeloom/pipeloom/nats";
 *
 * const modules = ["data:text/typescript,export default (n: number) => 2 * n;"];
 * const servers = "nats://127.0.0.1:4222";
 * const signal = AbortSignal.timeout(100);
 * await serveWorker({ modules, servers, workers: 8, signal, log() {} });
 * ```
 */
export async function serveWorker(options: ServeWorkerOptions): Promise<void> {
  check(options);
  const { signal, handleSignals = true, log = (line: string) => console.error(line) } = options;
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  using _ = handleSignals
    ? onInterrupt((name) => {
      log(`Ending by ${name}: running tasks may end first`);
      abort();
    })
    : undefined;
  try {
    const modules = new Map<string, { url: string | URL; module: ModuleVersion }>();
    for (const url of options.modules) {
      const module = await versionOf(url);
      modules.set(module.version, { url, module });
    }
    let connection: Connection;
    try {
      connection = await openConnection(options, {
        operation: OPERATION,
        patienceMs: Infinity,
        signal: stop.signal,
        waits: log,
      });
    } catch (error) {
      if (stop.signal.aborted) return;
      throw error;
    }
    await new NatsWorker({ ...options, log }, connection, modules).run(stop.signal);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** One worker while it is connected. */
class NatsWorker {
  readonly #options: ServeWorkerOptions & { log: (line: string) => void };
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #modules: ReadonlyMap<string, { url: string | URL; module: ModuleVersion }>;
  readonly #sessions = new Map<string, RunSession>();
  /** Runs that it takes no part in. */
  readonly #refused = new Set<string>();
  readonly #id = uniqueName();
  readonly #slots: number;
  #isEnding = false;

  constructor(
    options: ServeWorkerOptions & { log: (line: string) => void },
    connection: Connection,
    modules: ReadonlyMap<string, { url: string | URL; module: ModuleVersion }>,
  ) {
    this.#options = options;
    this.#connection = connection;
    this.#names = namesUnder(options.prefix ?? PREFIX);
    this.#modules = modules;
    this.#slots = options.workers ?? navigator.hardwareConcurrency;
  }

  /** Serves until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, graceMs = GRACE_MS } = this.#options;
    const connection = this.#connection;
    let failure: Error | undefined;
    const ended = Promise.withResolvers<void>();
    const hello = connection.subscribe(
      this.#names.hello,
      ({ data }) => this.#hear(decode(data) as Hello),
      (error) => log(`Cannot read a message: ${error.message}`),
    );
    connection.onChange((isConnected) => {
      log(isConnected ? "Connected again" : "The connection is lost; trying again");
      if (!isConnected) return;
      for (const session of this.#sessions.values()) session.reconnected();
      this.#show();
    });
    connection.nats.closed().then((error) => {
      if (error) failure = error;
      ended.resolve();
    });
    signal.addEventListener("abort", () => ended.resolve());
    if (signal.aborted) ended.resolve();
    const timer = setInterval(() => this.#show(), BEAT_MS);
    this.#show();
    const names = [...this.#modules.values()].map(({ module }) =>
      `${module.name} (${module.version})`
    );
    log(
      `Connected to ${shownServers(this.#options)}: ${this.#slots} tasks at once of ${
        names.join(", ")
      }`,
    );
    try {
      await ended.promise;
    } finally {
      this.#isEnding = true;
      hello[Symbol.dispose]();
      await Promise.all([...this.#sessions.values()].map((session) => session.leave(graceMs)));
      clearInterval(timer);
      await Promise.race([connection.close(), delay(2_000)]);
    }
    if (failure) throw failure;
  }

  #beat(): WorkerBeat {
    return {
      protocol: PROTOCOL,
      id: this.#id,
      machine: machineName(),
      pid: Deno.pid,
      version: config.version,
      slots: this.#isEnding ? 0 : this.#slots,
      modules: [...this.#modules.values()].map(({ module }) => module),
    };
  }

  #show(): void {
    this.#connection.publish(this.#names.worker, encode(this.#beat()));
  }

  #hear(message: Hello): void {
    const session = this.#sessions.get(message.run);
    if (message.kind === "bye") return session?.close();
    if (session) return session.heard();
    if (this.#isEnding || this.#refused.has(message.run)) return;
    this.#join(message);
  }

  #join(hello: RunHello): void {
    const { log } = this.#options;
    const { name, machine, module: { name: file, version } } = hello;
    const known = this.#modules.get(version);
    if (hello.protocol !== PROTOCOL || !known) {
      this.#refused.add(hello.run);
      const same = [...this.#modules.values()].find(({ module }) => module.name === file);
      const why = hello.protocol !== PROTOCOL
        ? "it speaks another version of pipeloom"
        : same
        ? `its ${file} is another version (${version}, here ${same.module.version})`
        : `${file} is not among the modules of this worker`;
      return log(`Refused the run of ${name} on ${machine}: ${why}`);
    }
    log(`Joined the run of ${name} on ${machine}`);
    this.#sessions.set(
      hello.run,
      new RunSession({
        connection: this.#connection,
        names: this.#names,
        hello,
        module: known.url,
        beat: () => this.#beat(),
        worker: `${machineName()}:${Deno.pid}`,
        free: () => this.#free(),
        freed: () => this.#pull(),
        ended: (session, unfit) => {
          if (this.#sessions.get(hello.run) === session) this.#sessions.delete(hello.run);
          if (unfit !== undefined) this.#refused.add(hello.run);
          this.#pull();
        },
        log,
      }),
    );
  }

  #free(): number {
    let busy = 0;
    for (const session of this.#sessions.values()) busy += session.busy;
    return this.#slots - busy;
  }

  #pull(): void {
    for (const session of this.#sessions.values()) session.pull();
  }
}

function check(options: ServeWorkerOptions): void {
  checkOptionNames(options, { operation: OPERATION, known: NAMES });
  const { modules, workers, signal, graceMs, log } = options;
  const areModules = Array.isArray(modules) && modules.length > 0 &&
    modules.every((module) => URL.canParse(String(module)));
  if (!areModules) {
    const expected = 'URLs such as [new URL("./tasks.ts", import.meta.url)]';
    throw new TypeError(unexpected(modules, { operation: OPERATION, name: "modules", expected }));
  }
  if (workers !== undefined) {
    checkInteger(workers, { operation: OPERATION, name: "workers", min: 1 });
  }
  if (signal !== undefined) checkSignal(signal, { operation: OPERATION, name: "signal" });
  if (graceMs !== undefined) {
    checkMilliseconds(graceMs, { operation: OPERATION, name: "graceMs", min: 0 });
  }
  if (log !== undefined) checkFunction(log, { operation: OPERATION, name: "log" });
}
