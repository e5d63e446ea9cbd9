/**
 * A connection to NATS: how it is opened, that it comes back by itself, and errors that say what to do without
 * telling a secret.
 *
 * @module
 */
import {
  connect,
  type ConnectionOptions,
  credsAuthenticator,
  type Msg,
  type NatsConnection,
  nkeyAuthenticator,
} from "@nats-io/transport-node";
import { checkText, unexpected } from "../internal/validate.ts";
import { delay, settledWithin } from "../internal/delay.ts";
import { PREFIX } from "./names.ts";

/** Files for an encrypted connection. */
export interface NatsTls {
  /** The file of the authority that signed the server's certificate; that of the system unless given. */
  ca?: string | URL | undefined;
  /** The file of the client's own certificate, where the server asks for one. */
  cert?: string | URL | undefined;
  /** The file of the certificate's key. */
  key?: string | URL | undefined;
}

/** How NATS is reached. */
export interface NatsOptions {
  /** The servers of one cluster, such as `"tls://broker:4222"`. */
  servers: string | readonly string[];
  /** A file of credentials, as `nsc` makes it. */
  credentials?: string | URL | undefined;
  /** A file with the seed of an NKey. */
  nkey?: string | URL | undefined;
  /** A token. */
  token?: string | undefined;
  /** The name of a user. */
  user?: string | undefined;
  /** The user's password. */
  password?: string | undefined;
  /** Files for an encrypted connection; `tls://` alone encrypts with what the system trusts. */
  tls?: NatsTls | undefined;
  /**
   * What the subjects and the stream begin with: coordinators and workers of one prefix find each other.
   *
   * @default {"pipeloom"}
   */
  prefix?: string | undefined;
}

/** The names of these options. */
export const NATS_OPTIONS = [
  "credentials",
  "nkey",
  "password",
  "prefix",
  "servers",
  "tls",
  "token",
  "user",
] as const satisfies readonly (keyof NatsOptions)[];

/** Milliseconds between two pings: a peer that is gone without a word is noticed after two of them. */
const PING_MS = 5_000;

/** Milliseconds between two attempts to connect. */
const RETRY_MS = 500;

/** What {@linkcode openConnection} is told beside the options of a user. */
export interface OpenOptions {
  /** What an error says cannot be done. */
  operation: string;
  /** Milliseconds to try while no server answers; `Infinity` for ever. */
  patienceMs: number;
  signal?: AbortSignal | undefined;
  /** Is told, once, that no server answers and that it is tried again. */
  waits?: ((why: string) => void) | undefined;
}

/** An open connection. */
export class Connection {
  readonly nats: NatsConnection;
  #isConnected = true;
  readonly #listeners = new Set<(isConnected: boolean) => void>();

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

  /** Tells a listener when the connection is lost, and when it is back. */
  onChange(listener: (isConnected: boolean) => void): void {
    this.#listeners.add(listener);
  }

  /** Publishes, unless there is no connection. */
  publish(subject: string, payload: Uint8Array | string, reply?: string): void {
    if (!this.isConnected) return;
    this.nats.publish(subject, payload, reply === undefined ? {} : { reply });
  }

