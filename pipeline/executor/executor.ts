/**
 * Where the tasks of a run are run: on the main thread, on a pool of Workers, or on other machines.
 *
 * The scheduler offers a task, and learns of it by events, at any later time: a task may begin much later, in
 * another process. The executor owns its slots, which may come and go while the run does, and times attempts,
 * because it alone knows when they begin.
 *
 * @module
 */
import type { ErrorData } from "../../errors.ts";
import type { RunningTask } from "../observers/run_observer.ts";
import type { LiveTask } from "../scheduler/live_task.ts";
import type { TaskOutcome } from "./task_runner.ts";

/** What an executor receives of a task. */
export type OfferedTask<Item> =
  & Readonly<
    Pick<LiveTask<Item>, "id" | "name" | "key" | "item" | "attempt" | "cancellation" | "stage">
  >
  & {
    /** The span that it belongs to, as a `traceparent`, where it runs on another machine. */
    readonly trace?: string | undefined;
  };

/** A place for tasks. */
export interface Executor<Item> extends Disposable {
  /** How many tasks it takes at the moment. */
  readonly free: number;
  /** Whether it takes a task of this stage, where it has stages. */
  hasRoom?(stage: string): boolean;
  /** Opens the slots. From now on events are sent. */
  start(events: ExecutorEvents<Item>): Promise<void>;
  /** Offers a task to a free slot. It is answered by `ended` or `lost`, never before this has returned. */
  offer(task: OfferedTask<Item>): void;
  /**
   * Asks a task to stop, and ends it after a while if possible. A task that has not begun is not offered again.
   * The answer is the task's end.
   */
  cancel(task: OfferedTask<Item>, reason: Error): void;
  /** Why no task begins, where that is not because of the tasks; for people. */
  readonly notice?: string | undefined;
  /** Workers on other machines that are connected, where tasks run there. */
  readonly workers?: number | undefined;
  /** The tasks that run at the moment, in the order of their start. */
  running(): Iterable<RunningTask>;
  /** A message of a task failed that the task did not await, where the task cannot notice it itself. */
  messageFailed?(id: number, error: ErrorData): void;
  /** No task is offered any more. Resolves when everything that tasks sent is committed. */
  finish(): Promise<void>;
  /** Closes the slots. Tasks that still run end as failed. */
  [Symbol.dispose](): void;
}

/** What an executor reports to the scheduler. */
export interface ExecutorEvents<Item> {
  /** There are more free slots than before. */
  ready(): void;
  /** A task has begun; needed where the rate of starts is limited. */
  started(task: OfferedTask<Item>): void;
  /** A task has ended. Its end is sent to the writer, unless its outcome is marked as unwritten. */
  ended(task: OfferedTask<Item>, outcome: TaskOutcome): void;
  /**
   * A task was lost before it began; the sender that it was given to can write nothing any more. It is offered
   * again, which is not an attempt of the user's, or ends with this outcome when it was lost before.
   */
  lost(task: OfferedTask<Item>, outcome: TaskOutcome): void;
  /** A task was given back before it began, through no fault of its own. It is offered again. */
  returned(task: OfferedTask<Item>): void;
  /** Tasks that ended as `done`, and whose sender was cut off, perhaps before it had sent that. */
  orphaned(tasks: readonly OfferedTask<Item>[], why: string): void;
  /** The run cannot continue. */
  failed(error: Error): void;
}

/** How a task ended that cannot write it. */
export function lostOutcome(error: ErrorData, status: "cancelled" | "error"): TaskOutcome {
  return { status, error, unwritten: true, lost: true };
}
