/**
 * One run of a pipeline: many tasks at once, their status and rows through one writer.
 *
 * @module
 */
import { type ErrorData, fromErrorData } from "../errors.ts";
import { endRun } from "./run_end.ts";
import type { RunFinished, RunStarted } from "../writer/protocol/run_message.ts";
import { viewOf } from "./observed_run.ts";
import { openObserver } from "./observers/observers.ts";
import type { BatchSender } from "../writer/client/batch_sender.ts";
import { startRun } from "./run_start.ts";
import { type PipelineOptions, storesStatus } from "./pipeline_options.ts";
import { failedWith, type PipelineReport, RunSummary } from "./report.ts";
import type { RunObserver } from "./observers/run_observer.ts";
import { RunHooks } from "./run_hooks.ts";
import type { RunControl } from "./run_control.ts";
import { isCancellation } from "./executor/cancellation.ts";
import { environmentOf } from "./run_environment.ts";
import { RunGrowth } from "./run_growth.ts";
import type { Executor } from "./executor/executor.ts";
import { openExecutor, queuesLate } from "./executor/open_executor.ts";
import { leavesThread } from "./executor/stages.ts";
import { notesOf } from "./scheduler/item_notes.ts";
import type { DependencySource } from "./scheduler/dependency_source.ts";
import type { TaskSource } from "./scheduler/task_source.ts";
import type { EndStatus } from "../internal/task_status.ts";
import type { TaskOutcome } from "./executor/task_runner.ts";
import { readSleeps } from "./scheduler/resumed_sleeps.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import type { EndingTask } from "./scheduler/scheduler_options.ts";
import { clientOf, runSchema, SqliteWriter } from "../writer/client/sqlite_writer.ts";
import type { StatementLimit } from "../writer/client/statement_deadline.ts";
import type { WriterClient } from "../writer/client/writer_client.ts";

/** What a run is made of before its writer is open. */
export interface RunParts<Item> {
  /** Its items. */
  source: TaskSource<Item>;
  /** Which tasks wait for which, if any does. */
  dependencies: DependencySource<Item> | undefined;
  workers: number;
  /** Its arguments, as JSON. */
  args: string;
  label: string | undefined;
  /** How long statements may take after it was stopped. */
  limit: StatementLimit;
  /** Stops it. */
  stop: AbortController;
  /** What can be asked of it. */
  control: RunControl;
}

/** One run. Its fields belong to the main thread. */
export class PipelineRun<Item> {
  readonly #options: PipelineOptions<Item>;
  readonly #parts: RunParts<Item>;
  readonly #source: TaskSource<Item>;
  readonly #stop: AbortController;
  readonly #name: string;
  readonly #summary = new RunSummary();
  #observer: RunObserver | undefined;
  readonly #hooks: RunHooks | undefined;
  #scheduler: Scheduler<Item> | undefined;
  /** What the run came to, all attempts at it together; known where it is in the database. */
  #finished: RunFinished | undefined;
  #checked: Pick<PipelineReport, "checks"> = {};
  #fatal: Error | undefined;
  /** When it was called, or when it was its turn, on the clock of `performance.now()`. */
  #startedAt = 0;
  /** The user's writer, which stays open. */
  readonly #writer: SqliteWriter | undefined;

  constructor(options: PipelineOptions<Item>, parts: RunParts<Item>) {
    this.#options = options;
    this.#parts = parts;
    this.#source = parts.source;
    this.#stop = parts.stop;
    this.#hooks = RunHooks.of(options);
    this.#name = options.name ?? "pipeline";
    this.#writer = options.db instanceof SqliteWriter ? options.db : undefined;
  }

