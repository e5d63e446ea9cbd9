/**
 * A demonstration with its dashboard beside it.
 *
 * @module
 */
import { serveDashboard } from "../dashboard/server/serve.ts";

/** Options of {@linkcode watched}. */
export interface WatchedOptions {
  /** The database. */
  db: string;
  /** The port to listen on; another one is taken when it is in use. */
  port: number;
}

/**
 * Serves the dashboard while `run` runs and prints its address. In a terminal it is served until Ctrl-C; elsewhere it
 * ends with the run.
 */
export async function watched<T>(options: WatchedOptions, run: () => Promise<T>): Promise<T> {
  await using dashboard = await serve(options);
  console.log(`Watch it at ${dashboard.url}`);
  const result = await run();
  if (Deno.stdout.isTerminal()) {
    const interrupted = interruption();
    console.log(`The dashboard stays at ${dashboard.url} until Ctrl-C`);
    await interrupted;
  }
  return result;
}

async function serve({ db, port }: WatchedOptions) {
  try {
    return await serveDashboard({ db, port });
  } catch (error) {
    if (port === 0 || !`${(error as Error).message}`.includes("is in use")) throw error;
    return await serveDashboard({ db, port: 0 });
  }
}

function interruption(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      Deno.removeSignalListener("SIGINT", end);
      resolve();
    };
    Deno.addSignalListener("SIGINT", end);
  });
}
