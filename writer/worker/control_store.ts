/**
 * What a request does to tasks while their run goes on: one that was not started is cancelled, those that have
 * ended are queued again, and those that were lost with a Worker are said to be.
 *
 * The engine decides; what is done here only ever moves tasks from where the table says they are, and answers
 * with where that was.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import type {
  CancelTaskMessage,
  LoseTasksMessage,
  RequeueTasksMessage,
  TaskFound,
} from "../protocol/task_message.ts";
import { Statements } from "./statements.ts";
import { type EndStatus, isEnd, type TaskStatus } from "../../internal/task_status.ts";
import type { TaskUpdateStore } from "./task_update_store.ts";
import type { TaskStore } from "./task_store.ts";

/** How a task ends. */
interface TaskEnd {
  status: EndStatus;
  message: string;
  error?: string;
  finishedAt: string;
}

/** Moves tasks because somebody asked for it. */
export class ControlStore {
  readonly #statements: Statements;
  readonly #tasks: TaskStore;
  readonly #news: TaskUpdateStore;

  constructor(connection: Connection, tasks: TaskStore, news: TaskUpdateStore) {
    this.#statements = new Statements(connection);
    this.#tasks = tasks;
    this.#news = news;
  }

  /** Cancels a task that is `queued`, and returns what it was before; `undefined` when there is no such task. */
  cancel({ run, id, message, finishedAt }: CancelTaskMessage): TaskFound | undefined {
    const found = this.#find(run, id);
    if (found?.status === "queued") {
      this.#end(run, found, { status: "cancelled", message, finishedAt });
    }
    return found;
  }

  /** Queues tasks again that ended, and not as `done`; returns the ids of those that are queued now. */
  requeue({ run, ids }: RequeueTasksMessage): number[] {
    const queued = ids.filter((id) => {
      const status = this.#find(run, id)?.status;
      if (status !== "error" && status !== "cancelled") return false;
      this.#tasks.requeue(run, { id, status });
      return true;
    });
    this.#statements.of(
      "UPDATE pipeline_runs SET retried=coalesce(retried,0)+?2 WHERE id=?1",
    ).run(run, queued.length);
    return queued;
  }

  /** Ends tasks that have not ended, and returns the status of each. */
  lose({ run, ids, ...end }: LoseTasksMessage): TaskStatus[] {
    return ids.map((id) => {
      const found = this.#find(run, id);
      if (found && isEnd(found.status)) return found.status;
      if (found) this.#end(run, found, end);
      return end.status;
    });
  }

  #find(run: number, id: number): TaskFound | undefined {
    const row = this.#statements.of(
      "SELECT name, key, status FROM task_runs WHERE id=? AND run_id=?",
    ).get(id, run);
    return row && {
      id,
      name: `${row.name}`,
      key: row.key as string | null,
      status: row.status as TaskStatus,
    };
  }

  #end(
    run: number,
    { id, status: from }: TaskFound,
    { status, message, error, finishedAt }: TaskEnd,
  ): void {
    this.#statements.of(
      `UPDATE task_runs SET status=?2, message=?3, finished_at=?4,
         error=coalesce(?5, error) WHERE id=?1`,
    ).run(id, status, message, finishedAt, error ?? null);
    this.#news.move(run, id, from, status);
  }
}
