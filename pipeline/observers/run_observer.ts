/**
 * What observes a pipeline: progress bars, the log, telemetry. Types only, so that the engine
 * knows none of them and loads none that is not wanted.
 *
 * What changes with every task is not pushed but read ({@linkcode ObservedRun}): an observer that draws ten times a
 * second need not receive a hundred thousand tasks in between.
 *
 * @module
 */
import type { DriverName } from "../../writer/protocol/sqlite_types.ts";
import type { LogLevel } from "../../internal/log_level.ts";
import type { WriterStats } from "../../writer/protocol/sender_port.ts";
import type { CheckpointBlocked } from "../../writer/protocol/writer_worker.ts";
import type { PipelineReport } from "../report.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import type { StatusCounts } from "../../internal/task_status.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";

/** A task that has started and not returned. */
export interface RunningTask extends TaskIdentity {
  /** How far it is, 0 to 1; `undefined` when it has not reported any. */
  readonly fraction: number | undefined;
  /** The message of its last progress report. */
  readonly note: string | undefined;
}

/** A run as it is at the moment: each reading may differ from the one before. */
export interface ObservedRun {
  /** The name of the run. */
  readonly name: string;
  /** Tasks that have ended, by status. */
  readonly counts: Readonly<Pick<StatusCounts, "done" | "error" | "cancelled">>;
  /** Tasks in all; `undefined` as long as it is not known. */
  readonly total: number | undefined;
  /** Tasks among the `done` ones that were done before the run was resumed. */
  readonly skipped: number;
  /** The tasks that run, in the order of their start. */
  running(): Iterable<RunningTask>;
  /** Why no task begins, such as that no worker is connected. */
  notice?(): string | undefined;
  /** Workers on other machines that are connected; `undefined` where tasks run here. */
  workers?(): number | undefined;
}

/** What is settled when the first task starts. */
export interface RunFacts {
  /** Its row in `pipeline_runs`; `null` when the status of tasks is not stored. */
  readonly runId: number | null;
  /** How many tasks run at once. */
  readonly workers: number;
  /** The SQLite driver that is used. */
  readonly driver: DriverName;
  /** Why it is not the FFI driver. */
  readonly driverReason: string | undefined;
  /** The version of the SQLite library. */
  readonly sqliteVersion: string;
  /** Asks the writer for its figures. */
  stats(): Promise<WriterStats>;
}

/** An observer. All calls come from the main thread; none may throw. */
export interface RunObserver {
  /** Whether it prints, so that what tasks print on other threads has to pass through it. */
  readonly prints?: boolean;
  /** It waits for another run, such as "run 3 is active (…)". */
  waits?(run: string): void;
  /** Other programs have changed tasks of the run that is resumed: "5 tasks were rewritten by another program; …". */
  rewritten?(text: string): void;
  /** The run is open and its tasks follow. */
  begin?(view: ObservedRun, facts: RunFacts): void;
  /** Runs a task's work; used to put it into a context. */
  within?<T>(task: TaskIdentity, work: () => T): T;
  /** The span of the context, as a `traceparent`, for a task that runs elsewhere. */
  trace?(): string | undefined;
  /** A task wrote a line into its log. An observer that shows it, or is configured not to, returns `true`. */
  onLog?(task: TaskIdentity, level: LogLevel, message: string, shown: boolean): boolean | void;
  /** A task has ended. */
  ended?(task: TaskIdentity, outcome: TaskOutcome): void;
  /** Readers keep a long WAL from being emptied. An observer that shows this text returns `true`. */
  checkpointBlocked?(held: CheckpointBlocked, text: string): boolean;
  /** A hook failed. An observer that shows this text returns `true`. */
  hookFailed?(text: string): boolean;
  /** The last task has ended and the database is still open. */
  finishing?(): Promise<void>;
  /** It is over, however it went: the report, or what the pipeline failed with. Always called, and once. */
  end?(report: PipelineReport | undefined, error: unknown): void;
}
