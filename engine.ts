/**
 * Runs a pipeline: many tasks at once, their status and rows through one writer.
 *
 * @module
 */
import { isoNow } from "./clock.ts";
import { type ErrorData, fromErrorData, toErrorData } from "./errors.ts";
import { onInterrupt } from "./interrupts.ts";
import type { RunStarted, WriteMessage } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { type PipelineReport, Tally } from "./report.ts";
import { TaskContext, type TaskEnvironment } from "./task_context.ts";
import { type IdentifiedItem, type IdentityOptions, TaskFeed } from "./task_feed.ts";
import { type TaskModule, TaskPool } from "./task_pool.ts";
import type { EndStatus } from "./task_run.ts";
import { runTask, type TaskFunction, type TaskOutcome, writeFailure } from "./task_runner.ts";
import { SqliteWriter, type WriterOptions } from "./writer_client.ts";

/** Milliseconds after which tasks that never wait make way for timers, signals and acknowledgements. */
const YIELD_MS = 50;

/** Options of {@linkcode runPipeline}. */
export interface PipelineOptions<Item> extends Omit<WriterOptions, "db">, IdentityOptions<Item> {
  /**
   * The database: a path, a `file:` URL or `:memory:`; or a writer that is open, which several pipelines may
   * share, and which stays open. How it is opened was said to {@linkcode SqliteWriter.open} then.
   */
  db: string | URL | SqliteWriter;
  /**
   * The work of a task: a function, run on this thread, or the module that exports one, run on a pool of
   * Workers. What it returns is stored as JSON in `result`.
   */
  run: TaskFunction<Item> | TaskModule;
  /**
   * The name of the run.
   *
   * @default {"pipeline"}
   */
  name?: string;
  /**
   * How many tasks run at once.
   *
   * @default {the number of items or of CPUs, whichever is smaller}
   */
  workers?: number;
  /**
   * Whether the rows of a task are committed together with its `done`, all or none. Such a task's rows are
   * held in memory until it ends; the next task does not wait for their commit.
   *
   * @default {false}
   */
  atomic?: boolean;
  /**
   * Whether the first task that fails stops the pipeline; the rest is cancelled.
   *
   * @default {false}
   */
  failFast?: boolean;
  /**
   * Stops the pipeline when it is aborted: running tasks get it as `task.signal`, the rest is cancelled. A
   * running task is cancelled when it throws the signal's reason or an `AbortError`, itself or as a cause;
   * whatever else it throws is an error.
   */
  signal?: AbortSignal;
  /**
   * Whether SIGINT and SIGTERM stop the pipeline as `signal` does, for as long as it runs.
   *
   * @default {true}
   */
  handleSignals?: boolean;
}

/**
 * Runs a task for each item, some at a time, and keeps their status in `task_runs`.
 *
 * A task that throws is recorded as `error` and the others go on. The promise rejects only when the
 * pipeline itself cannot go on: wrong options, a database that cannot be opened or written, a module that
 * cannot be loaded, or items that throw; the tasks of the items before that are run all the same.
 *
 * @throws {TypeError} If an option or an item is of the wrong kind
 * @throws {RangeError} If `workers` or an id is not a positive whole number
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
  const begun = performance.now();
  checkWork(options.run);
  checkWriter(options);
  const feed = new TaskFeed(items, options);
  return await new Pipeline(options, feed, workersFor(options, feed.known)).run(begun);
}

/** One run. Its fields belong to the main thread. */
class Pipeline<Item> {
  readonly #feed: TaskFeed<Item>;
  readonly #options: PipelineOptions<Item>;
  readonly #workers: number;
  readonly #name: string;
  readonly #tally = new Tally();
  readonly #stop = new AbortController();
  /** Tasks on this thread whose rows may still fail, by id. */
  readonly #tasks = new Map<number, TaskContext>();
  /** Tasks that have returned and whose rows are on their way. */
  readonly #pending = new Set<Promise<void>>();
  /** What keeps the pipeline itself from going on. */
  #fatal: Error | undefined;
  #yieldedAt = performance.now();
  /** The user's writer, which stays open. */
  readonly #writer: SqliteWriter | undefined;

