/**
 * Runs a pipeline for the command line: with a dashboard if one is wanted, and a summary at the end.
 *
 * @module
 */
import type { DriverChoice } from "../sqlite/drivers/choose.ts";
import { prepareRun } from "../pipeline/define_pipeline.ts";
import type { PipelineDefinition, PipelineOptions } from "../pipeline/pipeline_options.ts";
import { WRITER_OPTIONS, writerOptionsOf } from "../pipeline/writer_options.ts";
import { runPipeline } from "../pipeline/run_pipeline.ts";
import { onInterrupt } from "../pipeline/signals.ts";
import type { ProgressOptions } from "../pipeline/observers/progress_options.ts";
import type { Overlap } from "../pipeline/overlap.ts";
import { type PipelineReport, reportOf } from "../pipeline/report.ts";
import { fromHere, locate } from "./working_folder.ts";
import { SqliteWriter } from "../writer/client/sqlite_writer.ts";
import { type Cell, flow } from "./terminal/table.ts";
import { CommandError } from "./terminal/failure.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./terminal/exit_code.ts";
import { summarizeError } from "../internal/error_text.ts";
import { DEFAULT_DB } from "./options.ts";
import { STATUS_STYLES } from "./terminal/colors.ts";
import { sanitize, sanitizedJson } from "./terminal/sanitize.ts";
import { shellWord } from "../internal/text/shell_word.ts";
import { workedOf } from "../internal/progress.ts";
import { formatCount, formatDuration, formatNumberOf, formatRate } from "../internal/units.ts";
import type { Surface } from "./status/draw_run.ts";
import { isAttended, printStderr, surface, writeLines } from "./terminal/terminal.ts";

/** Failures that are listed. */
const MAX_LISTED = 10;

/** What `run` and `demo` have in common. */
export interface RunAndReportOptions {
  /** The database. */
  db?: string;
  /** Tasks at a time. */
  workers?: number | undefined;
  /** The SQLite driver. */
  driver?: DriverChoice | undefined;
  /** Whether to continue a run, and which. */
  resume?: number | true | undefined;
  /** Which of its failed and cancelled tasks run again. */
  only?: number[];
  /** The key of the run to continue, or to begin. */
  resumeKey?: string;
  /** What to do while another run of this name is active. */
  overlap?: Overlap | undefined;
  /** Whether to serve the dashboard, and on which port. */
  dashboard?: number | true;
  /** Whether to print the report as JSON. */
  json?: boolean;
  /** Whether what tasks log is left out of the progress. */
  quietTasks?: boolean;
  /** How much to print. */
  verbose: number;
  /** The module, where a run that is not done is continued by naming it again. */
  module?: string;
}

/** Runs a pipeline and reports its outcome. */
export async function runAndReport<Item>(
  definition: PipelineDefinition<Item>,
  args: object,
  options: RunAndReportOptions,
): Promise<ExitCode> {
  const { workers = definition.workers, driver = definition.driver, dashboard, json } = options;
  const db = locate(options.db ?? definition.db ?? DEFAULT_DB);
  const shown = options.db ?? fromHere(`${db}`);
  const { items, settings } = await prepareRun(definition, args);
  let signal: Deno.Signal | undefined;
  let report: PipelineReport;
  const stop = new AbortController();
  await using writer = dashboard === undefined || settings.storeTaskStatus === false
    ? undefined
    : await SqliteWriter.open(writerOptionsOf({ ...settings, db, driver }));
  await using server = dashboard === undefined ? undefined : await serve(db, dashboard, writer);
  // The writer is open; these options have no effect any more.
  if (writer) { for (const option of WRITER_OPTIONS) delete settings[option]; }
  {
    using _ = onInterrupt((name) => {
      signal = name;
      printStderr("Stopping: running tasks may end. Ctrl-C again stops at once.");
      stop.abort(new DOMException(`Stopped by ${name}`, "AbortError"));
    });
    report = await runPipeline(items, {
      progress: { summary: false },
      ...settings,
      ...(options.quietTasks ? { progress: withoutLogs(settings.progress) } : {}),
      db: writer ?? db,
      workers,
      ...(writer ? {} : { driver }),
      resume: resumeOf(options) ?? definition.resume,
      overlap: options.overlap ?? definition.overlap,
      handleSignals: false,
      signal: definition.signal ? AbortSignal.any([definition.signal, stop.signal]) : stop.signal,
    }).catch((error) => {
      // What is known of it is reported all the same; the caller reports why it failed.
      const failed = reportOf(error);
      if (failed) printReport(failed, { shown, json, reason: summarizeError(error) });
      throw error;
    });
  }
  if (writer) report.checkpoint = await writer.close();
  printReport(report, { shown, json });
  if (options.module !== undefined && `${db}` !== ":memory:") {
    printHowToContinue(report, options.module, options.db);
  }
  if (!json && options.verbose >= 1) printDetails(report);
  if (server && signal === undefined && isAttended()) {
    const { interruption } = await import("./serve_dashboard.ts");
    // Listened for before that is printed, because a reader may be quick.
    const interrupted = interruption();
    printStderr(`The dashboard stays at ${server.url} until Ctrl-C`);
    await interrupted;
  }
  return exitCodeFor(report, signal);
}

