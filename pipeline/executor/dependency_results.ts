/**
 * The results of the tasks that a task depends on, read from the database: so they are there on every thread, on other
 * machines and after a resume.
 *
 * @module
 */
import type { SqlRow } from "../../writer/protocol/sqlite_types.ts";
import type { TaskExecution } from "./task_execution.ts";

const SELECT = `SELECT r.key, coalesce(r.own_status, r.status) AS status, r.result,
    r.own_status<>r.status OR r.rewritten_as IS NOT NULL OR r.finished_at NOT GLOB '*Z' AS rewritten
  FROM main.task_dependencies d JOIN main.task_runs r ON r.id=d.depends_on_id WHERE d.run_id=?1 AND d.task_id=?2`;

/**
 * The result of one dependency.
 *
 * @throws {Error} If the task does not depend on it, or the status of tasks is not stored
 */
export async function resultOf(execution: TaskExecution, key: string | number): Promise<unknown> {
  const text = String(key);
  const [row] = await read(execution, `the result of ${Deno.inspect(text)}`, text);
  if (row?.status === "done") return parse(row);
  if (row) {
    throw new Error(
      `Cannot read the result of ${Deno.inspect(text)}: it is ${row.status}, not done`,
    );
  }
  throw new Error(
    `Cannot read the result of ${Deno.inspect(text)}: task ${execution.id} (${execution.name}) ` +
      `does not depend on it. Return its key from dependsOn`,
  );
}

/** The results of all dependencies that are done, by their keys. */
export async function resultsOf(execution: TaskExecution): Promise<Map<string, unknown>> {
  const rows = await read(execution, "the results of dependencies");
  const done = rows.filter(({ status }) => status === "done");
  return new Map(done.map((row) => [String(row.key), parse(row)]));
}

async function read(execution: TaskExecution, what: string, key?: string): Promise<SqlRow[]> {
  execution.check(`read ${what}`);
  const { run, batchSender } = execution.environment;
  if (run === null) {
    throw new Error(`Cannot read ${what}: the status of tasks is not stored. Set storeTaskStatus`);
  }
  const sql = key === undefined ? `${SELECT} ORDER BY r.id` : `${SELECT} AND r.key=?3`;
  const params = key === undefined ? [run, execution.id] : [run, execution.id, key];
  // Where tasks are on several threads, a task begins when what it depends on is committed.
  const rows = await batchSender.query({ kind: "rows", sql, params });
  const lost = rows.find(({ rewritten }) => rewritten);
  if (!lost) return rows;
  throw new Error(
    `Cannot read ${what}: another program has written over the task of ${lost.key}. Begin a new run`,
  );
}

function parse({ result }: SqlRow): unknown {
  return result === null ? undefined : JSON.parse(String(result));
}
