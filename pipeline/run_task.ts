/**
 * Runs one task by itself, for tests.
 *
 * It is a run of a pipeline with one item, so that the task has the context, the database and the checks that it has
 * there. Rejected: a context that records calls, which accepts rows that SQLite refuses.
 *
 * @module
 */
import { checkOptionNames } from "../internal/validate.ts";
import type { LogLevel } from "../internal/log_level.ts";
import { SqliteWriter } from "../writer/client/sqlite_writer.ts";
import { OWN_TABLES } from "../writer/protocol/own_tables.ts";
import type { SqlRow } from "../writer/protocol/sqlite_types.ts";
import { SKIPS_SLEEPS } from "./executor/steps/task_sleep.ts";
import type { TaskFunction, TaskModule } from "./executor/task_module.ts";
import { withResults } from "./given_results.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import { runPipeline } from "./run_pipeline.ts";

/**
 * Options of {@linkcode runTask}: those of a pipeline that matter to one task.
 *
 * @example A table for the task
 * ```ts ignore
 * import type { RunTaskOptions } from "@pipeloom/pipeloom/testing";
 *
 * const options: RunTaskOptions<string> = { schema: "CREATE TABLE word (text TEXT)" };
 * ```
 */
export interface RunTaskOptions<Item> extends
  Pick<
    PipelineOptions<Item>,
    | "abortGraceMs"
    | "args"
    | "atomic"
    | "driver"
    | "retries"
    | "retryDelayMs"
    | "retryIf"
    | "signal"
    | "statements"
    | "taskKey"
    | "taskName"
    | "timeoutMs"
  > {
  /**
   * The database: a path or a `file:` URL.
   *
   * @default {":memory:"}
   */
  db?: string | URL | undefined;
  /** SQL to run when the database is open. */
  schema?: string | readonly string[] | undefined;
  /** The results of the tasks that it depends on, by their keys: `task.resultOf` returns them. */
  results?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Whether `task.sleep` takes its time, and a wait before a retry. Otherwise the task leaves its function all the same,
   * and is run again at once.
   *
   * @default {false}
   */
  waitsForSleeps?: boolean | undefined;
}

/**
 * A durable step of a task, or a sleep.
 *
 * @example How long a task wanted to sleep
 * ```ts ignore
 * import type { RunStep } from "@pipeloom/pipeloom/testing";
 *
 * const asleepMs = (steps: RunStep[]) =>
 *   steps.reduce((sum, { kind, ms }) => sum + (kind === "sleep" ? ms : 0), 0);
 * ```
 */
export interface RunStep {
  /** Its kind. */
  kind: "step" | "sleep";
  /** Its name; empty for a sleep. */
  name: string;
  /** Its return value, as JSON keeps it; `undefined` for none. */
  result: unknown;
  /** Milliseconds that it took; of a sleep those that were requested. */
  ms: number;
}

/**
 * A check that a task made about its data.
 *
 * @example Those that did not pass
 * ```ts ignore
 * import type { RunCheck } from "@pipeloom/pipeloom/testing";
 *
 * const failing = (checks: RunCheck[]) => checks.filter(({ passed }) => !passed).map(({ name }) => name);
 * ```
 */
export interface RunCheck {
  /** Its name. */
  name: string;
  /** Whether it passed. */
  passed: boolean;
  /** Its severity. */
  severity: "error" | "warn";
  /** The value that was found, as JSON keeps it; `undefined` for none. */
  value: unknown;
  /** The value that was expected; `undefined` for none. */
  expected: unknown;
}

/**
 * What became of a task.
 *
 * @example The rows of a table
 * ```ts ignore
 * import type { TaskRun } from "@pipeloom/pipeloom/testing";
 *
 * const words = ({ rows }: TaskRun) => rows.word?.map(({ text }) => text);
 * ```
 */
export interface TaskRun<Result = unknown> {
  /** How it ended. */
  status: "done" | "error" | "cancelled";
  /** Its return value, as JSON keeps it; `undefined` for none. */
  result: Result | undefined;
  /** Its error. */
  error: Error | undefined;
  /** The rows of the tables that `schema` or the task made, by their names. */
  rows: Record<string, SqlRow[]>;
  /** The lines of its log. */
  logs: { level: LogLevel; message: string }[];
  /** Its progress as last reported, from 0 to 1; 1 when it is done. */
  progress: number;
  /** Its last message, or why it did not end well. */
  message: string | null;
  /** Its durable steps and its sleeps, in their order. */
  steps: RunStep[];
  /** Its checks, in their order. */
  checks: RunCheck[];
  /** Items that it added to the run. They are run only where the task is a module's. */
  added: unknown[];
}

const NAMES = [
  "abortGraceMs",
  "args",
  "atomic",
  "db",
  "driver",
  "results",
  "retries",
  "retryDelayMs",
  "retryIf",
  "schema",
  "signal",
  "statements",
  "taskKey",
  "taskName",
  "timeoutMs",
  "waitsForSleeps",
] satisfies (keyof RunTaskOptions<unknown>)[];

