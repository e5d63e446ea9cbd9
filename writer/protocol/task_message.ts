/**
 * Messages about the tasks of a run: they are queued, run, fail, are tried again, end.
 *
 * @module
 */
import type { EndStatus, TaskStatus } from "../../internal/task_status.ts";

/** Writes tasks as `queued`. The three arrays are parallel. */
export interface QueueTasksMessage {
  /** Tells the messages apart. */
  kind: "queue_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** Ids of the tasks. */
  ids: readonly number[];
  /** Names of the tasks. */
  names: readonly string[];
  /** Keys of the tasks. */
  keys: readonly (string | null)[];
}

/**
 * Takes up tasks of a run by their keys: those that are `done` stay, the others become `queued`, new ones are
 * added. The three arrays are parallel. Answered with the id of each task, negative for one that is done.
 */
export interface ResumeTasksMessage {
  /** Tells the messages apart. */
  kind: "resume_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The id that a new task is to have; 0 for a free one. */
  ids: readonly number[];
  /** Names for new tasks; `null` for "task" and the id. */
  names: readonly (string | null)[];
  /** Keys of the tasks: no two are the same. */
  keys: readonly string[];
}

/** Keeps which tasks of a run wait for which. The two arrays are parallel. */
export interface DependTasksMessage {
  /** Tells the messages apart. */
  kind: "depend_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** Ids of tasks that wait. */
  ids: readonly number[];
  /** Ids of the tasks that they wait for. */
  dependsOn: readonly number[];
}

/** Queues tasks that ended as `error` or `cancelled` again. Answered with the ids of those that are queued now. */
export interface RequeueTasksMessage {
  /** Tells the messages apart. */
  kind: "requeue_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The tasks, as `task_runs.id`. */
  ids: readonly number[];
}

/**
 * News of one task. A field that is left out stays as it is. Several of them may be folded into one as
 * long as they are not committed: the last of each field counts, and no start or end is lost by it.
 */
export interface TaskUpdateMessage {
  /** Tells the messages apart. */
  kind: "task_update";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`. */
  id: number;
  /** The status it takes; none for mere progress. */
  status?: TaskStatus;
  /** Fraction 0..1. */
  progress?: number;
  /** A text for people. */
  message?: string;
  /** When it began, ISO 8601. */
  startedAt?: string;
  /** When it ended, ISO 8601. */
  finishedAt?: string;
  /** JSON. */
  result?: string;
  /** Stack of what was thrown. */
  error?: string;
  /** When it was last heard of while it ran. */
  updatedAt?: string;
}

/** Ends an attempt at a task that failed: it is kept in `task_attempts`, and the task is `queued` again. */
export interface RetryTaskMessage {
  /** Tells the messages apart. */
  kind: "retry_task";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`. */
  task: number;
  /** When the attempt began, if its start may not have been told; ISO 8601. */
  startedAt?: string;
  /** When the attempt ended, ISO 8601. */
  finishedAt: string;
  /** Stack of what was thrown. */
  error: string;
  /** When the task is run again and why, for people. */
  message: string;
}

/**
 * Ends tasks whose Worker was ended, those excepted that have ended: their Worker may have written it just before.
 * Answered with the status of each.
 */
export interface LoseTasksMessage {
  /** Tells the messages apart. */
  kind: "lose_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The tasks, as `task_runs.id`. */
  ids: readonly number[];
  /** The status they take. */
  status: EndStatus;
  /** Why, for people. */
  message: string;
  /** Stack of what was thrown. */
  error: string;
  /** When they ended, ISO 8601. */
  finishedAt: string;
}

/** Cancels every task of a run that was never started. Answered with their number. */
export interface CancelQueuedMessage {
  /** Tells the messages apart. */
  kind: "cancel_queued";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** A text for people. */
  message: string;
  /** When it ended, ISO 8601. */
  finishedAt: string;
}

/** Cancels one task that was never started. Answered with the {@linkcode TaskFound} that it was before. */
export interface CancelTaskMessage {
  /** Tells the messages apart. */
  kind: "cancel_task";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`. */
  id: number;
  /** A text for people. */
  message: string;
  /** When it ended, ISO 8601. */
  finishedAt: string;
}

/** What a {@linkcode CancelTaskMessage} found. */
export interface TaskFound {
  /** The task, as `task_runs.id`. */
  id: number;
  /** Its name. */
  name: string;
  /** Its key. */
  key: string | null;
  /** What it was doing: it is cancelled when it was `queued`. */
  status: TaskStatus;
}

/** Asks what is written of a task. Answered with its status, if it is one of the run's. */
export interface TaskStatusMessage {
  /** Tells the messages apart. */
  kind: "task_status";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`. */
  id: number;
}
