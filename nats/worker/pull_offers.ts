/**
 * Asks the server for offers: as many as there are free slots, and a few more where tasks are short
 * (`lookahead.ts`), because an offer that waits here could be run elsewhere.
 *
 * A request waits at the server until there is an offer, or its time is over. Done with the plain protocol of
 * JetStream: the client's own consumers fetch ahead of what is processed.
 *
 * @module
 */
import { clearImmediate, setImmediate } from "node:timers";
import type { Msg } from "@nats-io/transport-node";
import type { Connection } from "../connection.ts";

/** Milliseconds for which a request waits at the server. */
const EXPIRES_MS = 20_000;

/** Signs of life of the server that may be missed before a request is lost: it ignores one without a consumer. */
const MISSED_BEATS = 2.5;

/** Milliseconds until it is asked again when the server has no such consumer. */
const RETRY_MS = 500;

/** Nanoseconds of a millisecond: times of JetStream. */
const NANOS = 1_000_000;

/** What the puller needs. */
export interface PullOptions {
  connection: Connection;
  /** Where requests go; missing while that is not known. */
  subject: () => string | undefined;
  /** Milliseconds between signs of life of the server while a request waits. */
  beatMs: number;
  /** How many offers are wanted at the moment. */
  wanted: () => number;
  /** The server has no such consumer, or sends no sign of life for it. */
  missing: () => void;
  take: (message: Msg) => void;
  failed: (error: Error) => void;
}

/** Pulls offers of one run. */
export class OfferPuller {
  readonly #options: PullOptions;
  readonly #inbox: string;
  readonly #subscription: Disposable;
  /** Offers that were asked for and have not come, and when the server was asked or answered last. */
  #asked = 0;
  #activeAt = 0;
  /** When all that was asked for had come. */
  #settledAt = 0;
  #retryAt = 0;
  #scheduled: ReturnType<typeof setImmediate> | undefined;
  #isClosed = false;

  constructor(options: PullOptions, inbox: string) {
    this.#options = options;
    this.#inbox = inbox;
    this.#subscription = options.connection.subscribe(
      inbox,
      (message) => this.#receive(message),
      options.failed,
    );
  }

  /** Asks for as many as are wanted and not asked for, once for all that happens in this turn of the event loop. */
  pull(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#pull();
    });
  }

  #pull(): void {
    const { connection, wanted, beatMs } = this.#options;
    const subject = this.#options.subject();
    const now = performance.now();
    if (this.#isClosed || !subject || !connection.isConnected || now < this.#retryAt) return;
    if (this.#asked === 0) this.#settledAt = now;
    const isLost = now - this.#activeAt > MISSED_BEATS * beatMs ||
      now - this.#settledAt > EXPIRES_MS + beatMs;
    if (isLost) {
      if (this.#asked > 0) this.#options.missing();
      [this.#asked, this.#settledAt] = [0, now];
    }
    const batch = wanted() - this.#asked;
    if (batch <= 0) return;
    this.#asked += batch;
    this.#activeAt = now;
    const request = JSON.stringify({
      batch,
      expires: EXPIRES_MS * NANOS,
      idle_heartbeat: beatMs * NANOS,
    });
    connection.publish(subject, request, this.#inbox);
  }

  /** The request may be lost, or was made to another consumer. */
  restart(): void {
    this.#asked = 0;
    this.#retryAt = 0;
    this.pull();
  }

  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#scheduled);
    this.#subscription[Symbol.dispose]();
  }

  #receive(message: Msg): void {
    this.#activeAt = performance.now();
    const code = message.headers?.code ?? 0;
    // 100 is a sign of life of the server.
    if (code === 100) return;
    if (code === 0) {
      this.#asked = Math.max(0, this.#asked - 1);
      return this.#options.take(message);
    }
    if (code === 408) {
      // The time of a request is over: this many of its offers did not come.
      const left = Number(message.headers!.get("Nats-Pending-Messages")) || 0;
      this.#asked = Math.max(0, this.#asked - left);
    } else {
      // There is no such consumer at the moment.
      if (this.#asked > 0) this.#options.missing();
      this.#asked = 0;
      this.#retryAt = performance.now() + RETRY_MS;
    }
    this.pull();
  }
}
