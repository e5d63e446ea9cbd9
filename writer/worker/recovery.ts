/**
 * What a process that died has left behind: runs that are marked as running, and their tasks.
 *
 * When a writer opens a file, it marks each run whose owner is gone as `interrupted`. Its tasks that were running
 * have failed; those that were queued stay queued, because they can still be run, by resuming the run. A run
 * whose owner lives, or has none, is left alone. It is all one transaction: of two writers that open the file at
 * the same time one does it, and the other finds it done.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import { readReason } from "../../internal/owner_lock.ts";
import { ownerOf, type ProcessLock, removeAbandoned, removeGone } from "./process_lock.ts";
import { isOwn } from "../../sqlite/rewritten_rows.ts";
import { refuseAll } from "./request_store.ts";
import { adopt, isOurs, recount } from "./rewritten_store.ts";
import { queueListed } from "./tasks/added_items.ts";
import { noCounts } from "../../internal/task_status.ts";
import type { SqlValue } from "../../sqlite/values.ts";

/** Sorted by an expression, so that SQLite takes the index of running runs and not every run in its order. */
const OPEN_RUNS = `SELECT id, owner, pid, host, process_started_at, booted_at FROM pipeline_runs
  WHERE status='running' AND owner IS NOT NULL ORDER BY +id`;

/** Owners of the last runs that have ended: one that was killed while none was running has left its lock file. */
const ENDED_OWNERS = `SELECT DISTINCT owner FROM (
    SELECT owner FROM pipeline_runs WHERE status<>'running' AND owner IS NOT NULL
    ORDER BY id DESC LIMIT 20)
  WHERE owner NOT IN (
    SELECT owner FROM pipeline_runs WHERE status='running' AND owner IS NOT NULL)`;

/** Ends runs whose owner is gone, and returns their ids. */
export function recoverRuns(connection: Connection, { base }: ProcessLock): number[] {
  if (base === undefined) return [];
  for (const { owner } of connection.prepare(ENDED_OWNERS).all()) removeGone(base, `${owner}`);
  const select = connection.prepare(OPEN_RUNS);
  // Looked at first without the lock, which others may be waiting for.
  if (select.all().length === 0) return [];
  const runs = connection.transaction(() => {
    const gone = select.all().filter((run) => ownerOf(base, `${run.owner}`, run) === "gone");
    for (const { id, owner } of gone) {
      interruptRun(connection, id as number, readReason(`${base}${owner}`));
    }
    return gone;
  });
  // Only now: a process that dies before the commit leaves the proof. One that died may not have been alone.
  for (const { owner } of runs) removeGone(base, `${owner}`);
  if (runs.length > 0) removeAbandoned(base);
  return runs.map(({ id }) => id as number);
}

/**
 * Ends the tasks of a run as `error` that are running for us, refuses requests to it, and returns the
 * number of those tasks.
 */
export function interruptTasks(
  connection: Connection,
  run: number,
  at: SqlValue = lastSeen(connection, run),
): number {
  refuseAll(connection, run);
  const listed = queueListed(connection, run);
  const changes = connection.prepare(
    `UPDATE task_runs SET status=CASE status WHEN 'running' THEN 'error' ELSE status END,
       own_status='error', message=?2, error=?2, finished_at=?3
     WHERE ${isOwn("running")}`,
  ).run(run, "Interrupted: the process that ran this task died before it ended", at);
  connection.prepare(
    "UPDATE pipeline_runs SET running=running-?2, error=error+?2, queued=queued+?3 WHERE id=?1",
  ).run(run, changes, listed);
  return changes;
}

/** The last known time of a run marked as running: its own updates lag a little behind those of its tasks. */
function lastSeen(connection: Connection, run: number): SqlValue {
  return connection.prepare(
    `SELECT max(at) AS at FROM (
       SELECT coalesce(updated_at, started_at) AS at FROM pipeline_runs WHERE id=?1
       UNION ALL SELECT started_at FROM task_runs WHERE status='running' AND run_id=?1
       UNION ALL SELECT updated_at FROM task_runs WHERE status='running' AND run_id=?1)`,
  ).get(run)!.at!;
}

/** Ends a run: as interrupted, or as failed where its owner has noted why. */
function interruptRun(connection: Connection, run: number, reason: string | null): void {
  // Otherwise nothing looks at all tasks, which may be millions: the program that opens the file waits for this.
  const hasOthers = !isOurs(connection, run);
  if (hasOthers) adopt(connection, run);
  const at = lastSeen(connection, run);
  interruptTasks(connection, run, at);
  if (hasOthers) recount(connection, run, noCounts());
  const status = reason === null ? "interrupted" : "error";
  connection.prepare(
    "UPDATE pipeline_runs SET status=?2, finished_at=?3, reason=coalesce(?4, reason) WHERE id=?1",
  ).run(run, status, at, reason);
  connection.prepare(
    `INSERT INTO run_samples (run_id,sampled_at,queued,running,done,error,cancelled)
     SELECT id,finished_at,queued,running,done,error,cancelled FROM pipeline_runs WHERE id=?`,
  ).run(run);
}
