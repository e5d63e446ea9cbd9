/**
 * The statements for `run_requests`: what people ask of an active run, and what became of it.
 *
 * A request is a row, so that any process can make one with a short transaction, all readers see it until it has taken
 * effect, and the death of the process that would carry it out loses nothing in silence. It is answered when it has
 * taken effect or is refused; the end of its run answers the remaining ones.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import { isoNow } from "../../internal/timestamps.ts";
import type {
  AnswerControlMessage,
  ControlAction,
  RequestControlMessage,
  RunRequest,
} from "../protocol/control_message.ts";
import type { EndStatus } from "../../internal/task_status.ts";

type WantedControl = Pick<RequestControlMessage, "action" | "run" | "taskId" | "taskIds">;
type ControlAnswer = Pick<AnswerControlMessage, "refused" | "answer">;

/** Its death is the answer to requests to a process that died. */
const DIED = "Not carried out: the process of the run died before that";

/**
 * Makes a request, and returns its id: that of the one that waits already where the same was asked before.
 *
 * @throws {RangeError} If there is no such run, or no such task in it
 * @throws {Error} If the run has ended
 */
export function addRequest(connection: Connection, wanted: WantedControl): number {
  return connection.transaction(() => {
    const { action, run, taskId, taskIds } = wanted;
    const row = connection.prepare("SELECT status FROM pipeline_runs WHERE id=?").get(run);
    if (!row) throw new RangeError(`${cannot(wanted)}: there is no run ${run}`);
    if (taskId !== null) {
      const task = connection.prepare("SELECT 1 FROM task_runs WHERE id=? AND run_id=?");
      if (!task.get(taskId, run)) {
        throw new RangeError(`${cannot(wanted)}: run ${run} has no task ${taskId}`);
      }
    }
    if (row.status !== "running") {
      throw new Error(
        `${cannot(wanted)}: run ${run} is ${row.status}${remedy(wanted, row.status)}`,
      );
    }
    const list = taskIds === undefined ? null : JSON.stringify(taskIds);
    const kind = list === null ? action : `${action}_tasks`;
    const waiting = connection.prepare(
      `SELECT id FROM run_requests
       WHERE run_id=? AND task_id IS ? AND task_ids IS ? AND kind=? AND answered_at IS NULL`,
    ).get(run, taskId, list, kind);
    if (waiting) return waiting.id as number;
    return connection.prepare(
      `INSERT INTO run_requests (run_id,task_id,task_ids,kind,requested_at) VALUES (?,?,?,?,?)
       RETURNING id`,
    ).get(run, taskId, list, kind, isoNow())!.id as number;
  });
}

/** Answers a request that has no answer yet. */
export function answerRequest(
  connection: Connection,
  request: number,
  { refused, answer }: ControlAnswer,
): void {
  connection.prepare(
    `UPDATE run_requests SET answered_at=?2, refused=?3, answer=?4
     WHERE id=?1 AND answered_at IS NULL`,
  ).run(request, isoNow(), refused ? 1 : 0, answer);
}

/** The requests of a run that wait, past one that is known. */
export function waitingRequests(connection: Connection, run: number, after: number): RunRequest[] {
  return connection.prepare(
    `SELECT id, task_id, task_ids, kind FROM run_requests
     WHERE run_id=? AND answered_at IS NULL AND id>? ORDER BY id`,
  ).all(run, after).map((row) => {
    // Any program can write rows.
    const some = /^(?:cancel|retry)(?=_tasks$)/.exec(String(row.kind));
    return {
      id: row.id as number,
      run,
      taskId: row.task_id as number | null,
      taskIds: some ? toIds(row.task_ids) : undefined,
      action: (some?.[0] ?? row.kind) as ControlAction,
    };
  });
}

/** The ids of a list. */
function toIds(list: unknown): number[] {
  try {
    const ids: unknown = JSON.parse(String(list));
    return Array.isArray(ids) ? ids.filter(Number.isSafeInteger) : [];
  } catch {
    return [];
  }
}

/** Answers what waits when a run ends: `cancelled` if it was stopped. */
export function answerAll(connection: Connection, run: number, status: EndStatus): void {
  connection.prepare(
    `UPDATE run_requests SET answered_at=?2, refused=now<>'cancelled' OR kind<>'cancel',
       answer=CASE WHEN kind<>'cancel' THEN 'The run ended before that'
                   WHEN now='cancelled' THEN 'Cancelled'
                   ELSE 'It ended before that: ' || now END
     FROM (SELECT r.id AS request, coalesce(t.own_status, t.status, ?3) AS now FROM run_requests AS r
           LEFT JOIN task_runs AS t ON t.id=r.task_id WHERE r.run_id=?1 AND r.answered_at IS NULL)
     WHERE id=request`,
  ).run(run, isoNow(), status);
}

/** Refuses what waits when the process of a run has died: the process that continues the run was not asked. */
export function refuseAll(connection: Connection, run: number): void {
  connection.prepare(
    `UPDATE run_requests SET answered_at=?2, refused=1, answer=?3
     WHERE run_id=?1 AND answered_at IS NULL`,
  ).run(run, isoNow(), DIED);
}

/** How the refusal of a request begins. */
function cannot({ action, run, taskId, taskIds }: WantedControl): string {
  if (taskIds) return `Cannot ${action} ${taskIds.length} tasks of run ${run}`;
  if (taskId !== null) return `Cannot ${action} task ${taskId}`;
  return action === "cancel"
    ? `Cannot cancel run ${run}`
    : `Cannot retry the failed tasks of run ${run}`;
}

function remedy({ action, run }: WantedControl, status: unknown): string {
  if (action !== "retry" && status !== "interrupted") return "";
  return `; to continue it, use pipeloom run <file> --resume ${run}, or the option resume: ${run}`;
}
