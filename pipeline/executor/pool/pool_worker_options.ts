/**
 * What the Workers of a pool share, and the message that makes one ready.
 *
 * @module
 */
import { windowFor } from "../../../writer/client/in_flight.ts";
import type { InitTaskWorker } from "./pool_protocol.ts";
import type { TaskEnvironment } from "../task_execution.ts";
import type { TaskModule } from "../task_module.ts";

/** What the Workers of a pool share. */
export interface WorkerOptions {
  /** The function that they run. */
  module: TaskModule;
  /** Where one Worker runs several stages, the exports that they run, by their names. */
  exports?: Readonly<Record<string, string>> | undefined;
  environment: TaskEnvironment;
  /** How many there are, where that is known. */
  slots?: number | undefined;
  /** Milliseconds that a task may continue after it was asked to stop, before its Worker is ended. */
  graceMs: number;
  /** Milliseconds that the module may take to load. */
  loadMs: number;
  /** Whether starts are counted, so that a Worker reports when a task begins. */
  reportsStarts: boolean;
  /** Whether the main thread prints what tasks print. */
  prints: boolean;
  /** Makes a port to the writer, for a sender of this number. */
  attach: (sender: number) => MessagePort;
  /** Lets the writer take nothing more from that sender. */
  disconnect: (sender: number) => void;
}

/** The message that has a Worker load its module; its tasks write over this port. */
export function toInit(
  { module: { module, export: name = "default" }, exports, environment, prints, slots }:
    WorkerOptions,
  port: MessagePort,
  board: SharedArrayBuffer,
): InitTaskWorker {
  const { run, args, atomic, adds, confirms, keepsResults, skipsSleeps, queuesLate, onLog } =
    environment;
  return {
    kind: "init",
    module: String(module),
    exports: exports ?? { [""]: name },
    run,
    args,
    atomic,
    confirms,
    keepsResults,
    skipsSleeps,
    queuesLate,
    asksIdentity: adds?.isPlain === false,
    watch: onLog && { prints },
    window: windowFor(slots ?? 1),
    port,
    board,
  };
}

/** That a module has not loaded in time, or that its `setup()` has not ended. */
export function notLoaded(ms: number, isSettingUp: boolean): Error {
  const what = isSettingUp
    ? `its setup() has not ended within ${ms / 1_000} s`
    : `It has not loaded within ${ms / 1_000} s: a top-level await may never settle`;
  return new Error(`${what}. If it needs more time, give the tasks a larger timeoutMs`);
}
