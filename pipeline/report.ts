/**
 * What became of a pipeline, collected while it runs.
 *
 * @module
 */
import type { CheckpointResult, DriverName } from "../writer/protocol/sqlite_types.ts";
import { fromErrorData } from "../errors.ts";
import { abridgedError } from "./executor/abridged_error.ts";
import type { TaskIdentity } from "./executor/task_context.ts";
import { type EndStatus, noCounts, type StatusCounts } from "../internal/task_status.ts";
import type { TaskOutcome } from "./executor/task_runner.ts";

/** Failures that a report lists; the others are counted, and all are in `task_runs`. */
const MAX_FAILURES = 100;

/**
 * A task that failed.
 *
 * @example A line of a list
 * ```ts ignore
 * import type { TaskFailure } from "@pipeloom/pipeloom";
 *
 * const line = ({ name, error }: TaskFailure) => `${name}: ${error.message}`;
 * ```
 */
export interface TaskFailure extends TaskIdentity {
  /** The thrown error. */
  error: Error;
}

/**
 * What became of a pipeline.
 *
 * @example An exit code
 * ```ts ignore
 * import type { PipelineReport } from "@pipeloom/pipeloom";
 *
 * const exitCode = ({ status }: PipelineReport) => status === "done" ? 0 : 1;
 * ```
 */
export interface PipelineReport {
  /** The run's row in `pipeline_runs`; `null` when the status of tasks is not stored. */
  runId: number | null;
  /** The name of the run. */
  name: string;
  /** Its arguments. */
  args: object;
  /** Its label beside its name. */
  label: string | null;
  /** `done` when every task is, `error` when one failed, `cancelled` when the pipeline, or a task, was cancelled. */
  status: "done" | "error" | "cancelled";
  /**
   * Tasks by status, and in all. With the option `version` also those of `done` that did not run, because they are
   * unchanged.
   */
  counts: StatusCounts & { total: number; unchanged?: number };
  /** The first 100 failures. A text of over 16,384 characters is shortened; it is whole in `task_runs`. */
  failures: TaskFailure[];
  /**
   * Milliseconds from the call of `runPipeline` until the database was closed; with `overlap: "queue"` from when no
   * other run was in the way.
   */
  elapsedMs: number;
  /** The SQLite driver that was used. */
  driver: DriverName;
  /** The version of the SQLite library. */
  sqliteVersion: string;
  /**
   * The checks of its tasks, the last of each name and task, where any made one: how many passed, failed their task, and
   * did not pass with severity `"warn"`; and the first ten that did not pass.
   */
  checks?: {
    passed: number;
    failed: number;
    warned: number;
    failing: {
      id: number;
      name: string;
      check: string;
      severity: string;
      value: unknown;
      expected: unknown;
    }[];
  } | undefined;
  /** The last checkpoint: `busy` when a reader kept the WAL from being emptied. */
  checkpoint: CheckpointResult | undefined;
}

/** What is known of runs that failed as a whole, by what they were rejected with. */
const failedRuns = new WeakMap<Error, PipelineReport>();

/** Notes what became of a run that failed as a whole. Returns the error. */
export function failedWith(error: Error, report: PipelineReport): Error {
  failedRuns.set(error, report);
  return error;
}

/** What became of a run that was rejected with this; `undefined` where it did not begin, or its writer was lost. */
export function reportOf(error: unknown): PipelineReport | undefined {
  return failedRuns.get(error as Error);
}

/** Counts ends and keeps the first failures. */
export class RunSummary {
  /** Tasks that were done before the run was resumed. */
  skipped = 0;
  /** Tasks whose work was done in an earlier run. */
  unchanged = 0;
  readonly counts: StatusCounts = noCounts();
  readonly failures: TaskFailure[] = [];

  /** Counts the end of a task. */
  add({ id, name, key }: TaskIdentity, { status, error }: TaskOutcome): void {
    this.counts[status]++;
    if (status === "error" && this.failures.length < MAX_FAILURES) {
      this.failures.push({ id, name, key, error: fromErrorData(abridgedError(error!)) });
    }
  }

  /** Tasks were done before the run was resumed; `unchanged` of them in an earlier run. */
  skip(tasks: number, unchanged = 0): void {
    this.unchanged += unchanged;
    this.skipped += tasks;
    this.counts.done += tasks;
  }

  /** A task that has ended is run again, or ended otherwise: its end does not count any more. */
  remove(id: number, status: EndStatus): void {
    this.counts[status]--;
    const at = this.failures.findIndex((failure) => failure.id === id);
    if (at >= 0) this.failures.splice(at, 1);
  }

  /** The counts for the report. */
  reported(hasVersions: boolean): PipelineReport["counts"] {
    const { counts, total, unchanged } = this;
    return { ...counts, total, ...(hasVersions ? { unchanged } : {}) };
  }

  /** Number of tasks that have ended. */
  get total(): number {
    return this.counts.done + this.counts.error + this.counts.cancelled;
  }
}
