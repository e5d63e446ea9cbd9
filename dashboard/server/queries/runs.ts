/**
 * Queries about runs.
 *
 * @module
 */
import type { SqlRow } from "../../../sqlite/values.ts";
import {
  noCounts,
  type StatusCounts,
  TASK_STATUSES,
  type TaskStatus,
} from "../../../internal/task_status.ts";
import type { Run, RunPage, RunStatus, Sample } from "../../api.ts";
import type { Reader } from "../reader.ts";
import { memoize } from "./memoize.ts";
import { readCancelling } from "./requests.ts";

/** Id that stands for tasks of no run: what the Python original wrote. */
export const ORIGINAL_RUN = 0;

/** Points of a sparkline. */
const SPARKLINE_POINTS = 40;

/** Times its own duration for which a count of the original's tasks is good. */
const COUNT_REST = 20;

interface CountedTasks {
  counts: StatusCounts;
  /** The version of the data that was counted. */
  version: unknown;
  dueAt: number;
}

/** Counts of the original's tasks, which nobody keeps, so that they are counted now and then. */
const counted = new WeakMap<Reader, CountedTasks>();

/** Runs whose counts are older than the last commit. */
const outdated = new WeakSet<Run>();

/** Which tasks belong to a run: SQL that is true for their rows, and the range of their ids. */
export interface RunTasks {
  /** A condition whose one parameter is `run`. */
  condition: string;
  /** The value of `run_id`. */
  run: number | null;
  /** The lowest id there can be. */
  first: number;
  /** The highest id there can be. */
  last: number;
}

/** The newest runs before `before`, at most `limit`. */
export function listRuns(
  reader: Reader,
  options: { before?: number; limit?: number } = {},
): RunPage {
  const { before = Number.MAX_SAFE_INTEGER, limit = 50 } = options;
  const { runs: cancelling } = readCancelling(reader);
  const runs = reader.has("pipeline_runs")
    ? reader.all(
      "SELECT * FROM pipeline_runs WHERE id < ? ORDER BY id DESC LIMIT ?",
      before,
      limit + 1,
    ).map((row) => toRun(row, cancelling))
    : [];
  if (runs.length <= limit && before > ORIGINAL_RUN) {
    const original = originalRun(reader);
    if (original) runs.push(original);
  }
  const page = runs.slice(0, limit);
  const sparklines: RunPage["sparklines"] = {};
  for (const run of page) sparklines[run.id] = sparkline(reader, run);
  return { runs: page, sparklines, next: runs.length > limit ? page.at(-1)!.id : null };
}

/** One run. */
export function getRun(reader: Reader, id: number): Run | undefined {
  if (id === ORIGINAL_RUN) return originalRun(reader);
  if (!reader.has("pipeline_runs")) return;
  const row = reader.get("SELECT * FROM pipeline_runs WHERE id = ?", id);
  return row && toRun(row, readCancelling(reader).runs);
}

/** Where the tasks of a run are. */
export function tasksOf(reader: Reader, id: number): RunTasks | undefined {
  if (id === ORIGINAL_RUN) {
    if (!hasOriginalTasks(reader)) return;
    const condition = reader.has("task_runs", "run_id") ? "run_id IS ?" : "? IS NULL";
    const last = Number.MAX_SAFE_INTEGER;
    return { condition, run: null, first: -last, last };
  }
  if (!reader.has("pipeline_runs")) return;
  const row = reader.get(
    "SELECT id, first_task_id AS first, last_task_id AS last FROM pipeline_runs WHERE id = ?",
    id,
  );
  if (!row) return;
  return {
    condition: "run_id = ?",
    run: id,
    first: Number(row.first ?? 0),
    last: Number(row.last ?? -1),
  };
}

/** The past of a run after sample `after`, oldest first, with the id of its last sample. */
export function listSamples(
  reader: Reader,
  run: number,
  after = 0,
): { samples: Sample[]; last: number } {
  if (!reader.has("run_samples")) return { samples: [], last: 0 };
  const rows = reader.all(
    `SELECT id, sampled_at, running, done, error, cancelled FROM run_samples
     WHERE run_id = ? AND id > ? ORDER BY id`,
    run,
    after,
  );
  const samples = rows.map((row) => ({
    at: Date.parse(String(row.sampled_at)),
    running: Number(row.running),
    done: Number(row.done),
    error: Number(row.error),
    cancelled: Number(row.cancelled),
  }));
  return { samples, last: Number(rows.at(-1)?.id ?? after) };
}

/** Whether the counts of a run are older than the last commit, because they are counted now and then. */
export function isOutdated(run: Run): boolean {
  return outdated.has(run);
}