  constructor(options: PipelineOptions<Item>, feed: TaskFeed<Item>, workers: number) {
    this.#options = options;
    this.#feed = feed;
    this.#workers = workers;
    this.#name = options.name ?? "pipeline";
    this.#writer = options.db instanceof SqliteWriter ? options.db : undefined;
    this.#stop.signal.addEventListener("abort", () => {
      feed.halt();
      for (const task of this.#tasks.values()) task.abort(this.#stop.signal.reason);
    });
  }

  async run(begun: number): Promise<PipelineReport> {
    const { signal, handleSignals = true } = this.#options;
    const abort = () => this.#stop.abort(signal!.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    using _ = handleSignals
      ? onInterrupt((name) =>
        this.#stop.abort(new DOMException(`Stopped by ${name}`, "AbortError"))
      )
      : undefined;
    let ownWriter: SqliteWriter | undefined;
    try {
      const writer = this.#writer ??
        (ownWriter = await SqliteWriter.open(this.#options as WriterOptions));
      const runId = await this.#execute(writer);
      const checkpoint = await ownWriter?.close();
      if (this.#fatal) throw this.#fatal;
      const { driver, sqliteVersion } = writer;
      return {
        runId,
        name: this.#name,
        status: this.#status(),
        counts: { ...this.#tally.counts, total: this.#tally.total },
        failures: this.#tally.failures,
        elapsedMs: performance.now() - begun,
        driver,
        sqliteVersion,
        checkpoint,
      };
    } catch (error) {
      throw this.#fatal ?? error;
    } finally {
      signal?.removeEventListener("abort", abort);
      await ownWriter?.close().catch(() => {});
    }
  }

  /** Runs the tasks and ends the run, whatever happens in between. */
  async #execute(writer: SqliteWriter): Promise<number | null> {
    const outbox = writer.sender((error, task) => this.#messageFailed(error, task));
    using _ = onGone(writer, (error) => this.#giveUp(error));
    try {
      return await this.#executeWith(outbox, writer);
    } finally {
      writer.release(outbox);
    }
  }

  async #executeWith(outbox: Outbox, writer: SqliteWriter): Promise<number | null> {
    const { run: work, atomic = false } = this.#options;
    const storeTaskStatus = this.#options.storeTaskStatus ?? writer.storeTaskStatus;
    const pooled = typeof work !== "function";
    let run: number | null = null;
    if (storeTaskStatus) {
      const started = await outbox.request({
        kind: "start_run",
        name: this.#name,
        workers: this.#workers,
        startedAt: isoNow(),
        reserve: this.#feed.reserve,
      }) as RunStarted;
      run = started.run;
      await this.#feed.open(started.firstId, { run, outbox, confirm: pooled })
        .catch((error) => this.#giveUp(error));
    } else {
      await this.#feed.open(1);
    }
    const environment = { run, outbox, atomic, signal: this.#stop.signal };
    await (pooled ? this.#runInPool(work, writer, environment) : this.#runHere(work, environment))
      .catch((error) => this.#giveUp(error));
    await Promise.all(this.#pending);
    await this.#feed.stop().catch((error) => this.#giveUp(error));
    if (this.#feed.failure) this.#giveUp(this.#feed.failure);
    await outbox.drained();
    await this.#finish(run, outbox);
    return run;
  }

  async #finish(run: number | null, outbox: Outbox): Promise<void> {
    const { counts } = this.#tally;
    if (run === null) {
      counts.cancelled += this.#feed.count - this.#tally.total;
      return;
    }
    const finishedAt = isoNow();
    if (this.#stop.signal.aborted) {
      const { message } = toErrorData(this.#stop.signal.reason);
      const cancel: WriteMessage = { kind: "cancel_queued", run, message, finishedAt };
      counts.cancelled += await outbox.request(cancel) as number;
    }
    await outbox.request({ kind: "finish_run", run, status: this.#status(), finishedAt });
  }

  async #runHere(work: TaskFunction<Item>, environment: TaskEnvironment): Promise<void> {
    await this.#takeTurns(async (identified) => {
      const task = new TaskContext(identified, environment);
      this.#tasks.set(task.id, task);
      const outcome = await runTask(work, identified.item, task, environment);
      if ("pending" in outcome) this.#watch(identified, outcome.pending);
      else this.#ended(identified, outcome);
      const room = environment.outbox.room();
      if (room || performance.now() - this.#yieldedAt > YIELD_MS) {
        await (room ?? new Promise((resolve) => setTimeout(resolve, 0)));
        this.#yieldedAt = performance.now();
      }
    });
  }

  async #runInPool(
    work: TaskModule,
    writer: SqliteWriter,
    environment: TaskEnvironment,
  ): Promise<void> {
    const { run, atomic } = environment;
    const options = { run, atomic, signal: this.#stop.signal, attach: () => writer.attach() };
    using pool = new TaskPool(work, options);
    using _ = onGone(writer, () => pool[Symbol.dispose]());
    await pool.start(this.#slots);
    await this.#takeTurns(async (identified, slot) => {
      const { pending } = await pool.run(slot, identified);
      const written = pending.then((outcome) => {
        if (outcome.unwritten) writeFailure(identified.id, outcome, environment);
        return outcome;
      });
      this.#watch(identified, written);
    });
    await Promise.all(this.#pending);
    await pool.finish();
  }

  /** Workers that find something to do. */
  get #slots(): number {
    return Math.min(this.#workers, this.#feed.known?.length ?? Infinity);
  }

  /** Lets each worker take one task after the other until there is none or the pipeline is stopped. */
  async #takeTurns(
    body: (task: IdentifiedItem<Item>, slot: number) => Promise<void>,
  ): Promise<void> {
    const takeTurns = async (slot: number): Promise<void> => {
      try {
        while (!this.#stop.signal.aborted) {
          let task = this.#feed.take();
          if (task instanceof Promise) task = await task;
          if (!task || this.#stop.signal.aborted) return;
          await body(task, slot);
        }
      } catch (error) {
        this.#giveUp(error as Error);
      }
    };
    await Promise.all(Array.from({ length: this.#slots }, (_, slot) => takeTurns(slot)));
  }

  #watch(task: IdentifiedItem<Item>, pending: Promise<TaskOutcome>): void {
    const watched = pending.then((outcome) => this.#ended(task, outcome))
      .catch((error) => this.#giveUp(error))
      .finally(() => this.#pending.delete(watched));
    this.#pending.add(watched);
  }

  #ended(task: IdentifiedItem<Item>, outcome: TaskOutcome): void {
    this.#tasks.delete(task.id);
    this.#tally.add(task, outcome);
    if (outcome.status === "error" && this.#options.failFast && !this.#stop.signal.aborted) {
      const why = `Stopped because task ${task.id} (${task.name}) failed`;
      this.#stop.abort(new DOMException(why, "AbortError"));
    }
  }

  /** A message failed for which nobody waits: its task fails, or else the pipeline. */
  #messageFailed(error: ErrorData, task: number | undefined): void {
    if (task === undefined) this.#giveUp(fromErrorData(error));
    else this.#tasks.get(task)?.fail(error);
  }

  #giveUp(error: Error): void {
    this.#fatal ??= error;
    this.#stop.abort(error);
  }

  #status(): EndStatus {
    if (this.#fatal || this.#tally.counts.error > 0) return "error";
    return this.#stop.signal.aborted ? "cancelled" : "done";
  }
}

/** Listens until it is disposed: the writer may outlive many pipelines, and must not hold on to them. */
function onGone(writer: SqliteWriter, listener: (error: Error) => void): Disposable {
  let current: typeof listener | undefined = listener;
  writer.gone.catch((error) => current?.(error));
  return {
    [Symbol.dispose]() {
      current = undefined;
    },
  };
}

function workersFor<Item>(options: PipelineOptions<Item>, known?: readonly Item[]): number {
  const cpus = navigator.hardwareConcurrency;
  const { workers = Math.max(1, Math.min(cpus, known?.length ?? cpus)) } = options;
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new RangeError(
      `Cannot run with ${Deno.inspect(workers)} workers: pass a whole number from 1 up`,
    );
  }
  return workers;
}

function checkWriter<Item>({ db, ...options }: PipelineOptions<Item>): void {
  if (!(db instanceof SqliteWriter)) return;
  for (const option of ["schema", "statements", "wal", "driver"] as const) {
    if (options[option] !== undefined) {
      throw new TypeError(
        `Cannot use option ${option} with a writer that is open: pass it to SqliteWriter.open`,
      );
    }
  }
}

function checkWork(run: unknown): void {
  if (typeof run === "function") return;
  const module = (run as TaskModule | null | undefined)?.module;
  if (!URL.canParse(String(module))) {
    throw new TypeError(
      `Cannot run tasks with ${Deno.inspect(run)}: pass a function, or ` +
        `{ module: new URL("./tasks.ts", import.meta.url), export: "name" }`,
    );
  }
}
