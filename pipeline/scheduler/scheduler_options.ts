/**
 * What a scheduler is made of. Types only.
 *
 * @module
 */
import type { EndStatus } from "../../internal/task_status.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import type { Work } from "../executor/stages.ts";
import type { TaskEnvironment } from "../executor/task_execution.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";
import type { DependencySource } from "./dependency_source.ts";
import type { QueueOptions } from "./queue/ready_queue.ts";
import type { Attempt, PolicyOptions } from "./retry_policy.ts";
import type { TaskSource } from "./task_source.ts";

/** A task that has ended, with its attempt where attempts are counted. */
export interface EndingTask extends TaskIdentity {
  readonly attempt?: Attempt | undefined;
}

/** Calls that hold a run back. */
export interface CallBrake {
  /** Whether the maximum of calls is active, so that no task may begin. */
  readonly isFull: boolean;
  /** Whether no call is active. */
  readonly isIdle: boolean;
  /** Calls back whenever a call has ended. */
  listen(wake: () => void): void;
}

/** What a scheduler needs of the run. */
export interface SchedulerOptions<Item> {
  /** Where the tasks come from. */
  source: TaskSource<Item>;
  /** The same in the order of their dependencies, where there are any. */
  dependencies: DependencySource<Item> | undefined;
  /** How each task is tried, and which go first. */
  policy: PolicyOptions<Item> & QueueOptions<Item> & Partial<Work<Item>>;
  /** What the tasks share. */
  environment: TaskEnvironment;
  /** Calls for the ends of tasks: while there are as many as may be no task is offered, and each is awaited. */
  hooks?: CallBrake | undefined;
  /** Until when tasks sleep that have not been offered, by their ids; see `resumed_sleeps.ts`. */
  asleep?: Map<number, number> | undefined;
  /** Called when a task has ended. */
  ended(task: EndingTask, outcome: TaskOutcome): void;
  /** Called when the end of a task does not count any more, because it is run again or ended otherwise. */
  revoked(id: number, status: EndStatus): void;
  /** Called with what keeps the run from continuing. */
  failed(error: Error): void;
}
