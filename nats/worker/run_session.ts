/**
 * The part that a worker takes in one run: it claims the offers that it pulls, runs their tasks, and keeps their
 * leases alive until the coordinator has noted their ends.
 *
 * The leases are kept by this thread, while tasks compute on others: so a task that never waits is not taken for
 * dead.
 *
 * @module
 */
import type { Msg } from "@nats-io/transport-node";
import { fromErrorData, toErrorData } from "../../errors.ts";
import { settledWithin } from "../../internal/delay.ts";
import { summarizeError } from "../../internal/error_text.ts";
import type { ExecutorEvents } from "../../pipeline/executor/executor.ts";
import type { Connection } from "../connection.ts";
import { Link } from "../link.ts";
import { type Names, uniqueName } from "../names.ts";
import type { DownMessage, Go, OfferId, RunHello, UpMessage, WorkerBeat } from "../protocol.ts";
import { decode } from "../protocol.ts";
import { type Held, HeldOffers } from "./held_offers.ts";
import { OfferPuller } from "./pull_offers.ts";
import { offeredTask, TaskSlots } from "./task_slots.ts";

/** Milliseconds between two looks. */
const TICK_MS = 500;

/** Milliseconds for which the last messages may take to arrive. */
const LAST_WORDS_MS = 5_000;

/** What a session is told, and whom it tells. */
export interface RunSessionOptions {
  connection: Connection;
  names: Names;
  hello: RunHello;
  /** The module of the run, here. */
  module: string | URL;
  /** What this worker tells of itself. */
  beat: () => WorkerBeat;
  /** Slots that no run uses. */
  free: () => number;
  /** It has ended; with a reason why the run is not to be joined again. */
  ended: (session: RunSession, unfit?: string) => void;
  /** A slot is free. */
  freed: () => void;
  log: (line: string) => void;
}

/** One run of one coordinator. */
export class RunSession {
  readonly hello: RunHello;
  readonly #options: RunSessionOptions;
  readonly #link: Link<UpMessage, DownMessage>;
  readonly #down: Disposable;
  readonly #puller: OfferPuller;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #slots: TaskSlots | undefined;
  readonly #held = new HeldOffers();
  /** Milliseconds since the coordinator was heard of. */
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
    this.#puller = new OfferPuller({
      connection,
      subject: names.pull(hello.run),
      beatMs: hello.beatMs,
      wanted: () => this.#isReady && !this.#isLeaving ? options.free() : 0,
      take: (message) => this.#take(message),
      failed,
    }, names.down(`${link}.pull`));
    this.#timers.push(
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => this.#beat(), hello.beatMs),
    );
    this.#link.send({ kind: "join", beat: options.beat() });
  }

  /** Tasks that have not returned. */
  get busy(): number {
    return this.#held.busy;
  }

  /** The coordinator has shown that it lives. */
  heard(): void {
    this.#silence = 0;
  }

  /** Asks for offers, where there are free slots. */
  pull(): void {
    this.#puller.pull();
  }

  reconnected(): void {
    this.#silence = 0;
    this.#link.reconnected();
    this.#puller.reconnected();
  }

  /** Takes nothing more; lets tasks end for a while, and gives back the rest. */
  async leave(graceMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isLeaving = true;
    this.#link.send({ kind: "leaving" });
    await settledWithin(graceMs, this.#held.emptied());
    for (const held of this.#held.all()) this.#giveBack(held);
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
    this.#slots?.close();
    this.#held.clear();
    this.#options.ended(this, unfit);
  }

  readonly #events: ExecutorEvents<unknown> = {
    ready() {},
    started() {},
    // Ends are told when they are committed.
    orphaned() {},
    ended: ({ id }, outcome) => {
      const held = this.#held.running(id);
      if (!held) return;
      this.#held.ended(held);
      this.#link.send({ kind: "ended", id, offer: held.offer, outcome });
    },
    lost: ({ id }) => {
      const held = this.#held.running(id);
      if (held) this.#giveBack(held);
    },
    failed: (error) => this.#link.send({ kind: "failed", error: toErrorData(error) }),
  };

  #receive(message: DownMessage): void {
    switch (message.kind) {
      case "welcome":
        this.#slots ??= new TaskSlots({
          welcome: message,
          module: this.#options.module,
          send: (message) => this.#link.send(message),
          events: this.#events,
        });
        return void this.#getReady(this.#slots);
      case "go":
        return this.#begin(message);
      case "drop":
      case "over":
        return this.#release(message);
      case "identified":
        return this.#slots?.identified(message);
      case "cancel":
        return this.#slots?.cancel(message.id, fromErrorData(message.reason));
      case "abort":
        return this.#slots?.abort(fromErrorData(message.reason));
      case "port":
        return this.#slots?.reply(message.port, message.reply);
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
      slots.release(await slots.take());
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

  /** The server has given this worker an offer. */
  #take(message: Msg): void {
    const isWanted = !this.#isLeaving && this.#options.free() > 0;
    const held = this.#held.take(message);
    // The lease ran out while the server was away: it continues.
    if (!held) return;
    if (isWanted) return void this.#claim(held);
    this.#held.forget(held);
    message.respond("-NAK");
  }

  async #claim(held: Held): Promise<void> {
    const { id, offer } = held;
    try {
      const slot = await this.#slots!.take();
      if (this.#held.get(held) !== held) return this.#slots?.release(slot);
      held.slot = slot;
      this.#link.send({ kind: "claim", id, offer, port: slot.port });
    } catch (error) {
      if (this.#isClosed) return;
      this.#options.log(`Cannot start a Worker: ${summarizeError(error)}`);
      this.#giveBack(held);
    }
  }

  #begin({ id, offer, item, ...task }: Go): void {
    const held = this.#held.get({ id, offer });
    const slot = held?.slot;
    // It was given back meanwhile, and the coordinator is told so.
    if (!held || !slot) return;
    this.#held.begin(held);
    slot.worker.run(offeredTask({ id, ...task, item: decode(item) })).then(() => {
      const isHeld = this.#held.returned(held);
      this.#slots?.release(slot);
      if (!isHeld) return;
      this.#link.send({ kind: "returned", id, offer });
      this.#options.freed();
    }).catch((error) => this.#fail(error as Error));
  }

  /** The coordinator needs nothing more of an offer. */
  #release({ id, offer }: OfferId): void {
    const held = this.#held.get({ id, offer });
    if (!held) return;
    held.message.respond("+ACK");
    const { slot, isRunning } = held;
    this.#held.forget(held);
    if (slot && !isRunning) this.#slots?.release(slot);
    this.#options.freed();
  }

  /** Lets another worker have an offer. */
  #giveBack(held: Held): void {
    const { id, offer, slot, isRunning, message } = held;
    this.#held.forget(held);
    if (slot && isRunning) this.#slots?.end(slot);
    this.#link.send({ kind: "gave_back", id, offer });
    message.respond("-NAK");
    this.#options.freed();
  }

  #beat(): void {
    if (!this.#options.connection.isConnected) return;
    for (const { message } of this.#held.all()) message.respond("+WPI");
    this.#link.ping();
  }

  #tick(): void {
    if (!this.#options.connection.isConnected) return;
    this.#link.tick();
    this.#puller.pull();
    this.#slots?.tellProgress();
    this.#silence += TICK_MS;
    if (this.#silence > 2 * this.hello.leaseMs) {
      this.#abandon("nothing is heard of its coordinator");
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
