/**
 * What the dashboard's server and its page say to each other: the JSON of the API and the events of the
 * live stream. Types only.
 *
 * Times are ISO 8601 in UTC, durations are in milliseconds, progress is a fraction 0..1, ids are those of the
 * database. Texts in lists are cut; a single task has them in full.
 *
 * @module
 */
import type { StatusCounts, TaskStatus } from "../internal/task_status.ts";

/**
 * What `pipeline_runs.status` says, or what the tasks of an older file add up to. A run is `interrupted` when its
 * process died.
 */
export type RunStatus = "running" | "done" | "error" | "cancelled" | "interrupted";

/** Whether the database can be read at present. */
export interface SourceState {
  /** `ok`, or why the data is not live: the file is not there (yet), is damaged, or cannot be read. */
  state: "ok" | "missing" | "corrupt" | "unreadable";
  /** What is wrong and what helps. */
  message?: string;
  /** The database's file, without its folder. */
  file: string;
  /** `ffi` or `builtin`: the driver of the dashboard's own connection. */
  driver?: string;
  /** Version of the SQLite library of the dashboard's own connection. */
  sqliteVersion?: string;
}

/** The writer's health at its last commit for a run. */
export interface RunHealth {
  /** Rows and messages that waited for the next commit. */
  queueDepth: number | null;
  /** Rows of the last batch. */
  batchRows: number | null;
  /** 99th percentile of the time of a commit, in milliseconds. */
  commitP99Ms: number | null;
  /** Size of the WAL in bytes. */
  walBytes: number | null;
  /** Time at which all that was committed was last known to be in the database file. */
  checkpointedAt: string | null;
  /** Time since which readers keep a long WAL from being emptied, `null` when none does. */
  walHeldSince: string | null;
}

/** One run of a pipeline. */
export interface Run {
  /** Id of the run; 0 stands for the tasks of a file that has no runs, made by the Python original. */
  id: number;
  /** Name of the run. */
  name: string;
  /** What it is doing. */
  status: RunStatus;
  /** Time of its start. */
  startedAt: string | null;
  /** Time of its end, `null` while it runs. */
  finishedAt: string | null;
  /** Tasks at a time. */
  workers: number | null;
  /** Driver of the writer. */
  driver: string | null;
  /** Version of the writer's SQLite library. */
  sqliteVersion: string | null;
  /** Tasks by status. */
  counts: StatusCounts;
  /** Sum of the counts. */
  total: number;
  /** Pairs of tasks of which one waits for the other; 0 where none does. */
  dependencies: number;
  /** Health of the writer, `null` where nothing is known. */
  health: RunHealth | null;
  /** Time of the last commit for this run. */
  updatedAt: string | null;
  /** Whether all of it was asked to stop, and it has not ended. */
  cancelling: boolean;
}

/** A page of runs, newest first. */
export interface RunPage {
  /** At most `limit` runs. */
  runs: Run[];
  /** Tasks ended per second over the life of each run, in up to 40 equal parts, by run id. */
  sparklines: Record<number, number[]>;
  /** Pass it as `before` to get the next page; `null` on the last. */
  next: number | null;
}

/** One task as a row of the table. */
export interface Task {
  /** Id of the task. */
  id: number;
  /** Name of the task. */
  name: string;
  /** Key of the task, where it has one. */
  key: string | null;
  /** What it is doing. */
  status: TaskStatus;
  /** Fraction 0..1. */
  progress: number;
  /** Its last message, cut to 300 characters. */
  message: string | null;
  /** The first line of its error, cut to 300 characters. */
  error: string | null;
  /** Time of its start. */
  startedAt: string | null;
  /** Time of its end. */
  finishedAt: string | null;
  /** Time of its last news while it runs. */
  updatedAt: string | null;
  /** From start to end, `null` until it has ended. */
  durationMs: number | null;
  /** Whether it was asked to stop by itself, and has not ended. */
  cancelling: boolean;
}

/** What a list of tasks can be sorted by. A minus before it turns the order round. */
export type TaskSort = "id" | "name" | "started" | "duration" | "progress";

/** Which tasks of a run to list. All are optional in the URL. */
export interface TaskQuery {
  /** Only tasks in one of these statuses, separated by commas in the URL; empty means all. */
  status: TaskStatus[];
  /** Text that the name or the message contains, without regard to case. */
  q: string;
  /** Only tasks with this key. */
  key: string;
  /** `id` (the default), `name`, `started`, `duration`, `progress`; with a minus for descending. */
  sort: TaskSort | `-${TaskSort}`;
  /** Tasks on a page: 1 to 200, 50 unless told. */
  limit: number;
  /** Where the page begins: `next` or `previous` of another page of the same query. */
  cursor: string;
}

