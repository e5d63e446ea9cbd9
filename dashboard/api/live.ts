/**
 * The events of the live stream: a `snapshot` of a page first, then `patch`es of what has changed, a `ping`
 * every five seconds, and an `end` when the server ends, after its last patch.
 *
 * @module
 */
import type { SourceState } from "./answer.ts";
import type { WeaveBlock } from "./picture.ts";
import type { Run, RunPage, Sample } from "./run.ts";
import type { LogLine, LogPage } from "./log.ts";
import type { Task, TaskAttempt, TaskDetail, TaskPage, TaskStep } from "./task.ts";

/** A list whose rows have ids, as a change of the list that was sent before. */
export interface ListPatch<T extends { id: number }> {
  /** Ids of all rows in their new order, where rows came, went or moved. */
  order?: number[];
  /** Rows that are new or have changed. */
  rows: T[];
}

/** What every event of the live stream carries. */
export interface LiveEvent {
  /** Time of the server in milliseconds since 1970: the page's clock follows it. */
  now: number;
  /** State of the database, in the first event and whenever it changes. */
  source?: SourceState;
}

/** Everything that the page of runs shows: `GET api/live?view=runs`, event `snapshot`. */
export interface RunsSnapshot extends LiveEvent, RunPage {}

/** What has changed on the page of runs: event `patch`. */
export interface RunsPatch extends LiveEvent {
  /** Changes of the runs. */
  runs?: ListPatch<Run> | undefined;
  /** Sparklines that have changed. */
  sparklines?: Record<number, number[]> | undefined;
  /** The new `next`. */
  next?: number | null | undefined;
}

/** Everything that the page of one run shows: `GET api/live?view=run&run=ID` and a task query. */
export interface RunSnapshot extends LiveEvent, TaskPage {
  /** The run, `null` when there is no such run. */
  run: Run | null;
  /** Its past, oldest first. */
  samples: Sample[];
  /** The weave as far as it is read; the rest follows in patches. */
  weave: WeaveBlock[];
  /** True as long as the page of tasks has not been read yet: that it is empty means nothing. */
  reading: boolean;
}

/** What has changed on the page of one run. */
export interface RunPatch extends LiveEvent {
  /** The run, where it has changed. */
  run?: Run | null | undefined;
  /** Changes of the table. */
  tasks?: ListPatch<Task> | undefined;
  /** The new number of tasks that match. */
  found?: number | undefined;
  /** The new cursors. */
  next?: string | null | undefined;
  /** The new cursors. */
  previous?: string | null | undefined;
  /** False once the page of tasks has been read. */
  reading?: boolean | undefined;
  /** Samples that have been added. */
  samples?: Sample[] | undefined;
  /** Blocks of the weave that are new or have changed, by their place. */
  weave?: [place: number, block: WeaveBlock][] | undefined;
}

/** Everything that the page of one task shows: `GET api/live?view=task&task=ID`. */
export interface TaskSnapshot extends LiveEvent {
  /** The task, `null` when there is no such task. */
  task: TaskDetail | null;
  /** The last lines of its log: at most 500, and 200,000 characters. */
  logs: LogPage;
}

/** What has changed on the page of one task. */
export interface TaskPatch extends LiveEvent {
  /** What of the task has changed, but for its attempts and steps; `null` when it is gone. */
  task?: Partial<Omit<TaskDetail, "attempts" | "steps">> | null | undefined;
  /** Steps that are new, by their number. */
  steps?: TaskStep[] | undefined;
  /** Attempts that are new or have changed, by their number. */
  attempts?: TaskAttempt[] | undefined;
  /** Lines that have been added to its log. */
  logs?: LogLine[] | undefined;
  /** Whether there are others before these that were not sent, because the task writes more than a page shows. */
  skipped?: true | undefined;
}
