/**
 * An HTTP server with limits: for how long a request may take to arrive, and how many connections there are.
 *
 * `Deno.serve` was rejected: it waits for ever for a request that never ends, and stops for good when the process
 * has no file descriptor left for a connection (measured with Deno 2.9.6). The server of `node:http` has the
 * time limits; it, too, stops accepting when descriptors run out, so that must never happen: of more
 * connections than are wanted the oldest idle one is closed.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { once } from "node:events";
import { isListeningRefused } from "../../internal/permissions.ts";

/** How long a client may take, in milliseconds. */
export interface TimeLimits {
  /** For the head of a request, from the connection's beginning. */
  headMs: number;
  /** For a whole request. */
  requestMs: number;
  /** Between two requests of a connection. */
  keepAliveMs: number;
}

const TIME_LIMITS: TimeLimits = { headMs: 10_000, requestMs: 20_000, keepAliveMs: 15_000 };

/** What is known of a request beside itself. */
export interface RequestInfo {
  /** The address that it came from. */
  remoteAddr: { hostname: string };
  /** Settled when the answer has been sent, or its connection is gone. */
  completed: Promise<void>;
}

/** What answers. */
export type Handler = (request: Request, info: RequestInfo) => Response | Promise<Response>;

/** Where to listen, and how many requests may be answered at once. */
export interface HttpServerOptions {
  /** The address. */
  hostname: string;
  /** The port; 0 takes any that is free. */
  port: number;
  /**
   * Requests that are answered at the same time, and connections without a request that are kept beside them: as
   * many may connect before the first of them asks. Of more the oldest without a request is closed.
   */
  maxActive: number;
  /** How long a client may take. */
  limits?: TimeLimits;
}

/** A server that listens. */
export class HttpServer {
  readonly #server: Server;
  /** Connections without a request, oldest first. */
  readonly #idle = new Set<Socket>();
  readonly #active = new Set<Socket>();
  readonly #closed = Promise.withResolvers<void>();

  private constructor(
    handler: Handler,
    { maxActive, limits: { headMs, requestMs, keepAliveMs } = TIME_LIMITS }: HttpServerOptions,
  ) {
    this.#server = createServer({
      headersTimeout: headMs,
      requestTimeout: requestMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: Math.min(1_000, headMs / 4),
    });
    this.#server.on("connection", (socket: Socket) => this.#admit(socket, maxActive));
    this.#server.on("request", (message, response) => this.#answer(handler, message, response));
    this.#server.on("close", () => this.#closed.resolve());
  }

  /** Begins to listen. */
  static async listen(options: HttpServerOptions, handler: Handler): Promise<HttpServer> {
    const { hostname, port } = options;
    if (isListeningRefused(hostname, port)) {
      const address = port === 0 ? hostname : `${hostname}:${port}`;
      throw new Deno.errors.NotCapable(
        `Cannot listen on ${hostname}:${port}: no permission; run with --allow-net=${address}`,
      );
    }
    const server = new HttpServer(handler, options);
    server.#server.listen(port, hostname);
    await once(server.#server, "listening");
    // What goes wrong with one connection is the end of that one.
    server.#server.on("error", (error) => console.error("The dashboard's server:", error));
    return server;
  }

  /** The port. */
  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Settled when it has been closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Stops listening, lets answers end for some milliseconds, and closes every connection. */
  async close(graceMs: number): Promise<void> {
    this.#server.close();
    for (const socket of this.#idle) socket.destroy();
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await this.closed;
    clearTimeout(timer);
  }

  #admit(socket: Socket, maxActive: number): void {
    this.#idle.add(socket);
    socket.once("close", () => {
      this.#idle.delete(socket);
      this.#active.delete(socket);
    });
    // A connection that breaks off is not an error of ours.
    socket.on("error", () => {});
    if (this.#idle.size <= maxActive && this.#active.size <= maxActive) return;
    const [oldest] = this.#idle;
    // At once, because it is closed later, and others may come until then.
    this.#idle.delete(oldest!);
    oldest!.destroy();
  }

  async #answer(
    handler: Handler,
    message: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { socket } = message;
    this.#idle.delete(socket);
    this.#active.add(socket);
    const completed = Promise.withResolvers<void>();
    const aborted = new AbortController();
    response.once("close", () => {
      if (this.#active.delete(socket) && !socket.destroyed) this.#idle.add(socket);
      if (!response.writableFinished) aborted.abort();
      completed.resolve();
    });
    try {
      const body = await readBody(message);
      if (body === "too large") {
        return void response.writeHead(413, { Connection: "close" }).end();
      }
      const request = toRequest(message, body, aborted.signal);
      if (!request) return void response.writeHead(400, { Connection: "close" }).end();
      const remoteAddr = { hostname: socket.remoteAddress ?? "" };
      await send(await handler(request, { remoteAddr, completed: completed.promise }), response);
    } catch (error) {
      // The answer broke off, or there was none: either way its connection shows it.
      if (!aborted.signal.aborted) console.error("The dashboard could not answer:", error);
      response.destroy();
    }
  }
}

/** Bytes of a body: arguments of a run. */
const MAX_BODY = 65_536;

/** The body of a request in JSON; no route reads another. */
async function readBody(
  message: IncomingMessage,
): Promise<Uint8Array<ArrayBuffer> | "too large" | undefined> {
  const { method, headers } = message;
  if (method !== "POST" || !/^application\/json\b/i.test(headers["content-type"] ?? "")) {
    message.resume();
    return undefined;
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of message) {
    length += part.length;
    if (length > MAX_BODY) return "too large";
    parts.push(part);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/** The request as the app takes it; `undefined` where it is not to be understood. */
function toRequest(
  message: IncomingMessage,
  body: Uint8Array<ArrayBuffer> | undefined,
  signal: AbortSignal,
): Request | undefined {
  const { method = "GET", url = "/", rawHeaders } = message;
  const headers = new Headers();
  try {
    for (let i = 0; i < rawHeaders.length; i += 2) {
      headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
    }
    const host = headers.get("Host") ?? "";
    // Two names in one request, of which a proxy may have looked at the other.
    if (/[,\s/@?#\\]/.test(host) || host === "") return;
    const address = url.startsWith("/") ? `http://${host}${url}` : url;
    if (url !== "*" && new URL(address).host !== new URL(`http://${host}`).host) return;
    return new Request(address, { method, headers, signal, ...(body ? { body } : {}) });
  } catch {
    return undefined;
  }
}

/** Sends an answer, as fast as it is taken. */
async function send(answer: Response, response: ServerResponse): Promise<void> {
  if (response.closed) return await answer.body?.cancel();
  const headers: Record<string, string | string[]> = Object.fromEntries(answer.headers);
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  response.writeHead(answer.status, headers);
  if (!answer.body) return void response.end();
  response.flushHeaders();
  const reader = answer.body.getReader();
  let drained = () => {};
  response.on("drain", () => drained());
  // A promise that is raced with each part would keep all of these races until a stream of days ends.
  response.once("close", () => {
    reader.cancel().catch(() => {});
    drained();
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (response.closed) return;
    if (done) break;
    if (!response.write(value)) await new Promise<void>((resolve) => drained = resolve);
  }
  response.end();
}
