/**
 * A connection to NATS: how it is opened, that it comes back by itself, and errors that name a remedy without
 * revealing a secret.
 *
 * @module
 */
import {
  connect,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { delay, settledWithin } from "../internal/delay.ts";
import type { Refusal } from "./refusal.ts";
import { asksForCertificate } from "./server_info.ts";
import { takeStrayErrors } from "./stray_errors.ts";
import { type NatsOptions, RETRY_MS, settingsOf, shownServers } from "./settings.ts";

/** Options of {@linkcode openConnection} beside those of a user. */
export interface OpenOptions {
  /** The operation that an error names. */
  operation: string;
  /** Milliseconds to try while no server answers; `Infinity` for ever. */
  patienceMs: number;
  signal?: AbortSignal | undefined;
  /** Is called once, when no server answers and the connection is retried. */
  waits?: ((why: string) => void) | undefined;
}

/** An open connection. */
export class Connection {
  readonly nats: NatsConnection;
  #isConnected = true;
  /** Called while the connection is made again. */
  #alert: Disposable | undefined;
  readonly #listeners = new Set<(isConnected: boolean) => void>();
  #refused: (refusal: Refusal) => void = () => {};

  constructor(nats: NatsConnection) {
    this.nats = nats;
    void this.#follow();
  }

  /** Whether there is a connection at the moment. */
  get isConnected(): boolean {
    return this.#isConnected && !this.nats.isClosed();
  }

  /** Bytes of a message at most. */
  get maxPayload(): number {
    return this.nats.info?.max_payload ?? 1024 * 1024;
  }

  /** Notifies a listener when the connection is lost, and when it is back. */
  onChange(listener: (isConnected: boolean) => void): void {
    this.#listeners.add(listener);
  }

  /** Reports subjects that the server keeps from this user. */
  onRefused(listener: (refusal: Refusal) => void): void {
    this.#refused = listener;
  }

  /**
   * Waits for an answer of the server, for as long as there is a connection: one that is lost takes the answer along.
   *
   * @throws {Error} If the connection is lost, or was
   */
  async unlessLost<T>(answer: () => Promise<T>): Promise<T> {
    const { promise: lost, reject } = Promise.withResolvers<never>();
    const listener = () => reject(new Error("the connection was lost"));
    // It may be lost before the race below begins, or instead of it.
    lost.catch(() => {});
    if (!this.isConnected) listener();
    this.#listeners.add(listener);
    try {
      return await Promise.race([lost, answer()]);
    } finally {
      this.#listeners.delete(listener);
    }
  }

  /** Publishes, unless there is no connection. */
  publish(subject: string, payload: Uint8Array | string, reply?: string): void {
    if (!this.isConnected) return;
    this.nats.publish(subject, payload, reply === undefined ? {} : { reply });
  }

  /**
   * Takes the messages of a subject. What the listener throws is given to `failed`; a subject that is refused is
   * reported to the listener of `onRefused()`.
   */
  subscribe(
    subject: string,
    listener: (message: Msg) => void,
    failed: (error: Error) => void,
  ): Disposable {
    const subscription = this.nats.subscribe(subject, {
      callback(error, message) {
        if (error instanceof PermissionViolationError) return;
        try {
          if (error) throw error;
          listener(message);
        } catch (thrown) {
          failed(thrown as Error);
        }
      },
    });
    return {
      [Symbol.dispose]: () => {
        if (!subscription.isClosed()) subscription.unsubscribe();
      },
    };
  }

  /** Closes it when what was published has left. */
  async close(): Promise<void> {
    this.#alert?.[Symbol.dispose]();
    if (this.nats.isClosed()) return;
    if (this.isConnected) await settledWithin(1_000, this.nats.flush());
    await this.nats.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.nats.status()) {
      const { type } = status;
      if (type === "error" && status.error instanceof PermissionViolationError) {
        const { operation, subject } = status.error;
        this.#refused({ does: operation === "publish" ? "publish to" : "subscribe to", subject });
      }
      if (type !== "disconnect" && type !== "reconnect") continue;
      this.#isConnected = type === "reconnect";
      this.#alert?.[Symbol.dispose]();
      this.#alert = this.#isConnected ? undefined : takeStrayErrors();
      for (const listener of this.#listeners) listener(this.#isConnected);
    }
  }
}

/**
 * Connects. Once it is open, a lost connection comes back by itself.
 *
 * @throws {TypeError} If an option is of the wrong kind
 * @throws {Error} If no server answers, or it refuses
 */
export async function openConnection(
  options: NatsOptions,
  { operation, patienceMs, signal, waits }: OpenOptions,
): Promise<Connection> {
  const settings = await settingsOf(options, operation);
  const servers = shownServers(options);
  const end = performance.now() + patienceMs;
  const [server] = settings.servers as string[];
  if (settings.tls && !settings.tls.cert && await asksForCertificate(server!)) {
    throw new Error(
      `Cannot ${operation}: ${servers} asks for a certificate. Pass tls.cert and tls.key`,
    );
  }
  for (let isFirst = true;; isFirst = false) {
    using refusal = takeStrayErrors();
    const opening = connect(settings);
    const stop = Promise.withResolvers<never>();
    const abort = () => stop.reject(signal!.reason);
    signal?.addEventListener("abort", abort);
    try {
      return new Connection(await Promise.race([opening, refusal.alert, stop.promise]));
    } catch (error) {
      // One that opens all the same is not used.
      opening.then((nats) => nats.close(), () => {});
      if (signal?.aborted) throw signal.reason;
      const { why, isFinal } = explain(error as Error);
      const reason = `Cannot ${operation}: ${servers} ${why}`;
      if (isFinal || performance.now() > end) {
        throw new Error(reason, { cause: error });
      }
      if (isFirst) waits?.(`${servers} ${why}; trying again`);
      await delay(RETRY_MS, signal);
      if (signal?.aborted) throw signal.reason;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}

/** What went wrong, after the names of the servers, and whether another attempt may succeed. */
function explain(error: Error): { why: string; isFinal: boolean } {
  const text = [error, error.cause].map((one) =>
    one instanceof Error
      ? `${one.name} ${one.message} ${(one as { code?: string }).code ?? ""}`
      : ""
  ).join(" ");
  if (/authorization|authentication|permissions violation|user .*expired/i.test(text)) {
    return { why: "refused the credentials. Pass others, or add this user there", isFinal: true };
  }
  if (/NotCapable|permission|--allow-net/i.test(text)) {
    return { why: `may not be reached (${error.message})`, isFinal: true };
  }
  if (/cert|self.?signed|unknown ?issuer|UNABLE_TO_VERIFY|tls|ssl|handshake/i.test(text)) {
    return { why: `could not be trusted, or does not trust us (${error.message})`, isFinal: true };
  }
  return { why: `cannot be reached (${error.message || error.name})`, isFinal: false };
}
