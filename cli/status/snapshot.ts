/**
 * What a run is doing at one moment, read with the queries of the dashboard.
 *
 * @module
 */
import type { Run, RunChecks, Task } from "../../dashboard/api.ts";
import { readChecks } from "../../dashboard/server/queries/answers/checks.ts";
import { countTasks, findTasks, type Read } from "../../dashboard/server/queries/find.ts";
import { tasksOf } from "../../dashboard/server/queries/run_tasks.ts";
import { getRun, listRuns } from "../../dashboard/server/queries/runs.ts";
import { listSamples } from "../../dashboard/server/queries/samples.ts";
import { readTasks } from "../../dashboard/server/queries/tasks.ts";
import { endedOf, recentRate, remainingMs, shareOf, workedOf } from "../../internal/progress.ts";
import { timeOf } from "../../internal/units.ts";
import { isEnd, type TaskStatus } from "../../internal/task_status.ts";

/** Milliseconds after which a run marked as running has been silent for long. */
const SILENT_AFTER_MS = 30_000;

/** The order in which a person wants to see tasks. */
const ORDER: readonly TaskStatus[] = ["running", "error", "done", "cancelled", "queued"];

/** A run at one moment. */
export interface Snapshot {
  /** The run. */
  run: Run;
  /** What its tasks checked, where they made any checks: those first that failed. */
  checks?: RunChecks | undefined;
  /** Some of its tasks: those that run first, then failures, then the newest of the others. */
  tasks: Task[];
  /** How many tasks there are that could be among them. */
  matching: number;
  /** Tasks that have ended. */
  ended: number;
  /** Milliseconds since its start, or from its start to its end; `null` when it was not started. */
  elapsedMs: number | null;
  /** The fraction that is done, `null` where the number of tasks is not known. */
  share: number | null;
  /** Tasks ended per second: in the last seconds while it runs, on the whole when it has ended. */
  rate: number | null;
  /** Milliseconds until it has ended, while it runs. */
  remainingMs: number | null;
  /** Milliseconds since its last news, if it has had none for long and whether its process lives is unknown. */
  silentMs: number | null;
}

/** What to look for. */
export interface SnapshotQuery {
  /** The run; the newest where none is named. */
  run?: number | undefined;
  /** Only tasks in these statuses; all where none is named. */
  status?: readonly TaskStatus[] | undefined;
  /** Only tasks with this in their name or message. */
  q?: string | undefined;
  /** How many tasks before the first of them are left out. */
  offset?: number | undefined;
  /** How many tasks at most. */
  limit: number;
}

/** Reads a run; `undefined` where there is none. */
export async function readSnapshot(
  read: Read,
  query: SnapshotQuery,
): Promise<Snapshot | undefined> {
  const id = query.run;
  const run = read((reader) =>
    id === undefined ? listRuns(reader, { limit: 1 }).runs[0] : getRun(reader, id)
  );
  if (!run) return;
  const { tasks, matching } = await readPart(read, run, query);
  const checks = await readChecks(read, run.id);
  const now = Date.now();
  const ended = endedOf(run.counts);
  const elapsedMs = elapsedOf(run, now);
  const isRunning = run.status === "running";
  const silence = now - (timeOf(run.updatedAt) ?? now);
  const silent = isRunning && run.processGone === null && silence > SILENT_AFTER_MS;
  return {
    run,
    ...(checks?.checks.length ? { checks } : {}),
    tasks,
    matching,
    ended,
    share: shareOf(run.progress),
    elapsedMs,
    rate: rateOf(read, { run, ended, elapsedMs, now }),
    remainingMs: isRunning && !silent ? remainingMs(run.progress, now) : null,
    silentMs: silent ? silence : null,
  };
}

/** A part of a run's tasks in the order of {@linkcode ORDER}, and how many there are in all. */
async function readPart(
  read: Read,
  run: Run,
  { status = [], q = "", offset = 0, limit }: SnapshotQuery,
): Promise<Pick<Snapshot, "tasks" | "matching">> {
  const rows = read((reader) => tasksOf(reader, run.id));
  if (!rows) return { tasks: [], matching: 0 };
  const wanted = ORDER.filter((one) => status.length === 0 || status.includes(one));
  const ids: number[] = [];
  let skip = offset;
  for (const one of wanted) {
    const left = limit - ids.length;
    if (left <= 0) break;
    if (run.counts[one] === 0) continue;
    if (q === "" && run.counts[one] <= skip) {
      skip -= run.counts[one];
      continue;
    }
    const sort = one === "running" || one === "queued" ? "id" : "-id";
    const query = { status: [one], q, key: "", sort, limit: skip + left } as const;
    const found = await findTasks(read, rows, { ...query, status: [one] });
    ids.push(...found.slice(skip).map(({ id }) => id));
    skip = Math.max(0, skip - found.length);
  }
  const matching = q === ""
    ? wanted.reduce((sum, one) => sum + run.counts[one], 0)
    : await countTasks(read, rows, { status: [...wanted], q, key: "", sort: "id", limit });
  return { tasks: read((reader) => readTasks(reader, ids)), matching };
}

/**
 * Milliseconds since a task's start, or from its start to its end; to its last news, where its run is not `active`
 * because its process is gone.
 */
export function taskElapsed(
  { status, startedAt, updatedAt, durationMs }: Task,
  active = true,
): number | null {
  if (isEnd(status)) return durationMs;
  const started = Date.parse(startedAt ?? "");
  const until = active ? Date.now() : timeOf(updatedAt);
  return status === "running" && started > 0 && until !== null
    ? Math.max(0, until - started)
    : null;
}

/** Milliseconds since a run's start, or from its start to its end, or to its last news where its process is gone. */
export function elapsedOf(run: Run, now: number = Date.now()): number | null {
  const started = Date.parse(run.startedAt ?? "");
  if (Number.isNaN(started)) return null;
  const end = run.status === "running" ? now : Date.parse(run.finishedAt ?? run.updatedAt ?? "");
  return Number.isNaN(end) ? null : Math.max(0, end - started);
}

function rateOf(
  read: Read,
  { run, ended, elapsedMs, now }: {
    run: Run;
    ended: number;
    elapsedMs: number | null;
    now: number;
  },
): number | null {
  if (elapsedMs === null || elapsedMs === 0) return null;
  if (run.status !== "running") return workedOf(run.counts) / elapsedMs * 1_000;
  const { samples } = read((reader) => listSamples(reader, run.id));
  const moments = samples.map((sample) => ({ at: sample.at, ended: endedOf(sample) }));
  return recentRate([...moments, { at: now, ended }], now);
}
