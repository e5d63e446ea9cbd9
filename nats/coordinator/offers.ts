/**
 * The offers of a run on JetStream: a stream of which each message is one offer, and a consumer of the run, from
 * which workers pull. A lease is JetStream's: an offer whose worker dies before it has claimed it is given to another.
 *
 * What the server stores is disposable, since SQLite is the truth: when it was lost, or may be, the offers are
 * published again. Each time the consumer has another name, because a worker acknowledges offers by their numbers in
 * the stream: late acknowledgements would remove offers of the new stream that have the same numbers.
 *
 * @module
 */
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { createInbox, type Msg } from "@nats-io/transport-node";
import { delay } from "../../internal/delay.ts";
import { TransientMap } from "../../internal/transient_map.ts";
import type { Connection } from "../connection.ts";
import type { Names } from "../names.ts";
import type { OfferId } from "../protocol.ts";

/** Milliseconds after which an offer that the server has not acknowledged is published again. */
const RETRY_MS = 2_000;

/** Milliseconds between two attempts at the beginning. */
const RETRY_CALL_MS = 200;

/** Nanoseconds of a millisecond: times of JetStream. */
const NANOS = 1_000_000;

/** Milliseconds after which the server forgets the consumer of a run that no worker uses and that was not deleted. */
const FORGOTTEN_MS = 24 * 60 * 60 * 1_000;

/** Requests of workers that wait at the server. */
const MAX_WAITING = 8_192;

/** Answers of the API for a stream or a consumer that does not exist. */
const NOT_FOUND = new Set([10_059, 10_014]);

/** Of which run the offers are, and how they are kept. */
export interface OffersOptions {
  connection: Connection;
  names: Names;
  /** One start of a coordinator. */
  run: string;
  leaseMs: number;
  storage: "file" | "memory";
  /** Milliseconds for which a server is tried that does not answer at the beginning, or takes no offers. */
  patienceMs: number;
  signal?: AbortSignal | undefined;
  /** Called when the server has no such stream. */
  missing: () => void;
  /** Called when the server takes no offers. */
  failed: (error: Error) => void;
}

/** The offers of one run. */
export class Offers {
  readonly #options: OffersOptions;
  readonly #manager: JetStreamManager;
  /** Offers that the server has not acknowledged, the oldest first, and when they were published. */
  readonly #unacknowledged = new TransientMap<number, { offer: OfferId; at: number }>();
  /** Since when the server has taken none. */
  #refusedAt = Infinity;
  readonly #inbox = createInbox();
  readonly #subscription: Disposable;
  /** How many consumers there were, and whether the last one is known to have been made. */
  #generation = 0;
  #isMade = false;
  /** Consumers that may be there: two with the same subject are refused. */
  readonly #consumers = new Set<string>();

