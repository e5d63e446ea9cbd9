/**
 * The names of a pipeline's options: a misspelled `retries` is refused, so that it is not silently ignored.
 *
 * @module
 */
import { checkOptionNames } from "../internal/validate.ts";
import type { PipelineDefinition } from "./pipeline_options.ts";

/** Every option; the compiler refuses a table that lacks one. */
const NAMES: Readonly<Record<keyof PipelineDefinition<unknown>, true>> = {
  atomic: true,
  busyTimeoutMs: true,
  db: true,
  dependsOn: true,
  driver: true,
  failFast: true,
  handleSignals: true,
  items: true,
  limits: true,
  maxRetryDelayMs: true,
  name: true,
  overlap: true,
  policy: true,
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
  timeoutGraceMs: true,
  timeoutMs: true,
  wal: true,
  walWarnBytes: true,
  workers: true,
};

/**
 * Refuses options that there are not.
 *
 * @throws {TypeError} If there is one
 */
export function checkNames(options: object): void {
  checkOptionNames(options, { operation: "run the pipeline", known: Object.keys(NAMES) });
}
