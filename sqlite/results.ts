/**
 * What the tasks of a run returned.
 *
 * @module
 */
import { checkInteger, checkOptionNames } from "../internal/validate.ts";
import { connectReadOnly, type ConnectReadOnlyOptions } from "./connect.ts";
import type { Connection } from "./connection.ts";
import { columnsOf } from "./pragmas.ts";
import { HAS_FOREIGN_END, OWN_STATUS, REWRITTEN_AS } from "./rewritten_rows.ts";

/** Rows of a page: between two pages the connection reads nothing, and holds no checkpoint up. */
const PAGE = 1_000;

/**
 * What one task returned.
 *
 * @example The sum of numbers
 * ```ts ignore
 * import type { TaskResult } from "@pipeloom/pipeloom/db";
 *
 * const sum = (results: TaskResult<number>[]) =>
 *   results.reduce((total, { result = 0 }) => total + result, 0);
 * ```
 */
export interface TaskResult<Result = unknown> {
  /** Its row in `task_runs`. */
  id: number;
  /** Its name. */
  name: string;
  /** Its key; `null` when it has none. */
  key: string | null;
  /** Its return value, as JSON keeps it; `undefined` for none. */
  result: Result | undefined;
}

/**
 * Options of {@linkcode readResults}.
 *
 * @example With the driver of the pipeline
 * ```ts ignore
 * import type { ReadResultsOptions } from "@pipeloom/pipeloom/db";
 *
 * const options: ReadResultsOptions = { driver: "builtin" };
 * ```
 */
export type ReadResultsOptions = Pick<ConnectReadOnlyOptions, "driver">;

/**
 * Reads what the tasks of a run returned that are `done`, in the order of their ids, over a read-only connection of its
 * own. It reads pages of 1,000 and may run beside the pipeline; tasks that end meanwhile may be among them.
 *
 * @param db A file's path or a `file:` URL
 * @param run The run, as `report.runId`
 * @throws {RangeError} If there is no run of this id
 * @throws {SqliteError} If the file is missing, is not a database, or has no runs
 *
 * @example The results of the last run
 * ```ts
 * import { readResults } from "@pipeloom/pipeloom/db";
 * import { runPipeline } from "@pipeloom/pipeloom";
 *
 * const { runId } = await runPipeline(["a", "bc"], { db: "etl.db", run: (text) => text.length });
 * for await (const { key, result } of readResults<number>("etl.db", runId!)) {
 *   console.log(key, result); // a 1, bc 2
 * }
 * ```
 */
export async function* readResults<Result = unknown>(
  db: string | URL,
  run: number,
  options: ReadResultsOptions = {},
): AsyncGenerator<TaskResult<Result>> {
  const operation = "read results";
  checkInteger(run, { operation, name: "run", min: 1, remedy: "Pass report.runId" });
  checkOptionNames(options, { operation, known: ["driver"] });
  using connection = await connectReadOnly(db, options);
  yield* resultsIn<Result>(connection, run);
}

function* resultsIn<Result>(connection: Connection, run: number): Generator<TaskResult<Result>> {
  const bounds = connection.prepare(
    "SELECT first_task_id - 1, last_task_id FROM main.pipeline_runs WHERE id=?",
  );
  // A file of an earlier release that was never opened for writing has no such column.
  const isNew = columnsOf(connection, "task_runs").includes("rewritten_as");
  const [status, rewrittenAs] = isNew ? [OWN_STATUS, REWRITTEN_AS] : ["status", "NULL"];
  const select = connection.prepare(
    `SELECT id, name, key, result, ${rewrittenAs} IS NOT NULL OR ${HAS_FOREIGN_END} AS rewritten FROM main.task_runs
     WHERE id>? AND id<=? AND run_id=? AND ${status}='done' ORDER BY id LIMIT ${PAGE}`,
  );
  let [last, end] = Object.values(bounds.get(run) ?? {}).map(Number);
  if (last === undefined || end === undefined) {
    throw new RangeError(`Cannot read results: there is no run ${run}`);
  }
  for (;;) {
    const rows = select.all(last, end, run);
    for (const { id, name, key, result, rewritten } of rows) {
      if (rewritten) {
        throw new Error(
          `Cannot read results: another program has written over task ${id}. Begin a new run`,
        );
      }
      yield {
        id: Number(id),
        name: String(name),
        key: key as string | null,
        result: result === null ? undefined : JSON.parse(String(result)) as Result,
      };
    }
    if (rows.length < PAGE) return;
    last = Number(rows.at(-1)!.id);
  }
}
