/**
 * Queries about the logs of tasks.
 *
 * @module
 */
import type { SqlRow } from "../../../sqlite/values.ts";
import type { LogLine, LogPage } from "../../api.ts";
import type { Reader } from "../reader.ts";
import { shorten, textStart, toText } from "./text.ts";

/** Characters of a line of a log. */
const LOG_CHARACTERS = 10_000;

/** Lines of a task's log: those after one, or the last before one. */
export function listLogs(
  reader: Reader,
  task: number,
  options: { after?: number; before?: number; limit: number },
): LogPage {
  const { after, before = Number.MAX_SAFE_INTEGER, limit } = options;
  if (!reader.has("task_logs")) return { lines: [], previous: null };
  const forward = after !== undefined;
  const rows = reader.all(
    `SELECT id, logged_at, level, ${textStart("message", LOG_CHARACTERS)} AS message FROM task_logs
     WHERE task_id = ? AND id ${forward ? ">" : "<"} ? ORDER BY id ${
      forward ? "ASC" : "DESC"
    } LIMIT ?`,
    task,
    forward ? after : before,
    limit + 1,
  );
  const more = rows.length > limit;
  const lines = rows.slice(0, limit).map(toLine);
  if (!forward) lines.reverse();
  return { lines, previous: !forward && more ? lines[0]!.id : null };
}

function toLine(row: SqlRow): LogLine {
  return {
    id: Number(row.id),
    at: String(row.logged_at),
    level: String(row.level),
    message: shorten(toText(row.message) ?? "", LOG_CHARACTERS),
  };
}
