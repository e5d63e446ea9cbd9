/**
 * The option of a pipeline that has its tasks run on other machines.
 *
 * @module
 */
import { checkChoice, checkMilliseconds, checkOptionNames } from "../internal/validate.ts";
import type { Executor } from "../pipeline/executor/executor.ts";
import {
  type ExecutorFactory,
  OPEN_EXECUTOR,
  type RemoteOptions,
} from "../pipeline/executor/executor_factory.ts";
import { checkNats, NATS_OPTIONS, type NatsOptions } from "./settings.ts";
import { RemoteExecutor } from "./coordinator/remote_executor.ts";

const OPERATION = "run tasks over NATS";

/** Milliseconds of a lease by default: three signs of life may be lost, and a pause of the machine passes. */
const LEASE_MS = 15_000;

/**
 * Options of {@linkcode natsExecutor}.
 *
 * @example A cluster, and quick detection of dead workers
 * ```ts ignore
 * import type { NatsExecutorOptions } from "@pipeloom/pipeloom/nats";
 *
 * const options: NatsExecutorOptions = {
 *   servers: ["tls://a.example:4222", "tls://b.example:4222"],
 *   leaseMs: 5_000,
 * };
 * ```
 */
export interface NatsExecutorOptions extends NatsOptions {
  /**
   * Time without a message after which a worker counts as dead and its tasks run elsewhere, in milliseconds.
   *
   * @default {15000}
   */
  leaseMs?: number | undefined;
  /**
   * Where the server keeps the offers of tasks. They are ids without data of yours, and are offered again when the
   * server has lost them. `"file"` is for accounts that may not use memory.
   *
   * @default {"memory"}
   */
  storage?: "file" | "memory" | undefined;
}

/**
 * The value of the option `executor` of a pipeline.
 *
 * @example As a report names it
 * ```ts ignore
 * import type { NatsExecutor } from "@pipeloom/pipeloom/nats";
 *
 * const nameOf = (executor: NatsExecutor) => executor.name; // "nats"
 * ```
 */
export interface NatsExecutor {
  /** The value of `pipeline_runs.executor`. */
  readonly name: "nats";
}

/**
 * Has the tasks of a pipeline run by workers on other machines, which are connected to the same NATS servers; their
 * rows still go through the one writer of this process. The work of the pipeline is a module, of which each worker
 * has the same version.
 *
 * @throws {TypeError} If an option is of the wrong kind
 * @throws {RangeError} If the lease is out of range
 *
 * @example Tasks on all workers
 * ```ts
 * import { natsExecutor } from "@pipeloom/pipeloom/nats";
 *
 * const executor = natsExecutor({ servers: "nats://127.0.0.1:4222" });
 * // await runPipeline(files, { db: "etl.db", workers: 64, executor, run: { module, export: "load" } });
 * console.log(executor.name); // nats
 * ```
 */
export function natsExecutor(options: NatsExecutorOptions): NatsExecutor {
  checkOptionNames(options, {
    operation: OPERATION,
    known: [...NATS_OPTIONS, "leaseMs", "storage"],
  });
  checkNats(options, OPERATION);
  const { leaseMs = LEASE_MS, storage = "memory" } = options;
  checkMilliseconds(leaseMs, { operation: OPERATION, name: "leaseMs", min: 1_000 });
  checkChoice(storage, { operation: OPERATION, name: "storage", choices: ["memory", "file"] });
  const factory: ExecutorFactory & NatsExecutor = {
    name: "nats",
    [OPEN_EXECUTOR]<Item>(run: RemoteOptions<Item>): Executor<Item> {
      return new RemoteExecutor<Item>({ ...options, leaseMs, storage, ...run });
    },
  };
  // It holds no secret that a log of options would show.
  return factory;
}
