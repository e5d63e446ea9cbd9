/**
 * Logs what becomes of a run; loaded where LogTape is. Without a configuration LogTape drops it.
 *
 * Categories: `["pipeloom", "run"]` starts and ends, `["pipeloom", "task"]` failures and what tasks log,
 * `["pipeloom", "writer"]` the driver and checkpoints that readers held up.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { summarizeError, toErrorSummary } from "../../internal/error_text.ts";
import type { LogLevel } from "../../internal/log_level.ts";
import type { CheckpointBlocked } from "../../writer/protocol/writer_worker.ts";
import type { PipelineReport } from "../report.ts";
import type { ObservedRun, RunFacts, RunObserver } from "./run_observer.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";

const runs = getLogger(["pipeloom", "run"]);
const tasks = getLogger(["pipeloom", "task"]);
const writers = getLogger(["pipeloom", "writer"]);

/** LogTape's names of our levels. */
const METHODS = { debug: "debug", info: "info", warn: "warn", error: "error" } as const;

/** Logs one run. */
export class RunLog implements RunObserver {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  begin({ name, total }: ObservedRun, { runId, workers, ...writer }: RunFacts): void {
    const { driver, driverReason, sqliteVersion } = writer;
    runs.info("{name} starts: run {runId}, {total} tasks, {workers} at once", {
      name,
      runId,
      total: total ?? "an unknown number of",
      workers,
    });
    const facts = { driver, sqliteVersion, driverReason };
    if (driverReason) writers.debug("Driver {driver}: {driverReason}", facts);
    else writers.debug("Driver {driver}, SQLite {sqliteVersion}", facts);
  }

  waits(run: string): void {
    runs.info("{name} waits: {run}", { name: this.#name, run });
  }

  rewritten(text: string): void {
    runs.warn("{name}: {text}", { name: this.#name, text });
  }

  onLog(task: TaskIdentity, level: LogLevel, message: string, shown: boolean): void {
    const method = METHODS[level] ?? "info";
    const { id, name, key } = task;
    tasks[method]("{name}: {message}", { id, name, key, message, shown });
  }

  ended({ id, name, key }: TaskIdentity, { status, error }: TaskOutcome): void {
    if (status !== "error") return;
    tasks.warn("{name} failed: {error}", { id, name, key, error: error && toErrorSummary(error) });
  }

  checkpointBlocked(held: CheckpointBlocked, text: string): boolean {
    writers.warn("{name}: {text}", { name: this.#name, text, ...held });
    return writers.isEnabledFor("warning");
  }

  hookFailed(text: string): boolean {
    runs.warn("{name}: {text}", { name: this.#name, text });
    return runs.isEnabledFor("warning");
  }

  end(report: PipelineReport | undefined, error: unknown): void {
    if (!report) {
      runs.error("{name} cannot continue: {error}", {
        name: this.#name,
        error: summarizeError(error),
      });
      return;
    }
    const { name, runId, status, counts, elapsedMs, checkpoint } = report;
    const seconds = (elapsedMs / 1000).toFixed(1);
    runs.info(
      "{name} ends: {status} after {seconds} s, {done} done, {failed} failed, {cancelled} cancelled",
      {
        name,
        runId,
        status,
        seconds,
        done: counts.done,
        failed: counts.error,
        cancelled: counts.cancelled,
        elapsedMs,
      },
    );
    if (checkpoint?.busy) {
      writers.warn("{name}: a reader kept the WAL from being emptied at the last checkpoint", {
        name,
        runId,
        ...checkpoint,
      });
    }
  }
}
