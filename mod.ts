/**
 * Pipelines on Deno: many tasks at once, their status and rows in one SQLite file, written by one Worker.
 *
 * {@linkcode runPipeline} runs a task for each item and keeps `task_runs` up to date while it does.
 * {@linkcode SqliteWriter} is the writer underneath, for programs that only want to write.
 * Connections of your own come from `@pipeloom/pipeloom/db`.
 *
 * @module
 */
export type { ConnectOptions } from "./sqlite/connect.ts";
export type { DriverChoice } from "./sqlite/drivers/choose.ts";
export type { DriverName } from "./sqlite/drivers/driver.ts";
export type { Synchronous } from "./sqlite/opening.ts";
export { definePipeline } from "./pipeline/define_pipeline.ts";
export type {
  PipelineArguments,
  PipelineDefinition,
  PipelineItems,
} from "./pipeline/pipeline_options.ts";
export type { DependencyOptions } from "./pipeline/scheduler/dependency_source.ts";
export { runPipeline, startPipeline } from "./pipeline/run_pipeline.ts";
export type { PipelineOptions } from "./pipeline/pipeline_options.ts";
export {
  OverlapError,
  SqliteError,
  type SqliteErrorCode,
  TaskWorkerDiedError,
  WriterClosedError,
  WriterDiedError,
} from "./errors.ts";
export type { InsertOptions, Row, Step, TransactionOptions } from "./writer/client/insert.ts";
export type { LogLevel } from "./internal/log_level.ts";
export type {
  AnswerControlMessage,
  ControlAction,
  RequestControlMessage,
} from "./writer/protocol/control_message.ts";
export type {
  FinishRunMessage,
  ReserveIdsMessage,
  RunFinished,
  RunKey,
  RunStarted,
  StartRunMessage,
} from "./writer/protocol/run_message.ts";
export type { WriterStats } from "./writer/protocol/sender_port.ts";
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
} from "./writer/protocol/task_message.ts";
export type {
  ExecuteMessage,
  ExecuteResult,
  IdempotencyKey,
  InsertMessage,
  StatementMessage,
  TransactionMessage,
  WriteMessage,
  WriteResult,
} from "./writer/protocol/write_message.ts";
export type { Overlap, OverlapOptions } from "./pipeline/overlap.ts";
export type { ProgressOptions } from "./pipeline/observers/progress_options.ts";
export type { PipelineReport, TaskFailure } from "./pipeline/report.ts";
export type { PolicyOptions, TaskPolicy } from "./pipeline/scheduler/retry_policy.ts";
export type { TagLimit, TagLimits } from "./pipeline/scheduler/tag_limits.ts";
export { RunningPipeline } from "./pipeline/running_pipeline.ts";
export type { TaskContext, TaskIdentity } from "./pipeline/executor/task_context.ts";
export type { IdentityOptions } from "./pipeline/scheduler/task_identity.ts";
export type { TaskModule } from "./pipeline/executor/pool_options.ts";
export {
  type EndStatus,
  type StatusCounts,
  TASK_STATUSES,
  type TaskStatus,
} from "./internal/task_status.ts";
export type { QueueOptions } from "./pipeline/scheduler/ready_queue.ts";
export { type ScheduleOptions, schedulePipeline } from "./pipeline/schedule/schedule.ts";
export type { TaskFunction } from "./pipeline/executor/task_runner.ts";
export { SqliteWriter, type WriterOptions } from "./writer/client/sqlite_writer.ts";
