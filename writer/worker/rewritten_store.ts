/**
 * The statements by which a run that is resumed makes its rows its own again; see `sqlite/rewritten_rows.ts`.
 *
 * @module
 */
import { noCounts, type StatusCounts, TASK_STATUSES } from "../../internal/task_status.ts";
import type { Connection } from "../../sqlite/connection.ts";
import { NOT_AS_WRITTEN, RECOVERED } from "../../sqlite/rewritten_rows.ts";
import { OF_RUN } from "./resume_store.ts";

const STATUSES = TASK_STATUSES.map((status) => `'${status}'`).join(",");

/** What other programs had done to the rows of a run. */
export interface RewrittenRows {
  /** Ids of the tasks whose status they had written over. */
  taken: number[];
  /** How many rows they had deleted. */
  removed: number;
}

/**
 * Copies `status` to `own_status` where `status` is authoritative: in rows that an earlier release wrote. A status
 * that is unknown is not one that a task ended with.
 */
export function adopt(connection: Connection, run: number): void {
  const isKnown = isOurs(connection, run);
  connection.prepare(
    `UPDATE task_runs SET own_status=CASE WHEN status IN (${STATUSES}) THEN status ELSE 'error' END
     WHERE ${OF_RUN} AND (own_status IS NULL OR (NOT ?2 AND own_status IS NOT status) OR (${RECOVERED}))`,
  ).run(run, Number(isKnown));
  connection.prepare("UPDATE pipeline_runs SET own_resumed=coalesce(resumed,0) WHERE id=?").run(
    run,
  );
}

/** Whether no other release has begun or resumed a run: its rows have an `own_status`, and its counts are right. */
export function isOurs(connection: Connection, run: number): boolean {
  return connection.prepare(
    "SELECT own_resumed IS coalesce(resumed,0) AS known FROM pipeline_runs WHERE id=?",
  ).get(run)?.known === 1;
}

/**
 * Writes our status over that of other programs, counts the tasks of a run again, and keeps how many rows were not as
 * we left them. A task that was done stays so; `rewritten_as` marks that its result may be the other program's.
 *
 * @param deltas What this transaction adds to the counts in the end
 */
export function takeBack(
  connection: Connection,
  run: number,
  deltas: StatusCounts,
): RewrittenRows {
  const taken = connection.prepare(
    `UPDATE task_runs SET rewritten_as=status, status=own_status,
       progress=CASE own_status WHEN 'done' THEN 1 ELSE progress END
     WHERE run_id=?1 AND ${NOT_AS_WRITTEN} RETURNING id`,
  ).all(run).map(({ id }) => Number(id));
  const removed = -recount(connection, run, deltas);
  connection.prepare(
    `UPDATE pipeline_runs SET rewritten=nullif(coalesce(rewritten,0)+?2,0),
       removed=nullif(coalesce(removed,0)+max(?3,0),0) WHERE id=?1`,
  ).run(run, taken.length, removed);
  return { taken, removed: Math.max(removed, 0) };
}

/** Counts the tasks of a run again. Returns how many more there are than were known. */
export function recount(connection: Connection, run: number, deltas: StatusCounts): number {
  const counts = count(connection, run);
  const known = connection.prepare(
    "SELECT queued,running,done,error,cancelled FROM pipeline_runs WHERE id=?",
  ).get(run)!;
  const kept = TASK_STATUSES.map((status) => counts[status] - deltas[status]);
  connection.prepare(
    `UPDATE pipeline_runs SET queued=?2,running=?3,done=?4,error=?5,cancelled=?6 WHERE id=?1`,
  ).run(run, ...kept);
  return TASK_STATUSES.reduce((sum, status, i) => sum + kept[i]! - Number(known[status]), 0);
}

/** The tasks of a run by the status that they have for us. */
function count(connection: Connection, run: number): StatusCounts {
  const counts = noCounts();
  const rows = connection.prepare(
    `SELECT own_status, count(*) AS n FROM task_runs WHERE ${OF_RUN} GROUP BY own_status`,
  ).all(run);
  for (const { own_status, n } of rows) counts[own_status as keyof StatusCounts] = Number(n);
  return counts;
}
