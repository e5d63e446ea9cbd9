/**
 * Tests of one's own tasks: a task runs once, as in a pipeline, against a real database.
 *
 * @module
 */
import "./deno_only.js";
export {
  type RunCheck,
  type RunStep,
  runTask,
  type RunTaskOptions,
  type TaskRun,
} from "./pipeline/run_task.ts";
