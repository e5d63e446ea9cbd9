/**
 * The names of a pipeline's options: a misspelled `retries` is refused, so that it is not silently ignored.
 *
 * @module
 */
import { checkBoolean, checkFunction, checkOptionNames, checkText } from "../internal/validate.ts";
import type { PipelineDefinition } from "./pipeline_options.ts";

/** What an option must be. Whatever says more is checked where the option is read. */
type Kind = "boolean" | "function" | "text" | "checked apart";

const KINDS: Readonly<Record<keyof PipelineDefinition<unknown>, Kind>> = {
  abortGraceMs: "checked apart",
  args: "checked apart",
  atomic: "boolean",
  busyTimeoutMs: "checked apart",
  db: "checked apart",
  dependsOn: "function",
  doubleQuotedLiterals: "boolean",
  driver: "checked apart",
  failFast: "boolean",
  handleSignals: "boolean",
  items: "checked apart",
  label: "checked apart",
  limits: "checked apart",
  maxRetryDelayMs: "checked apart",
  name: "text",
  overlap: "checked apart",
  priority: "function",
  progress: "checked apart",
  resume: "checked apart",
  retries: "checked apart",
  retryDelayMs: "checked apart",
  retryIf: "function",
  run: "checked apart",
  schedule: "checked apart",
  schema: "checked apart",
  signal: "checked apart",
  statements: "checked apart",
  storeTaskStatus: "boolean",
  synchronous: "checked apart",
  tags: "function",
  taskId: "function",
  taskKey: "function",
  taskName: "function",
  taskOptions: "function",
  timeoutMs: "checked apart",
  wal: "boolean",
  walWarnBytes: "checked apart",
  workers: "checked apart",
};

const NAMES = Object.keys(KINDS);

const RENAMED = { policy: "taskOptions", timeoutGraceMs: "abortGraceMs" };

/**
 * Refuses options of an unknown name, and values of another kind than their option: `atomic: "false"` would be true.
 *
 * @throws {TypeError} If there is one
 */
export function checkNames(options: object): void {
  const operation = "run the pipeline";
  checkOptionNames(options, { operation, known: NAMES, renamed: RENAMED });
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const kind = KINDS[name as keyof typeof KINDS];
    if (kind === "boolean") checkBoolean(value, { operation, name });
    if (kind === "function") checkFunction(value, { operation, name });
    if (kind === "text") checkText(value, { operation, name });
  }
}