/**
 * Runs one task with an item, against a real database in memory, and returns what became of it. A task that throws does
 * not reject: see `error`.
 *
 * @param run The task's function, or the module that exports it, which runs on a Worker
 * @throws {TypeError} If an option is of the wrong kind
 * @throws {SqliteError} If the schema is refused
 *
 * @example A test of a task
 * ```ts
 * import assert from "node:assert/strict";
 * import type { TaskContext } from "@pipeloom/pipeloom";
 * import { runTask } from "@pipeloom/pipeloom/testing";
 *
 * async function load(line: string, task: TaskContext) {
 *   await task.insert("word", line.split(" ").map((text) => ({ text })));
 * }
 *
 * const { status, rows } = await runTask(load, "to be", { schema: "CREATE TABLE word (text TEXT)" });
 * assert.equal(status, "done");
 * assert.deepEqual(rows.word?.map(({ text }) => text), ["to", "be"]);
 * ```
 */
export async function runTask<Item, Result = unknown>(
  run: TaskFunction<Item> | TaskModule<Item>,
  item: Item,
  options: RunTaskOptions<Item> = {},
): Promise<TaskRun<Result>> {
  checkOptionNames(options, { operation: "run the task", known: NAMES });
  const { db = ":memory:", driver, schema, statements, waitsForSleeps, results, ...rest } = options;
  const work = typeof run === "function" ? onlyFirst(run) : run;
  const given = results && withResults(item, work, { ...rest, results });
  await using writer = await SqliteWriter.open({ db, driver, schema, statements });
  const report = await runPipeline<Item>(given?.items ?? [item], {
    run: work,
    workers: 1,
    ...rest,
    ...given?.options,
    db: writer,
    handleSignals: false,
    // It may hold back any tag.
    tags: () => [],
    limits: { "*": Infinity },
    ...(waitsForSleeps ? {} : { [SKIPS_SLEEPS]: true }),
  });
  return await describe<Result>(writer, report.runId!, report.failures[0]?.error);
}

/** A task that does nothing for the items that it added. */
function onlyFirst<Item>(run: TaskFunction<Item>): TaskFunction<Item> {
  let first: number | undefined;
  return (item, task) => task.id === (first ??= task.id) ? run(item, task) : undefined;
}

async function readTables(writer: SqliteWriter): Promise<Record<string, SqlRow[]>> {
  const tables = await writer.query(
    `SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
     ORDER BY name`,
  );
  const rows: Record<string, SqlRow[]> = Object.create(null);
  for (const { name } of tables) {
    const table = String(name);
    if (OWN_TABLES.includes(table)) continue;
    rows[table] = await writer.query(`SELECT * FROM main."${table.replaceAll('"', '""')}"`);
  }
  return rows;
}

async function describe<Result>(
  writer: SqliteWriter,
  run: number,
  error: Error | undefined,
): Promise<TaskRun<Result>> {
  const [task] = await writer.query(
    "SELECT id, status, result, progress, message FROM task_runs WHERE run_id=? ORDER BY id LIMIT 1",
    [run],
  );
  const { id, status, result, progress, message } = task!;
  const logs = await writer.query(
    "SELECT level, message FROM task_logs WHERE task_id=? ORDER BY id",
    [id!],
  );
  const steps = await writer.query(
    "SELECT kind, name, started_at, finished_at, result FROM task_steps WHERE task_id=? ORDER BY number",
    [id!],
  );
  const checks = await writer.query(
    "SELECT name, passed, severity, value, expected FROM task_checks WHERE task_id=? ORDER BY id",
    [id!],
  );
  const added = await writer.query(
    "SELECT input FROM task_runs WHERE run_id=? AND added_by IS NOT NULL ORDER BY id",
    [run],
  );
  return {
    status: status as TaskRun["status"],
    result: parse(result) as Result,
    error,
    rows: await readTables(writer),
    logs: logs.map(({ level, message }) => ({
      level: level as LogLevel,
      message: String(message),
    })),
    progress: Number(progress),
    message: message as string | null,
    steps: steps.map(({ kind, name, started_at, finished_at, result }) => ({
      kind: kind === "sleep" ? "sleep" : "step",
      name: String(name),
      result: parse(result),
      ms: Date.parse(String(finished_at)) - Date.parse(String(started_at)),
    })),
    checks: checks.map(({ name, passed, severity, value, expected }) => ({
      name: String(name),
      passed: passed === 1,
      severity: severity === "warn" ? "warn" : "error",
      value: parse(value),
      expected: parse(expected),
    })),
    added: added.map(({ input }) => JSON.parse(String(input))),
  };
}

function parse(json: unknown): unknown {
  return json === null ? undefined : JSON.parse(String(json));
}