  /** Runs it, with a writer of its own or that of the user. */
  async run(begun: number, own?: Promise<SqliteWriter>): Promise<PipelineReport> {
    this.#startedAt = begun;
    const { control } = this.#parts;
    // Loaded while the writer starts.
    const observer = openObserver(this.#options);
    observer?.catch(() => {});
    let ownWriter: SqliteWriter | undefined;
    let report: PipelineReport | undefined;
    let failure: unknown;
    try {
      const writer = this.#writer ?? (ownWriter = await own!);
      if (this.#writer) await runSchema(this.#writer, this.#options);
      this.#observer = await observer;
      if (this.#hooks) this.#hooks.observer = this.#observer;
      const runId = await this.#execute(clientOf(writer));
      const checkpoint = await ownWriter?.close();
      const { driver, sqliteVersion } = writer;
      const ended: PipelineReport = {
        ...this.#named,
        runId,
        status: this.#finished?.status ?? this.#status(),
        counts: this.#summary.reported(this.#options.version !== undefined),
        failures: this.#summary.failures,
        ...this.#checked,
        elapsedMs: performance.now() - this.#startedAt,
        driver,
        sqliteVersion,
        checkpoint,
      };
      if (this.#fatal) throw failedWith(this.#fatal, ended);
      return report = ended;
    } catch (error) {
      failure = this.#fatal ?? error;
      if (this.#writer) clientOf(this.#writer).reported(failure);
      throw failure;
    } finally {
      control.end();
      await ownWriter?.close().catch(() => {});
      (await observer?.catch(() => undefined))?.end?.(report, failure);
      await this.#hooks?.runEnded(this.#named, report, failure);
    }
  }

  /** Runs the tasks and ends the run, whatever happens in between. */
  async #execute(writer: WriterClient): Promise<number | null> {
    const batchSender = writer.sender((error, task) => this.#messageFailed(error, task));
    using _ = writer.onClosed((error) => this.#fail(error));
    using _warnings = writer.walWarnings.listen((held, text) =>
      this.#observer?.checkpointBlocked?.(held, text) ?? false
    );
    using _requests = writer.onRequest((request) =>
      void this.#parts.control.carryOut(request).catch(() => {})
    );
    try {
      return await this.#executeWith(batchSender, writer);
    } finally {
      writer.release(batchSender);
    }
  }

  async #executeWith(batchSender: BatchSender, writer: WriterClient): Promise<number | null> {
    const observer = this.#observer;
    const { signal } = this.#stop;
    const tasks = this.#writer && (() => this.#scheduler?.running() ?? []);
    using deadline = writer.limitStatements({ ...this.#parts.limit, tasks });
    const run = await this.#start(batchSender);
    await writer.opened;
    const queueAll = () => this.#source.announceAll();
    const { dependencies } = this.#parts;
    const isNeeded = dependencies && ((id: number) => dependencies.isNeeded(id));
    const parts = { run, batchSender, signal, queueAll, isNeeded, deadline, observer };
    const environment = environmentOf(this.#options, { ...parts, queuesLate: this.#queuesLate });
    const growth = new RunGrowth(this.#options, environment, () => this.#scheduler);
    environment.adds = growth;
    const scheduler = this.#scheduler = new Scheduler({
      source: this.#source,
      dependencies,
      policy: this.#options,
      environment,
      hooks: this.#hooks?.ofTasks,
      asleep: await this.#asleep(run, batchSender),
      ended: (task, outcome) => this.#ended(task, outcome),
      revoked: (id, status) => this.#summary.remove(id, status),
      failed: (error) => this.#fail(error),
    });
    const executor = openExecutor(this.#options, writer, {
      environment,
      slots: this.#parts.workers,
      expected: this.#source.known?.length,
      observer,
    });
    this.#startObserving({ scheduler, executor }, run, batchSender, writer);
    const running = scheduler.run(executor);
    this.#parts.control.begin({ run, batchSender, tasks: scheduler.control, growth });
    await running;
    const failed = (error: Error) => isCancellation(error, signal) || this.#fail(error);
    await this.#source.stop().catch(failed);
    if (this.#source.failure) failed(this.#source.failure);
    await batchSender.flushed();
    await this.#finish(run, batchSender);
    await observer?.finishing?.();
    return run;
  }

  /** The tasks of a run that is resumed which sleep. */
  async #asleep(run: number | null, batchSender: BatchSender) {
    if (run === null || !this.#source.resumes) return undefined;
    return await readSleeps(batchSender, run).catch((error) => void this.#fail(error));
  }

  get #queuesLate(): boolean {
    return !this.#parts.dependencies && queuesLate(this.#options, this.#source, this.#observer);
  }

  /** Begins the run in the database and queues the tasks that are known. */
  async #start(batchSender: BatchSender): Promise<number | null> {
    const started = storesStatus(this.#options) ? await this.#begin(batchSender) : undefined;
    if (!started) {
      await this.#source.open(1);
      return null;
    }
    const { run, firstId } = started;
    const late = this.#queuesLate;
    const refers = leavesThread(this.#options.run) || this.#options.version !== undefined;
    const confirm = !late && (refers || this.#parts.dependencies !== undefined);
    const skipped = (tasks: number) => this.#summary.skip(tasks);
    const unchanged = (tasks: number) => this.#summary.skip(tasks, tasks);
    const notes = notesOf(this.#options, { run, batchSender, unchanged });
    await this.#source.open(firstId, { run, batchSender, confirm, late, skipped, notes })
      .then(() => this.#parts.dependencies?.announce(run, batchSender))
      .catch((error) => this.#fail(error));
    return run;
  }

  async #begin(batchSender: BatchSender): Promise<RunStarted | undefined> {
    const { args, label, workers } = this.#parts;
    const { started, waited } = await startRun(batchSender, {
      options: this.#options,
      source: this.#source,
      name: this.#name,
      args,
      label,
      workers,
      signal: this.#stop.signal,
      observer: this.#observer,
    });
    if (waited) this.#startedAt = performance.now();
    return started;
  }

  #startObserving(
    parts: { scheduler: Scheduler<Item>; executor: Executor<Item> },
    runId: number | null,
    batchSender: BatchSender,
    { settings: { driver, driverReason }, sqliteVersion }: WriterClient,
  ): void {
    const [summary, source] = [this.#summary, this.#source];
    const view = viewOf({ name: this.#name, summary, source, ...parts });
    this.#observer?.begin?.(view, {
      runId,
      workers: this.#parts.workers,
      driver,
      driverReason,
      sqliteVersion,
      stats: () => batchSender.query({ kind: "stats" }),
    });
  }

  async #finish(run: number | null, batchSender: BatchSender): Promise<void> {
    const { counts } = this.#summary;
    if (run === null) return void (counts.cancelled += this.#source.count - this.#summary.total);
    const resumes = Boolean(this.#options.resume);
    const { finished, cancelled, ...checked } = await endRun(batchSender, {
      run,
      status: this.#status(),
      signal: this.#stop.signal,
      resumes,
      fatal: this.#fatal,
    });
    counts.cancelled += cancelled;
    [this.#finished, this.#checked] = [finished, checked];
    if (finished.unchanged !== undefined) this.#summary.unchanged = finished.unchanged;
    if (resumes) Object.assign(counts, finished.counts);
  }

  #ended(task: EndingTask, outcome: TaskOutcome): void {
    this.#summary.add(task, outcome);
    this.#hooks?.ofTasks?.taskEnded(task, outcome);
    this.#observer?.ended?.(task, outcome);
    if (outcome.status === "error" && this.#options.failFast && !this.#stop.signal.aborted) {
      const why = `Stopped because task ${task.id} (${task.name}) failed`;
      this.#stop.abort(new DOMException(why, "AbortError"));
    }
  }

  /** An unawaited message failed: its task fails, or else the pipeline. */
  #messageFailed(error: ErrorData, task: number | undefined): void {
    if (task === undefined) this.#fail(fromErrorData(error));
    else this.#scheduler?.messageFailed(task, error);
  }

  #fail(error: Error): void {
    this.#fatal ??= error;
    this.#stop.abort(error);
  }

  get #named() {
    const { args, label = null } = this.#parts;
    return { name: this.#name, args: JSON.parse(args), label };
  }

  #status(): EndStatus {
    if (this.#fatal || this.#summary.counts.error > 0) return "error";
    return this.#stop.signal.aborted || this.#summary.counts.cancelled > 0 ? "cancelled" : "done";
  }
}
