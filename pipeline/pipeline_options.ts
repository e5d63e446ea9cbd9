/**
 * What a pipeline is told, and what is refused before anything is opened.
 *
 * @module
 */
import { unexpected } from "../internal/validate.ts";
import type { RunKey } from "../writer/protocol/run_message.ts";
import type { ProgressOptions } from "./observers/progress_options.ts";
import type { HookOptions } from "./hooks.ts";
import type { DependencyOptions } from "./scheduler/dependency_source.ts";
import type { QueueOptions } from "./scheduler/queue/ready_queue.ts";
import type { PolicyOptions } from "./scheduler/retry_policy.ts";
import type { IdentityOptions } from "./scheduler/task_identity.ts";
import type { ArgumentsValidator, PipelineArguments } from "./run_arguments.ts";
import { isExecutorFactory } from "./executor/executor_factory.ts";
import { modulesOf, type Stages, stagesOf } from "./executor/stages.ts";
import type { TaskModule } from "./executor/task_module.ts";
import type { TaskFunction } from "./executor/task_module.ts";
import { SqliteWriter, type WriterOptions } from "../writer/client/sqlite_writer.ts";

/** What an error about an option says cannot be done. */
const OPERATION = "run the pipeline";

/**
 * Options of {@linkcode runPipeline}.
 *
 * @example Options that several pipelines share
 * ```ts ignore
 * import type { PipelineOptions } from "@pipeloom/pipeloom";
 *
 * const shared: Partial<PipelineOptions<string>> = { workers: 8, atomic: true, retries: 3 };
 * ```
 */
