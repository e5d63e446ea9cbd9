/**
 * What the API returns about runs.
 *
 * @module
 */
import type { RunProgress } from "../../internal/progress.ts";
import type { RemoteWorkerInfo } from "./workers.ts";
import type { StatusCounts } from "../../internal/task_status.ts";

/**
 * The value of `pipeline_runs.status`, or what the tasks of an older file add up to. A run is `interrupted` when its
 * process died.
 *
 * @example What is over
 * ```ts ignore
 * import type { RunStatus } from "@pipeloom/pipeloom/dashboard";
 *
 * const hasEnded = (status: RunStatus) => status !== "running";
 * ```
 */
export type RunStatus = "running" | "done" | "error" | "cancelled" | "interrupted";

/**
 * The writer's health at its last commit for a run.
 *
 * @example A WAL that is held
 * ```ts ignore
 * import type { RunHealth } from "@pipeloom/pipeloom/dashboard";
 *
 * const isHeld = ({ walHeldSince }: RunHealth) => walHeldSince !== null;
 * ```
 */
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

/**
 * One run of a pipeline.
 *
 * @example From the API
 * ```ts ignore
 * import type { Run } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs/5");
 * const run: Run = await answer.json();
 * console.log(run.status, run.counts.done);
 * ```
 */
export interface Run {
  /** Id of the run; 0 stands for the tasks of a file that has no runs, made by the Python original. */
  id: number;
  /** Name of the run. */
  name: string;
  /** Its label beside its name. A text of more than 2,000 characters is cut and ends with `…`. */
  label?: string | null;
  /** Its arguments, as JSON, up to 10,000 characters; `null` where that is not known. */
  args?: string | null;
  /** Why it failed as a whole, up to 2,000 characters; `null` where it did not. */
  reason?: string | null;
  /** The same with stacks, up to 10,000 characters. */
  reasonStack?: string | null;
  /** How many of its tasks other programs have written over, the first 10,000 and those before it was resumed. */
  rewritten?: number;
  /** How many of its tasks are done without having run, because they are unchanged; where tasks have versions. */
  unchanged?: number;
  /** How many of its tasks other programs had deleted when it was resumed. */
  removed?: number;
  /** Its status. */
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
  /** Whether its tasks wait because no worker on another machine is connected. */
  waitsForWorkers?: boolean;
  /** The workers on other machines that take or took part, where the run is looked at by itself and has any. */
  remoteWorkers?: RemoteWorkerInfo[];
  /** Queued tasks of an active run that sleep, up to 1,000, and when the first of them wakes; where any does. */
  asleep?: { tasks: number; until: string };
  /** Checks of its tasks that did not pass, the last of each name and up to 1,000 together; where there is any. */
  checks?: { failed: number; warned: number };
  /** Tasks by status. */
  counts: StatusCounts;
  /** Sum of the counts. */
  total: number;
  /** Pairs of tasks of which one waits for the other; 0 where none does. */
  dependencies: number;
  /** Health of the writer, `null` where nothing is known. */
  health: RunHealth | null;
  /** Time of the last news of this run: a commit for it, or for one of its running tasks. */
  updatedAt: string | null;
  /** Whether all of it was asked to stop, and it has not ended. */
  cancelling: boolean;
  /**
   * Whether its process is gone and no writer has noted that yet: its `status` is `interrupted` then. `null` where
   * this is unknown, because the run has no owner's lock, or the lock may not be read.
   */
  processGone: boolean | null;
  /** How far it is: pass it to `shareOf` and `remainingMs`, so that all displays agree. Times are since 1970. */
  progress: RunProgress;
}

/**
 * Which runs to list. All are optional in the URL.
 *
 * @example Those of last night that failed
 * ```ts ignore
 * import type { RunQuery } from "@pipeloom/pipeloom/dashboard";
 *
 * const query: Partial<RunQuery> = { name: "nightly", status: ["error"], from: "2026-11-26" };
 * ```
 */
export interface RunQuery {
  /** Only runs of this name. */
  name: string;
  /** Text that the name, the label or the arguments contain. */
  q: string;
  /** Only runs in one of these statuses, separated by commas in the URL. */
  status: RunStatus[];
  /** Only runs that started at this time or later: a time, or a day in UTC. */
  from: string;
  /** Only runs that started at this time or earlier: a time, or a day in UTC, to its end. */
  to: string;
}

/**
 * A page of runs, newest first.
 *
 * @example From the API
 * ```ts ignore
 * import type { RunPage } from "@pipeloom/pipeloom/dashboard";
 *
 * const answer = await fetch("http://127.0.0.1:8787/api/runs?limit=10");
 * const page: RunPage = await answer.json();
 * console.log(page.runs.length, page.next);
 * ```
 */
export interface RunPage {
  /** At most `limit` runs. */
  runs: Run[];
  /** Tasks ended per second over the life of each run, in up to 40 equal parts, by run id. */
  sparklines: Record<number, number[]>;
  /** Pass it as `before` to get the next page; `null` on the last. */
  next: number | null;
}

/**
 * Counts of a run at one moment.
 *
 * @example Ended tasks
 * ```ts ignore
 * import type { Sample } from "@pipeloom/pipeloom/dashboard";
 *
 * const ended = ({ done, error, cancelled }: Sample) => done + error + cancelled;
 * ```
 */
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