  private constructor(options: OffersOptions, manager: JetStreamManager) {
    this.#options = options;
    this.#manager = manager;
    const { connection, failed } = options;
    this.#subscription = connection.subscribe(
      `${this.#inbox}.*`,
      (message) => this.#receive(message),
      failed,
    );
  }

  /**
   * Makes the stream and the consumer, and removes what runs left there whose coordinator is gone.
   *
   * @throws {Error} If the server has no JetStream, or refuses it
   */
  static async open(options: OffersOptions): Promise<Offers> {
    const { connection, names } = options;
    try {
      const offers = new Offers(
        options,
        await patiently(
          options,
          () => connection.unlessLost(() => openManager(connection)),
        ),
      );
      await patiently(options, () => offers.ensure());
      return offers;
    } catch (error) {
      throw new Error(
        `Cannot run the pipeline: the stream ${names.stream} of NATS cannot be opened ` +
          `(${
            (error as Error).message
          }). Start nats-server with JetStream (-js), and let this user ` +
          `use $JS.API.> and ${names.jobs}`,
        { cause: error },
      );
    }
  }

  /** The consumer from which workers pull. */
  get consumer(): string {
    const { names, run } = this.#options;
    return names.consumer(run, this.#generation);
  }

  /** Makes what is missing. Resolves with whether something was, so that offers are lost. */
  async ensure(): Promise<boolean> {
    const { names, run, storage, leaseMs } = this.#options;
    const { streams, consumers } = this.#manager;
    if (!await this.#exists(() => streams.info(names.stream))) {
      await this.#call(() =>
        streams.add({
          name: names.stream,
          subjects: [names.jobs],
          retention: "workqueue",
          storage,
        })
      );
      this.#consumers.clear();
    } else if (
      this.#isMade && await this.#exists(() => consumers.info(names.stream, this.consumer))
    ) {
      return false;
    } else if (this.#generation > 0) {
      for (const consumer of this.#consumers) {
        await this.#exists(() => consumers.delete(names.stream, consumer));
        this.#consumers.delete(consumer);
      }
      await this.#call(() => streams.purge(names.stream, { filter: names.job(run) }));
    }
    this.#isMade = false;
    this.#generation++;
    this.#consumers.add(this.consumer);
    await this.#call(() =>
      consumers.add(names.stream, {
        durable_name: this.consumer,
        filter_subject: names.job(run),
        ack_policy: "explicit",
        ack_wait: leaseMs * NANOS,
        // JetStream would stop in silence: how often a task was lost is counted here.
        max_deliver: -1,
        max_ack_pending: -1,
        max_waiting: MAX_WAITING,
        inactive_threshold: FORGOTTEN_MS * NANOS,
      })
    );
    this.#isMade = true;
    this.#unacknowledged.clear();
    return true;
  }

  /** Makes the consumer again, and removes all offers. */
  async renew(): Promise<boolean> {
    this.#isMade = false;
    return await this.ensure();
  }

  /**
   * Publishes an offer, as often as it takes. With the plain protocol: the client's own way makes a promise, a timer
   * and two errors for each.
   */
  publish(offer: OfferId): void {
    const { connection, names, run } = this.#options;
    this.#unacknowledged.set(offer.offer, { offer, at: performance.now() });
    const reply = `${this.#inbox}.${offer.offer}`;
    connection.publish(names.job(run), `${offer.id} ${offer.offer}`, reply);
  }

  /** Publishes again what the server has not acknowledged for long; or all of that, after a reconnection. */
  tick(isAll = false): void {
    const late = isAll ? Infinity : performance.now() - RETRY_MS;
    for (const { offer, at } of [...this.#unacknowledged.values()]) {
      if (at >= late) return;
      this.#unacknowledged.delete(offer.offer);
      this.publish(offer);
    }
  }

  /** Calls the server, for as long as there is a connection. */
  #call<T>(call: () => Promise<T>): Promise<T> {
    return this.#options.connection.unlessLost(call);
  }

  /** Whether a call finds its stream or consumer. */
  async #exists(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await this.#call(call);
      return true;
    } catch (error) {
      const { code } = error as { code?: number };
      if (code !== undefined && NOT_FOUND.has(code)) return false;
      if (/not found/i.test(`${error}`)) return false;
      throw error;
    }
  }

  #receive(message: Msg): void {
    const { subject, headers } = message;
    // There is no such stream at the moment.
    if (headers?.hasError) return this.#options.missing();
    const { error } = message.json<{ error?: { description: string } }>();
    if (!error) {
      this.#unacknowledged.delete(Number(subject.slice(subject.lastIndexOf(".") + 1)));
      this.#refusedAt = Infinity;
      return;
    }
    // It may be full only until workers have taken what it has.
    this.#refusedAt = Math.min(this.#refusedAt, performance.now());
    const { names, patienceMs, failed } = this.#options;
    if (performance.now() - this.#refusedAt < patienceMs) return;
    const why = `the stream ${names.stream} of NATS refuses them (${error.description})`;
    failed(new Error(`Cannot offer tasks to workers: ${why}. Give JetStream more room`));
  }

  /** Removes the consumers of runs whose coordinator is gone, and their offers. */
  async sweep(): Promise<void> {
    const { connection, names, run } = this.#options;
    for await (const { name } of this.#manager.consumers.list(names.stream)) {
      if (names.runOf(name) === run) continue;
      // Its coordinator listens as long as it lives.
      const ping = names.up(names.runOf(name), "ping");
      const isGone = await connection.nats.request(ping, "", { timeout: 2_000 })
        .then(() => false, (error) => /no responders|503/i.test(`${error}`));
      if (isGone) await this.#remove(name);
    }
  }

  /** Removes the offers of the run. */
  async close(): Promise<void> {
    this.#subscription[Symbol.dispose]();
    this.#unacknowledged.clear();
    if (this.#options.connection.isConnected) await this.#remove(this.consumer);
  }

  async #remove(consumer: string): Promise<void> {
    const { names } = this.#options;
    const filter = names.job(names.runOf(consumer));
    await this.#manager.consumers.delete(names.stream, consumer).catch(() => {});
    await this.#manager.streams.purge(names.stream, { filter }).catch(() => {});
  }
}

/** The API of JetStream. */
async function openManager({ nats }: Connection): Promise<JetStreamManager> {
  return await jetstreamManager(nats, { timeout: 5_000 });
}

/** Tries again while the connection is lost in the middle of a request, or the server only starts. */
async function patiently<T>(
  { patienceMs, signal }: OffersOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const { name, message } = error as Error;
      const isPassing = /timeout|no ?responders|503|disconnect|connection/i.test(
        `${name} ${message}`,
      );
      if (!isPassing || performance.now() > end || signal?.aborted) throw error;
      await delay(RETRY_CALL_MS, signal);
    }
  }
}
