/**
 * What a pool and its Workers are given: the task's module, whom they answer to, how a task is started.
 *
 * @module
 */
import type { LogLevel } from "../../internal/log_level.ts";
import type { IdentifiedItem } from "../scheduler/task_identity.ts";
import type { Attempt } from "../scheduler/retry_policy.ts";
import type { TaskIdentity } from "./task_context.ts";

/** What the Workers of a pool share. */
export interface TaskPoolOptions {
  /** The run; `null` when the status of tasks is not stored. */
  run: number | null;
  /** What it was started with. */
  args?: Readonly<Record<string, unknown>> | undefined;
  /** Whether a task's rows are committed together with its end. */
  atomic: boolean;
  /** Aborted when the pipeline is to stop. */
  signal: AbortSignal;
  /** Who looks on, if anybody does: hears what tasks log, and whether what they print passes through here. */
  watch?: TaskObserver | undefined;
  /** Makes a port to the writer, for a sender of this number. */
  attach: (sender: number) => MessagePort;
  /** Lets the writer take nothing more from that sender. */
  cut: (sender: number) => void;
  /** Finds out what became of tasks whose Worker was ended. */
  lose: (lost: OrphanedTasks) => void;
  /** Hears that news of a task could not be written: a task's own failure is no reason to stop, this is. */
  giveUp: (error: Error) => void;
}

/** How the main thread looks on at tasks of a pool. */
export interface TaskObserver {
  /** Hears the lines that tasks write into their logs. */
  onLog: (task: TaskIdentity, level: LogLevel, message: string) => void;
  /** Whether what they print is to be printed by the main thread. */
  prints: boolean;
}

/** Tasks of a Worker that was ended while another task ran on it. */
export interface OrphanedTasks<Item = unknown> {
  /** The task for which it was ended, and why. */
  victim: { id: number; error: Error };
  /** Ended as `done`, and perhaps not committed. */
  done: IdentifiedItem<Item>[];
}

/** What a Worker is told of a start, and who hears of it. */
export interface StartOptions {
  /** Which attempt it is, where attempts are counted. */
  attempt?: Attempt;
  /** Called when it was sent to its Worker: its time begins. */
  sent?: () => void;
  /** Called when the Worker has begun with it. */
  begun?: (() => void) | undefined;
}
