/**
 * The part that a worker takes in one run: its link to the coordinator, and signs of life in both directions.
 *
 * They come from this thread, while tasks compute on others: so a task that never waits is not taken for dead.
 *
 * @module
 */
import { fromErrorData, toErrorData } from "../../errors.ts";
import { settledWithin } from "../../internal/delay.ts";
import { summarizeError } from "../../internal/error_text.ts";
import type { ExecutorEvents } from "../../pipeline/executor/executor.ts";
import type { Connection } from "../connection.ts";
import { Link } from "../link.ts";
import { type Names, uniqueName } from "../names.ts";
import type { DownMessage, RunHello, UpMessage, WorkerBeat } from "../protocol.ts";
import { ClaimedTasks } from "./claimed_tasks.ts";
import { OfferPuller } from "./pull_offers.ts";
import { TaskSlots } from "./task_slots.ts";

/** Milliseconds between two looks. */
const TICK_MS = 500;

/** Milliseconds for which the last messages may take to arrive. */
const LAST_WORDS_MS = 5_000;

/** Options of a session, and its listeners. */
export interface RunSessionOptions {
  connection: Connection;
  names: Names;
  hello: RunHello;
  /** The module of the run, here. */
  module: string | URL;
  /** What this worker reports of itself. */
  beat: () => WorkerBeat;
  /** Slots that no run uses. */
  free: () => number;
  /** It has ended. */
  ended: (session: RunSession, how: SessionEnd) => void;
  /** A slot is free. */
  freed: () => void;
  log: (line: string) => void;
}

/** How a session ended. */
export interface SessionEnd {
  /** Why the run is not to be joined again. */
  unfit: string | undefined;
  /** Resolves when its Workers are ended. */
  closed: Promise<unknown> | undefined;
}

/** One run of one coordinator. */
export class RunSession {
  readonly hello: RunHello;
  readonly #options: RunSessionOptions;
  readonly #link: Link<UpMessage, DownMessage>;
  readonly #down: Disposable;
  readonly #puller: OfferPuller;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #tasks: ClaimedTasks;
  /** The consumer that offers are pulled from. */
  #consumer: string | undefined;
  /** Milliseconds since the last message of the coordinator. */
  #silence = 0;
  #isReady = false;
  #isLeaving = false;
  #isClosed = false;

