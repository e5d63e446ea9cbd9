/**
 * Serves the dashboard's app in the thread it is called in.
 *
 * @module
 */
import { createDashboard, type DashboardOptions } from "./app.ts";
import type { DashboardServer } from "./dashboard_server.ts";
import { controlUrlOf } from "./token.ts";

/** Milliseconds that answers have to end: a browser that does not read never takes the rest of its own. */
const GRACE_MS = 1_000;

/** What {@linkcode listen} needs. */
export interface ListenOptions extends DashboardOptions {
  /** The address. */
  hostname: string;
  /** The port. */
  port: number;
}

/** Listens until it is shut down. */
export async function listen(options: ListenOptions): Promise<DashboardServer> {
  const { hostname, port, ...settings } = options;
  const app = createDashboard(settings);
  const stop = new AbortController();
  /** Settled when an answer has been sent, or its browser has gone. */
  const active = new Set<Promise<void>>();
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    const listening = Promise.withResolvers<void>();
    server = Deno.serve(
      { hostname, port, signal: stop.signal, onListen: () => listening.resolve() },
      (request, info) => {
        const done = info.completed.catch(() => {}).finally(() => active.delete(done));
        active.add(done);
        return app.fetch(request, info);
      },
    );
    await listening.promise;
  } catch (error) {
    app[Symbol.dispose]();
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Error(
      `Cannot listen on ${hostname}:${port}: the port is in use; ` +
        `choose another one, or port 0 for any that is free`,
      { cause: error },
    );
  }
  const { port: taken } = server.addr;
  let ended: Promise<void> | undefined;
  const shutdown = () => ended ??= end();
  const url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${taken}/`;
  return {
    url,
    controlUrl: controlUrlOf(url, { ...options, controlToken: app.controlToken }),
    thread: "main",
    finished: server.finished,
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };

  async function end(): Promise<void> {
    // The streams first: the server waits for every response to end.
    app[Symbol.dispose]();
    const late = Promise.withResolvers<true>();
    const timer = setTimeout(() => late.resolve(true), GRACE_MS);
    const isLate = await Promise.race([Promise.all(active), late.promise]) === true;
    clearTimeout(timer);
    // Either, because a server that is shutting down can no longer be stopped.
    if (isLate) stop.abort();
    else await server.shutdown();
    await server.finished;
  }
}
