/**
 * The workers of a run: who is there, who is refused, who has died.
 *
 * A worker is taken for dead when nothing came from it for as long as a lease lasts. Only time counts during which
 * this process was connected and awake: after a sleep, or while the server is away, every worker seems silent.
 *
 * @module
 */
import type { Msg } from "@nats-io/transport-node";
import { settledWithin } from "../../internal/delay.ts";
import { announce, onWorker } from "../announcements.ts";
import type { Connection } from "../connection.ts";
import { goneFrame, isFirst } from "../link.ts";
import type { Names } from "../names.ts";
import { type RunHello, VERSION, type WorkerBeat } from "../protocol.ts";
import { RemoteWorker, type RemoteWorkerOptions } from "./remote_worker.ts";

/** Milliseconds between two looks at who is silent, at most. */
const TICK_MS = 1_000;

/** Options of a crew, and its listeners. */
export interface CrewOptions
  extends Pick<RemoteWorkerOptions, "attach" | "disconnect" | "receive"> {
  connection: Connection;
  names: Names;
  hello: RunHello;
  leaseMs: number;
  /** A worker is gone: nothing more is taken from it. */
  lost: (worker: RemoteWorker, why: string) => void;
  /** Time has passed. */
  tick: () => void;
  failed: (error: Error) => void;
}

