/**
 * What holds a run up, and which of its tasks were slow.
 *
 * @module
 */
import { SILENT_MS } from "../../../../internal/progress.ts";
import { timeOf } from "../../../../internal/units.ts";
import type { RunDelays, Task } from "../../../api.ts";
import type { Reader } from "../../reader.ts";
import { findTasks } from "../find.ts";
import { isIn, type RunTasks, tasksOf } from "../run_tasks.ts";
import { getRun } from "../runs.ts";
import type { Read } from "../slices.ts";
import { readTagLoads } from "./tags.ts";
import { readTasks } from "../tasks.ts";

/** Tasks of each list. */
const LISTED = 5;

/** Failed attempts, the newest, whose tasks may wait for the next one. */
const ATTEMPTS = 5_000;

/** What holds a run up, and what was slow; `undefined` when there is no such run. */
export async function readDelays(
  read: Read,
  id: number,
  signal?: AbortSignal,
): Promise<RunDelays | undefined> {
  const { run, tasks } = read((reader) => ({
    run: getRun(reader, id),
    tasks: tasksOf(reader, id),
  }));
  if (!run || !tasks) return;
  const at = Date.now();
  const isActive = run.status === "running";
  const silent = isActive ? read((reader) => readSilent(reader, tasks, at)) : NONE;
  const retries = isActive && run.counts.queued > 0
    ? read((reader) => readRetries(reader, tasks))
    : { ...NONE, nextAt: null };
  const { queued, running } = run.counts;
  const tags = isActive && queued > 0 ? read((reader) => readTagLoads(reader, tasks)) : [];
  const longest = isActive && running > 0
    ? read((reader) => readLongest(reader, tasks)).filter(({ startedAt }) => startedAt !== null)
    : [];
  const ended = await findTasks(read, tasks, {
    status: ["done", "error", "cancelled"],
    q: "",
    key: "",
    sort: "-duration",
    limit: LISTED,
  }, { signal });
  const slowest = [...longest, ...read((reader) => readTasks(reader, ended.map(({ id }) => id)))]
    .map((task) => ({ task, ms: elapsedOf(task, at) }))
    .filter(({ ms }) => ms > 0)
    .sort((a, b) => b.ms - a.ms).slice(0, LISTED);
  return {
    at,
    silent: { ...silent, holdUp: queued === 0 && silent.total > 0 && silent.total >= running },
    retries,
    ...(tags.length > 0 ? { tags } : {}),
    slowest: slowest.map(({ task }) => task),
  };
}

const NONE: { total: number; tasks: Task[] } = { total: 0, tasks: [] };

/** Tasks that have been silent for long. */
function readSilent(reader: Reader, tasks: RunTasks, at: number): typeof NONE {
  const reported = reader.has("task_runs", "updated_at")
    ? "coalesce(updated_at, started_at)"
    : "started_at";
  const rows = reader.all(
    `SELECT id, count(*) OVER () AS total FROM task_runs
     WHERE ${
      isIn("running", tasks)
    } AND id BETWEEN ? AND ? AND ${tasks.condition} AND ${reported} <= ?
     ORDER BY ${reported}, id LIMIT ${LISTED}`,
    tasks.first,
    tasks.last,
    tasks.run,
    new Date(at - SILENT_MS).toISOString(),
  );
  return {
    total: Number(rows[0]?.total ?? 0),
    tasks: readTasks(reader, rows.map(({ id }) => Number(id))),
  };
}

/** Tasks that wait for their next attempt: they are queued, and an attempt at them has failed. */
function readRetries(reader: Reader, tasks: RunTasks): RunDelays["retries"] {
  if (!reader.has("task_attempts")) return { ...NONE, nextAt: null };
  const rows = reader.all(
    `SELECT t.id, t.message FROM (
       SELECT DISTINCT task_id FROM (
         SELECT task_id, run_id FROM task_attempts ORDER BY id DESC LIMIT ${ATTEMPTS})
       WHERE run_id = ?) AS a JOIN task_runs AS t ON t.id = a.task_id
     WHERE t.status = 'queued'`,
    tasks.run,
  );
  const waiting = rows.map(({ id, message }) => ({ id: Number(id), due: dueAt(String(message)) }))
    .filter(({ due }) => Number.isFinite(due)).sort((a, b) => a.due - b.due);
  const next = waiting[0]?.due;
  return {
    total: waiting.length,
    nextAt: next === undefined ? null : new Date(next).toISOString(),
    tasks: readTasks(reader, waiting.slice(0, LISTED).map(({ id }) => id)),
  };
}

/** When the next attempt is due, according to the message of the task. */
function dueAt(message: string): number {
  const [, time] = /^Attempt \d+ (?:of \d+|again) at (\S+Z)[,:]/.exec(message) ?? [];
  return timeOf(time) ?? Infinity;
}

/** The tasks that run longest. */
function readLongest(reader: Reader, tasks: RunTasks): Task[] {
  const rows = reader.all(
    `SELECT id FROM task_runs
     WHERE ${isIn("running", tasks)} AND id BETWEEN ? AND ? AND ${tasks.condition}
     ORDER BY started_at, id LIMIT ${LISTED}`,
    tasks.first,
    tasks.last,
    tasks.run,
  );
  return readTasks(reader, rows.map(({ id }) => Number(id)));
}

function elapsedOf({ durationMs, startedAt }: Task, now: number): number {
  return durationMs ?? Math.max(0, now - (timeOf(startedAt) ?? now));
}
