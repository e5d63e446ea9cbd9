/**
 * The names of a pipeline's options: a misspelled `retries` is refused, so that it is not silently ignored.
 *
 * @module
 */
import { checkOptionNames, namesOf } from "../internal/validate.ts";
import type { PipelineDefinition } from "./pipeline_options.ts";

const NAMES = namesOf<PipelineDefinition<unknown>>({
  abortGraceMs: true,
  atomic: true,
  busyTimeoutMs: true,
  db: true,
  dependsOn: true,
  doubleQuotedLiterals: true,
  driver: true,
  failFast: true,
  handleSignals: true,
  items: true,
  limits: true,
  maxRetryDelayMs: true,
  name: true,
  overlap: true,
  priority: true,
  progress: true,
  resume: true,
  retries: true,
  retryDelayMs: true,
  retryIf: true,
  run: true,
  schedule: true,
  schema: true,
  signal: true,
  statements: true,
  storeTaskStatus: true,
  synchronous: true,
  tags: true,
  taskId: true,
  taskKey: true,
  taskName: true,
  taskOptions: true,
  timeoutMs: true,
  wal: true,
  walWarnBytes: true,
  workers: true,
});

const RENAMED = { policy: "taskOptions", timeoutGraceMs: "abortGraceMs" };

/**
 * Refuses options that there are not.
 *
 * @throws {TypeError} If there is one
 */
export function checkNames(options: object): void {
  checkOptionNames(options, { operation: "run the pipeline", known: NAMES, renamed: RENAMED });
}