  constructor(options: RunSessionOptions) {
    this.#options = options;
    const { connection, names, hello } = options;
    this.hello = hello;
    const link = uniqueName();
    const failed = (error: Error) => this.#fail(error);
    this.#link = new Link<UpMessage, DownMessage>({
      publish: (frame) => connection.publish(names.up(hello.run, link), frame),
      maxFrame: connection.maxPayload,
      receive: (message) => this.#receive(message),
      gone: () => this.#abandon("its coordinator has given this worker up"),
    });
    this.#down = connection.subscribe(names.down(link), ({ data }) => {
      this.#silence = 0;
      this.#link.receive(data);
    }, failed);
    this.#tasks = new ClaimedTasks({
      send: (message) => this.#link.send(message),
      free: options.free,
      freed: options.freed,
      log: options.log,
      failed,
    });
    this.#puller = new OfferPuller({
      connection,
      subject: () => this.#consumer && names.pull(this.#consumer),
      beatMs: hello.beatMs,
      wanted: () => this.#isReady && !this.#isLeaving ? this.#tasks.wanted : 0,
      missing: () => {
        if (this.#consumer) this.#link.send({ kind: "misses", consumer: this.#consumer });
      },
      take: (message) => {
        if (this.#isLeaving) message.respond("-NAK");
        else this.#tasks.take(message);
      },
      failed,
    }, names.down(`${link}.pull`));
    this.#timers.push(
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => this.#beat(), hello.beatMs),
    );
    this.#link.send({ kind: "join", beat: options.beat() });
  }

  /** Slots that it uses. */
  get busy(): number {
    return this.#tasks.busy;
  }

  /** The coordinator has shown that it lives. */
  received(): void {
    this.#silence = 0;
  }

  /** Begins tasks and asks for offers, where there are free slots. */
  proceed(): void {
    this.#tasks.begin();
    this.#puller.pull();
  }

  reconnected(): void {
    this.#silence = 0;
    this.#link.reconnected();
    this.#puller.restart();
  }

  /** Takes nothing more; lets tasks end for a while, and gives back the rest. */
  async leave(graceMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isLeaving = true;
    this.#link.send({ kind: "leaving" });
    this.#tasks.giveBack(false);
    await settledWithin(graceMs, this.#tasks.emptied());
    this.#tasks.giveBack(true);
    this.#link.send({ kind: "left" });
    await settledWithin(LAST_WORDS_MS, this.#link.flushed());
    this.close();
  }

  /** The run has ended, or is left. */
  close(unfit?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#puller.close();
    this.#down[Symbol.dispose]();
    this.#link.close();
    this.#options.ended(this, { unfit, closed: this.#tasks.close() });
  }

  readonly #events: ExecutorEvents<unknown> = {
    ready() {},
    started() {},
    // Ends are reported when they are committed.
    orphaned() {},
    ended: ({ id }, outcome) => this.#tasks.ended(id, outcome),
    lost: ({ id }) => this.#tasks.lost(id),
    returned: ({ id }) => this.#tasks.lost(id),
    failed: (error) => this.#link.send({ kind: "failed", error: toErrorData(error) }),
  };

  #receive(message: DownMessage): void {
    const { slots } = this.#tasks;
    switch (message.kind) {
      case "welcome":
        return void this.#getReady(
          this.#tasks.slots ??= new TaskSlots({
            welcome: message,
            module: this.#options.module,
            send: (message) => this.#link.send(message),
            events: this.#events,
          }),
        );
      case "pull_from":
        this.#consumer = message.consumer;
        return this.#puller.restart();
      case "go":
        return this.#tasks.go(message);
      case "drop":
      case "over":
        return this.#tasks.release(message);
      case "identified":
        return slots?.identified(message);
      case "cancel":
        return this.#tasks.cancel(message.id, fromErrorData(message.reason));
      case "abort":
        return this.#tasks.abort(fromErrorData(message.reason));
      case "port":
        return slots?.reply(message.port, message.reply);
      case "finish":
        this.#options.log(`The run of ${this.hello.name} on ${this.hello.machine} has ended`);
        return this.close();
      default: {
        const unknown: never = message;
        throw new TypeError(`Cannot read a message of unknown kind ${Deno.inspect(unknown)}`);
      }
    }
  }

  /** Loads the module, to see whether this machine can. */
  async #getReady(slots: TaskSlots): Promise<void> {
    try {
      slots.release(await slots.open());
    } catch (error) {
      if (this.#isClosed) return;
      const why = summarizeError(error);
      this.#options.log(`Refused the run of ${this.hello.name}: ${why}`);
      this.#link.send({ kind: "unfit", error: toErrorData(error) });
      await settledWithin(LAST_WORDS_MS, this.#link.flushed());
      return this.close(why);
    }
    if (this.#isClosed || this.#isLeaving) return;
    this.#isReady = true;
    this.#link.send({ kind: "ready", slots: this.#options.beat().slots });
    this.#puller.pull();
  }

  #beat(): void {
    if (!this.#options.connection.isConnected) return;
    this.#tasks.sendHeld();
    // A sign of life, also where the window of the link is full.
    this.#link.ping();
  }

  #tick(): void {
    if (!this.#options.connection.isConnected) return;
    this.#link.tick();
    this.#tasks.tick();
    this.#puller.pull();
    this.#silence += TICK_MS;
    if (this.#silence > 2 * this.hello.leaseMs) {
      this.#abandon("its coordinator is silent");
    }
  }

  #abandon(why: string): void {
    if (this.#isClosed) return;
    const { name, machine } = this.hello;
    const ended = this.busy > 0 ? `; ${this.busy} tasks were ended` : "";
    this.#options.log(`Left the run of ${name} on ${machine}: ${why}${ended}`);
    this.close();
  }

  #fail(error: Error): void {
    this.#options.log(`Failed in the run of ${this.hello.name}: ${summarizeError(error)}`);
    this.close();
  }
}