export interface PipelineOptions<Item>
  extends
    Omit<WriterOptions, "db" | "schema">,
    IdentityOptions<Item>,
    PolicyOptions<Item>,
    DependencyOptions<Item>,
    HookOptions,
    QueueOptions<Item> {
  /**
   * The database: a path, a `file:` URL or `:memory:`; or a writer that is open, which several pipelines may
   * share, and which stays open. How it is opened was said to {@linkcode SqliteWriter.open} then.
   */
  db: string | URL | SqliteWriter;
  /**
   * SQL to run when the database is open, before the first task; where a writer is passed that is open, through that
   * writer, all of it or none. A function of the arguments may return it.
   */
  schema?: string | readonly string[] | ((args: never) => string) | undefined;
  /**
   * The work of a task: a function, run on this thread, or the module that exports one, run on a pool of
   * Workers. What it returns is stored as JSON in `result`. Where tasks are of several kinds, a table of either by
   * the names of their stages: `{ fetch, parse: { module, export: "parse" } }`; see `stage`.
   */
  run: TaskFunction<Item> | TaskModule<Item> | Stages<NoInfer<Item>>;
  /**
   * Which stage of the table `run` an item's task belongs to. Items that tasks add have one, too.
   *
   * @default {`run` is the work of all tasks}
   */
  stage?: ((item: Item) => string) | undefined;
  /**
   * Where the tasks run: on other machines, with `natsExecutor` of `@pipeloom/pipeloom/nats`. The work is a module
   * then; of stages those that are modules run there, all of them exports of one, and the others on this thread.
   *
   * @default {this process}
   */
  executor?: { readonly name: string } | undefined;
  /**
   * The name of the run.
   *
   * @default {"pipeline"}
   */
  name?: string | undefined;
  /**
   * How many tasks run at once. On other machines it is never more than their workers have slots. With stages it is
   * how many of each: one number for all of them, or `{ fetch: 50, parse: 2 }`.
   *
   * @default {16 on the main thread, where tasks wait for others; on the pool the number of CPUs; 64 on other machines}
   */
  workers?: number | Readonly<Record<string, number>> | undefined;
  /**
   * Whether the rows of a task are committed together with its `done`, all or none. Such a task's rows are
   * held in memory until it ends; the next task does not wait for their commit.
   *
   * @default {false}
   */
  atomic?: boolean | undefined;
  /**
   * Whether each item is stored as JSON in `task_runs.input`, and shown with its task. Items that hold secrets should
   * not be. Those that are added to the run are stored in any case.
   *
   * @default {false}
   */
  storeItems?: boolean | undefined;
  /**
   * The version of an item's work: a modification time, a hash, an ETag. A task whose key was done with the same
   * version before, in another run of this name, ends as `done` without running, with the result of then. Without a
   * version, `undefined`, it runs. Each item that has one needs a key.
   *
   * @default {every task runs}
   */
  version?: ((item: Item) => string | undefined) | undefined;
  /**
   * The version of the tasks' code, or of whatever else their work depends on: with another one nothing counts that
   * was done before.
   *
   * @default {""}
   */
  cacheKey?: string | undefined;
  /**
   * Whether the first task that fails stops the pipeline; the rest is cancelled.
   *
   * @default {false}
   */
  failFast?: boolean | undefined;
  /**
   * Stops the pipeline when it is aborted: running tasks get it as `task.signal`, the rest is cancelled. A
   * running task is cancelled when it throws the signal's reason or an `AbortError`, itself or as a cause;
   * whatever else it throws is an error.
   */
  signal?: AbortSignal | undefined;
  /**
   * Whether SIGINT, SIGTERM and SIGHUP stop the pipeline as `signal` does, for as long as it runs.
   *
   * @default {true}
   */
  handleSignals?: boolean | undefined;
  /**
   * Continues a run that did not end well, or was killed: with `true` the last run of this name that is not
   * `done`, or a new one when there is none; or the run of this id. Items whose task is `done` there are left
   * out, the others run again under the same run. Items are identified by their keys, so each needs one of its
   * own. With `atomic` the rows of each item are there exactly once in the end.
   *
   * `{ key: "2026-11-22" }` is for a program that may be started again even after the last commit: it continues the
   * run of this name and key, begins it when there is none, and runs nothing again when it is `done`.
   *
   * @default {false}
   */
  resume?: boolean | number | { key: string } | undefined;
  /**
   * What to do while another run of this name is active in the same database, in this process or another:
   * `"allow"` runs beside it, `"refuse"` rejects at once with {@linkcode OverlapError}, `"queue"` waits until it
   * has ended, or until its process is gone. Which of several that wait is first is not promised; a run that
   * is stopped while it waits is `cancelled`, and leaves nothing in the database.
   *
   * @default {"allow"}
   */
  overlap?: "allow" | "refuse" | "queue" | undefined;
  /**
   * What the run is started with: an object that JSON keeps. It is stored with the run, tasks have it as `task.args`,
   * and `resume: true` continues runs of the same arguments only.
   *
   * @default {{}}
   */
  args?: object | undefined;
  /**
   * What the run is called beside its name, so that runs for many days share one name and its history.
   *
   * @default {the arguments, such as "date=2026-11-13"}
   */
  label?: string | ((args: never) => string) | undefined;
  /**
   * Whether to show on stderr how far the pipeline is, and how: an overall bar and one for each running task
   * on a terminal, a line every few seconds elsewhere.
   *
   * @default {false}
   */
  progress?: boolean | ProgressOptions | undefined;
}

/**
 * A pipeline: the options of {@linkcode runPipeline}, with its items among them. `Arguments` is what its validator makes
 * of what it is given; without one they are text.
 *
 * @example Options in parts
 * ```ts ignore
 * import type { PipelineDefinition } from "@pipeloom/pipeloom";
 *
 * const nightly: PipelineDefinition<string> = {
 *   name: "nightly",
 *   schedule: "0 2 * * *",
 *   items: () => ["a.csv", "b.csv"],
 *   run: (file) => file.length,
 * };
 * ```
 */
