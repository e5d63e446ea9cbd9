/**
 * What the dashboard's server and its page exchange: the JSON of the API and the events of the
 * live stream. Types only.
 *
 * Times are ISO 8601 in UTC, durations are in milliseconds, progress is a fraction 0..1, ids are those of the
 * database. Texts in lists are cut; a single task has them in full.
 *
 * @module
 */
export type { ApiError, ControlResult, SourceState } from "./api/answer.ts";
export type { Check, ComparedChecks, RunChecks } from "./api/checks.ts";
export type { ComparedTask, Comparison } from "./api/comparison.ts";
export type {
  DataColumn,
  DataRows,
  DataTable,
  DataTables,
  DataValue,
  RowCount,
} from "./api/data.ts";
export type { DurationGroup, RunDurations } from "./api/durations.ts";
export type { ExportedRun } from "./api/export.ts";
export type {
  ArgumentField,
  ArgumentsForm,
  PastRun,
  PipelineInfo,
  PipelineSchedule,
  RunStart,
} from "./api/pipelines.ts";
export type { FailureCause, FailureReport, RunDelays, TagLoad } from "./api/problems.ts";
export type {
  ListPatch,
  LiveEvent,
  RunPatch,
  RunSnapshot,
  RunsPatch,
  RunsSnapshot,
  TaskPatch,
  TaskSnapshot,
} from "./api/live.ts";
export type { GraphEdge, GraphNode, TaskGraph, Timeline, WeaveBlock } from "./api/picture.ts";
export type { Run, RunHealth, RunPage, RunQuery, RunStatus, Sample } from "./api/run.ts";
export type { ComparedRows, RunRows, WrittenRows } from "./api/rows.ts";
export type { GridCell, RunGrid } from "./api/grid.ts";
export type { RunProgress } from "../internal/progress.ts";
export type { LogLine, LogPage, RunLogLine, RunLogPage } from "./api/log.ts";
export type {
  Task,
  TaskAttempt,
  TaskDependencies,
  TaskDetail,
  TaskHistory,
  TaskPage,
  TaskQuery,
  TaskSort,
  TaskStep,
} from "./api/task.ts";
export type { RemoteWorkerInfo } from "./api/workers.ts";
