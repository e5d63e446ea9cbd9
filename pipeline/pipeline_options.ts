/**
 * The options of a pipeline, and what is refused before anything is opened.
 *
 * @module
 */
import { unexpected } from "../internal/validate.ts";
import type { RunKey } from "../writer/protocol/run_message.ts";
import type { ProgressOptions } from "./observers/progress_options.ts";
import type { HookOptions } from "./hooks.ts";
import type { DependencyOptions } from "./scheduler/dependency_options.ts";
import type { QueueOptions } from "./scheduler/queue/ready_queue.ts";
import type { PolicyOptions } from "./scheduler/retry_policy.ts";
import type { IdentityOptions } from "./scheduler/task_identity.ts";
import type { ArgumentsValidator, PipelineArguments } from "./run_arguments.ts";
import { isExecutorFactory } from "./executor/executor_factory.ts";
import { modulesOf, type Stages, stagesOf } from "./executor/stages.ts";
import type { TaskFunction, TaskModule } from "./executor/task_module.ts";
import { SqliteWriter, type WriterOptions } from "../writer/client/sqlite_writer.ts";

/** The operation that an error about an option names. */
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
   * The database: a path, a `file:` URL or `:memory:`. Or an open writer, which several pipelines may share and
   * which stays open; options of {@linkcode SqliteWriter.open} were given to it.
   */
  db: string | URL | SqliteWriter;
  /**
   * SQL to run before the first task, such as `CREATE TABLE IF NOT EXISTS …`. An open writer runs all of it or none.
   * May be a function of the arguments.
   */
  schema?: string | readonly string[] | ((args: never) => string) | undefined;
  /**
   * The work of a task: a function, which runs on this thread, or a module that exports one, which runs on a pool of
   * Workers. Its return value is stored as JSON in `result`. For tasks of several kinds, a table of either by stage:
   * `{ fetch, parse: { module, export: "parse" } }`; see `stage`.
   */
  run: TaskFunction<Item> | TaskModule<Item> | Stages<NoInfer<Item>>;
  /**
   * The stage of an item, a name in the table `run`. Items that tasks add have one, too.
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
   * Name of the run.
   *
   * @default {"pipeline"}
   */
  name?: string | undefined;
  /**
   * Maximum number of concurrent tasks; on other machines no more than their workers have slots. With stages it is
   * the number for each: one for all, or `{ fetch: 50, parse: 2 }`.
   *
   * @default {16 on the main thread, where tasks wait for others; on the pool the number of CPUs; 64 on other machines}
   */
  workers?: number | Readonly<Record<string, number>> | undefined;
  /**
   * Whether a task's rows and its `done` are one commit. The rows of such a task are held in memory until it ends;
   * the next task does not wait for their commit.
   *
   * @default {false}
   */
  atomic?: boolean | undefined;
  /**
   * Whether each item is stored as JSON in `task_runs.input` and shown with its task. Leave it off for items that
   * hold secrets. Items that are added to the run are always stored.
   *
   * @default {false}
   */
  storeItems?: boolean | undefined;
  /**
   * Version of an item's input: a modification time, a hash, an ETag. A task whose key is done with the same version
   * in an earlier run of this name ends as `done` without running, with the earlier result. An item with version
   * `undefined` always runs. Each item with a version needs a key.
   *
   * @default {every task runs}
   */
  version?: ((item: Item) => string | undefined) | undefined;
  /**
   * Version of the tasks' code or of anything else that their work depends on. With another one, all earlier
   * versions are ignored.
   *
   * @default {""}
   */
  cacheKey?: string | undefined;
  /**
   * Whether the first failed task stops the pipeline and cancels the rest.
   *
   * @default {false}
   */
  failFast?: boolean | undefined;
  /**
   * Stops the pipeline when it is aborted: running tasks see it as `task.signal`, the rest is cancelled. A running
   * task is cancelled when it throws the signal's reason or an `AbortError`, itself or as a cause; any other error
   * makes it `error`.
   */
  signal?: AbortSignal | undefined;
  /**
   * Whether SIGINT, SIGTERM and SIGHUP stop the pipeline as `signal` does.
   *
   * @default {true}
   */
  handleSignals?: boolean | undefined;
  /**
   * Continues an unfinished run. `true` selects the last run of this name that is not `done`, or begins a new one; a
   * number selects the run of this id. Items whose task is `done` are left out; the others run again in the same
   * run. Items are identified by their keys, so each needs one of its own. With `atomic`, the rows of each item are
   * written exactly once.
   *
   * `{ key: "2026-11-22" }` is for a program that may be started again after the last commit. It continues the run
   * of this name and key, begins it when it does not exist, and runs nothing when it is `done`.
   *
   * `{ run: 5, tasks: [7, 8] }` continues run 5: of its failed and cancelled tasks only these run again, with those
   * that they depend on and those that depend on them.
   *
   * @default {false}
   */
  resume?:
    | boolean
    | number
    | { key: string }
    | { run: number; tasks: readonly number[] }
    | undefined;
  /**
   * Behavior while another run of this name is active in the same database, in this process or another. `"allow"`
   * runs concurrently, `"refuse"` rejects with {@linkcode OverlapError}, `"queue"` waits until the other run has
   * ended or its process is gone. The order of several waiting runs is not specified. A run that is stopped while it
   * waits is `cancelled` and leaves nothing in the database.
   *
   * @default {"allow"}
   */
  overlap?: "allow" | "refuse" | "queue" | undefined;
  /**
   * Arguments of the run: an object that JSON keeps. They are stored with the run, tasks have them as `task.args`,
   * and `resume: true` continues only runs of the same arguments.
   *
   * @default {{}}
   */
  args?: object | undefined;
  /**
   * Label of the run beside its name, so that runs for many days share one name and its history.
   *
   * @default {the arguments, such as "date=2026-11-13"}
   */
  label?: string | ((args: never) => string) | undefined;
  /**
   * Whether to show progress on stderr, and how: an overall bar and a bar for each running task on a terminal, a
   * line every few seconds elsewhere.
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
   * Declaration of the arguments: a validator that implements the Standard Schema (zod, valibot, arktype, …), or an
   * object of default values.
   *
   * @default {arguments are text, and one that neither `items` nor `schema` reads is refused}
   */
  args?: ArgumentsValidator | Readonly<Record<string, unknown>> | undefined;
  /** Label of a run beside its name, or a function of the arguments that returns it. */
  label?: string | ((args: Arguments) => string) | undefined;
  /** SQL to run before the first task, or a function of the arguments that returns it. */
  schema?: string | ((args: Arguments) => string) | undefined;
  /**
   * The database: a path or a `file:` URL. `--db` overrides it.
   *
   * @default {"pipeloom.db"}
   */
  db?: string | URL | undefined;
  /**
   * Times of the runs: a line of a crontab (minute, hour, day of the month, month, day of the week) in UTC, or `{
   * cron, timeZone }`. Used by `pipeloom schedule FILE` and {@linkcode schedulePipeline} only.
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
  const { run = resume, tasks = [] } = Object(resume) as { run?: unknown; tasks?: unknown };
  const isKey = typeof key === "string" && key !== "";
  const isId = (id: unknown) => Number.isSafeInteger(id) && Number(id) > 0;
  const isRun = isId(run) && Array.isArray(tasks) && tasks.every(isId);
  if (resume !== true && !isKey && !isRun) {
    const expected = 'true, the id of a run, { key: "…" }, or { run, tasks } with ids';
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