function toRun(row: SqlRow, cancelling: ReadonlySet<number>): Run {
  const counts = noCounts();
  for (const status of TASK_STATUSES) counts[status] = Number(row[status]);
  return {
    id: Number(row.id),
    name: String(row.name),
    status: row.status as RunStatus,
    startedAt: row.started_at as string,
    finishedAt: row.finished_at as string | null,
    workers: row.workers as number | null,
    driver: row.driver as string | null,
    sqliteVersion: row.sqlite_version as string | null,
    counts,
    total: sum(counts),
    dependencies: Number(row.dependencies ?? 0),
    health: row.queue_depth === null && row.commit_p99_ms === null ? null : {
      queueDepth: row.queue_depth as number | null,
      batchRows: row.batch_rows as number | null,
      commitP99Ms: row.commit_p99_ms as number | null,
      walBytes: row.wal_bytes as number | null,
      checkpointedAt: row.checkpointed_at as string | null,
      // What was so when a run ended is so no longer.
      walHeldSince: row.status === "running" ? (row.wal_held_since ?? null) as string | null : null,
    },
    updatedAt: row.updated_at as string | null,
    // What a process that died was asked is refused only when the file is opened for writing.
    cancelling: row.status === "running" && cancelling.has(Number(row.id)),
  };
}

/** The tasks of the Python original as one run; `undefined` where there are none. */
function originalRun(reader: Reader): Run | undefined {
  const tasks = tasksOf(reader, ORIGINAL_RUN);
  if (!tasks) return;
  const { counts, version } = countOriginal(reader, tasks);
  const total = sum(counts);
  const ended = counts.queued + counts.running === 0;
  const first = reader.get(
    `SELECT started_at FROM task_runs WHERE ${tasks.condition} AND started_at IS NOT NULL
     ORDER BY id LIMIT 1`,
    tasks.run,
  );
  // The original numbers tasks in the order of their start: the last to end is among the last.
  const last = reader.get(
    `SELECT max(finished_at) AS at FROM (
       SELECT finished_at FROM task_runs WHERE ${tasks.condition} ORDER BY id DESC LIMIT 100)`,
    tasks.run,
  );
  const original: Run = {
    id: ORIGINAL_RUN,
    name: "task_runs",
    status: !ended ? "running" : counts.error > 0 ? "error" : "done",
    startedAt: (first?.started_at ?? null) as string | null,
    finishedAt: ended ? (last?.at ?? null) as string | null : null,
    workers: null,
    driver: null,
    sqliteVersion: null,
    counts,
    total,
    dependencies: 0,
    health: null,
    updatedAt: null,
    cancelling: false,
  };
  if (version !== reader.dataVersion) outdated.add(original);
  return original;
}

/** Whether the first task of the file or its last is of no run. */
function hasOriginalTasks(reader: Reader): boolean {
  if (!reader.has("task_runs")) return false;
  if (!reader.has("task_runs", "run_id")) {
    return reader.get("SELECT 1 FROM task_runs LIMIT 1") !== undefined;
  }
  return reader.get(
    `SELECT 1 FROM (SELECT run_id FROM task_runs ORDER BY id LIMIT 1) WHERE run_id IS NULL
     UNION ALL
     SELECT 1 FROM (SELECT run_id FROM task_runs ORDER BY id DESC LIMIT 1) WHERE run_id IS NULL`,
  ) !== undefined;
}

function countOriginal(reader: Reader, { condition, run }: RunTasks): CountedTasks {
  const known = counted.get(reader);
  const before = performance.now();
  if (known && before < known.dueAt) return known;
  const version = reader.dataVersion;
  const counts = noCounts();
  for (
    const { status, n } of reader.all(
      `SELECT status, count(*) AS n FROM task_runs WHERE ${condition} GROUP BY status`,
      run,
    )
  ) {
    if (TASK_STATUSES.includes(status as TaskStatus)) counts[status as TaskStatus] = Number(n);
  }
  const after = performance.now();
  const now = { counts, version, dueAt: after + COUNT_REST * (after - before) };
  counted.set(reader, now);
  return now;
}

/** Tasks ended per second in equal parts of a run's life. */
function sparkline(reader: Reader, run: Run): number[] {
  const draw = () => rates(listSamples(reader, run.id).samples, run);
  // A run that is resumed ends again.
  const { id, finishedAt } = run;
  return finishedAt ? memoize(reader, `sparkline ${id} ${finishedAt}`, draw) : draw();
}

function rates(samples: Sample[], run: Run): number[] {
  const from = Date.parse(run.startedAt ?? "");
  const to = Date.parse(run.finishedAt ?? run.updatedAt ?? "");
  if (samples.length < 2 || !(to > from)) return [];
  const points = Math.min(SPARKLINE_POINTS, samples.length);
  const width = (to - from) / points;
  const line: number[] = [];
  let at = 0;
  let before = 0;
  for (let part = 1; part <= points; part++) {
    while (at < samples.length - 1 && samples[at + 1]!.at <= from + part * width) at++;
    const { done, error, cancelled } = samples[at]!;
    const ended = done + error + cancelled;
    line.push(Math.max(0, Math.round((ended - before) / (width / 1000))));
    before = ended;
  }
  return line;
}

function sum(counts: StatusCounts): number {
  return TASK_STATUSES.reduce((total, status) => total + counts[status], 0);
}
