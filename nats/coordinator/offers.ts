/**
 * The offers of a run on JetStream: a stream of which each message is one offer, and a consumer of the run, from
 * which workers pull. A lease is JetStream's: an offer that is neither acknowledged nor kept alive for that time is
 * given to another worker.
 *
 * What the server stores is disposable, since SQLite is the truth: when it was lost, the offers are published again.
 *
 * @module
 */
import { jetstream, type JetStreamClient, jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import { delay } from "../../internal/delay.ts";
import type { Connection } from "../connection.ts";
import type { Names } from "../names.ts";
import type { OfferId } from "../protocol.ts";

/** Milliseconds between two attempts at something that the server did not take. */
const RETRY_MS = 500;

/** Nanoseconds of a millisecond: times of JetStream. */
const NANOS = 1_000_000;

/** Milliseconds after which the server forgets the consumer of a run that no worker asks for and no one deletes. */
const FORGOTTEN_MS = 24 * 60 * 60 * 1_000;

/** Requests of workers that wait at the server. */
const MAX_WAITING = 8_192;

/** Answers of the API that say that there is no such stream, or no such consumer. */
const NOT_FOUND = new Set([10_059, 10_014]);

/** Of which run the offers are, and how they are kept. */
export interface OffersOptions {
  connection: Connection;
  names: Names;
  /** One start of a coordinator. */
  run: string;
  leaseMs: number;
  storage: "file" | "memory";
}

/** The offers of one run. */
export class Offers {
  readonly #options: OffersOptions;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  #isClosed = false;

  private constructor(options: OffersOptions, manager: JetStreamManager) {
    this.#options = options;
    this.#client = jetstream(options.connection.nats);
    this.#manager = manager;
  }

  /**
   * Makes the stream and the consumer, and removes what runs left there whose coordinator is gone.
   *
   * @throws {Error} If the server has no JetStream, or refuses it
   */
  static async open(options: OffersOptions): Promise<Offers> {
    const { connection, names } = options;
    try {
      const manager = await jetstreamManager(connection.nats, { timeout: 5_000 });
      const offers = new Offers(options, manager);
      await offers.ensure();
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

  /** Makes what is missing. Resolves with whether something was, so that offers may be lost. */
  async ensure(): Promise<boolean> {
    const { names, run, storage, leaseMs } = this.#options;
    const { streams, consumers } = this.#manager;
    let isNew = false;
    await ifMissing(streams.info(names.stream), async () => {
      await streams.add({
        name: names.stream,
        subjects: [names.jobs],
        retention: "workqueue",
        storage,
      });
    });
    await ifMissing(consumers.info(names.stream, run), async () => {
      isNew = true;
      await consumers.add(names.stream, {
        durable_name: run,
        filter_subject: names.job(run),
        ack_policy: "explicit",
        ack_wait: leaseMs * NANOS,
        // JetStream would stop in silence: how often a task was lost is counted here.
        max_deliver: -1,
        max_ack_pending: -1,
        max_waiting: MAX_WAITING,
        inactive_threshold: FORGOTTEN_MS * NANOS,
      });
    });
    return isNew;
  }

  /** How many offers the server has, given out or not. */
  async count(): Promise<number> {
    const { names, run } = this.#options;
    const { num_pending, num_ack_pending } = await this.#manager.consumers.info(names.stream, run);
    return num_pending + num_ack_pending;
  }

  /** Publishes an offer, as often as it takes. */
  publish(offer: OfferId): void {
    void this.#publish(offer);
  }

  async #publish({ id, offer }: OfferId): Promise<void> {
    const { connection, names, run } = this.#options;
    const payload = `${id} ${offer}`;
    while (!this.#isClosed) {
      try {
        if (connection.isConnected) {
          // An answer that was lost does not make it two.
          await this.#client.publish(names.job(run), payload, { msgID: `${run} ${payload}` });
          return;
        }
      } catch {
        if (connection.isConnected) await this.ensure().catch(() => {});
      }
      await delay(RETRY_MS);
    }
  }

  /** Removes the consumers of runs whose coordinator is gone, and their offers. */
  async sweep(): Promise<void> {
    const { connection, names, run } = this.#options;
    for await (const { name } of this.#manager.consumers.list(names.stream)) {
      if (name === run) continue;
      // Its coordinator listens as long as it lives.
      const isGone = await connection.nats.request(names.up(name, "ping"), "", { timeout: 2_000 })
        .then(() => false, (error) => /no responders|503/i.test(`${error}`));
      if (isGone) await this.#remove(name);
    }
  }

  /** Removes the offers of the run. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#options.connection.isConnected) await this.#remove(this.#options.run);
  }

  async #remove(run: string): Promise<void> {
    const { names } = this.#options;
    await this.#manager.consumers.delete(names.stream, run).catch(() => {});
    await this.#manager.streams.purge(names.stream, { filter: names.job(run) }).catch(() => {});
  }
}

async function ifMissing(info: Promise<unknown>, make: () => Promise<void>): Promise<void> {
  try {
    await info;
  } catch (error) {
    const { code } = error as { code?: number };
    if (code === undefined || !NOT_FOUND.has(code)) {
      if (!/not found/i.test(`${error}`)) throw error;
    }
    await make();
  }
}
