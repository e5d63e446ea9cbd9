/**
 * Deletes old runs: their rows in `task_logs`, `task_attempts`, `task_dependencies`, `idempotency_keys`,
 * `task_runs`, `run_samples`, `run_requests` and `pipeline_runs`, and nothing else.
 *
 * One DELETE for a million rows would hold the lock, and grow the WAL, for as long as it takes. So rows go in
 * parts, each a commit of its own between which others may write; the row of the run goes last, so that a run
 * that was left half deleted is found again. The newest run always stays: its ids are the largest, and ids that
 * were used must not be used again.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import type { SqliteWriter } from "./sqlite_writer.ts";

/** Rows of one commit: some milliseconds of work. */
const PART_ROWS = 2_000;

/** Which runs to delete. What any of the first two would keep is kept. */
export interface PruneChoice {
  /** Runs that ended after this time stay, in milliseconds since 1970. */
  endedBefore?: number | undefined;
  /** How many of the newest runs stay. */
  keepRuns?: number | undefined;
  /** Whether runs may go that are said to be running, because their process died. */
  force?: boolean | undefined;
}

/** A run that may be deleted. */
export interface PrunableRun {
  /** Its id. */
  id: number;
  /** Its name. */
  name: string;
  /** What it is doing. */
  status: string;
  /** Time of its end, or of its last news. */
  endedAt: string | null;
  /** The lowest id of its tasks. */
  first: number;
  /** The highest id of its tasks. */
  last: number;
}

/** Rows of a run by table. */
export interface PrunedRows {
  /** In `task_runs`. */
  tasks: number;
  /** In `task_logs`. */
  logs: number;
  /** In `run_samples`. */
  samples: number;
}

/** The runs to delete, oldest first, and those that are only spared because they are running. */
export function chooseRuns(
  connection: Connection,
  { endedBefore = Infinity, keepRuns = 1, force = false }: PruneChoice,
): { runs: PrunableRun[]; running: PrunableRun[] } {
  const rows = connection.prepare(
    `SELECT id, name, status, coalesce(finished_at, updated_at, started_at) AS ended_at,
       coalesce(first_task_id, 0) AS first, coalesce(last_task_id, -1) AS last
     FROM pipeline_runs ORDER BY id DESC LIMIT -1 OFFSET ?`,
  ).all(Math.max(1, keepRuns));
  const old = rows.map((row): PrunableRun => ({
    id: Number(row.id),
    name: String(row.name),
    status: String(row.status),
    endedAt: row.ended_at as string | null,
    first: Number(row.first),
    last: Number(row.last),
  })).filter(({ endedAt }) => endedBefore === Infinity || Date.parse(endedAt ?? "") < endedBefore)
    .reverse();
  const isRunning = ({ status }: PrunableRun) => status === "running";
  return {
    runs: old.filter((run) => force || !isRunning(run)),
    running: force ? [] : old.filter(isRunning),
  };
}

/** How many rows a run has. */
export function countRows(connection: Connection, { id, first, last }: PrunableRun): PrunedRows {
  const row = connection.prepare(
    `SELECT
       (SELECT count(*) FROM task_runs WHERE id BETWEEN ?1 AND ?2 AND run_id=?3) AS tasks,
       (SELECT count(*) FROM task_logs WHERE task_id BETWEEN ?1 AND ?2 AND run_id=?3) AS logs,
       (SELECT count(*) FROM run_samples WHERE run_id=?3) AS samples`,
  ).get(first, last, id)!;
  return { tasks: Number(row.tasks), logs: Number(row.logs), samples: Number(row.samples) };
}

/** A run of which nothing has been heard since it was chosen, where that matters: it may have been resumed. */
const AS_CHOSEN = `r.id=?1
  AND (?2 IS NULL OR coalesce(r.finished_at, r.updated_at, r.started_at)=?2)`;

const DELETE_RUN = `DELETE FROM pipeline_runs AS r WHERE ${AS_CHOSEN}`;

/** Rows of a table that name the run; of those that name a task, too, where that is. */
function partOf(table: string, task?: string): string {
  const range = task ? `AND t.${task} BETWEEN r.first_task_id AND r.last_task_id` : "";
  return `DELETE FROM ${table} WHERE id IN (
    SELECT t.id FROM pipeline_runs AS r CROSS JOIN ${table} AS t ON t.run_id=r.id ${range}
    WHERE ${AS_CHOSEN} LIMIT ${PART_ROWS})`;
}

/**
 * Deletes a run through a writer, unless it has been resumed since it was chosen. Keys go after their tasks: while
 * a task is there, what it wrote is known.
 *
 * @param signal Stops it between two commits; what is deleted by then is deleted
 * @returns The rows that are deleted; `undefined` when somebody has resumed the run
 */
export async function deleteRun(
  writer: SqliteWriter,
  { id, status, endedAt }: PrunableRun,
  signal?: AbortSignal,
): Promise<PrunedRows | undefined> {
  // One that says it is running was asked for as it is.
  const params = [id, status === "running" ? null : endedAt];
  const deleteAll = async (sql: string): Promise<number> => {
    let deleted = 0;
    while (!signal?.aborted) {
      const { changes } = await writer.execute(sql, params);
      deleted += changes;
      if (changes < PART_ROWS) break;
    }
    return deleted;
  };
  const logs = await deleteAll(partOf("task_logs", "task_id"));
  await deleteAll(partOf("task_attempts", "task_id"));
  await deleteAll(partOf("task_dependencies"));
  const tasks = await deleteAll(partOf("task_runs", "id"));
  await deleteAll(partOf("idempotency_keys", "task_id"));
  const samples = await deleteAll(partOf("run_samples"));
  await deleteAll(partOf("run_requests"));
  const rows = { tasks, logs, samples };
  if (signal?.aborted) return rows;
  const { changes } = await writer.execute(DELETE_RUN, params);
  return changes > 0 ? rows : undefined;
}
