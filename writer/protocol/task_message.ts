/**
 * Messages about the tasks of a run: they are queued, run, fail, are queued again, end.
 *
 * @module
 */
import type { EndStatus, TaskStatus } from "../../internal/task_status.ts";

/**
 * Writes tasks as `queued`. The three arrays are parallel. Answered with the ids of those that are left out, where that
 * was asked for.
 */
export interface QueueTasksMessage {
  /** The kind of message. */
  kind: "queue_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** Ids of the tasks. */
  ids: readonly number[];
  /** Names of the tasks. */
  names: readonly string[];
  /** Keys of the tasks. */
  keys: readonly (string | null)[];
  /** Whether the user chose an id among them: one that is taken is refused then. */
  chosen?: true;
  /** Whether those are left out whose keys were added to the run before. */
  unlessAdded?: true;
  /** Items of tasks that were added, as JSON, and the task that added them; 0 for the program. */
  added?: { items: readonly string[]; by: number };
}

/**
 * Takes up tasks of a run by their keys: those that are `done` stay, the others become `queued`, new ones are
 * added. The three arrays are parallel. Answered with the id of each task, negative for one that is done.
 */
export interface ResumeTasksMessage {
  /** The kind of message. */
  kind: "resume_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The id of a new task; 0 for a free one. */
  ids: readonly number[];
  /** Names for new tasks; `null` for "task" and the id. */
  names: readonly (string | null)[];
  /** Keys of the tasks: no two are the same. */
  keys: readonly string[];
}

/**
 * Adds tasks to a run that is active, with their items: those whose keys it has already are left out. Answered with the
 * number of tasks that are new.
 */
export interface AddTasksMessage extends AddedCall {
  /** The kind of message. */
  kind: "add_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task that adds them, as `task_runs.id`; 0 for the program. */
  by: number;
}

/**
 * Items that were added by one call: parallel lists as text, which crosses threads and is stored for less than their
 * strings one by one.
 */
export interface AddedCall {
  /** How many there are. */
  tasks: number;
  /** Names of the tasks, as a JSON array: `null` for "task" and the id. It is empty where they are the keys. */
  names: string;
  /** Keys of the tasks, as a JSON array. */
  keys: string;
  /** Items: a line of JSON each. */
  items: string;
}

/**
 * Makes added items rows of `task_runs`, with `queued`. Answered with the number of those that are now.
 */
export interface QueueAddedMessage {
  /** The kind of message. */
  kind: "queue_added";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** Up to the task of this id; without it those of the next call. */
  upTo?: number;
  /** How many these are, where their news follow. */
  tasks?: number;
}

/** Tasks that were added to a run, in the order of their ids. */
export interface AddedPage extends AddedCall {
  /** The id of each task, or of the first where the others follow. */
  ids: readonly number[] | number;
}

/** Queues the added tasks of a run that is resumed, which are not `done` and which no item stood for. */
export interface ResumeAddedMessage {
  /** The kind of message. */
  kind: "resume_added";
  /** The run, as `pipeline_runs.id`. */
  run: number;
}

/**
 * Stores what the items of `queued` tasks declare. The arrays are parallel. Answered with the ids of the tasks that are
 * `done` because of that: their versions were done before, in another run of this name.
 */
export interface NoteItemsMessage {
  /** The kind of message. */
  kind: "note_items";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** Ids of the tasks. */
  ids: readonly number[];
  /** Items, as JSON, where they are stored. */
  inputs?: readonly (string | null)[];
  /** Names of the stages that run them, where the run has any. */
  stages?: readonly (string | null)[];
  /** Tags of the tasks as JSON arrays, where the run has any. */
  tags?: readonly (string | null)[];
  /** Versions of the tasks' work, where they have any. */
  versions?: readonly (string | null)[];
  /** What versions are compared under. */
  cacheKey?: string;
}

/** Keeps which tasks of a run wait for which. The two arrays are parallel. */
export interface DependTasksMessage {
  /** The kind of message. */
  kind: "depend_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** Ids of tasks that wait. */
  ids: readonly number[];
  /** Ids of the tasks that they wait for. */
  dependsOn: readonly number[];
}

/** An attempt at a task that failed, for `task_attempts`. */
export interface FailedAttempt {
  /** When it began, if the start may not have been written; ISO 8601. */
  startedAt?: string;
  /** When it ended, ISO 8601. */
  finishedAt: string;
  /** Stack of what was thrown. */
  error: string;
  /** When the task is run again and why, for people. */
  message: string;
  /** Whether it is kept; one that only has to wait is not. */
  isCounted: boolean;
}

/**
 * Makes tasks `queued` again, and keeps their attempts in `task_attempts`. Answered with the ids of those that are
 * queued now.
 *
 * Without an attempt it takes those that ended as `error` or `cancelled`. With one it takes tasks that have not ended:
 * this attempt of theirs failed. So it does with a time: the tasks sleep until then.
 */
export interface RequeueTasksMessage {
  /** The kind of message. */
  kind: "requeue_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The tasks, as `task_runs.id`. */
  ids: readonly number[];
  /** The attempt that failed. */
  attempt?: FailedAttempt;
  /** When they continue, ISO 8601. */
  wakesAt?: string;
}

/**
 * News of one task. A field that is left out stays as it is. Several of them may be folded into one as
 * long as they are not committed: the last of each field counts, and no start or end is lost by it.
 */
export interface TaskUpdateMessage {
  /** The kind of message. */
  kind: "task_update";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`. */
  id: number;
  /** The status it takes; none for mere progress. */
  status?: TaskStatus | undefined;
  /** Fraction 0..1. */
  progress?: number | undefined;
  /** A text for people. */
  message?: string | undefined;
  /** When it began, ISO 8601. */
  startedAt?: string | undefined;
  /** When it ended, ISO 8601. */
  finishedAt?: string | undefined;
  /** JSON. */
  result?: string | undefined;
  /** Stack of what was thrown. */
  error?: string | undefined;
  /** When its last message came while it ran. */
  updatedAt?: string | undefined;
}

/** Ends tasks from outside: they were cancelled, or their Worker is gone. Answered with {@linkcode TasksEnded}. */
export interface EndTasksMessage {
  /** The kind of message. */
  kind: "end_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The tasks, as `task_runs.id`; or every task of the run that is `queued`. */
  ids: readonly number[] | "queued";
  /** Whether named tasks end that are `running`, too. */
  running?: true;
  /** The status they take. */
  status: EndStatus;
  /** Why, for people. */
  message: string;
  /** Stack of what was thrown. */
  error?: string | undefined;
  /** When they ended, ISO 8601. */
  finishedAt: string;
}

/** What an {@linkcode EndTasksMessage} did. */
export interface TasksEnded {
  /** How many tasks it ended. */
  ended: number;
  /** What each named task was before; `null` where the run has no such task. */
  found: (TaskFound | null)[];
}

/** A task as an {@linkcode EndTasksMessage} found it. */
export interface TaskFound {
  /** The task, as `task_runs.id`. */
  id: number;
  /** Its name. */
  name: string;
  /** Its key. */
  key: string | null;
  /** Its status. */
  status: TaskStatus;
}