  /** Takes the messages of a subject. What the listener throws is given to `failed`. */
  subscribe(
    subject: string,
    listener: (message: Msg) => void,
    failed: (error: Error) => void,
  ): Disposable {
    const subscription = this.nats.subscribe(subject, {
      callback(error, message) {
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
    if (this.nats.isClosed()) return;
    if (this.isConnected) await settledWithin(1_000, this.nats.flush());
    await this.nats.close();
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.nats.status()) {
      if (type !== "disconnect" && type !== "reconnect") continue;
      this.#isConnected = type === "reconnect";
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
  for (let isFirst = true;; isFirst = false) {
    try {
      return new Connection(await connect(settings));
    } catch (error) {
      const { why, isFinal } = explain(error as Error);
      const reason = `Cannot ${operation}: ${servers} ${why}`;
      if (isFinal || performance.now() > end || signal?.aborted) {
        throw new Error(reason, { cause: error });
      }
      if (isFirst) waits?.(`${servers} ${why}; trying again`);
      await delay(RETRY_MS, signal);
      if (signal?.aborted) throw signal.reason;
    }
  }
}

/** The servers without the user and password that an address may hold. */
export function shownServers({ servers }: Pick<NatsOptions, "servers">): string {
  return [servers].flat().map((server) => String(server).replace(/\/\/[^@/]*@/, "//")).join(", ");
}

/**
 * Refuses options of the wrong kind.
 *
 * @throws {TypeError} If there is one
 */
export function checkNats(options: NatsOptions, operation: string): void {
  const servers = [options.servers].flat();
  if (servers.length === 0) servers.push(undefined as unknown as string);
  for (const server of servers) {
    if (typeof server === "string" && /^(nats:\/\/|tls:\/\/)?[^/\s]+$/.test(server)) continue;
    const expected = 'an address such as "tls://broker:4222"';
    throw new TypeError(unexpected(server, { operation, name: "servers", expected }));
  }
  const { prefix = PREFIX } = options;
  if (typeof prefix !== "string" || !/^[\w-]+(\.[\w-]+)*$/.test(prefix)) {
    const expected = 'letters, digits, "-", "_" and dots';
    throw new TypeError(unexpected(prefix, { operation, name: "prefix", expected }));
  }
  for (const name of ["token", "user", "password"] as const) {
    // The value is left out of the error: it is a secret.
    if (options[name] !== undefined) {
      checkText(typeof options[name] === "string" ? options[name] : undefined, { operation, name });
    }
  }
}

async function settingsOf(options: NatsOptions, operation: string): Promise<ConnectionOptions> {
  checkNats(options, operation);
  const { servers, credentials, nkey, token, user, password, tls } = options;
  const settings: ConnectionOptions = {
    servers: [servers].flat().map((server) => String(server)),
    name: "pipeloom",
    maxReconnectAttempts: -1,
    reconnectTimeWait: RETRY_MS,
    reconnectJitter: 100,
    pingInterval: PING_MS,
    maxPingOut: 2,
    timeout: 5_000,
    ignoreAuthErrorAbort: true,
  };
  if (token !== undefined) settings.token = token;
  if (user !== undefined) settings.user = user;
  if (password !== undefined) settings.pass = password;
  const read = (name: string, file: string | URL) => readSecret(file, name, operation);
  if (credentials !== undefined) {
    settings.authenticator = credsAuthenticator(await read("credentials", credentials));
  } else if (nkey !== undefined) {
    const text = new TextDecoder().decode(await read("nkey", nkey));
    // The file may hold comments around the seed.
    const seed = /\bSU[A-Z2-7]{56}\b/.exec(text)?.[0];
    if (!seed) {
      throw new TypeError(`Cannot ${operation}: the file ${nkey} holds no seed of a user's NKey`);
    }
    settings.authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
  }
  if (tls || settings.servers!.toString().includes("tls://")) {
    const { ca, cert, key } = tls ?? {};
    settings.tls = {};
    const text = async (name: string, file: string | URL) =>
      new TextDecoder().decode(await read(name, file));
    if (ca !== undefined) settings.tls.ca = await text("tls.ca", ca);
    if (cert !== undefined) settings.tls.cert = await text("tls.cert", cert);
    if (key !== undefined) settings.tls.key = await text("tls.key", key);
  }
  return settings;
}

async function readSecret(
  file: string | URL,
  name: string,
  operation: string,
): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(`Cannot ${operation}: the file ${file} of ${name} cannot be read (${why})`, {
      cause: error,
    });
  }
}

/** What went wrong, after the names of the servers, and whether it is of use to try again. */
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
