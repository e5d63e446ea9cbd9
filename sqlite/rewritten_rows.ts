/**
 * Rows of `task_runs` whose status another program has written over.
 *
 * The Python original numbers its tasks from 1 and writes by id, so it writes over rows of ours. We write
 * `own_status` in the statement that writes `status`; no other program knows it, so a row where the two differ is not
 * as we left it. `own_status` counts then: a task that only another program calls done still has to run.
 *
 * Rows without an `own_status` are those of other programs and of our earlier releases. An earlier release that
 * resumes a run leaves `own_status` behind; it counts the resumption in `pipeline_runs.resumed`, and `own_resumed` is
 * the number that we know. Where these differ, `status` counts.
 *
 * @module
 */
/** True of rows that are not as we wrote them; the condition of their index. */
export const NOT_AS_WRITTEN = "own_status IS NOT NULL AND own_status IS NOT status";

/** Finds the rows of a run that are not as we wrote them. They are few, so that the index costs next to nothing. */
export const REWRITTEN_INDEX =
  `CREATE INDEX IF NOT EXISTS idx_task_runs_rewritten ON task_runs(run_id)
  WHERE ${NOT_AS_WRITTEN}`;

/** An earlier release ended the task of a process that had died. No other program writes `error`. */
export const RECOVERED = "own_status='running' AND status='error' AND error IS NOT NULL";

/** True of a row that another program has written over. */
export const IS_REWRITTEN = `${NOT_AS_WRITTEN} AND NOT (${RECOVERED}) AND
  (SELECT own_resumed IS coalesce(resumed,0) FROM pipeline_runs WHERE id=task_runs.run_id)`;

/** The status that a task has for us, as an SQL expression that is right for every run. */
export const OWN_STATUS = `CASE WHEN ${IS_REWRITTEN} THEN own_status ELSE status END`;

/** What another program has written over the status of a task, now or before its run was resumed. */
export const REWRITTEN_AS = `CASE WHEN ${IS_REWRITTEN} THEN status ELSE rewritten_as END`;

/**
 * True of tasks that the Python original has ended, though with the same status as ours: it writes times with an
 * offset, and ours end with Z.
 */
export const HAS_FOREIGN_END = "finished_at NOT GLOB '*Z'";

/** The status for runs that this release has begun or resumed. */
export const STATUS_IN_RUN = "coalesce(own_status, status)";

/** True of the tasks of run ?1, which this release has begun or resumed, that have this status; by two indexes. */
export function isOwn(status: string): string {
  return `run_id=?1 AND ${STATUS_IN_RUN}='${status}' AND (status='${status}' OR (${NOT_AS_WRITTEN}))`;
}
