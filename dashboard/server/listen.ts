/**
 * Serves the dashboard's app in the thread it is called in.
 *
 * @module
 */
import { createDashboard, type DashboardOptions, MAX_CLIENTS } from "./app.ts";
import type { DashboardServer } from "./dashboard_server.ts";
import { HttpServer } from "./http_server.ts";
import { withTokens } from "./access/token.ts";

/** Milliseconds that answers have to end: a browser that does not read never takes the rest of its own. */
const GRACE_MS = 1_000;

/** Requests that are answered beside the streams. */
const MAX_OTHERS = 64;

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
  let server: HttpServer;
  try {
    const maxActive = (options.maxClients ?? MAX_CLIENTS) + MAX_OTHERS;
    server = await HttpServer.listen({ hostname, port, maxActive }, app.fetch);
  } catch (error) {
    app[Symbol.dispose]();
    if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
    throw new Error(
      `Cannot listen on ${hostname}:${port}: the port is in use; ` +
        `choose another one, or port 0 for any that is free`,
      { cause: error },
    );
  }
  let ended: Promise<void> | undefined;
  const shutdown = () => ended ??= end();
  const url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${server.port}/`;
  return {
    url,
    controlUrl: app.controlToken === undefined
      ? undefined
      : withTokens(url, { token: options.token, control: app.controlToken }),
    thread: "main",
    finished: server.closed,
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };

  async function end(): Promise<void> {
    // The streams first: the server waits for every response to end.
    await app.close();
    await server.close(GRACE_MS);
  }
}
