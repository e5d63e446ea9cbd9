/**
 * Pipelines on Deno: many tasks at once, their status and rows in one SQLite file, written by one Worker.
 *
 * {@linkcode runPipeline} runs a task for each item and keeps `task_runs` up to date while it does.
 * {@linkcode SqliteWriter} is the writer underneath, for programs that only want to write.
 * Connections of your own come from `@pipeloom/pipeloom/db`.
 *
 * @module
 */
export type { ConnectOptions, DriverChoice, DriverName, Synchronous } from "./db.ts";
export {
  definePipeline,
  type PipelineArguments,
  type PipelineDefinition,
  type PipelineItems,
} from "./engine/define_pipeline.ts";
export type { DependencyOptions } from "./queue/dependent_feed.ts";
export { type PipelineOptions, runPipeline, startPipeline } from "./engine/engine.ts";
export {
  OverlapError,
  SqliteError,
  type SqliteErrorCode,
  TaskWorkerDiedError,
  WriterClosedError,
  WriterDiedError,
} from "./errors.ts";
export type { InsertOptions, Row, Step, TransactionOptions } from "./sender/insert.ts";
export type { LogLevel } from "./log_level.ts";
export type {
  AnswerControlMessage,
  ControlAction,
  RequestControlMessage,
} from "./messages/control_message.ts";
export type {
  FinishRunMessage,
  ReserveIdsMessage,
  RunFinished,
  RunKey,
  RunStarted,
  StartRunMessage,
} from "./messages/run_message.ts";
export type { WriterStats } from "./messages/sender_port.ts";
export type {
  CancelQueuedMessage,
  CancelTaskMessage,
  DependTasksMessage,
  LoseTasksMessage,
  QueueTasksMessage,
  RequeueTasksMessage,
  ResumeTasksMessage,
  RetryTaskMessage,
  TaskFound,
  TaskStatusMessage,
  TaskUpdateMessage,
} from "./messages/task_message.ts";
export type {
  ExecuteMessage,
  ExecuteResult,
  IdempotencyKey,
  InsertMessage,
  StatementMessage,
  TransactionMessage,
  WriteMessage,
  WriteResult,
} from "./messages/write_message.ts";
export type { Overlap, OverlapOptions } from "./engine/overlap.ts";
export type { ProgressOptions } from "./observers/progress_options.ts";
export type { PipelineReport, TaskFailure } from "./engine/report.ts";
export type { PolicyOptions, TaskPolicy } from "./tasks/retry_policy.ts";
export type { TagLimit, TagLimits } from "./queue/tag_limits.ts";
export { RunningPipeline } from "./engine/running_pipeline.ts";
export { TaskContext, type TaskIdentity } from "./tasks/task_context.ts";
export type { IdentityOptions } from "./queue/task_identity.ts";
export type { TaskModule } from "./tasks/pool_options.ts";
export { type EndStatus, type StatusCounts, TASK_STATUSES, type TaskStatus } from "./task_run.ts";
export type { QueueOptions } from "./queue/task_queue.ts";
export { type ScheduleOptions, schedulePipeline } from "./schedule/schedule.ts";
export type { TaskFunction } from "./tasks/task_runner.ts";
export { SqliteWriter, type WriterOptions } from "./sender/writer_client.ts";
