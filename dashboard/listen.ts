/**
 * Serves the dashboard's app in the thread it is called in.
 *
 * @module
 */
import { createDashboard, type DashboardOptions } from "./app.ts";
import type { DashboardServer } from "./serve.ts";

/** What {@linkcode listen} needs. */
export interface ListenOptions extends DashboardOptions {
  /** The address. */
  hostname: string;
  /** The port. */
  port: number;
}

/** Listens until it is shut down. */
export async function listen(options: ListenOptions): Promise<DashboardServer> {
  const { hostname, port } = options;
  const app = createDashboard(options);
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    const listening = Promise.withResolvers<void>();
    server = Deno.serve({ hostname, port, onListen: () => listening.resolve() }, app.fetch);
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
  const shutdown = async () => {
    // The streams first: the server waits for every response to end.
    app[Symbol.dispose]();
    await server.shutdown();
  };
  return {
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${taken}/`,
    thread: "main",
    finished: server.finished,
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
}
