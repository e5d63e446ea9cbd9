/**
 * News of tasks, written into `task_runs`.
 *
 * Within a transaction the news of each task is folded into one update: readers see commits only, so
 * nothing is lost by it. News of one shape share a statement, which moves many tasks at once from the status
 * that they are known to have.
 *
 * @module
 */
import { BulkStatement, placeholders } from "../../../sqlite/bulk_statement.ts";
import { type ErrorData, SqliteError } from "../../../errors.ts";
import { toErrorSummary, toErrorText } from "../../../internal/error_text.ts";
import type { Connection } from "../../../sqlite/connection.ts";
import { STATUS_IN_RUN } from "../../../sqlite/rewritten_rows.ts";
import type { Statement } from "../../../sqlite/statement.ts";
import type { QueueTasksMessage, TaskUpdateMessage } from "../../protocol/task_message.ts";
import { foldNews } from "../../protocol/task_news.ts";
import type { RowCounts } from "../row_counts.ts";
import type { RunStore } from "../run_store.ts";
import { NewTasks } from "./new_tasks.ts";
import { addValues, COLUMNS, FIELDS, shapeOf } from "./task_shape.ts";
import { canMove, type TaskStatus } from "../../../internal/task_status.ts";
import type { SqlValue } from "../../../sqlite/values.ts";

/** News of one shape: the first of them, and the values of all. */
interface UpdateGroup {
  from: TaskStatus;
  first: TaskUpdateMessage;
  values: SqlValue[];
  /** Whether they carry what their tasks wrote. */
  wrote?: true;
}

/** The part of the store that knows how far tasks are. */
export class TaskUpdateStore {
  readonly #connection: Connection;
  readonly #runs: RunStore;
  readonly #counts: RowCounts;
  #status: Statement | undefined;
  /** Tasks that come into the table. */
  readonly #new: NewTasks;
  /** A statement for each shape of news: from which status to which, and which other fields are set. */
  readonly #updates = new Map<number, BulkStatement>();
  /** Tasks that are `running` as far as is committed; a task that is not among them is `queued`. */
  readonly #running = new Set<number>();
  // What this transaction has changed so far. Each has maps of its own, for the reason of `TransientMap`.
  #folded = new Map<number, TaskUpdateMessage>();
  #moved = new Map<number, TaskStatus>();
  /** The task of each move, and where that was noted before: two lists, because a pair for each would be garbage. */
  #moves: number[] = [];
  #movedFrom: (TaskStatus | undefined)[] = [];

  constructor(connection: Connection, runs: RunStore, counts: RowCounts) {
    this.#connection = connection;
    this.#runs = runs;
    this.#counts = counts;
    this.#new = new NewTasks(connection, runs, counts);
  }

  /** Adds new tasks to what this transaction will write. */
  queue(message: QueueTasksMessage): void {
    // News that came before their task are not the task's. Tried apart, they are refused.
    if (this.#folded.size > 0 && message.ids?.some?.((id) => this.#folded.has(id))) {
      throw new SqliteError("Cannot queue a task of which there is news already");
    }
    this.#new.add(message);
  }

  /** Adds the news of a task to what this transaction will write. */
  fold(message: TaskUpdateMessage): void {
    if (!Number.isSafeInteger(message.run)) {
      throw new TypeError(
        `Cannot update task ${message.id}: ${Deno.inspect(message.run)} is not a run`,
      );
    }
    const before = this.#folded.get(message.id);
    // One of them is wrong; the table shows which.
    if (before && before.run !== message.run) throw noTask(message);
    let current = before?.status ?? this.#statusOf(message.id);
    // The sender may have folded the start into what followed it.
    if (message.startedAt && message.status !== "running" && current === "queued") {
      current = "running";
    }
    const { status } = message;
    // Back to `queued` leads `retry()` alone, which keeps the attempt.
    if (status ? status === "queued" || !canMove(current, status) : current !== "running") {
      throw illegal(message, current);
    }
    // The messages stay as they are: when the batch fails, they are tried apart.
    const folded = before || message.status === "done" ? { ...before ?? message } : message;
    if (before) foldNews(folded, message);
    // A task that is done is whole.
    if (folded.status === "done") folded.progress = undefined;
    this.#folded.set(message.id, folded);
  }

  /** Writes the news of one task now, whatever is known of it; `failure` turns its `done` into `error`. */
  update(message: TaskUpdateMessage, failure?: ErrorData): undefined {
    if (failure && message.status === "done") message = failed(message, failure);
    this.flush();
    const status = this.status(message);
    if (!status) throw noTask(message);
    this.#note(message.id, status);
    this.fold(message);
    this.flush();
  }

