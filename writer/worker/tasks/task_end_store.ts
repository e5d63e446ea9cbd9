/**
 * The statements that end tasks from outside: they are cancelled, or were lost with their Worker.
 *
 * The engine decides; a task only moves from the status that the table has, and the answer contains that status.
 *
 * @module
 */
import type { Connection } from "../../../sqlite/connection.ts";
import type { EndTasksMessage, TaskFound, TasksEnded } from "../../protocol/task_message.ts";
import type { RunStore } from "../run_store.ts";
import { isOwn, STATUS_IN_RUN } from "../../../sqlite/rewritten_rows.ts";
import { Statements } from "../../../sqlite/statement.ts";
import type { TaskStatus } from "../../../internal/task_status.ts";
import type { TaskUpdateStore } from "./task_update_store.ts";

/** The part of the store that ends tasks. */
export class TaskEndStore {
  readonly #statements: Statements;
  readonly #runs: RunStore;
  readonly #updates: TaskUpdateStore;

  constructor(connection: Connection, runs: RunStore, updates: TaskUpdateStore) {
    this.#statements = new Statements(connection);
    this.#runs = runs;
    this.#updates = updates;
  }

  /** Ends tasks that have not ended. */
  end(message: EndTasksMessage): TasksEnded {
    const { run, ids } = message;
    if (ids === "queued") return { ended: this.#endQueued(message), found: [] };
    let ended = 0;
    const found = ids.map((id) => {
      const task = this.#find(run, id);
      const isOpen = task?.status === "queued" || (message.running && task?.status === "running");
      if (isOpen) {
        this.#end(message, task);
        ended++;
      }
      return task ?? null;
    });
    return { ended, found };
  }

  #endQueued({ run, status, message, error, finishedAt }: EndTasksMessage): number {
    const changes = this.#statements.of(
      `UPDATE task_runs SET status=?2, own_status=?2, message=?3, finished_at=?4,
         error=coalesce(?5, error)
       WHERE ${isOwn("queued")}`,
    ).run(run, status, message, finishedAt, error ?? null);
    const counts = this.#runs.count(run);
    counts.queued -= changes;
    counts[status] += changes;
    return changes;
  }

  #end({ run, status, message, error, finishedAt }: EndTasksMessage, task: TaskFound): void {
    this.#statements.of(
      `UPDATE task_runs SET status=?2, own_status=?2, message=?3, finished_at=?4,
         error=coalesce(?5, error)
       WHERE id=?1`,
    ).run(task.id, status, message, finishedAt, error ?? null);
    this.#updates.move(run, task.id, task.status, status);
  }

  #find(run: number, id: number): TaskFound | undefined {
    const row = this.#statements.of(
      `SELECT name, key, ${STATUS_IN_RUN} AS status FROM task_runs WHERE id=? AND run_id=?`,
    ).get(id, run);
    return row && {
      id,
      name: `${row.name}`,
      key: row.key as string | null,
      status: row.status as TaskStatus,
    };
  }
}
