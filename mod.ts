/**
 * Pipelines on Deno: many tasks at once, their status and rows in one SQLite file, written by one Worker.
 *
 * {@linkcode runPipeline} runs a task for each item and keeps `task_runs` up to date while it does.
 * {@linkcode SqliteWriter} is the writer underneath, for programs that only want to write.
 * Connections of your own come from `@pipeloom/pipeloom/db`.
 *
 * @module
 */
export type { ConnectOptions, DriverChoice, DriverName } from "./db.ts";
export {
  definePipeline,
  type PipelineArguments,
  type PipelineDefinition,
  type PipelineItems,
} from "./define_pipeline.ts";
export type { DependencyOptions } from "./dependent_feed.ts";
export { type PipelineOptions, runPipeline, startPipeline } from "./engine.ts";
export {
  OverlapError,
  SqliteError,
  type SqliteErrorCode,
  TaskWorkerDiedError,
  WriterClosedError,
  WriterDiedError,
} from "./errors.ts";
export type { InsertOptions, Row, Step, TransactionOptions } from "./insert.ts";
export type { LogLevel } from "./log_level.ts";
export type {
  AnswerControlMessage,
  CancelQueuedMessage,
  CancelTaskMessage,
  ControlAction,
  DependTasksMessage,
  ExecuteMessage,
  ExecuteResult,
  FinishRunMessage,
  IdempotencyKey,
  InsertMessage,
  LoseTasksMessage,
  QueueTasksMessage,
  RequestControlMessage,
  RequeueTasksMessage,
  ReserveIdsMessage,
  ResumeTasksMessage,
  RetryTaskMessage,
  RunFinished,
  RunKey,
  RunStarted,
  StartRunMessage,
  StatementMessage,
  TaskFound,
  TaskStatusMessage,
  TaskUpdateMessage,
  TransactionMessage,
  WriteMessage,
  WriteResult,
  WriterStats,
} from "./messages.ts";
export type { Overlap, OverlapOptions } from "./overlap.ts";
export type { ProgressOptions } from "./progress_options.ts";
export type { PipelineReport, TaskFailure } from "./report.ts";
export type { PolicyOptions, TaskPolicy } from "./retry_policy.ts";
export type { TagLimit, TagLimits } from "./tag_limits.ts";
export { RunningPipeline } from "./running_pipeline.ts";
export { TaskContext, type TaskIdentity } from "./task_context.ts";
export type { IdentityOptions } from "./task_identity.ts";
export type { TaskModule } from "./task_pool.ts";
export { type EndStatus, type StatusCounts, TASK_STATUSES, type TaskStatus } from "./task_run.ts";
export type { QueueOptions } from "./task_queue.ts";
export { type ScheduleOptions, schedulePipeline } from "./schedule.ts";
export type { TaskFunction } from "./task_runner.ts";
export { SqliteWriter, type WriterOptions } from "./writer_client.ts";