/** What continues a run that is not done, unless its tasks are known to have no keys. */
function printHowToContinue(
  { status, runId, failures }: PipelineReport,
  module: string,
  db: string | URL = DEFAULT_DB,
): void {
  if (status === "done" || runId === null || failures.some(({ key }) => key === null)) return;
  const again = `pipeloom run ${shellWord(sanitize(module))}${dbArgument(db)} --resume ${runId}`;
  printStderr(`${again} continues it`);
}

/** The run to continue, as the command line names it. */
function resumeOf(
  { resume, only, resumeKey }: RunAndReportOptions,
): PipelineOptions<never>["resume"] {
  if (only && typeof resume !== "number") {
    throw new CommandError(
      "Cannot run only some tasks: name their run with --resume <run>",
      EXIT.usage,
    );
  }
  if (resumeKey !== undefined) return { key: resumeKey };
  return only ? { run: resume as number, tasks: only } : resume;
}

/** The progress that the definition wants, without the lines that tasks log. */
function withoutLogs(
  progress: boolean | ProgressOptions = { summary: false },
): false | ProgressOptions {
  if (progress === false) return false;
  return { ...(progress === true ? {} : progress), taskLogs: false };
}

/** Prints what became of a run, and why where it failed as a whole. */
function printReport(
  report: PipelineReport,
  { shown, json, reason }: { shown: string; json: boolean | undefined; reason?: string },
): void {
  const why = reason === undefined ? {} : { reason };
  writeLines(
    json
      ? [sanitizedJson({ ...toJson(report, shown), ...why }, 2)]
      : summarize(report, shown, surface()),
  );
}

/** Serves the dashboard beside a command and prints its address; with a writer, it can control the writer's runs. */
export async function serve(db: string | URL, port: number | true, control?: SqliteWriter) {
  const { serveBeside } = await import("./serve_dashboard.ts");
  const server = await serveBeside(`${db}`, port === true ? undefined : port, control);
  printStderr(`Dashboard at ${server.controlUrl ?? server.url}`);
  return server;
}

function exitCodeFor({ status }: PipelineReport, signal?: Deno.Signal): ExitCode {
  if (signal !== undefined) return exitCodeOf(signal);
  return status === "done" ? EXIT.done : EXIT.failed;
}

/** The lines that stay when a run is over. */
export function summarize(report: PipelineReport, db: string | URL, on: Surface): string[] {
  const { name, runId, status, counts, elapsedMs, failures } = report;
  const { paint, width } = on;
  const worked = workedOf(counts);
  const cells: Cell[] = [
    { text: sanitize(name), style: "bold" },
    { text: status, style: STATUS_STYLES[status] },
    { text: formatNumberOf(counts.total, "task") },
  ];
  for (const one of ["done", "error", "cancelled"] as const) {
    if (counts[one] > 0 && counts[one] < counts.total) {
      cells.push({ text: `${one} ${formatCount(counts[one])}`, style: STATUS_STYLES[one] });
    }
  }
  cells.push({ text: formatDuration(elapsedMs) });
  if (worked > 0) cells.push({ text: formatRate(worked / elapsedMs * 1000) });
  const where = [{ text: sanitize(`${db}`) }];
  if (runId !== null) where.push({ text: `run ${runId}` });
  const lines = [...flow(cells, on), ...flow(where, on)];
  for (const { name, error } of failures.slice(0, MAX_LISTED)) {
    const text = `✖ ${sanitize(name)}: ${sanitize(summarizeError(error))}`;
    lines.push(...flow([{ text, style: "red" }], { paint, width }));
  }
  const left = counts.error - Math.min(failures.length, MAX_LISTED);
  if (left > 0) {
    const how = runId === null
      ? ""
      : `: pipeloom status${dbArgument(db)} --run ${runId} --status error`;
    lines.push(`… ${formatNumberOf(left, "more failure")}${how}`);
  }
  if (report.checkpoint?.busy) {
    lines.push("A reader kept the WAL from being emptied; pipeloom checkpoint does it later");
  }
  return lines;
}

/** What to write on a command line to name the database again. */
function dbArgument(db: string | URL): string {
  const text = sanitize(`${db}`);
  if (text === DEFAULT_DB) return "";
  return ` --db ${shellWord(text)}`;
}

function toJson(report: PipelineReport, db: string | URL) {
  const failures = report.failures.map(({ error, ...task }) => ({
    ...task,
    error: summarizeError(error),
  }));
  return { ...report, failures, db: `${db}` };
}

function printDetails({ driver, sqliteVersion, checkpoint }: PipelineReport): void {
  printStderr(`Driver ${driver}, SQLite ${sqliteVersion}`);
  if (checkpoint) printStderr(`Last checkpoint: ${checkpoint.checkpointed} pages`);
}
