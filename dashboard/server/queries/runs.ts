/**
 * Queries about runs.
 *
 * @module
 */
import type { SqlRow, SqlValue } from "../../../sqlite/values.ts";
import {
  noCounts,
  type StatusCounts,
  TASK_STATUSES,
  type TaskStatus,
} from "../../../internal/task_status.ts";
import { timeOf } from "../../../internal/units.ts";
import type { Run, RunPage, RunStatus } from "../../api.ts";
import type { Reader } from "../reader.ts";
import { countFailedChecks } from "./answers/checks.ts";
import { newest, numberOf, progressOf, readRunning } from "./progress.ts";
import { recent } from "./recent.ts";
import { readCancelling } from "./requests.ts";
import { countRewritten, ORIGINAL_RUN, type RunTasks, tasksOf } from "./run_tasks.ts";
import { readAsleep } from "./steps.ts";
import { sparkline } from "./samples.ts";
import { shorten, textStart, toText } from "./text.ts";
import { hasNoWorker, listWorkers } from "./workers.ts";

/** Characters of a label and of a reason, and of arguments and a stack, that an answer holds of a run. */
const SHORT_TEXT = 2_000;
const LONG_TEXT = 10_000;

/** Columns of a run that are texts of any length. */
const TEXTS: ReadonlySet<string> = new Set(["args", "label", "name", "reason", "reason_stack"]);

/** Times its own duration for which a count of the original's tasks is good. */
const COUNT_REST = 20;

interface CountedTasks {
  counts: StatusCounts;
  /** The version of the data that was counted. */
  version: unknown;
  dueAt: number;
}

/** Counts of the original's tasks, which are not kept, so that they are counted now and then. */
const counted = new WeakMap<Reader, CountedTasks>();

/** Runs whose counts are older than the last commit. */
const outdated = new WeakSet<Run>();

/** The newest runs before `before`, at most `limit`. */
export function listRuns(
  reader: Reader,
  options: { before?: number; limit?: number } = {},
): RunPage {
  const { before = Number.MAX_SAFE_INTEGER, limit = 50 } = options;
  const { runs: cancelling } = readCancelling(reader);
  const runs = reader.has("pipeline_runs")
    ? reader.all(
      `SELECT ${runColumns(reader)} FROM pipeline_runs WHERE id < ? ORDER BY id DESC LIMIT ?`,
      before,
      limit + 1,
    ).map((row) => toRun(reader, row, cancelling))
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
  return recent(reader, `run ${id}`, () => readRun(reader, id));
}

function readRun(reader: Reader, id: number): Run | undefined {
  if (id === ORIGINAL_RUN) return originalRun(reader);
  if (!reader.has("pipeline_runs")) return;
  const row = reader.get(`SELECT ${runColumns(reader)} FROM pipeline_runs WHERE id = ?`, id);
  if (!row) return;
  const run = toRun(reader, row, readCancelling(reader).runs);
  if (typeof row.executor === "string") run.remoteWorkers = listWorkers(reader, id);
  return run;
}

/** Whether the counts of a run are older than the last commit, because they are counted now and then. */
export function isOutdated(run: Run): boolean {
  return outdated.has(run);
}

/** The columns of a run; of a text its beginning, whatever its length. */
function runColumns(reader: Reader): string {
  const read = (name: string) =>
    TEXTS.has(name) ? `${textStart(name, LONG_TEXT)} AS ${name}` : name;
  return [...reader.columns("pipeline_runs")].map(read).join(", ");
}

function toRun(reader: Reader, row: SqlRow, cancelling: ReadonlySet<number>): Run {
  const counts = noCounts();
  for (const status of TASK_STATUSES) counts[status] = Number(row[status]) || 0;
  const id = Number(row.id);
  const isMarkedRunning = row.status === "running";
  const owner = isMarkedRunning && typeof row.owner === "string"
    ? reader.owner(row.owner)
    : "unknown";
  const isGone = isMarkedRunning && owner === "gone";
  const reason = isGone ? reader.ownerReason(`${row.owner}`) : null;
  const asleep = isMarkedRunning && !isGone ? readAsleep(reader, id) : undefined;
  const running = isMarkedRunning
    ? readRunning(reader, tasksOf(reader, id))
    : { work: 0, news: null };
  return {
    id,
    name: beginning(row.name, SHORT_TEXT) ?? "",
    label: beginning(row.label, SHORT_TEXT),
    args: beginning(row.args, LONG_TEXT),
    reason: reason ?? beginning(row.reason, SHORT_TEXT),
    reasonStack: beginning(row.reason_stack, LONG_TEXT),
    rewritten: (Number(row.rewritten) || 0) + countRewritten(reader, id),
    removed: Number(row.removed) || 0,
    ...(typeof row.unchanged === "number" ? { unchanged: row.unchanged } : {}),
    status: reason !== null ? "error" : isGone ? "interrupted" : toText(row.status) as RunStatus,
    startedAt: toText(row.started_at),
    finishedAt: toText(row.finished_at),
    workers: numberOf(row.workers),
    driver: toText(row.driver),
    sqliteVersion: toText(row.sqlite_version),
    waitsForWorkers: typeof row.executor === "string" && isMarkedRunning && !isGone &&
      counts.queued + counts.running > 0 && hasNoWorker(reader, id),
    ...(asleep ? { asleep } : {}),
    ...countFailedChecks(reader, row),
    counts,
    total: sum(counts),
    dependencies: Number(row.dependencies ?? 0),
    health: row.queue_depth === null && row.commit_p99_ms === null ? null : {
      queueDepth: numberOf(row.queue_depth),
      batchRows: numberOf(row.batch_rows),
      commitP99Ms: numberOf(row.commit_p99_ms),
      walBytes: numberOf(row.wal_bytes),
      checkpointedAt: toText(row.checkpointed_at),
      // What was so when a run ended is so no longer.
      walHeldSince: isMarkedRunning && !isGone ? toText(row.wal_held_since) : null,
    },
    updatedAt: newest(toText(row.updated_at), running.news),
    // What a process that died was asked is refused only when the file is opened for writing.
    cancelling: isMarkedRunning && !isGone && cancelling.has(id),
    processGone: isGone ? true : owner === "unknown" && isMarkedRunning ? null : false,
    progress: progressOf(row, { counts, work: running.work }),
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
  const running = ended ? { work: 0, news: null } : readRunning(reader, tasks);
  const original: Run = {
    id: ORIGINAL_RUN,
    name: "task_runs",
    label: null,
    args: null,
    reason: null,
    reasonStack: null,
    rewritten: 0,
    removed: 0,
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
    updatedAt: running.news,
    cancelling: false,
    processGone: ended ? false : null,
    progress: {
      work: counts.done + counts.error + counts.cancelled + running.work,
      // The original queues all of its tasks first.
      total,
      since: timeOf((first?.started_at ?? null) as string | null),
      before: 0,
    },
  };
  if (version !== reader.dataVersion) outdated.add(original);
  return original;
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

/** A text of a run that is part of each answer, and of each change that is sent. */
function beginning(value: SqlValue | undefined, characters: number): string | null {
  const text = toText(value);
  return text !== null && text.length > characters ? `${shorten(text, characters)}…` : text;
}

function sum(counts: StatusCounts): number {
  return TASK_STATUSES.reduce((total, status) => total + counts[status], 0);
}
