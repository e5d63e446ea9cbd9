/**
 * Starts pipelines: options are checked before anything is opened.
 *
 * @module
 */
import { checkOverlap } from "./overlap.ts";
import { checkNames } from "./option_names.ts";
import {
  checkExecutor,
  checkNotes,
  checkResume,
  type PipelineOptions,
  storesStatus,
} from "./pipeline_options.ts";
import { checkWriter, writerOptionsOf } from "./writer_options.ts";
import { checkWork, workersFor } from "./executor/stages.ts";
import { checkProgress } from "./observers/progress_options.ts";
import { checkHooks } from "./hooks.ts";
import type { PipelineReport } from "./report.ts";
import { checkPolicy } from "./scheduler/retry_policy.ts";
import { PipelineHandle, type RunningPipeline } from "./running_pipeline.ts";
import { checkDependencies } from "./scheduler/dependency_options.ts";
import { DependencySource } from "./scheduler/dependency_source.ts";
import { TaskSource } from "./scheduler/task_source.ts";
import { checkLimits } from "./scheduler/queue/tag_limits.ts";
import { labelOf, taskArguments, toStoredArguments } from "./run_arguments.ts";
import type { RunParts } from "./pipeline_run.ts";
import { RunControl } from "./run_control.ts";
import { interruption, onInterrupt } from "./signals.ts";
import { statementLimit } from "./statement_limit.ts";
import { SqliteWriter, startWriter } from "../writer/client/sqlite_writer.ts";

/**
 * Runs a task for each item, some at a time, and keeps their status in `task_runs`.
 *
 * A task that throws is recorded as `error` and the others are unaffected. The promise rejects only when the
 * pipeline itself cannot continue: wrong options, a database that cannot be opened or written, a module that
 * cannot be loaded, or items that throw; the tasks of the items before that are run all the same.
 *
 * @throws {TypeError} If an option or an item is of the wrong kind
 * @throws {RangeError} If a number such as `workers`, `retries` or an id is out of range, or there is no run to
 * resume
 * @throws {Error} If the run to resume is running
 * @throws {OverlapError} If another run of this name is active and overlapping runs are refused
 * @throws {SqliteError} If the database cannot be opened or written
 * @throws {WriterDiedError} If the writer Worker dies
 *
 * @example Lines of text
 * ```ts
 * import { runPipeline } from "@pipeloom/pipeloom";
 *
 * const report = await runPipeline(["to be", "or not to be"], {
 *   db: ":memory:",
 *   schema: "CREATE TABLE IF NOT EXISTS word (text TEXT)",
 *   async run(line, task) {
 *     const words = line.split(" ");
 *     await task.insert("word", words.map((text) => ({ text })));
 *     return { words: words.length };
 *   },
 * });
 * console.log(report.counts.done); // 2
 * ```
 */
export async function runPipeline<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  options: PipelineOptions<Item>,
): Promise<PipelineReport> {
  return await startPipeline(items, options).finished;
}

/**
 * Starts what {@linkcode runPipeline} runs, and returns at once with a handle that can cancel its tasks and run
 * failed ones again. Its promise `finished` is that of `runPipeline`.
 *
 * @throws {TypeError} If an option or an item is of the wrong kind
 * @throws {RangeError} If a number such as `workers`, `retries` or an id is out of range
 *
 * @example Stop it after a while
 * ```ts
 * import { startPipeline } from "@pipeloom/pipeloom";
 *
 * const pipeline = startPipeline([1, 2, 3], { db: ":memory:", run: (n) => n * n });
 * const timer = setTimeout(() => pipeline.cancel(), 60_000);
 * const report = await pipeline.finished;
 * clearTimeout(timer);
 * console.log(report.status); // done
 * ```
 */
export function startPipeline<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  options: PipelineOptions<Item>,
): RunningPipeline {
  const begun = performance.now();
  checkNames(options);
  checkWork(options);
  checkExecutor(options);
  checkWriter(options);
  checkResume(options);
  checkNotes(options);
  checkOverlap(options, storesStatus(options));
  checkPolicy(options);
  checkDependencies(options);
  checkLimits(options);
  checkHooks(options);
  checkProgress(options.progress);
  const settled = withTexts(options);
  const args = toStoredArguments(options.args === undefined ? {} : options.args);
  const source = new TaskSource(items, options);
  const stop = new AbortController();
  stop.signal.addEventListener("abort", () => source.halt());
  const parts: RunParts<Item> = {
    source,
    dependencies: options.dependsOn && new DependencySource(source, options),
    workers: workersFor(options),
    args,
    label: labelOf(args, settled.label),
    limit: statementLimit(options, stop.signal),
    stop,
    control: new RunControl(stop),
  };
  return new PipelineHandle(run(settled, parts, begun), parts.control);
}

/** Opens the writer, and loads what else a run takes while its Worker starts. */
async function run<Item>(
  options: PipelineOptions<Item>,
  parts: RunParts<Item>,
  begun: number,
): Promise<PipelineReport> {
  const { db, signal, handleSignals = true } = options;
  const { stop } = parts;
  const abort = () => stop.abort(signal!.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  using _ = handleSignals ? onInterrupt((name) => stop.abort(interruption(name))) : undefined;
  const own = db instanceof SqliteWriter ? undefined : startWriter(writerOptionsOf(options));
  // It may fail before anything waits for it.
  own?.catch(() => {});
  try {
    const { PipelineRun } = await import("./pipeline_run.ts");
    return await new PipelineRun(options, parts).run(begun, own);
  } finally {
    signal?.removeEventListener("abort", abort);
    await own?.then((writer) => writer.close()).catch(() => {});
  }
}

/** The options with the texts that functions of the arguments return, as in a definition that is run by itself. */
function withTexts<Item>(options: PipelineOptions<Item>): PipelineOptions<Item> {
  const { label, schema } = options;
  const text = (value: unknown) =>
    typeof value === "function" ? value(taskArguments(options.args)) : value;
  if (typeof label !== "function" && typeof schema !== "function") return options;
  return { ...options, label: text(label), schema: text(schema) };
}
