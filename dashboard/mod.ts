/**
 * A live dashboard of pipelines: a Hono app over a read-only connection of its own.
 *
 * {@linkcode serveDashboard} serves it from a Worker, {@linkcode createDashboard} makes it a part of your own
 * Hono app, and {@linkcode exportRun} writes one run into a single HTML file.
 *
 * @module
 */
export type {
  ApiError,
  ComparedTask,
  Comparison,
  ControlResult,
  GraphEdge,
  GraphNode,
  LogLine,
  LogPage,
  Run,
  RunHealth,
  RunPage,
  RunStatus,
  Sample,
  SourceState,
  Task,
  TaskAttempt,
  TaskDetail,
  TaskGraph,
  TaskHistory,
  TaskPage,
  TaskQuery,
  TaskSort,
  Timeline,
  WeaveBlock,
} from "./api.ts";
export { createDashboard, type DashboardApp, type DashboardOptions } from "./app.ts";
export type { ControlledWriter } from "./routes/control.ts";
export { exportRun } from "./export.ts";
export { type DashboardServer, serveDashboard, type ServeOptions } from "./serve.ts";