/** A page of tasks. */
export interface TaskPage {
  /** The tasks in the order that was asked for. */
  tasks: Task[];
  /** Cursor of the next page, `null` on the last. */
  next: string | null;
  /** Cursor of the page before, `null` on the first. */
  previous: string | null;
}

/** One attempt at a task. */
export interface TaskAttempt {
  /** Number of the attempt, from 1. */
  attempt: number;
  /** How it ended, or `running`. */
  status: TaskStatus;
  /** Time of its start. */
  startedAt: string | null;
  /** Time of its end. */
  finishedAt: string | null;
  /** Its error with the stack. */
  error: string | null;
}

/** All about one task. */
export interface TaskDetail extends Task {
  /** The run it belongs to. */
  run: Pick<Run, "id" | "name" | "status" | "startedAt" | "cancelling">;
  /** Its attempts, first to last. */
  attempts: TaskAttempt[];
  /** What it returned, as JSON text. */
  result: string | null;
  /** Fields whose text was cut to a million characters. */
  cut: string[];
}

/** One line of a task's log. */
export interface LogLine {
  /** Id of the line, growing. */
  id: number;
  /** Time of the line. */
  at: string;
  /** `debug`, `info`, `warn` or `error`. */
  level: string;
  /** The text, cut to 10,000 characters. */
  message: string;
}

/** Some lines of a task's log, oldest first. */
export interface LogPage {
  /** At most `limit` lines. */
  lines: LogLine[];
  /** Pass it as `before` to get the lines before these; `null` when there are none. */
  previous: number | null;
}

/** The same task (by key, else by name) in other runs, newest first. */
export interface TaskHistory {
  /** At most 20 ended tasks. */
  tasks: (Pick<Task, "id" | "status" | "startedAt" | "durationMs"> & { runId: number })[];
  /** Whether the search stopped before the oldest run, because there are too many tasks. */
  partial: boolean;
}

/** Counts of a run at one moment. */
export interface Sample {
  /** Time of the sample in milliseconds since 1970. */
  at: number;
  /** Tasks that had ended as `done`. */
  done: number;
  /** Tasks that had ended as `error`. */
  error: number;
  /** Tasks that had been cancelled. */
  cancelled: number;
  /** Tasks that were running. */
  running: number;
}

/**
 * Up to 1,000 neighbouring tasks of the weave. Each character of `cells` is a task:
 * `charCode - 48 = 11 * status + tenths of progress`, with the statuses numbered in the order of a task's life
 * (queued 0, running 1, done 2, error 3, cancelled 4).
 */
export interface WeaveBlock {
  /** Id of the first task. */
  first: number;
  /** A character for each task, in the order of their ids. */
  cells: string;
  /** Ids of the tasks, where they are not `first`, `first + 1`, …. */
  ids?: number[];
}

/** When tasks ran: all of a small run, the longest of a big one. */
export interface Timeline {
  /** At most 1,000 bars, in the order of their start. */
  bars: {
    id: number;
    name: string;
    status: TaskStatus;
    /** Start in milliseconds since 1970. */
    from: number;
    /** End in milliseconds since 1970, `null` while it runs. */
    to: number | null;
  }[];
  /** Tasks that have been started, those left out included. */
  started: number;
}

/**
 * Which tasks of a run wait for which, laid out from left to right in an area of `width` by `height` CSS pixels.
 * Tasks that neither wait nor are waited for are left out.
 */
export interface TaskGraph {
  /** Tasks by their place: none where no task depends on another, or too many do. */
  nodes: GraphNode[];
  /** Dependencies, each a line from the task that is waited for to the one that waits. */
  edges: GraphEdge[];
  /** Width of the area. */
  width: number;
  /** Height of the area. */
  height: number;
  /** Why nothing is drawn although tasks depend on each other: a sentence for people. */
  left: string | null;
}

/** A task in a {@linkcode TaskGraph}. */
export interface GraphNode extends Pick<Task, "id" | "name" | "status"> {
  /** Its middle, from the left. */
  x: number;
  /** Its middle, from the top. */
  y: number;
  /** Width of its box. */
  width: number;
  /** Height of its box. */
  height: number;
}

