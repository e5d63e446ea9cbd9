/**
 * All that a run has open at NATS: the connection, its offers, its workers.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import type { RemoteOptions } from "../../pipeline/executor/executor_factory.ts";
import type { TaskModule } from "../../pipeline/executor/task_module.ts";
import { type Connection, openConnection } from "../connection.ts";
import type { NatsOptions } from "../settings.ts";
import { versionOf } from "../module_version.ts";
import { machineName, namesUnder, PREFIX, uniqueName } from "../names.ts";
import { BEAT_MS, type RunHello, VERSION, type Welcome } from "../protocol.ts";
import { refusedError } from "../refusal.ts";
import { Crew, type CrewOptions } from "./crew.ts";
import { Offers } from "./offers.ts";
import type { RemoteWorker } from "./remote_worker.ts";

const OPERATION = "run the pipeline";

/** Milliseconds for which a server that does not answer is tried at the beginning. */
const PATIENCE_MS = 30_000;

/** How a run uses NATS. */
export interface CoordinationOptions extends NatsOptions {
  leaseMs: number;
  storage: "file" | "memory";
}

/** The same, with what is needed of the run. */
export interface CoordinationSettings
  extends Omit<RemoteOptions<never>, "slots" | "observer" | "module">, CoordinationOptions {
  module: Pick<TaskModule, "module" | "export">;
}

/** The listeners that it notifies. */
export interface CoordinationEvents
  extends Pick<CrewOptions, "receive" | "lost" | "tick" | "failed"> {
  /** The offers that the server has are lost. */
  republish: () => void;
}

/** What a run has open. */
export class Coordination {
  readonly crew: Crew;
  readonly offers: Offers;
  readonly welcome: Welcome;
  readonly beatMs: number;
  readonly #connection: Connection;
  readonly #events: CoordinationEvents;
  readonly #options: CoordinationSettings;
  /** Whether offers are being checked; and whether to make them again after that. */
  #isChecking = false;
  #isLost: boolean | undefined;
  /** The same, where the last attempt failed: it is made again with the next tick. */
  #isOwed: boolean | undefined;
  #isShown = true;
  #checkedAt = performance.now();
  #notedAt = -Infinity;

