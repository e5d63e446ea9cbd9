/**
 * One worker while it is connected: it shows itself, and takes part in the runs whose module it has.
 *
 * @module
 */
import { settledWithin } from "../../internal/delay.ts";
import { announce, onHello } from "../announcements.ts";
import type { Connection } from "../connection.ts";
import { shownServers } from "../settings.ts";
import { machineName, type Names, namesUnder, PREFIX, uniqueName } from "../names.ts";
import {
  BEAT_MS,
  type Hello,
  type ModuleVersion,
  type RunHello,
  VERSION,
  type WorkerBeat,
} from "../protocol.ts";
import { refusedError } from "../refusal.ts";
import { RunSession } from "./run_session.ts";

/** Milliseconds for which running tasks may continue after the worker is stopped. */
const GRACE_MS = 30_000;

/** The operation that errors name. */
export const OPERATION = "serve as a worker";

/** A module that it runs. */
export interface ServedModule {
  url: string | URL;
  module: ModuleVersion;
}

/** Options of a worker. */
export interface NatsWorkerOptions {
  servers: string | readonly string[];
  prefix?: string | undefined;
  workers?: number | undefined;
  graceMs?: number | undefined;
  log: (line: string) => void;
}

/** Workers of this process so far. */
let workers = 0;

/** One worker while it is connected. */
export class NatsWorker {
  readonly #options: NatsWorkerOptions;
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #modules: ReadonlyMap<string, ServedModule>;
  readonly #sessions = new Map<string, RunSession>();
  /** Sessions that have ended, until their Workers are. */
  readonly #closing = new Set<Promise<unknown> | undefined>();
  /** Runs that it takes no part in. */
  readonly #refused = new Set<string>();
  readonly #id = uniqueName();
  readonly #name: string;
  readonly #slots: number;
  #isEnding = false;

  constructor(
    options: NatsWorkerOptions,
    connection: Connection,
    modules: ReadonlyMap<string, ServedModule>,
  ) {
    this.#options = options;
    this.#connection = connection;
    this.#names = namesUnder(options.prefix ?? PREFIX);
    this.#modules = modules;
    const name = `${machineName()}:${Deno.pid}`;
    this.#name = ++workers === 1 ? name : `${name}.${workers}`;
    this.#slots = options.workers ?? navigator.hardwareConcurrency;
  }

  /** Serves until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, graceMs = GRACE_MS } = this.#options;
    const connection = this.#connection;
    let failure: Error | undefined;
    const ended = Promise.withResolvers<void>();
    const fail = (error: Error) => {
      failure ??= error;
      ended.resolve();
    };
    connection.onRefused((refusal) => {
      const { servers } = this.#options;
      fail(refusedError(refusal, { operation: OPERATION, names: this.#names, servers }));
    });
    const hello = onHello(
      { connection, subject: this.#names.hello, failed: fail },
      (message) => this.#receive(message),
    );
    connection.onChange((isConnected) => {
      log(isConnected ? "Connected again" : "The connection is lost; trying again");
      if (!isConnected) return;
      for (const session of this.#sessions.values()) session.reconnected();
      this.#show();
    });
    connection.nats.closed().then((error) => error ? fail(error) : ended.resolve());
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
      await Promise.all(
        // After a failure no message may arrive.
        [...this.#sessions.values()].map((one) => failure ? one.close() : one.leave(graceMs)),
      );
      clearInterval(timer);
      await Promise.all(this.#closing);
      await settledWithin(2_000, connection.close());
    }
    if (failure) throw failure;
  }

  #beat(): WorkerBeat {
    return {
      id: this.#id,
      name: this.#name,
      machine: machineName(),
      version: VERSION,
      slots: this.#isEnding ? 0 : this.#slots,
      modules: [...this.#modules.values()].map(({ module }) => module),
    };
  }

  #show(): void {
    announce(this.#connection, this.#names.worker, this.#beat());
  }

  #receive(message: Hello): void {
    const session = this.#sessions.get(message.run);
    if (message.kind === "bye") return session?.close();
    if (session) return session.received();
    if (this.#isEnding || this.#refused.has(message.run)) return;
    this.#join(message);
  }

  #join(hello: RunHello): void {
    const { log } = this.#options;
    const { name, machine, module: { name: file, version } } = hello;
    const known = this.#modules.get(version);
    if (hello.version !== VERSION || !known) {
      this.#refused.add(hello.run);
      const same = [...this.#modules.values()].find(({ module }) => module.name === file);
      const why = hello.version !== VERSION
        ? `it has another version of pipeloom (${hello.version}, here ${VERSION})`
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
        free: () => this.#free(),
        freed: () => this.#proceed(),
        ended: (session, { unfit, closed }) => {
          this.#closing.add(closed);
          closed?.finally(() => this.#closing.delete(closed));
          if (this.#sessions.get(hello.run) === session) this.#sessions.delete(hello.run);
          if (unfit !== undefined) this.#refused.add(hello.run);
          this.#proceed();
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

  /** Free slots are for each run in turn. */
  #proceed(): void {
    const sessions = [...this.#sessions];
    for (const [, session] of sessions) session.proceed();
    if (sessions.length < 2) return;
    const [[run, first]] = sessions as [[string, RunSession]];
    if (this.#sessions.delete(run)) this.#sessions.set(run, first);
  }
}