  /** Writes what is folded. Called before each commit, and before any statement that may look at it. */
  flush(): void {
    this.flushNew();
    if (this.#folded.size === 0) return;
    const groups = new Map<number, UpdateGroup>();
    for (const m of this.#folded.values()) {
      const from = this.#statusOf(m.id);
      const wrote = this.#counts.textFor(m.id, m.run);
      const shape = shapeOf(m, from, wrote);
      let group = groups.get(shape);
      if (!group) groups.set(shape, group = { from, first: m, values: [] });
      const { values } = group;
      values.push(m.id);
      addValues(m, values);
      if (wrote !== undefined) {
        values.push(wrote);
        group.wrote = true;
      }
      if (m.status) this.move(m.run, m.id, from, m.status);
      this.#counts.written(m.id, m.status);
    }
    const expected = this.#folded.size;
    this.#folded = new Map();
    let changes = 0;
    for (const [shape, group] of groups) {
      changes += this.#updateStatement(shape, group).run(group.values);
    }
    if (changes !== expected) {
      throw new SqliteError("Some tasks were not in the status that the writer knew");
    }
  }

  /** Writes new tasks. Called before rows are written, which may refer to them. */
  flushNew(): void {
    const written = this.#new.write(this.#folded);
    const isAll = written.length === this.#folded.size;
    if (isAll) this.#folded = new Map();
    for (const { run, id, status } of written) {
      if (!isAll) this.#folded.delete(id);
      this.move(run, id, "queued", status!);
      this.#counts.written(id, status);
    }
  }

  /** The status that a task of a run has in the table. */
  status({ run, id }: { run: number; id: number }): TaskStatus | undefined {
    this.#status ??= this.#connection.prepare(
      `SELECT ${STATUS_IN_RUN} AS status, run_id FROM task_runs WHERE id=?`,
    );
    const row = this.#status.get(id);
    return row?.run_id === run ? row?.status as TaskStatus : undefined;
  }

  /** A task goes from one status to another, by whatever statement. */
  move(run: number, id: number, from: TaskStatus, to: TaskStatus): void {
    this.#note(id, to);
    this.#runs.countMove(run, from, to);
  }

  /** A run has ended: statements that only serve its tasks are not needed any more. */
  endRun(): void {
    this.#updates.clear();
    this.#new.endRun();
  }

  /** Calling what it returns takes back what is noted after. */
  mark(): () => void {
    const moves = this.#moves.length;
    return () => {
      this.#folded.clear();
      this.#new.clear();
      while (this.#moves.length > moves) {
        const [id, before] = [this.#moves.pop()!, this.#movedFrom.pop()];
        if (before === undefined) this.#moved.delete(id);
        else this.#moved.set(id, before);
      }
    };
  }

  /** The transaction is committed: what it changed is now what is known. */
  committed(): void {
    for (const [id, status] of this.#moved) {
      if (status === "running") this.#running.add(id);
      else this.#running.delete(id);
    }
    this.rolledBack();
  }

  /** The transaction is undone: what it changed is forgotten. */
  rolledBack(): void {
    this.#folded = new Map();
    this.#new.clear();
    this.#moved = new Map();
    this.#moves = [];
    this.#movedFrom = [];
  }

  #note(id: number, status: TaskStatus): void {
    this.#moves.push(id);
    this.#movedFrom.push(this.#moved.get(id));
    this.#moved.set(id, status);
  }

  #updateStatement(shape: number, { from, first, wrote }: UpdateGroup): BulkStatement {
    let statement = this.#updates.get(shape);
    if (!statement) {
      const set: string[] = FIELDS.filter((field) => first[field] !== undefined)
        .map((field) => COLUMNS[field]);
      if (wrote) set.push("wrote");
      const sets = set.map((column, i) => `${column}=v.column${i + 2}`);
      if (first.status) {
        sets.push(`status='${first.status}'`, `own_status='${first.status}'`);
      }
      if (first.status === "done") sets.push("progress=1");
      const sql = (tuples: string) =>
        `UPDATE task_runs SET ${sets.join(",")} FROM (VALUES ${tuples}) AS v
         WHERE task_runs.id=v.column1 AND run_id=${first.run} AND ${STATUS_IN_RUN}='${from}'`;
      statement = new BulkStatement(this.#connection, placeholders(set.length + 1), sql);
      this.#updates.set(shape, statement);
    }
    return statement;
  }

  #statusOf(id: number): TaskStatus {
    return this.#moved.get(id) ?? (this.#running.has(id) ? "running" : "queued");
  }
}

function illegal(message: TaskUpdateMessage, current: TaskStatus): SqliteError {
  return new SqliteError(
    message.status
      ? `Cannot set task ${message.id} to ${message.status}: it is ${current}`
      : `Cannot report progress of task ${message.id}: it is ${current}`,
    "constraint",
  );
}

function noTask({ id, run }: TaskUpdateMessage): SqliteError {
  return new SqliteError(
    `Cannot update task ${id}: there is no such task in run ${run}. ` +
      "Another program may have deleted its row, or copied an older database over the file: resume the run, or " +
      "begin another",
  );
}

function failed(message: TaskUpdateMessage, failure: ErrorData): TaskUpdateMessage {
  const { result: _, progress: __, ...rest } = message;
  return {
    ...rest,
    status: "error",
    message: toErrorSummary(failure),
    error: toErrorText(failure),
  };
}