/** A dependency in a {@linkcode TaskGraph}. */
export interface GraphEdge {
  /** The task that is waited for. */
  from: number;
  /** The task that waits. */
  to: number;
  /**
   * The points that its line goes through, x and y of each, one after the other: from the right side of one box to
   * the left side of the other.
   */
  points: number[];
}

/** One task in two runs. */
export interface ComparedTask {
  /** The key, or the name of tasks without one. */
  label: string;
  /** The task in the earlier run. */
  a: Pick<Task, "id" | "status" | "durationMs">;
  /** The task in the later run. */
  b: Pick<Task, "id" | "status" | "durationMs">;
}

/** Two runs side by side. Tasks are paired by key, else by name. */
export interface Comparison {
  /** The earlier run. */
  a: Run;
  /** The later run. */
  b: Run;
  /** Tasks that are in both. */
  paired: number;
  /** Tasks that are in the earlier run alone. */
  onlyA: number;
  /** Tasks that are in the later run alone. */
  onlyB: number;
  /** Failed in the later run and not in the earlier: at most 100, with their number. */
  newlyFailed: { total: number; tasks: ComparedTask[] };
  /** Failed in the earlier run and done in the later: at most 100, with their number. */
  mended: { total: number; tasks: ComparedTask[] };
  /** Done in both and slower in the later run, most first: at most 100, with their number. */
  slower: { total: number; tasks: ComparedTask[] };
  /** Done in both and faster in the later run, most first: at most 100, with their number. */
  faster: { total: number; tasks: ComparedTask[] };
  /** Median of the durations of tasks that are done in both, in milliseconds. */
  medianMs: { a: number | null; b: number | null };
  /** Whether tasks were left out because there are more than 200,000 in a run. */
  partial: boolean;
}

/** What became of `POST api/runs/:run/cancel` and the like. */
export interface ControlResult {
  /** Id of the request. */
  request: number;
  /** What was done, for people; `null` when it has not taken effect yet (status 202). */
  answer: string | null;
}

/** The answer to a request that failed. */
export interface ApiError {
  /** What was wrong, and what to do. */
  error: string;
}

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
  runs?: ListPatch<Run>;
  /** Sparklines that have changed. */
  sparklines?: Record<number, number[]>;
  /** The new `next`. */
  next?: number | null;
}

/** Everything that the page of one run shows: `GET api/live?view=run&run=ID` and a task query. */
export interface RunSnapshot extends LiveEvent, TaskPage {
  /** The run, `null` when there is no such run. */
  run: Run | null;
  /** Its past, oldest first. */
  samples: Sample[];
  /** The weave as far as it is read; the rest follows in patches. */
  weave: WeaveBlock[];
}

/** What has changed on the page of one run. */
export interface RunPatch extends LiveEvent {
  /** The run, where it has changed. */
  run?: Run | null;
  /** Changes of the table. */
  tasks?: ListPatch<Task>;
  /** The new cursors. */
  next?: string | null;
  /** The new cursors. */
  previous?: string | null;
  /** Samples that have been added. */
  samples?: Sample[];
  /** Blocks of the weave that are new or have changed, by their place. */
  weave?: [place: number, block: WeaveBlock][];
}

/** Everything that the page of one task shows: `GET api/live?view=task&task=ID`. */
export interface TaskSnapshot extends LiveEvent {
  /** The task, `null` when there is no such task. */
  task: TaskDetail | null;
  /** The last 500 lines of its log. */
  logs: LogPage;
}

/** What has changed on the page of one task. */
export interface TaskPatch extends LiveEvent {
  /** The task, where it has changed. */
  task?: TaskDetail | null;
  /** Lines that have been added to its log. */
  logs?: LogLine[];
}

/** What an exported run carries: the page shows it without a server. */
export interface ExportedRun {
  /** Time of the export in milliseconds since 1970. */
  now: number;
  /** The database's file, without its folder. */
  file: string;
  /** The run. */
  run: Run;
  /** Its past, oldest first. */
  samples: Sample[];
  /** The whole weave. */
  weave: WeaveBlock[];
  /** When tasks ran. */
  timeline: Timeline;
  /** Which tasks wait for which. */
  graph: TaskGraph;
  /** Tasks: failed ones first, at most 10,000; `left` counts those left out. */
  tasks: TaskDetail[];
  /** Tasks that were left out of `tasks`. */
  left: number;
  /** The last 100 log lines of each task in `tasks`, by task id. */
  logs: Record<number, LogLine[]>;
}
