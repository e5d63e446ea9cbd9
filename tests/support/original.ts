/**
 * The statements of the Python original, which numbers its tasks from 1 and writes over what has these ids.
 *
 * @module
 */
import { connect } from "../../db.ts";
import type { SqlValue } from "../../db.ts";

/** Its table. */
export const DDL =
  `CREATE TABLE task_runs (id INTEGER PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL, ` +
  `progress REAL NOT NULL DEFAULT 0.0, message TEXT, started_at TEXT, finished_at TEXT, result TEXT);
CREATE INDEX idx_task_runs_status ON task_runs(status);`;

/** A task begins: id, name, time. */
export const START = `INSERT INTO task_runs (id,name,status,progress,started_at,message)
  VALUES (?,?, 'running', 0.0, ?, '')
  ON CONFLICT(id) DO UPDATE SET name=excluded.name, status=excluded.status,
    progress=excluded.progress, started_at=excluded.started_at, message=excluded.message`;

/** It reports its progress: fraction, message, id. */
export const PROGRESS = "UPDATE task_runs SET progress=?, message=? WHERE id=?";

/** It ends: status, progress, time, message, result, id. */
export const FINISH =
  "UPDATE task_runs SET status=?, progress=?, finished_at=?, message=?, result=? WHERE id=?";

/** Runs statements in a connection of its own, as another program does. */
export async function another(
  db: string,
  statements: [sql: string, ...params: SqlValue[]][],
): Promise<void> {
  using connection = await connect(db);
  for (const [sql, ...params] of statements) connection.prepare(sql).run(...params);
}

/** The original runs tasks of these ids, which end in this status, or never. */
export async function original(
  db: string,
  ids: readonly number[],
  status: "done" | "error" | "running" = "done",
): Promise<void> {
  await another(
    db,
    ids.flatMap((id) => {
      const at = "2024-01-02T03:04:05+00:00";
      const progress = status === "done" ? 1 : 0;
      const start: [string, ...SqlValue[]] = [START, id, `task-${id}`, at];
      const finish: [string, ...SqlValue[]] = [FINISH, status, progress, at, "theirs", null, id];
      return status === "running" ? [start] : [start, finish];
    }),
  );
}
