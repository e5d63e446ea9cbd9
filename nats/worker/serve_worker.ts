/**
 * A worker: a process that runs tasks for the pipelines of other machines.
 *
 * @module
 */
import {
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkOptionNames,
  checkSignal,
  namesOf,
  unexpected,
} from "../../internal/validate.ts";
import { onInterrupt } from "../../pipeline/signals.ts";
import { type Connection, openConnection } from "../connection.ts";
import type { NatsOptions } from "../settings.ts";
import { versionOf } from "../module_version.ts";
import { NatsWorker, OPERATION, type ServedModule } from "./nats_worker.ts";

/**
 * Options of {@linkcode serveWorker}.
 *
 * @example Four tasks at once
 * ```ts ignore
 * import type { ServeWorkerOptions } from "@pipeloom/pipeloom/nats";
 *
 * const options: ServeWorkerOptions = {
 *   servers: "nats://broker.example:4222",
 *   modules: [new URL("./tasks.ts", import.meta.url)],
 *   workers: 4,
 * };
 * ```
 */
export interface ServeWorkerOptions extends NatsOptions {
  /** URLs of the modules whose functions it runs; it runs no others. */
  modules: readonly (string | URL)[];
  /**
   * Maximum number of concurrent tasks.
   *
   * @default {the number of CPUs}
   */
  workers?: number | undefined;
  /** Ends the worker: it takes no more tasks, lets running tasks end, and returns the others. */
  signal?: AbortSignal | undefined;
  /**
   * Whether SIGINT, SIGTERM and SIGHUP end the worker as `signal` does; a second signal ends it at once.
   *
   * @default {true}
   */
  handleSignals?: boolean | undefined;
  /**
   * Time that running tasks may take when the worker ends, in milliseconds. Tasks that still run are returned and
   * start again elsewhere.
   *
   * @default {30000}
   */
  graceMs?: number | undefined;
  /**
   * Receives a line for each event: connected, joined or refused a run and why, left.
   *
   * @default {console.error}
   */
  log?: ((line: string) => void) | undefined;
}

const NAMES = namesOf<ServeWorkerOptions>({
  credentials: true,
  graceMs: true,
  handleSignals: true,
  log: true,
  modules: true,
  nkey: true,
  password: true,
  prefix: true,
  servers: true,
  signal: true,
  tls: true,
  token: true,
  user: true,
  workers: true,
});

/**
 * Runs tasks for pipelines with {@linkcode natsExecutor}, until it is asked to end. It runs only the modules that it
 * was started with, and refuses a run that has another version of them. A lost connection comes back by itself.
 *
 * @returns When it has ended, and holds no task any more
 * @throws {TypeError} If an option is of the wrong kind
 * @throws {RangeError} If a number is out of range
 * @throws {Error} If a module cannot be read, or the server refuses the worker
 *
 * @example A worker that ends with a signal
 * ```ts
 * import { serveWorker } from "@pipeloom/pipeloom/nats";
 *
 * const modules = ["data:text/typescript,export default (n: number) => 2 * n;"];
 * const servers = "nats://127.0.0.1:4222";
 * const serve = (signal: AbortSignal) => serveWorker({ modules, servers, workers: 8, signal });
 * ```
 */
export async function serveWorker(options: ServeWorkerOptions): Promise<void> {
  check(options);
  const { signal, handleSignals = true, log = (line: string) => console.error(line) } = options;
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  using _ = handleSignals
    ? onInterrupt((name) => {
      log(`Ending by ${name}: running tasks may end first`);
      abort();
    })
    : undefined;
  try {
    const modules = new Map<string, ServedModule>();
    for (const url of options.modules) {
      const module = await versionOf(url);
      modules.set(module.version, { url, module });
    }
    let connection: Connection;
    try {
      connection = await openConnection(options, {
        operation: OPERATION,
        patienceMs: Infinity,
        signal: stop.signal,
        waits: log,
      });
    } catch (error) {
      if (stop.signal.aborted) return;
      throw error;
    }
    await new NatsWorker({ ...options, log }, connection, modules).run(stop.signal);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function check(options: ServeWorkerOptions): void {
  checkOptionNames(options, { operation: OPERATION, known: NAMES });
  const { modules, workers, signal, graceMs, log } = options;
  const areModules = Array.isArray(modules) && modules.length > 0 &&
    modules.every((module) => URL.canParse(String(module)));
  if (!areModules) {
    const expected = 'URLs such as [new URL("./tasks.ts", import.meta.url)]';
    throw new TypeError(unexpected(modules, { operation: OPERATION, name: "modules", expected }));
  }
  if (workers !== undefined) {
    checkInteger(workers, { operation: OPERATION, name: "workers", min: 1 });
  }
  if (signal !== undefined) checkSignal(signal, { operation: OPERATION, name: "signal" });
  if (graceMs !== undefined) {
    checkMilliseconds(graceMs, { operation: OPERATION, name: "graceMs", min: 0 });
  }
  if (log !== undefined) checkFunction(log, { operation: OPERATION, name: "log" });
}
