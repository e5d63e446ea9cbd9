/**
 * Deletes old runs: their rows in `task_logs`, `task_attempts`, `task_checks`, `task_steps`, `task_dependencies`, `added_items`,
 * `idempotency_keys`, `task_runs`, `run_samples`, `run_rows`, `run_requests`, `workers` and `pipeline_runs`, and nothing else.
 *
 * One DELETE for a million rows would hold the lock, and grow the WAL, for as long as it takes. So rows go in
 * parts, each a commit of its own between which others may write. The run itself goes first, so that a run is whole
 * or gone whenever the deletion is interrupted: a resume never finds one without some of its tasks, which it would
 * run again. Until its rows are gone, `pruned_runs` lists them, and the next prune continues with them. The
 * newest run always stays: its ids are the largest, and ids that
 * were used must not be used again.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import { columnsOf, isOrdinaryTable } from "../../sqlite/pragmas.ts";
import { ownerState } from "../../internal/owner_lock.ts";
import { clientOf, type SqliteWriter } from "./sqlite_writer.ts";

/** Rows of one commit: some milliseconds of work. */
const PART_ROWS = 2_000;

/** Which runs to delete. What any of the first two would keep is kept. */
export interface PruneChoice {
  /** Runs that ended after this time stay, in milliseconds since 1970. */
  endedBefore?: number | undefined;
  /** How many of the newest runs stay. */
  keepRuns?: number | undefined;
  /** Whether to delete runs that are marked as running although their process died. */
  force?: boolean | undefined;
}

