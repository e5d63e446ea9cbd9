/**
 * The tables of the pages as CSV: all rows that match, read page by page as they are taken.
 *
 * @module
 */
import { csvCell, csvLine } from "../../../../internal/text/csv.ts";
import type { RunQuery, Task, TaskQuery } from "../../../api.ts";
import { readDurations } from "../answers/durations.ts";
import { readFailures } from "../answers/failures.ts";
import { findRuns } from "../answers/find_runs.ts";
import { type LogFind, runLogLines } from "../answers/run_log.ts";
import type { Read } from "../slices.ts";
import { fromCursor, listTasks } from "../tasks.ts";

/** Rows of a page. */
const PAGE = 200;

/** Causes of failures. */
const CAUSES = 1_000;

type Value = string | number | null | undefined;

/** A table: its header, then parts of its rows. */
type Rows = AsyncGenerator<readonly Value[][]>;

const encoder = new TextEncoder();

/** The bytes of a table. */
export async function* csvParts(rows: Rows): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const part of rows) {
    if (part.length > 0) yield encoder.encode(part.map(lineOf).join(""));
  }
}

function lineOf(values: readonly Value[]): string {
  return csvLine(
    values.map((value) =>
      typeof value === "string" ? csvCell(value) : value == null ? "" : `${value}`
    ),
  );
}

/** The tasks of a run that match. */
export async function* taskRows(
  read: Read,
  run: number,
  query: Omit<TaskQuery, "cursor" | "limit">,
  signal: AbortSignal,
): Rows {
  yield [[
    "id",
    "name",
    "key",
    "status",
    "progress",
    "message",
    "error",
    "started_at",
    "finished_at",
    "duration_ms",
  ]];
  let cursor: string | null = "";
  while (cursor !== null) {
    signal.throwIfAborted();
    const place = fromCursor(cursor);
    const page = await listTasks(
      read,
      run,
      { ...query, limit: PAGE, place, counts: false },
      { signal },
    );
    if (!page) return;
    yield page.tasks.map(taskRow);
    cursor = page.next;
  }
}

function taskRow(task: Task): Value[] {
  const { id, name, key, status, progress, message, error, startedAt, finishedAt, durationMs } =
    task;
  return [id, name, key, status, progress, message, error, startedAt, finishedAt, durationMs];
}

/** The causes of failures of a run. */
export async function* failureRows(read: Read, run: number, signal: AbortSignal): Rows {
  yield [["cause", "count", "share", "first_at", "last_at", "sample_task", "text"]];
  const report = await readFailures(read, run, { limit: CAUSES, signal });
  yield (report?.causes ?? []).map((
    { id, count, share, firstAt, lastAt, sample, text },
  ) => [id, count, share, firstAt, lastAt, sample.id, text]);
}

/** The durations of a run, all tasks first. */
export async function* durationRows(
  read: Read,
  run: number,
  { by, signal }: { by: "name" | "stage" | "tag"; signal: AbortSignal },
): Rows {
  yield [[by, "count", "total_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms", "p50_ms_before"]];
  const durations = await readDurations(read, run, { by, signal });
  const { all = null, groups = [] } = durations ?? {};
  yield [...(all ? [{ ...all, name: "(all)" }] : []), ...groups]
    .map((
      { name, count, totalMs, p50, p95, p99, maxMs, before },
    ) => [name, count, totalMs, p50, p95, p99, maxMs, before?.p50]);
}

/** The log of a run. */
export async function* logRows(read: Read, run: number, find: LogFind, signal: AbortSignal): Rows {
  yield [["id", "at", "level", "task", "task_name", "message"]];
  for await (const { lines } of runLogLines(read, run, { find, signal })) {
    yield lines.map((
      { id, at, level, task, message },
    ) => [id, at, level, task.id, task.name, message]);
  }
}

/** Runs that match, newest first. */
export async function* runRows(read: Read, query: RunQuery, signal: AbortSignal): Rows {
  yield [[
    ...["id", "name", "label", "status", "started_at", "finished_at"],
    ...["tasks", "done", "error", "cancelled", "args"],
  ]];
  let before: number | null = Number.MAX_SAFE_INTEGER;
  while (before !== null) {
    signal.throwIfAborted();
    const page: { runs: Awaited<ReturnType<typeof findRuns>>["runs"]; next: number | null } =
      await findRuns(read, query, { before, limit: PAGE, signal });
    yield page.runs.map((
      { id, name, label, status, startedAt, finishedAt, total, counts, args },
    ) => [
      id,
      name,
      label,
      status,
      startedAt,
      finishedAt,
      total,
      counts.done,
      counts.error,
      counts.cancelled,
      args,
    ]);
    before = page.next;
  }
}