/** The workers that take part in one run. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #workers = new Map<string, RemoteWorker>();
  /** Links of workers that are gone: what still comes over them is not taken. */
  readonly #gone = new Set<string>();
  /** Workers that do not take part, and why, by their ids. */
  readonly #refused = new Map<string, string>();
  readonly #subscriptions: Disposable[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #tickedAt = 0;
  #helloSentAt = -Infinity;

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** Listens for workers. */
  start(): void {
    const { connection, names, hello, failed } = this.#options;
    this.#subscriptions.push(
      connection.subscribe(names.up(hello.run, "*"), (message) => this.#receive(message), failed),
      onWorker({ connection, subject: names.worker, failed }, (beat) => this.#see(beat)),
    );
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), Math.min(TICK_MS, hello.beatMs));
    this.#sendHello();
  }

  /** The workers that take part. */
  workers(): Iterable<RemoteWorker> {
    return this.#workers.values();
  }

  /** How many take tasks. */
  get size(): number {
    return [...this.#workers.values()].filter(({ slots }) => slots > 0).length;
  }

  /** Tasks that they take at once. */
  get slots(): number {
    let slots = 0;
    for (const worker of this.#workers.values()) slots += worker.slots;
    return slots;
  }

  /** Tasks that they take at once, or claim before a slot is free. */
  get capacity(): number {
    let tasks = 0;
    for (const { slots, ahead } of this.#workers.values()) if (slots > 0) tasks += slots + ahead;
    return tasks;
  }

  /** Whether one has a slot without a task. */
  get isAnyFree(): boolean {
    for (const { slots, running } of this.#workers.values()) if (running < slots) return true;
    return false;
  }

  /** Why no worker takes tasks; `undefined` when one does. */
  get notice(): string | undefined {
    if (!this.#options.connection.isConnected) return "The connection to NATS is lost";
    if (this.slots > 0) return undefined;
    const refused = [...new Set(this.#refused.values())];
    return ["No worker is connected", ...refused].join("; ");
  }

  /** The connection is back. */
  reconnected(): void {
    for (const worker of this.#workers.values()) {
      worker.silence = 0;
      worker.reconnected();
    }
    this.#sendHello();
  }

  /** A worker takes no part any more, for this reason. */
  refuse(worker: RemoteWorker, why: string): void {
    if (worker.beat) this.#refused.set(worker.beat.id, `${worker.name} ${why}`);
    this.remove(worker, why);
  }

  /** Takes nothing more from a worker. */
  remove(worker: RemoteWorker, why: string): void {
    if (!this.#workers.delete(worker.link)) return;
    this.#gone.add(worker.link);
    worker.slots = 0;
    this.#options.lost(worker, why);
  }

  /** Stops listening, and notifies the workers that the run has ended. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const { connection, names, hello } = this.#options;
    const workers = [...this.#workers.values()];
    for (const worker of workers) worker.send({ kind: "finish" });
    await settledWithin(1_000, Promise.all(workers.map((worker) => worker.flushed())));
    announce(connection, names.hello, { kind: "bye", run: hello.run });
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    await Promise.all(workers.map((worker) => worker.close().catch(() => {})));
    this.#workers.clear();
  }

  /** Ends at once. */
  abandon(): void {
    clearInterval(this.#timer);
    for (const worker of this.#workers.values()) worker.close().catch(() => {});
    this.#workers.clear();
  }

  #sendHello(): void {
    this.#helloSentAt = performance.now();
    const { connection, names, hello } = this.#options;
    announce(connection, names.hello, hello);
  }

  #receive({ subject, data, reply }: Msg): void {
    // Another coordinator wants to know whether this one lives.
    if (reply && data.byteLength === 0) return this.#options.connection.publish(reply, "");
    const link = subject.slice(subject.lastIndexOf(".") + 1);
    let worker = this.#workers.get(link);
    if (!worker) {
      if (this.#gone.has(link) || !isFirst(data)) return this.#sendGone(link);
      worker = this.#admit(link);
    }
    worker.silence = 0;
    worker.take(data);
  }

  #admit(link: string): RemoteWorker {
    const { connection, names, attach, disconnect, receive } = this.#options;
    const worker = new RemoteWorker(link, {
      publish: (frame) => connection.publish(names.down(link), frame),
      maxFrame: connection.maxPayload,
      attach,
      disconnect,
      receive: (worker, message) => {
        if (message.kind === "join") this.#joined(worker, message.beat);
        else receive(worker, message);
      },
      gone: (worker, why) => this.remove(worker, why),
    });
    this.#workers.set(link, worker);
    return worker;
  }

  #joined(worker: RemoteWorker, beat: WorkerBeat): void {
    worker.beat = beat;
    this.#refused.delete(beat.id);
    for (const other of [...this.#workers.values()]) {
      if (other !== worker && other.beat?.id === beat.id) this.remove(other, "it joined again");
    }
    this.#options.receive(worker, { kind: "join", beat });
  }

  #see(beat: WorkerBeat): void {
    if (beat.version !== VERSION) {
      const version = `has another version of pipeloom (${beat.version}, not ${VERSION})`;
      return void this.#refused.set(beat.id, `${beat.name} ${version}`);
    }
    for (const worker of this.#workers.values()) {
      if (worker.beat?.id !== beat.id) continue;
      worker.beat = beat;
      worker.silence = 0;
      return;
    }
    const { name, version } = this.#options.hello.module;
    if (beat.modules.some((module) => module.version === version)) {
      this.#refused.delete(beat.id);
      // It has just come, or did not learn of the run.
      if (performance.now() - this.#helloSentAt > 100) this.#sendHello();
      return;
    }
    const same = beat.modules.find((module) => module.name === name);
    const has = same
      ? `has another version of ${name} (${same.version}, not ${version})`
      : `has no ${name}`;
    this.#refused.set(beat.id, `${beat.name} ${has}`);
  }

  #sendGone(link: string): void {
    const { connection, names } = this.#options;
    connection.publish(names.down(link), goneFrame());
  }

  #tick(): void {
    const { connection, hello, leaseMs, tick } = this.#options;
    const now = performance.now();
    const passed = Math.min(now - this.#tickedAt, 1.5 * TICK_MS);
    this.#tickedAt = now;
    if (connection.isConnected) {
      for (const worker of [...this.#workers.values()]) {
        worker.silence += passed;
        worker.tick();
        if (worker.silence > leaseMs - hello.beatMs) {
          this.remove(worker, `it was silent for ${Math.round(worker.silence)} ms`);
        }
      }
      if (now - this.#helloSentAt >= hello.beatMs) this.#sendHello();
    }
    tick();
  }
}
