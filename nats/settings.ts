/**
 * The options by which NATS is reached: what users pass, what is refused, and what the client receives. No error
 * reveals a secret.
 *
 * @module
 */
import { isIP } from "node:net";
import {
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  type TlsOptions,
} from "@nats-io/transport-node";
import { checkText, unexpected } from "../internal/validate.ts";
import { PREFIX } from "./names.ts";

/**
 * Files for an encrypted connection.
 *
 * @example An authority of your own
 * ```ts ignore
 * import type { NatsTls } from "@pipeloom/pipeloom/nats";
 *
 * const tls: NatsTls = { ca: "ca.pem", cert: "worker.pem", key: "worker.key" };
 * ```
 */
export interface NatsTls {
  /** The file of the authority that signed the server's certificate; that of the system unless given. */
  ca?: string | URL | undefined;
  /** The file of the client's own certificate, where the server asks for one. */
  cert?: string | URL | undefined;
  /** The file of the certificate's key. */
  key?: string | URL | undefined;
}

/**
 * How NATS is reached.
 *
 * @example With credentials
 * ```ts ignore
 * import type { NatsOptions } from "@pipeloom/pipeloom/nats";
 *
 * const options: NatsOptions = {
 *   servers: "tls://broker.example:4222",
 *   credentials: "worker.creds",
 * };
 * ```
 */
export interface NatsOptions {
  /** Servers of one cluster, such as `"tls://broker:4222"`. */
  servers: string | readonly string[];
  /** File with credentials, as `nsc` writes it. */
  credentials?: string | URL | undefined;
  /** File with the seed of an NKey. */
  nkey?: string | URL | undefined;
  /** A token. */
  token?: string | undefined;
  /** Name of a user. */
  user?: string | undefined;
  /** Password of the user. */
  password?: string | undefined;
  /** Files for an encrypted connection; `tls://` alone uses the authorities that the system trusts. */
  tls?: NatsTls | undefined;
  /**
   * Prefix of the subjects and of the stream: coordinators and workers with the same prefix find each other.
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
export const RETRY_MS = 500;

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

/**
 * The options of the NATS client.
 *
 * @throws {TypeError} If an option is of the wrong kind
 * @throws {Error} If a file cannot be read
 */
export async function settingsOf(
  options: NatsOptions,
  operation: string,
): Promise<ConnectionOptions> {
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
    const address = soleAddress(settings.servers as string[]);
    // The client would compare the certificate with "localhost".
    const files: TlsOptions & { host?: string } = address ? { host: address } : {};
    settings.tls = files;
    const text = async (name: string, file: string | URL) =>
      new TextDecoder().decode(await read(name, file));
    if (ca !== undefined) files.ca = await text("tls.ca", ca);
    if (cert !== undefined) files.cert = await text("tls.cert", cert);
    if (key !== undefined) files.key = await text("tls.key", key);
  }
  return settings;
}

/** The server, where there is one and it is named by its address. */
function soleAddress(servers: readonly string[]): string | undefined {
  if (servers.length > 1) return undefined;
  const [server] = servers as [string];
  const { hostname } = new URL(server.includes("://") ? server : `nats://${server}`);
  const address = hostname.replace(/^\[|\]$/g, "");
  return isIP(address) ? address : undefined;
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