  private constructor(
    options: CoordinationSettings,
    events: CoordinationEvents,
    open: { connection: Connection; offers: Offers; crew: Crew; beatMs: number },
  ) {
    this.#options = options;
    this.#events = events;
    this.#connection = open.connection;
    this.offers = open.offers;
    this.crew = open.crew;
    this.beatMs = open.beatMs;
    const {
      environment: { run, args, atomic, keepsResults, adds, onLog },
      module,
      exports,
      graceMs,
      loadMs,
    } = options;
    this.welcome = {
      kind: "welcome",
      run,
      export: module.export,
      exports,
      args,
      atomic,
      keepsResults,
      asksIdentity: adds?.isPlain === false,
      graceMs,
      loadMs,
      watch: onLog !== undefined,
    };
    open.connection.onChange((isConnected) => isConnected && void this.#reconnected());
  }

  /**
   * Connects.
   *
   * @throws {Error} If the module cannot be read, no server answers, or it refuses
   */
  static async open(
    options: CoordinationSettings,
    events: CoordinationEvents,
  ): Promise<Coordination> {
    const { leaseMs, storage, environment, module: { module }, name } = options;
    const version = await versionOf(module);
    const names = namesUnder(options.prefix ?? PREFIX);
    const run = uniqueName();
    const connection = await openConnection(options, {
      operation: OPERATION,
      patienceMs: PATIENCE_MS,
      signal: environment.signal,
    });
    let coordination: Coordination | undefined;
    connection.onRefused((refusal) => {
      // Calls of JetStream fail by themselves, and a question to another coordinator is no matter.
      const { subject } = refusal;
      if (!names.has(subject) || subject.endsWith(".ping")) return;
      events.failed(refusedError(refusal, { ...options, operation: OPERATION, names }));
    });
    try {
      const offers = await Offers.open({
        connection,
        names,
        run,
        leaseMs,
        storage,
        patienceMs: PATIENCE_MS,
        signal: environment.signal,
        missing: () => coordination?.missed(),
        failed: events.failed,
      });
      const beatMs = Math.min(BEAT_MS, leaseMs / 4);
      const hello: RunHello = {
        kind: "run",
        version: VERSION,
        run,
        name,
        machine: machineName(),
        module: version,
        leaseMs,
        beatMs,
      };
      const crew = new Crew({
        ...options,
        connection,
        names,
        hello,
        leaseMs,
        receive: events.receive,
        lost: events.lost,
        tick: events.tick,
        failed: events.failed,
      });
      coordination = new Coordination(options, events, { connection, offers, crew, beatMs });
      return coordination;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** Lets workers take part. */
  begin(): void {
    this.crew.start();
    this.offers.sweep().catch(() => {});
  }

  /** A worker has joined. */
  greet(worker: RemoteWorker): void {
    worker.send(this.welcome);
    worker.send({ kind: "pull_from", consumer: this.offers.consumer });
  }

  /**
   * Time has passed; some offers may have waited for longer than a lease. When a worker has a free slot all the same,
   * what the server has is given up: whatever was lost on the way, it is only late.
   */
  tick(isAnyLate: boolean): void {
    this.offers.tick();
    const now = performance.now();
    if (now - this.#notedAt > this.beatMs) {
      this.#notedAt = now;
      for (const worker of this.crew.workers()) this.note(worker);
    }
    if (this.#isOwed !== undefined && this.#connection.isConnected) void this.#check(this.#isOwed);
    if (!isAnyLate || !this.crew.isAnyFree) return;
    if (now - this.#checkedAt < this.#options.leaseMs) return;
    this.#checkedAt = now;
    void this.#check(true);
  }

  /** A consumer was missed: it was deleted, or its stream. */
  missed(consumer = this.offers.consumer): void {
    if (consumer === this.offers.consumer) void this.#check(false);
  }

  /** Keeps what is known of a worker, for readers. */
  note(worker: RemoteWorker, hasLeft = false): void {
    const { environment: { run, batchSender } } = this.#options;
    const { beat, slots, capacity, ended, joinedAt, name } = worker;
    // Those that it has beyond its slots wait there for one.
    const running = Math.min(worker.running, capacity);
    if (run === null || !beat) return;
    batchSender.request({
      kind: "see_worker",
      run,
      worker: `${name}`,
      machine: beat.machine,
      version: beat.version,
      slots,
      running,
      ended,
      tasksPerSecond: worker.rate(),
      joinedAt,
      heardAt: isoNow(),
      ...(hasLeft ? { leftAt: isoNow() } : {}),
    }).catch((error) => this.#notShown(error));
  }

  /** Notifies the workers that the run has ended, and closes. */
  async close(): Promise<void> {
    const workers = [...this.crew.workers()];
    await this.crew.close();
    for (const worker of workers) this.note(worker, true);
    await this.offers.close().catch(() => {});
    await this.#connection.close().catch(() => {});
  }

  /** Closes at once: what workers still do goes nowhere. */
  abandon(): void {
    this.crew.abandon();
    void this.offers.close().catch(() => {}).finally(() =>
      this.#connection.close().catch(() => {})
    );
  }

  /** A table of the user's may have the name of ours. */
  #notShown(error: Error): void {
    if (!this.#isShown || error.name === "WriterClosedError") return;
    this.#isShown = false;
    console.warn(`The workers of the run are not shown: ${error.message}`);
  }

  async #reconnected(): Promise<void> {
    this.crew.reconnected();
    await this.#check(false);
    this.offers.tick(true);
  }

  /** Looks whether the server still has the offers, or makes all of them again. */
  async #check(isLost: boolean): Promise<void> {
    if (this.#isChecking) return void (this.#isLost ||= isLost);
    this.#isChecking = true;
    this.#isLost = isLost;
    try {
      while (this.#isLost !== undefined) {
        const renews = this.#isLost;
        this.#isLost = undefined;
        await this.#restore(renews);
      }
    } finally {
      this.#isChecking = false;
    }
  }

  async #restore(renews: boolean): Promise<void> {
    this.#isOwed = undefined;
    try {
      const isNew = await (renews ? this.offers.renew() : this.offers.ensure());
      if (!isNew) return;
      const { consumer } = this.offers;
      for (const worker of this.crew.workers()) worker.send({ kind: "pull_from", consumer });
      this.#events.republish();
    } catch {
      // The connection is lost again, or the server starts.
      this.#isOwed = renews;
    }
  }
}