export interface PipelineDefinition<Item, Arguments = PipelineArguments>
  extends Omit<PipelineOptions<Item>, "db" | "args" | "label" | "schema"> {
  /** An iterable, an async iterable, or a function of the arguments that returns either. */
  items:
    | Iterable<Item>
    | AsyncIterable<Item>
    | ((
      args: Arguments,
    ) => Iterable<Item> | AsyncIterable<Item> | Promise<Iterable<Item> | AsyncIterable<Item>>);
  /**
   * Declares the arguments: a validator that knows the Standard Schema (zod, valibot, arktype, …), which parses, gives
   * defaults and refuses; or an object of default values.
   *
   * @default {arguments are text, and one that neither `items` nor `schema` reads is refused}
   */
  args?: ArgumentsValidator | Readonly<Record<string, unknown>> | undefined;
  /** What a run is called beside its name, or a function of the arguments that says so. */
  label?: string | ((args: Arguments) => string) | undefined;
  /** SQL to run when the database is open, or a function of the arguments that returns it. */
  schema?: string | ((args: Arguments) => string) | undefined;
  /**
   * The database: a path or a `file:` URL. `--db` goes before it.
   *
   * @default {"pipeloom.db"}
   */
  db?: string | URL | undefined;
  /**
   * When to run it: a line of a crontab (minute, hour, day of the month, month, day of the week) in UTC, or
   * `{ cron, timeZone }`. For `pipeloom schedule FILE` and {@linkcode schedulePipeline}; nothing else reads it.
   */
  schedule?: string | { cron: string; timeZone?: string | undefined } | undefined;
}

/** Whether the status of tasks will be stored. */
export function storesStatus(
  { db, storeTaskStatus }: Pick<PipelineOptions<never>, "db" | "storeTaskStatus">,
): boolean {
  return storeTaskStatus ?? (db instanceof SqliteWriter ? db.storeTaskStatus : true);
}

/** Refuses a `resume` that names no run, and one without the table of tasks. */
export function checkResume<Item>({ db, resume, storeTaskStatus }: PipelineOptions<Item>): void {
  if (resume === undefined || resume === false) return;
  const { key = undefined } = Object(resume) as Partial<RunKey>;
  const isKey = typeof key === "string" && key !== "";
  if (resume !== true && !isKey && !(Number.isSafeInteger(resume) && Number(resume) > 0)) {
    const expected = 'true, the id of a run, or { key: "…" }';
    throw new TypeError(unexpected(resume, { operation: OPERATION, name: "resume", expected }));
  }
  if (!storesStatus({ db, storeTaskStatus })) {
    throw new TypeError(
      "Cannot run the pipeline: resume needs storeTaskStatus, which identifies finished tasks. Leave it out",
    );
  }
}

/** Refuses what is kept of items where the table of tasks is not. */
export function checkNotes<Item>(options: PipelineOptions<Item>): void {
  const name = options.version ? "version" : options.storeItems ? "storeItems" : undefined;
  if (name === undefined || storesStatus(options)) return;
  throw new TypeError(
    `Cannot ${OPERATION}: ${name} needs storeTaskStatus, which keeps tasks. Leave one of them out`,
  );
}

/** Refuses what is not an executor, and one whose work cannot be sent elsewhere. */
export function checkExecutor<Item>({ executor, run }: PipelineOptions<Item>): void {
  if (executor === undefined) return;
  if (!isExecutorFactory(executor)) {
    const expected = "what natsExecutor() returned";
    throw new TypeError(unexpected(executor, { operation: OPERATION, name: "executor", expected }));
  }
  const stages = stagesOf(run);
  if (typeof run === "function" || (stages && modulesOf(stages).length === 0)) {
    const what = stages ? "no stage of run is a module" : "run is a function";
    throw new TypeError(
      `Cannot ${OPERATION}: option executor needs work that workers can load, and ${what}. ` +
        'Pass run: { module: new URL("./tasks.ts", import.meta.url), export: "name" }',
    );
  }
}
