/**
 * The statements by which tasks of a run come into `task_runs` and are queued again: they are new, taken up by
 * their keys, or run once more.
 *
 * @module
 */
import { SqliteError } from "../../../errors.ts";
import type { Connection } from "../../../sqlite/connection.ts";
import type {
  FailedAttempt,
  RequeueTasksMessage,
  ResumeTasksMessage,
} from "../../protocol/task_message.ts";
import type { KeyedTask } from "../run_keys.ts";
import type { RunStore } from "../run_store.ts";
import { Statements } from "../../../sqlite/statement.ts";
import type { TaskUpdateStore } from "./task_update_store.ts";
import { canMove, canRequeue, type TaskStatus } from "../../../internal/task_status.ts";

/** The part of the store that queues tasks. */
export class TaskStore {
  readonly #runs: RunStore;
  readonly #updates: TaskUpdateStore;
  readonly #statements: Statements;

  constructor(connection: Connection, runs: RunStore, updates: TaskUpdateStore) {
    this.#statements = new Statements(connection);
    this.#runs = runs;
    this.#updates = updates;
  }

  /** Takes up tasks by their keys, and returns their ids, negative where there is nothing to do. */
  resume({ run, ids, names, keys }: ResumeTasksMessage): number[] {
    const found = this.#runs.keys.match(run, keys);
    const fresh = found.flatMap((task, i) => task ? [] : [i]);
    const count = fresh.filter((i) => !ids[i]).length;
    let free = count > 0 ? this.#runs.reserveIds({ run, count }) : 0;
    const taken = found.map((task, i) => task?.id ?? (ids[i] || free++));
    this.#updates.queue({
      kind: "queue_tasks",
      run,
      ids: fresh.map((i) => taken[i]!),
      names: fresh.map((i) => names[i] ?? `task ${taken[i]}`),
      keys: fresh.map((i) => keys[i]!),
      ...(fresh.some((i) => ids[i]) ? { chosen: true } : {}),
    });
    this.#updates.flush();
    // It is active, even where all of them are done.
    this.#runs.count(run);
    found.forEach((task, i) => {
      if (!task) return;
      if (canRequeue(task.status)) this.#restart(run, task);
      else taken[i] = -task.id;
      this.#rename(task.id, names[i]);
    });
    return taken;
  }

  /** Queues the added tasks of a resumed run that are not `done` and that no item stood for; returns their ids. */
  resumeAdded(run: number): number[] {
    const isAdded = this.#statements.of(
      "SELECT 1 FROM main.task_runs WHERE id=? AND input IS NOT NULL AND added_by IS NOT NULL",
    );
    const added = this.#runs.keys.gone(run).filter(({ id }) => isAdded.get(id));
    for (const task of added) {
      this.#runs.keys.see(run, task.id);
      this.#restart(run, task);
    }
    return added.map(({ id }) => id);
  }

  /** Makes tasks `queued` again, and returns the ids of those that are now. */
  requeue({ run, ids, attempt, wakesAt }: RequeueTasksMessage): readonly number[] {
    if (wakesAt !== undefined) {
      for (const id of ids) this.#sleep(run, id, wakesAt);
      return ids;
    }
    if (attempt) {
      for (const id of ids) this.#retry(run, id, attempt);
      return ids;
    }
    const queued = ids.filter((id) => {
      const status = this.#updates.status({ run, id });
      if (status !== "error" && status !== "cancelled") return false;
      this.#restart(run, { id, status });
      return true;
    });
    this.#statements.of(
      "UPDATE pipeline_runs SET retried=coalesce(retried,0)+?2 WHERE id=?1",
    ).run(run, queued.length);
    return queued;
  }

  /** Keeps an attempt that failed, and queues its task again. */
  #retry(run: number, id: number, attempt: FailedAttempt): void {
    const { startedAt, finishedAt, error, message, isCounted } = attempt;
    const from = this.#statusOfOpen(run, id, "retry");
    if (isCounted) {
      this.#statements.of(
        `INSERT INTO task_attempts
           (task_id,run_id,attempt,status,started_at,finished_at,error,worker)
         SELECT id, run_id, 1 + (SELECT count(*) FROM task_attempts WHERE task_id=?1), 'error',
           coalesce(started_at,?2), ?3, ?4, worker FROM task_runs WHERE id=?1`,
      ).run(id, startedAt ?? null, finishedAt, error);
    }
    this.#reset(run, { id, status: from }, message);
  }

  /** Queues a task that sleeps: its progress and message so far stay. */
  #sleep(run: number, id: number, wakesAt: string): void {
    const from = this.#statusOfOpen(run, id, "put to sleep");
    this.#statements.of(
      "UPDATE task_runs SET status='queued', own_status='queued', wakes_at=?2 WHERE id=?1",
    ).run(id, wakesAt);
    this.#updates.move(run, id, from, "queued");
  }

  /** The status of a task that has not ended. It is `queued` when its Worker died before the start was written. */
  #statusOfOpen(run: number, id: number, operation: string): TaskStatus {
    const status = this.#updates.status({ run, id });
    if (status === "queued" || (status && canMove(status, "queued"))) return status;
    throw new SqliteError(`Cannot ${operation} task ${id}: it does not run in run ${run}`);
  }

  /** Makes a task `queued` as if it had never run; the attempt that ended is kept in `task_attempts`. */
  #restart(run: number, task: KeyedTask): void {
    // What the writer knows of it is brought in line with the table.
    if (task.status === "queued") return this.#updates.move(run, task.id, "queued", "queued");
    this.#statements.of(
      `INSERT INTO task_attempts
         (task_id,run_id,attempt,status,started_at,finished_at,error,worker)
       SELECT id, run_id, 1 + (SELECT count(*) FROM task_attempts WHERE task_id=?1), status,
         started_at, finished_at, coalesce(error, message), worker
       FROM task_runs WHERE id=?1 AND started_at IS NOT NULL`,
    ).run(task.id);
    this.#reset(run, task, null);
  }

  #reset(run: number, { id, status }: KeyedTask, message: string | null): void {
    this.#statements.of(
      `UPDATE task_runs SET status='queued', own_status='queued', progress=0, message=?2, started_at=NULL,
         finished_at=NULL, result=NULL, error=NULL, updated_at=NULL, rewritten_as=NULL,
         worker=NULL WHERE id=?1`,
    ).run(id, message);
    this.#updates.move(run, id, status, "queued");
  }

  /** Another program that wrote over the row of a task wrote its own name there. */
  #rename(id: number, name: string | null | undefined): void {
    if (!this.#runs.takenBack.delete(id) || !name) return;
    this.#statements.of("UPDATE task_runs SET name=?2 WHERE id=?1").run(id, name);
  }
}
