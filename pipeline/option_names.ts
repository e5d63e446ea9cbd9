/**
 * The names of a pipeline's options: a misspelled `retries` is refused, so that it is not silently ignored.
 *
 * @module
 */
import { checkOptions, type KindsOf } from "../internal/validate.ts";
import type { PipelineDefinition } from "./pipeline_options.ts";

const KINDS: KindsOf<PipelineDefinition<unknown>> = {
  abortGraceMs: "own check",
  args: "own check",
  atomic: "boolean",
  busyTimeoutMs: "own check",
  cacheKey: "text",
  db: "own check",
  dependsOn: "function",
  doubleQuotedLiterals: "boolean",
  driver: "own check",
  executor: "own check",
  failFast: "boolean",
  handleSignals: "boolean",
  hookTimeoutMs: "own check",
  items: "own check",
  label: "own check",
  limits: "own check",
  maxRetryDelayMs: "own check",
  name: "text",
  onEnd: "function",
  onTaskEnd: "function",
  overlap: "own check",
  priority: "function",
  progress: "own check",
  resume: "own check",
  retries: "own check",
  retryDelayMs: "own check",
  retryIf: "function",
  run: "own check",
  runsWhen: "function",
  schedule: "own check",
  schema: "own check",
  signal: "signal",
  stage: "function",
  statements: "own check",
  storeItems: "boolean",
  storeTaskStatus: "boolean",
  synchronous: "own check",
  tags: "function",
  taskId: "function",
  taskKey: "function",
  taskName: "function",
  taskOptions: "function",
  timeoutMs: "own check",
  version: "function",
  wal: "boolean",
  walWarnBytes: "own check",
  workers: "own check",
};

const RENAMED = { policy: "taskOptions", timeoutGraceMs: "abortGraceMs" };

/**
 * Refuses options of an unknown name, and values of another kind than their option: `atomic: "false"` would be true.
 *
 * @throws {TypeError} If there is one
 */
export function checkNames(options: object): void {
  checkOptions(options, { operation: "run the pipeline", kinds: KINDS, renamed: RENAMED });
}
