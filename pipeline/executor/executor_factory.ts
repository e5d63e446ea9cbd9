/**
 * How an executor from outside comes into a run: an option whose value opens it.
 *
 * The value is known by a symbol of the registry, as a definition is: it may come from another copy of the package.
 *
 * @module
 */
import type { Executor } from "./executor.ts";
import type { ExecutorOptions } from "./main_thread_executor.ts";
import type { TaskModule } from "./task_module.ts";

/** Opens the executor. */
export const OPEN_EXECUTOR: unique symbol = Symbol.for("pipeloom.executor") as never;

/** What an executor on other machines needs of the run. */
export interface RemoteOptions<Item> extends ExecutorOptions {
  /** The function that tasks run. */
  module: TaskModule<Item>;
  /** Where the run has stages, the exports of the module that they run, by their names. */
  exports?: Readonly<Record<string, string>> | undefined;
  /** The name of the run. */
  name: string;
  /** Milliseconds that a task may continue after it was asked to stop. */
  graceMs: number;
  /** Milliseconds that the module may take to load. */
  loadMs: number;
  /** Makes a port to the writer, for a sender of this number. */
  attach: (sender: number) => MessagePort;
  /** Lets the writer take nothing more from that sender. Resolves when that is so. */
  disconnect: (sender: number) => Promise<void>;
  /** Calls back when the writer is gone. */
  onClosed: (listener: () => void) => Disposable;
}

/** What stands behind the option `executor`. */
export interface ExecutorFactory {
  /** The value of `pipeline_runs.executor`. */
  readonly name: string;
  [OPEN_EXECUTOR]<Item>(options: RemoteOptions<Item>): Executor<Item>;
}

/** Whether a value opens executors. */
export function isExecutorFactory(value: unknown): value is ExecutorFactory {
  return typeof value === "object" && value !== null && OPEN_EXECUTOR in value;
}
