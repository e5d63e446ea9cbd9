/**
 * A live dashboard of pipelines: a Hono app over a read-only connection of its own.
 *
 * {@linkcode serveDashboard} serves it from a Worker, {@linkcode createDashboard} makes it a part of your own
 * Hono app, and {@linkcode exportRun} writes one run into a single HTML file.
 *
 * @module
 */
import "../deno_only.js";
export type {
  ApiError,
  ArgumentField,
  ArgumentsForm,
  Check,
  ComparedChecks,
  ComparedRows,
  ComparedTask,
  Comparison,
  ControlResult,
  DataColumn,
  DataRows,
  DataTable,
  DataTables,
  DataValue,
  DurationGroup,
  FailureCause,
  FailureReport,
  GraphEdge,
  GraphNode,
  GridCell,
  LogLine,
  LogPage,
  PastRun,
  PipelineInfo,
  PipelineSchedule,
  RemoteWorkerInfo,
  RowCount,
  Run,
  RunChecks,
  RunDelays,
  RunDurations,
  RunGrid,
  RunHealth,
  RunLogLine,
  RunLogPage,
  RunPage,
  RunProgress,
  RunQuery,
  RunRows,
  RunStart,
  RunStatus,
  Sample,
  SourceState,
  TagLoad,
  Task,
  TaskAttempt,
  TaskDependencies,
  TaskDetail,
  TaskGraph,
  TaskHistory,
  TaskPage,
  TaskQuery,
  TaskSort,
  TaskStep,
  Timeline,
  WeaveBlock,
  WrittenRows,
} from "./api.ts";
export { createDashboard, type DashboardApp, type DashboardOptions } from "./server/app.ts";
export type { ControlledWriter } from "./server/routes/control.ts";
export { exportRun } from "./server/export.ts";
export { serveDashboard, type ServeOptions } from "./server/serve.ts";
export type { DashboardServer } from "./server/dashboard_server.ts";
