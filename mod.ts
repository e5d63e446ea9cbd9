/**
 * Pipelines on Deno: many tasks at once, their status and rows in one SQLite file, written by one Worker.
 *
 * {@linkcode runPipeline} runs a task for each item and keeps `task_runs` up to date while it does.
 * {@linkcode SqliteWriter} is the writer underneath, for programs that only want to write.
 * Connections of your own come from `@pipeloom/pipeloom/db`.
 *
 * @module
 */
import "./deno_only.js";
export { ArgumentsError } from "./errors.ts";
export type { ArgumentsValidator } from "./pipeline/run_arguments.ts";
export type { Bindable } from "./sqlite/values.ts";
export type { CheckOptions } from "./pipeline/executor/task_context.ts";
export { definePipeline } from "./pipeline/define_pipeline.ts";
export type { DependencyOptions } from "./pipeline/scheduler/dependency_options.ts";
export type { DriverName } from "./sqlite/drivers/driver.ts";
export type { EndedRun } from "./pipeline/hooks.ts";
export type { EndedTask } from "./pipeline/hooks.ts";
export type { ExecuteResult } from "./writer/protocol/write_message.ts";
export type { HookOptions } from "./pipeline/hooks.ts";
export type { IdentityOptions } from "./pipeline/scheduler/task_identity.ts";
export type { InsertOptions } from "./writer/client/insert.ts";
export type { LogLevel } from "./internal/log_level.ts";
export { OverlapError } from "./errors.ts";
export type { PipelineArguments } from "./pipeline/run_arguments.ts";
export type { PipelineDefinition } from "./pipeline/pipeline_options.ts";
export type { PipelineOptions } from "./pipeline/pipeline_options.ts";
export type { PipelineReport } from "./pipeline/report.ts";
export type { PolicyOptions } from "./pipeline/scheduler/retry_policy.ts";
export type { ProgressOptions } from "./pipeline/observers/progress_options.ts";
export type { QueueOptions } from "./pipeline/scheduler/queue/ready_queue.ts";
export { RetryAfter } from "./pipeline/retry_after.ts";
export type { RetryAfterOptions } from "./pipeline/retry_after.ts";
export type { Row } from "./writer/client/insert.ts";
export { runDefinition } from "./pipeline/run_definition.ts";
export type { RunDefinitionOptions } from "./pipeline/run_definition.ts";
export type { RunningPipeline } from "./pipeline/running_pipeline.ts";
export { runPipeline } from "./pipeline/run_pipeline.ts";
export type { ScheduleOptions } from "./pipeline/schedule/schedule.ts";
export { schedulePipeline } from "./pipeline/schedule/schedule.ts";
export { SqliteError } from "./errors.ts";
export type { SqliteErrorCode } from "./errors.ts";
export { SqliteWriter } from "./writer/client/sqlite_writer.ts";
export type { SqlRow } from "./sqlite/values.ts";
export type { Stages } from "./pipeline/executor/stages.ts";
export { startPipeline } from "./pipeline/run_pipeline.ts";
export type { StatusCounts } from "./internal/task_status.ts";
export type { Step } from "./writer/client/steps.ts";
export type { TagLimit } from "./pipeline/scheduler/queue/tag_limits.ts";
export type { TagLimits } from "./pipeline/scheduler/queue/tag_limits.ts";
export type { TaskContext } from "./pipeline/executor/task_context.ts";
export type { TaskFailure } from "./pipeline/report.ts";
export type { TaskFunction } from "./pipeline/executor/task_module.ts";
export type { TaskIdentity } from "./pipeline/executor/task_context.ts";
export { taskModule } from "./pipeline/executor/task_module.ts";
export type { TaskModule } from "./pipeline/executor/task_module.ts";
export type { TaskPolicy } from "./pipeline/scheduler/retry_policy.ts";
export type { TaskStatus } from "./internal/task_status.ts";
export { TaskWorkerDiedError } from "./errors.ts";
export type { TransactionOptions } from "./writer/client/steps.ts";
export { WriterClosedError } from "./errors.ts";
export { WriterDiedError } from "./errors.ts";
export type { WriterOptions } from "./writer/client/sqlite_writer.ts";
export type { WriterStats } from "./writer/protocol/sender_port.ts";
