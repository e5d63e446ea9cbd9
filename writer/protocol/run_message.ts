/**
 * Messages about a run: it begins, takes further ids, ends.
 *
 * @module
 */
import type { EndStatus, StatusCounts } from "../../internal/task_status.ts";

/** Names a run beside its id: the day that it is for, or a name of the caller's choice. */
export interface RunKey {
  /** What no other run of this name is called. */
  key: string;
}

/** Begins a run and reserves ids for its tasks. Answered with {@linkcode RunStarted}. */
export interface StartRunMessage {
  /** The kind of message. */
  kind: "start_run";
  /** The name. */
  name: string;
  /** How many tasks run at once. */
  workers: number;
  /** When it began, ISO 8601. */
  startedAt: string;
  /** How many task ids to reserve. */
  reserve: number;
  /** How many tasks there are in all, where that is known. */
  expected?: number;
  /**
   * The run to continue: `true` for the newest of this name and these arguments unless that is `done`, a key for the
   * one that has it, `done` or not; or else a new one.
   */
  resume?: true | number | RunKey | undefined;
  /** Tasks of the run to continue: others that failed or were cancelled stay as they are. */
  tasks?: readonly number[];
  /** What it is started with, as JSON with names in order. */
  args?: string;
  /** Its label beside its name. */
  label?: string;
  /** Whether it is refused while another run of this name is active. */
  alone?: boolean;
  /** Where its tasks run, when that is on other machines. */
  executor?: string | undefined;
}

/** What a {@linkcode StartRunMessage} did. */
export interface RunStarted {
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The first of the reserved ids. */
  firstId: number;
  /** Whether it is a run that was there. */
  resumed?: true;
  /** How many of its tasks other programs had written over, which are as they were again. */
  rewritten?: number;
  /** How many of its tasks other programs had deleted. */
  removed?: number;
}

/** Reserves further ids for the tasks of a run. Answered with the first of them. */
export interface ReserveIdsMessage {
  /** The kind of message. */
  kind: "reserve_ids";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** How many ids. */
  count: number;
}

/** Reports how many tasks a run has in all: its items have ended. */
export interface ExpectTasksMessage {
  /** The kind of message. */
  kind: "expect_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** How many tasks. */
  count: number;
}

/** Keeps which worker on another machine runs tasks. */
export interface PlaceTasksMessage {
  /** The kind of message. */
  kind: "place_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The tasks, as `task_runs.id`. */
  ids: readonly number[];
  /** The worker, as `workers.name`. */
  worker: string;
}

/** Keeps what is known of a worker on another machine. */
export interface SeeWorkerMessage {
  /** The kind of message. */
  kind: "see_worker";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** What people call it: its machine and its process. */
  worker: string;
  /** Its machine. */
  machine: string;
  /** Its version of this package. */
  version: string;
  /** Tasks that it runs at once. */
  slots: number;
  /** Tasks that it runs now. */
  running: number;
  /** Tasks that have ended on it in this run. */
  ended: number;
  /** Tasks that ended on it per second, lately. */
  tasksPerSecond: number;
  /** When it joined the run, ISO 8601. */
  joinedAt: string;
  /** When its last message came, ISO 8601. */
  heardAt: string;
  /** When it left or was taken for dead, ISO 8601. */
  leftAt?: string;
}

/** Ends a run. Answered with {@linkcode RunFinished}. */
export interface FinishRunMessage {
  /** The kind of message. */
  kind: "finish_run";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The status it takes. */
  status: EndStatus;
  /** When it ended, ISO 8601. */
  finishedAt: string;
  /** Whether it was stopped: then it did as requested, whatever its status. */
  stopped?: true | undefined;
  /** Why it failed as a whole, and the same with stacks. */
  reason?: { message: string; stack: string };
  /** Cancels, with this message, the tasks of a run that was resumed which no item stands for any more. */
  gone?: string;
}

/** What a {@linkcode FinishRunMessage} did. */
export interface RunFinished {
  /** The status that the run has now: `error` also when tasks of an earlier attempt failed. */
  status: EndStatus;
  /** All tasks of the run by status. */
  counts: StatusCounts;
  /** How many of those that are `done` did not run, because their version was done before; where they have any. */
  unchanged?: number;
  /** Whether its tasks checked anything. */
  checked?: true;
}
