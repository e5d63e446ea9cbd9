/**
 * Serves the dashboard from a Worker of its own, so that tasks that keep the main thread busy never freeze the
 * page.
 *
 * @module
 */
import { settleDriver } from "../../sqlite/drivers/choose.ts";
import { driverFor, holdDriver } from "../../sqlite/drivers/in_use.ts";
import { databasePath } from "../../sqlite/database_file.ts";
import { checkInteger, checkOptionNames } from "../../internal/validate.ts";
import { fromErrorData } from "../../errors.ts";
import { checkToken, isLoopback } from "./access/token.ts";
import {
  DASHBOARD_OPTIONS,
  type DashboardOptions,
  LOOPBACK_HOSTS,
  RENAMED_OPTIONS,
} from "./app.ts";
import type { DashboardServer } from "./dashboard_server.ts";
import { listen, type ListenOptions } from "./listen.ts";
import type { Address, ServeReply, ServeRequest } from "./worker_protocol.ts";
import { whyNotStarted, workerEntry } from "../../internal/worker_entry.ts";
import { mayRead } from "../../internal/permissions.ts";

/**
 * Options of {@linkcode serveDashboard}.
 *
 * @example Any port that is free
 * ```ts ignore
 * import type { ServeOptions } from "@pipeloom/pipeloom/dashboard";
 *
 * const options: ServeOptions = { db: "etl.db", port: 0 };
 * ```
 */
export interface ServeOptions extends DashboardOptions {
  /**
   * The address to listen on. Anything but loopback demands a `token`.
   *
   * @default {"127.0.0.1"}
   */
  hostname?: string | undefined;
  /**
   * The port to listen on; 0 takes any that is free.
   *
   * @default {8787}
   */
  port?: number | undefined;
}

/**
 * Serves the dashboard of a database until it is shut down.
 *
 * It needs `--allow-net` on its address and `--allow-read` on the database, its `-wal` and its `-shm`; a
 * local copy of this module needs `--allow-read` on its own folder, too, or it is served from this thread.
 *
 * @throws {TypeError} If the address is not loopback and there is no token
 * @throws {Error} If the port is in use
 *
 * @example Beside a pipeline
 * ```ts
 * import { runPipeline } from "@pipeloom/pipeloom";
 * import { serveDashboard } from "@pipeloom/pipeloom/dashboard";
 *
 * await using dashboard = await serveDashboard({ db: "etl.db", port: 0 });
 * console.log(`Watch it at ${dashboard.url}`);
 * await runPipeline(["a", "b"], { db: "etl.db", run: (item) => item });
 * ```
 */
export async function serveDashboard(options: ServeOptions): Promise<DashboardServer> {
  const operation = "serve the dashboard";
  const known = [...DASHBOARD_OPTIONS, "hostname", "port"];
  checkOptionNames(options, { operation, known, renamed: RENAMED_OPTIONS });
  const { port = 8787, token } = options;
  const hostname = (options.hostname ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1");
  checkInteger(port, { operation, name: "port", min: 0, max: 65_535 });
  if (!isLoopback(hostname) && !token) {
    throw new TypeError(
      `Cannot listen on ${hostname} without a token, because others could look: pass a long random ` +
        `token, or listen on 127.0.0.1`,
    );
  }
  const isExposed = !isLoopback(hostname);
  checkToken(token, { name: "token", isExposed });
  checkToken(options.controlToken, { name: "controlToken", isExposed });
  const db = await databasePath(options.db);
  // Chosen here, because one process must use one driver for a file; see sqlite/drivers/in_use.ts.
  const { name: driver } = await settleDriver(driverFor(db, options.driver));
  const release = holdDriver(db, driver);
  try {
    const allowedHosts = options.allowedHosts ??
      [...LOOPBACK_HOSTS, hostname.includes(":") ? `[${hostname}]` : hostname];
    const settings = { ...options, db, driver: driver, allowedHosts, hostname, port };
    const server = mayStartWorker() ? await serveFromWorker(settings) : await listen(settings);
    server.finished.then(release, release);
    if (Deno.pid === 1 && !options.writer) endAtSignal(server);
    return server;
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Shuts a server down at SIGTERM in the first process of a container: the system does not end that for want of a
 * listener, and Deno 2.9 crashes. Where there is a writer its pipeline listens.
 */
function endAtSignal({ shutdown, finished }: DashboardServer): void {
  const end = () => void shutdown();
  Deno.addSignalListener("SIGTERM", end);
  const forget = () => Deno.removeSignalListener("SIGTERM", end);
  finished.then(forget, forget);
}

const WORKER = workerEntry(new URL("./worker.ts", import.meta.url), () => import("./worker.ts"));

/** Whether the Worker's file may be read; one that comes from a registry always may. */
function mayStartWorker(): boolean {
  return WORKER.protocol !== "file:" || mayRead(WORKER);
}

async function serveFromWorker(
  { writer, ...options }: ListenOptions,
): Promise<DashboardServer> {
  const control = await writer?.attach();
  const worker = new Worker(WORKER, { type: "module", name: "pipeloom dashboard" });
  const post = (request: ServeRequest, transfer: Transferable[] = []) =>
    worker.postMessage(request, transfer);
  const listening = Promise.withResolvers<Address>();
  const finished = Promise.withResolvers<void>();
  finished.promise.catch(() => {});
  const fail = (error: Error) => {
    listening.reject(error);
    finished.reject(error);
    worker.terminate();
  };
  let isReady = false;
  worker.onmessage = ({ data: reply }: MessageEvent<ServeReply>) => {
    switch (reply.kind) {
      case "ready":
        isReady = true;
        return post({ kind: "listen", options, control }, control ? [control] : []);
      case "listening":
        return listening.resolve(reply.address);
      case "finished":
        finished.resolve();
        return worker.terminate();
      case "failed":
        return fail(fromErrorData(reply.error));
      default:
        fail(new TypeError(`Cannot handle a reply of unknown kind ${Deno.inspect(reply)}`));
    }
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fail(
      new Error(
        isReady
          ? `The dashboard's Worker died: ${event.message}`
          : `Cannot serve the dashboard: ${whyNotStarted(WORKER, event.message)}`,
      ),
    );
  };
  const address = await listening.promise;
  const shutdown = async () => {
    post({ kind: "shutdown" });
    // A server that broke down has ended, and `finished` has the reason.
    await finished.promise.catch(() => {});
  };
  return {
    ...address,
    thread: "worker",
    finished: finished.promise,
    shutdown,
    [Symbol.asyncDispose]: () => shutdown(),
  };
}
