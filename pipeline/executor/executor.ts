/**
 * Where the tasks of a run are run: on the main thread, or on a pool of Workers.
 *
 * @module
 */
import type { ErrorData } from "../../errors.ts";
import type { RunningTask, RunObserver } from "../observers/run_observer.ts";
import type { IdentifiedItem } from "../scheduler/task_identity.ts";
import type { TaskEnvironment } from "./task_execution.ts";
import type { TaskOutcome } from "./task_runner.ts";
import type { Retries } from "../scheduler/retries.ts";

/** A place for tasks, with slots for so many at once. */
export interface Executor<Item> {
  /** Runs a task in a slot. Resolves when the slot is free for the next one. */
  turn(task: IdentifiedItem<Item>, slot: number): Promise<void>;
  /** Tells a task to stop, for itself; returns whether it is here. */
  cancel(id: number, reason: Error): boolean;
  /** The tasks that run at the moment, in the order of their start. */
  running(): Iterable<RunningTask>;
  /** A message of a task failed for which nobody waits: the task fails. On a Worker it hears that itself. */
  fail?(id: number, error: ErrorData): void;
  /** A task has left: nothing of it can fail any more. */
  forget?(id: number): void;
}

/** What a place needs of the run. */
export interface ExecutorOptions<Item> {
  environment: TaskEnvironment;
  /** Counts and times attempts, where there is a policy. */
  attempts: Retries<Item> | undefined;
  /** Who looks on, if anybody does. */
  observer: RunObserver | undefined;
  /** Called when a task has begun, where the rate of its tags is counted from there. */
  begun: ((task: IdentifiedItem<Item>) => void) | undefined;
  /** Called when a task has ended, and has said so to the writer. */
  ended(task: IdentifiedItem<Item>, outcome: TaskOutcome): void;
  /** Called when a task has left its slot, and how it ends is still to be seen. */
  watch(task: IdentifiedItem<Item>, pending: Promise<TaskOutcome>): void;
}
