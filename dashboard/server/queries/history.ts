/**
 * What became of a task in other runs.
 *
 * There is no index on names and keys, so all tasks are looked at, newest first, in slices.
 *
 * @module
 */
import type { TaskStatus } from "../../../internal/task_status.ts";
import type { TaskDetail, TaskHistory } from "../../api.ts";
import type { Reader } from "../reader.ts";
import type { Read } from "./find.ts";
import { DURATION_MS } from "./order.ts";
import { toText } from "./text.ts";
import { Turn } from "./turn.ts";
import { ORIGINAL_RUN, statusColumns, tasksOf } from "./run_tasks.ts";

/** Tasks of a history, and rows that are looked at to find them. */
const HISTORY_TASKS = 20;
const HISTORY_ROWS = 1_000_000;
const SLICE_ROWS = 5_000;

/** The same task in other runs, newest first. */
export async function listHistory(
  read: Read,
  { id, key, name, run }: Pick<TaskDetail, "id" | "key" | "name" | "run">,
): Promise<TaskHistory> {
  const hasRuns = read((reader) => reader.has("task_runs", "run_id"));
  const column = key === null ? "name" : "key";
  const tasks: TaskHistory["tasks"] = [];
  let high = Number.MAX_SAFE_INTEGER;
  const own = read((reader) => ownRange(reader, run.id));
  const turn = new Turn();
  for (let rows = 0; rows < HISTORY_ROWS; rows += SLICE_ROWS) {
    if (own && high >= own.first && high <= own.last) high = own.first - 1;
    const low = read((reader) => {
      const edge = reader.get(
        "SELECT id FROM task_runs WHERE id <= ? ORDER BY id DESC LIMIT 1 OFFSET ?",
        high,
        SLICE_ROWS - 1,
      );
      let low = Number(edge?.id ?? -Number.MAX_SAFE_INTEGER);
      if (own && low <= own.last && high > own.last) low = own.last + 1;
      const found = reader.all(
        `SELECT id, ${
          statusColumns(reader).status
        } AS status, started_at, ${DURATION_MS} AS duration,
           ${hasRuns ? "run_id" : "NULL AS run_id"} FROM task_runs
         WHERE id BETWEEN ? AND ? AND ${column} = ? AND id <> ? AND finished_at IS NOT NULL
           ${hasRuns ? "AND run_id IS NOT ?" : ""}
         ORDER BY id DESC LIMIT ?`,
        low,
        high,
        key ?? name,
        id,
        ...(hasRuns ? [run.id === ORIGINAL_RUN ? null : run.id] : []),
        HISTORY_TASKS - tasks.length,
      );
      for (const row of found) {
        tasks.push({
          id: Number(row.id),
          runId: Number(row.run_id ?? ORIGINAL_RUN),
          status: toText(row.status) as TaskStatus,
          startedAt: toText(row.started_at),
          durationMs: row.duration as number | null,
        });
      }
      return edge || low === (own && own.last + 1) ? low : undefined;
    });
    if (low === undefined || tasks.length >= HISTORY_TASKS) return { tasks, partial: false };
    high = low - 1;
    await turn.pass();
  }
  return { tasks, partial: true };
}

/** The ids of a run where no other run has any of them: its tasks are not looked at. */
function ownRange(reader: Reader, run: number): { first: number; last: number } | undefined {
  const tasks = tasksOf(reader, run);
  if (!tasks || tasks.run === null) return undefined;
  const { first, last } = tasks;
  const other = reader.get(
    "SELECT 1 FROM pipeline_runs WHERE id<>? AND first_task_id<=? AND last_task_id>=? LIMIT 1",
    run,
    last,
    first,
  );
  return other || last < first ? undefined : { first, last };
}