/** A run that may be deleted. */
export interface PrunableRun {
  /** Its id. */
  id: number;
  /** Its name. */
  name: string;
  /** Its status. */
  status: string;
  /** Time of its end, or of its last news. */
  endedAt: string | null;
  /** The lowest id of its tasks. */
  first: number;
  /** The highest id of its tasks. */
  last: number;
  /** Whether it is running in a process that holds its owner's lock: it is never deleted. */
  isAlive: boolean;
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

/**
 * The runs to delete, oldest first, and those that are only spared because they are running. Even `force` spares
 * one whose process is alive: its tasks would write rows of a run that is gone.
 */
export function chooseRuns(
  connection: Connection,
  { endedBefore = Infinity, keepRuns = 1, force = false }: PruneChoice,
): { runs: PrunableRun[]; running: PrunableRun[] } {
  const owner = columnsOf(connection, "pipeline_runs").includes("owner") ? "owner" : "NULL";
  const rows = connection.prepare(
    `SELECT id, name, status, coalesce(finished_at, updated_at, started_at) AS ended_at,
       coalesce(first_task_id, 0) AS first, coalesce(last_task_id, -1) AS last, ${owner} AS owner
     FROM pipeline_runs ORDER BY id DESC LIMIT -1 OFFSET ?`,
  ).all(Math.max(1, keepRuns));
  const old = rows.map((row): PrunableRun => ({
    id: Number(row.id),
    name: String(row.name),
    status: String(row.status),
    endedAt: row.ended_at as string | null,
    first: Number(row.first),
    last: Number(row.last),
    isAlive: row.status === "running" && holdsLock(connection.path, row.owner),
  })).filter(({ endedAt }) => endedBefore === Infinity || Date.parse(endedAt ?? "") < endedBefore)
    .reverse();
  const isSpared = ({ status, isAlive }: PrunableRun) =>
    status === "running" && !(force && !isAlive);
  return { runs: old.filter((run) => !isSpared(run)), running: old.filter(isSpared) };
}

function holdsLock(path: string, owner: unknown): boolean {
  return ownerState(path, `${owner}`) === "alive";
}

/** How many rows a run has. */
export function countRows(connection: Connection, { id, first, last }: PrunableRun): PrunedRows {
  const count = (table: string, task?: string): number => {
    if (!isOrdinaryTable(connection, table)) return 0;
    const range = task ? `AND ${task} BETWEEN ${first} AND ${last}` : "";
    const sql = `SELECT count(*) AS n FROM ${table} WHERE run_id=? ${range}`;
    return Number(connection.prepare(sql).get(id)!.n);
  };
  return {
    tasks: count("task_runs", "id"),
    logs: count("task_logs", "task_id"),
    samples: count("run_samples"),
  };
}

/**
 * A run that has been silent since it was chosen, where that matters: it may have been resumed. One that
 * is running still has the owner whose lock was looked at.
 */
const AS_CHOSEN = `id=?1 AND (?2 IS NULL OR coalesce(finished_at, updated_at, started_at)=?2)
  AND (status IS NOT 'running' OR owner IS ?3)`;

const NOTE_RUN = `INSERT INTO pruned_runs (run_id, first_task_id, last_task_id)
  SELECT id, coalesce(first_task_id, 0), coalesce(last_task_id, -1) FROM pipeline_runs
  WHERE ${AS_CHOSEN}`;

const OWNER = "SELECT owner FROM pipeline_runs WHERE id=? AND status='running'";

const DELETE_RUN = `DELETE FROM pipeline_runs WHERE ${AS_CHOSEN}`;

const FORGET_RUN = "DELETE FROM pruned_runs WHERE run_id=?";

/** The tables with rows of runs, and their column of the task's id, if rows are found by it. */
const TABLES = {
  task_logs: "task_id",
  task_attempts: "task_id",
  task_checks: "task_id",
  task_steps: "task_id",
  task_dependencies: undefined,
  task_runs: "id",
  idempotency_keys: "task_id",
  run_samples: undefined,
  run_rows: undefined,
  run_requests: undefined,
  added_items: undefined,
} as const;

type Table = keyof typeof TABLES;

/** Deletes a number of rows of a run that is gone. */
function partOf(table: Table, rows: number): string {
  const task = TABLES[table];
  const range = task ? `AND t.${task} BETWEEN p.first_task_id AND p.last_task_id` : "";
  return `DELETE FROM ${table} WHERE id IN (
    SELECT t.id FROM pruned_runs AS p CROSS JOIN ${table} AS t ON t.run_id=p.run_id ${range}
    WHERE p.run_id=?1 LIMIT ${rows})`;
}

/** A table of the user whose rows point to rows of ours. */
const REFERENCE = `SELECT 1 FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f
  WHERE m.type='table' AND lower(f."table") IN ('pipeline_runs', ${
  Object.keys(TABLES).map((name) => `'${name}'`).join(", ")
}) LIMIT 1`;

/** Runs that are gone and have left rows, because their deletion was interrupted. */
export function findRests(connection: Connection): number[] {
  if (!isOrdinaryTable(connection, "pruned_runs")) return [];
  return connection.prepare("SELECT run_id FROM pruned_runs ORDER BY run_id").all()
    .map(({ run_id }) => Number(run_id));
}

/**
 * Deletes a run through a writer, unless it has been resumed since it was chosen or its process is alive: first, in one
 * commit, the run itself, then its rows. Where a table of the user points to rows of ours, all of it is one commit:
 * what refuses it then refuses all.
 *
 * @param signal Stops it between two commits; the remaining rows then go with {@linkcode deleteRest}
 * @returns The rows that are deleted; `undefined` when the run is alive, and stays whole
 */
export async function deleteRun(
  writer: SqliteWriter,
  { id, status, endedAt }: PrunableRun,
  signal?: AbortSignal,
): Promise<PrunedRows | undefined> {
  const owner = (await writer.execute(OWNER, [id])).rows[0]?.owner ?? null;
  if (holdsLock(clientOf(writer).settings.path, owner)) return undefined;
  // A run that is marked as running was requested in that state.
  const params = [id, status === "running" ? null : endedAt, owner];
  const mark = [{ sql: NOTE_RUN, params }, { sql: DELETE_RUN, params }];
  if ((await writer.execute(REFERENCE)).rows.length === 0) {
    const [noted] = await writer.transaction(mark);
    return noted!.changes === 0 ? undefined : await deleteRest(writer, id, signal);
  }
  const names = Object.keys(TABLES) as Table[];
  const [noted, , ...deleted] = await writer.transaction([
    ...mark,
    ...names.map((name) => ({ sql: partOf(name, -1), params: [id] })),
    { sql: FORGET_RUN, params: [id] },
  ]);
  await deleteWorkers(writer, id);
  const changes = (name: Table) => deleted[names.indexOf(name)]!.changes;
  return noted!.changes === 0 ? undefined : {
    tasks: changes("task_runs"),
    logs: changes("task_logs"),
    samples: changes("run_samples"),
  };
}

/**
 * Deletes the rows of a run that is gone. Keys go after their tasks: while a task is there, what it wrote is known.
 *
 * @param signal Stops it between two commits
 * @returns The rows that are deleted
 */
export async function deleteRest(
  writer: SqliteWriter,
  id: number,
  signal?: AbortSignal,
): Promise<PrunedRows> {
  const deleteAll = async (table: Table): Promise<number> => {
    let deleted = 0;
    while (!signal?.aborted) {
      const { changes } = await writer.execute(partOf(table, PART_ROWS), [id]);
      deleted += changes;
      if (changes < PART_ROWS) break;
    }
    return deleted;
  };
  const logs = await deleteAll("task_logs");
  await deleteAll("task_attempts");
  await deleteAll("task_checks");
  await deleteAll("task_steps");
  await deleteAll("task_dependencies");
  const tasks = await deleteAll("task_runs");
  await deleteAll("idempotency_keys");
  const samples = await deleteAll("run_samples");
  await deleteAll("run_rows");
  await deleteAll("run_requests");
  await deleteAll("added_items");
  await deleteWorkers(writer, id);
  if (!signal?.aborted) await writer.execute(FORGET_RUN, [id]);
  return { tasks, logs, samples };
}

/** Whether there is a table of workers that is ours: only runs with tasks on other machines make it. */
const HAS_WORKERS = "SELECT 1 FROM pragma_table_info('workers') WHERE name='tasks_per_s'";

async function deleteWorkers(writer: SqliteWriter, run: number): Promise<void> {
  if ((await writer.execute(HAS_WORKERS)).rows.length === 0) return;
  await writer.execute("DELETE FROM workers WHERE run_id=?", [run]);
}
