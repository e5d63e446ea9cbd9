/**
 * How far a run is: what ended is counted by the writer, what runs is summed here.
 *
 * @module
 */
import { endedOf, type RunProgress } from "../../../internal/progress.ts";
import type { StatusCounts } from "../../../internal/task_status.ts";
import { timeOf } from "../../../internal/units.ts";
import type { SqlRow, SqlValue } from "../../../sqlite/values.ts";
import type { Reader } from "../reader.ts";
import { isIn, type RunTasks } from "./run_tasks.ts";
import { toText } from "./text.ts";

/** What the running tasks of a run report. */
export interface RunningTasks {
  /** Their summed fractions. */
  work: number;
  /** Time of the last news of any. */
  news: string | null;
}

/** Reads what the running tasks of a run report, by the index on their status. */
export function readRunning(reader: Reader, tasks: RunTasks | undefined): RunningTasks {
  if (!tasks || !reader.has("task_runs")) return { work: 0, news: null };
  const updated = reader.has("task_runs", "updated_at")
    ? "coalesce(updated_at, started_at)"
    : "started_at";
  const row = reader.get(
    `SELECT total(min(1.0, max(0.0, progress))) AS work, max(${updated}) AS news FROM task_runs
     WHERE ${isIn("running", tasks)} AND id BETWEEN ? AND ? AND ${tasks.condition}`,
    tasks.first,
    tasks.last,
    tasks.run,
  );
  return { work: Number(row?.work ?? 0), news: toText(row?.news) };
}

/** The progress of a run of ours. */
export function progressOf(
  row: SqlRow,
  { counts, work }: { counts: StatusCounts; work: number },
): RunProgress {
  const known = endedOf(counts) + counts.queued + counts.running;
  return {
    work: endedOf(counts) + work,
    // Files from before the column was kept announced their tasks ahead; NULL is a number that is not known yet.
    total: row.expected === undefined || row.status === "done"
      ? known
      : row.expected === null
      ? null
      : Math.max(known, Number(row.expected)),
    since: timeOf(toText(row.resumed_at ?? row.started_at)),
    before: Number(row.resumed_done ?? 0),
  };
}

/** A number, or `null` where something else is stored. */
export function numberOf(value: SqlValue | undefined): number | null {
  return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : null;
}

/** The later of two times. */
export function newest(a: string | null, b: string | null): string | null {
  return b !== null && (a === null || b > a) ? b : a;
}
