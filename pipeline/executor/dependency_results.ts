/**
 * The results of the tasks that a task depends on, read from the database: so they are there on every thread, on other
 * machines and after a resume.
 *
 * @module
 */
import { asStored } from "../../internal/text/stored_text.ts";
import { delay } from "../../internal/delay.ts";
import type { SqlRow } from "../../writer/protocol/sqlite_types.ts";
import type { TaskExecution } from "./task_execution.ts";

const SELECT = `SELECT r.key, coalesce(r.own_status, r.status) AS status, r.result,
    r.own_status<>r.status OR r.rewritten_as IS NOT NULL OR r.finished_at NOT GLOB '*Z' AS rewritten
  FROM main.task_dependencies d JOIN main.task_runs r ON r.id=d.depends_on_id WHERE d.run_id=?1 AND d.task_id=?2`;

/**
 * Milliseconds until the next query whether an end is committed, at first and at most.
 *
 * A task is reported as ended when its end is sent, and not when that is committed, which would cost a chain a commit for
 * each of its links. Most often the first query finds the end. But no order holds between two threads' ports: the end may
 * be in the batch that the main thread collects, or wait for credits of its Worker, and the query comes first.
 */
const FIRST_MS = 1;
const MOST_MS = 50;

/**
 * Milliseconds after which an end that is not committed never will be: for example because the dependency is run again.
 */
const GIVE_UP_MS = 10_000;

/**
 * The result of one dependency.
 *
 * @throws {Error} If the task does not depend on it, or the status of tasks is not stored
 */
export async function resultOf(execution: TaskExecution, key: string | number): Promise<unknown> {
  const text = asStored(String(key));
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
  const until = performance.now() + GIVE_UP_MS;
  for (let ms = FIRST_MS;; ms = Math.min(MOST_MS, ms * 2)) {
    const rows = await batchSender.query({ kind: "rows", sql, params });
    const lost = rows.find(({ rewritten }) => rewritten);
    if (lost) {
      throw new Error(
        `Cannot read ${what}: another program has written over the task of ${lost.key}. ` +
          "Begin a new run",
      );
    }
    const missing = rows.find(({ status }) => status === "queued" || status === "running");
    if (!missing) return rows;
    if (performance.now() > until) {
      throw new Error(`Cannot read ${what}: ${missing.key} is ${missing.status}, not done`);
    }
    await delay(ms, execution.signal);
    execution.signal.throwIfAborted();
  }
}

function parse({ result }: SqlRow): unknown {
  return result === null ? undefined : JSON.parse(String(result));
}
