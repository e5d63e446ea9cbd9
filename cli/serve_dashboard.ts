/**
 * A dashboard beside a command.
 *
 * @module
 */
import type { ControlledWriter } from "../dashboard/server/routes/control.ts";
import type { DashboardServer } from "../dashboard/server/dashboard_server.ts";
import { serveDashboard } from "../dashboard/server/serve.ts";
import { onInterrupt } from "../pipeline/signals.ts";

/** Serves the dashboard of a database; where no port was named another one is taken if the usual is in use. */
export async function serveBeside(
  db: string,
  port?: number,
  writer?: ControlledWriter,
): Promise<DashboardServer> {
  try {
    return await serveDashboard({ db, port, writer });
  } catch (error) {
    if (port !== undefined || !`${(error as Error).message}`.includes("is in use")) throw error;
    return await serveDashboard({ db, port: 0, writer });
  }
}

/** Resolves with the first SIGINT, SIGTERM or SIGHUP. */
export function interruption(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    const listening = onInterrupt((signal) => {
      listening[Symbol.dispose]();
      resolve(signal);
    });
  });
}
