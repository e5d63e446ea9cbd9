/**
 * The statements by which new tasks of a run come into `task_runs`.
 *
 * A new task waits until the transaction looks at its row, or ends. Updates that arrive meanwhile go into the same
 * INSERT: readers see commits only, and a row that is written as `queued` first is written three times, with its
 * entries in the index.
 *
 * @module
 */
import { SqliteError } from "../../../errors.ts";
import { BulkStatement, placeholders } from "../../../sqlite/bulk_statement.ts";
import type { Connection } from "../../../sqlite/connection.ts";
import { classifyError } from "../../../sqlite/explain.ts";
import { Statements } from "../../../sqlite/statement.ts";
import { VERSION_TRIGGER } from "../../../sqlite/tables/task_tables.ts";
import type { SqlRow, SqlValue } from "../../../sqlite/values.ts";
import type { QueueTasksMessage, TaskUpdateMessage } from "../../protocol/task_message.ts";
import type { WriteMessage } from "../../protocol/write_message.ts";
import type { RowCounts } from "../row_counts.ts";
import type { RunStore } from "../run_store.ts";
import { addValues, COLUMNS, FIELDS, shapeOf, TAKE_OVER } from "./task_shape.ts";

/** New tasks of one shape of news: the first of the news, and the values of all. */
interface InsertGroup {
  first: TaskUpdateMessage;
  values: SqlValue[];
  /** Whether they carry what their tasks wrote. */
  wrote?: true;
  /** Whether they carry items that were added. */
  isAdded: boolean;
  /** Whether each has its key as its name, which most have: one text is bound for both. */
  isNamedByKey: boolean;
}

/** The part of the store that adds tasks. */
export class NewTasks {
  readonly #connection: Connection;
  readonly #runs: RunStore;
  readonly #counts: RowCounts;
  readonly #statements: Statements;
  readonly #queue: BulkStatement;
  readonly #queueAdded: BulkStatement;
  /** A statement for each shape of updates to tasks within the transaction that adds them. */
  readonly #inserts = new Map<number, BulkStatement>();
  /** What this transaction has still to write. */
  #waiting: QueueTasksMessage[] = [];

  constructor(connection: Connection, runs: RunStore, counts: RowCounts) {
    this.#connection = connection;
    this.#runs = runs;
    this.#counts = counts;
    this.#statements = new Statements(connection);
    this.#queue = new BulkStatement(
      connection,
      "(?,?,?,?,'queued','queued')",
      (tuples) => `INSERT INTO task_runs (id,name,run_id,key,status,own_status) VALUES ${tuples}`,
    );
    this.#queueAdded = new BulkStatement(
      connection,
      "(?,?,?,?,?,?,'queued','queued')",
      (tuples) =>
        `INSERT INTO task_runs (id,name,run_id,key,input,added_by,status,own_status)
         VALUES ${tuples}`,
    );
  }

  /** Adds tasks, which are written with the next {@linkcode write}. */
  add(message: QueueTasksMessage): void {
    const { run, ids } = message;
    if (ids.length === 0) return;
    this.#waiting.push(message);
    this.#runs.count(run).queued += ids.length;
    this.#runs.extend(
      run,
      ids.reduce((a, b) => a < b ? a : b),
      ids.reduce((a, b) => a > b ? a : b),
    );
  }

  /**
   * Writes what waits, with its news where that can be done. Returns the news that are written; the others have their
   * tasks in the table now.
   */
  write(news: ReadonlyMap<number, TaskUpdateMessage>): readonly TaskUpdateMessage[] {
    if (this.#waiting.length === 0) return [];
    const waiting = this.#waiting;
    this.#waiting = [];
    if (news.size > 0 && !this.#hasTriggers()) {
      try {
        return this.#connection.transaction(() => this.#insert(waiting, news));
      } catch (error) {
        if (!this.#connection.inTransaction || classifyError(error) !== "constraint") throw error;
        // Which of them cannot be written, and why, is found one step after the other.
      }
    }
    for (const message of waiting) this.#queueAll(message);
    return [];
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
  }

  /** A run has ended: statements that only serve its tasks are not needed any more. */
  endRun(): void {
    this.#inserts.clear();
  }

  #insert(
    waiting: readonly QueueTasksMessage[],
    news: ReadonlyMap<number, TaskUpdateMessage>,
  ): TaskUpdateMessage[] {
    const groups = new Map<number, InsertGroup>();
    const written: TaskUpdateMessage[] = [];
    for (const message of waiting) {
      const { run, ids, names, keys, added } = message;
      const queued: number[] = [];
      for (let i = 0; i < ids.length; i++) {
        const id = ids[i]!;
        const update = news.get(id);
        if (update?.run !== run || !update.status) {
          queued.push(i);
          continue;
        }
        const wrote = this.#counts.textFor(id, run);
        const key = keys[i] ?? null;
        const isNamedByKey = names[i] === key;
        const shape = shapeOf(update, "queued", wrote) * 4 + (added ? 2 : 0) +
          (isNamedByKey ? 1 : 0);
        let group = groups.get(shape);
        if (!group) {
          const isAdded = added !== undefined;
          groups.set(shape, group = { first: update, values: [], isAdded, isNamedByKey });
        }
        const { values } = group;
        values.push(id, key);
        if (!isNamedByKey) values.push(names[i]!);
        if (added) values.push(added.items[i]!, added.by);
        addValues(update, values);
        if (wrote !== undefined) {
          values.push(wrote);
          group.wrote = true;
        }
        written.push(update);
      }
      this.#insertQueued(message, queued);
    }
    for (const [shape, group] of groups) this.#statement(shape, group).run(group.values);
    return written;
  }

  /** Writes tasks of a message as `queued`. */
  #insertQueued(
    { run, ids, names, keys, added }: QueueTasksMessage,
    which: Iterable<number>,
  ): void {
    const values: SqlValue[] = [];
    for (const i of which) {
      values.push(ids[i]!, names[i]!, run, keys[i] ?? null);
      if (added) values.push(added.items[i]!, added.by);
    }
    (added ? this.#queueAdded : this.#queue).run(values);
  }

  #statement(shape: number, { first, wrote, isAdded, isNamedByKey }: InsertGroup): BulkStatement {
    let statement = this.#inserts.get(shape);
    if (!statement) {
      const { run, status, ...rest } = first;
      const columns = ["id", "key"];
      if (!isNamedByKey) columns.push("name");
      if (isAdded) columns.push("input", "added_by");
      for (const field of FIELDS) if (rest[field] !== undefined) columns.push(COLUMNS[field]);
      if (wrote) columns.push("wrote");
      const tuple = placeholders(columns.length);
      const values = columns.map((_, i) => `column${i + 1}`);
      if (isNamedByKey) {
        columns.push("name");
        values.push("column2");
      }
      columns.push("run_id", "status", "own_status");
      values.push(`${run}`, `'${status}'`, `'${status}'`);
      if (status === "done") {
        columns.push("progress");
        values.push("1");
      }
      const into = `INSERT INTO task_runs (${columns.join(",")}) SELECT ${values.join(",")}`;
      statement = new BulkStatement(
        this.#connection,
        tuple,
        (tuples) => `${into} FROM (VALUES ${tuples})`,
      );
      this.#inserts.set(shape, statement);
    }
    return statement;
  }

  /**
   * Writes tasks as `queued`. Another program that numbers tasks from 1 may have written rows under ids that were
   * reserved for the run: they become tasks of the run, as that program would make rows of the run its own.
   */
  #queueAll(message: QueueTasksMessage): void {
    const { ids, chosen } = message;
    try {
      this.#connection.transaction(() => this.#insertQueued(message, ids.keys()));
    } catch (error) {
      const taken = this.#taken(ids);
      if (!taken) throw error;
      if (chosen || taken.run_id !== null) throw isTaken(taken);
      this.#connection.transaction(() => this.#takeOver(message));
    }
  }

  /** The first row that has one of these ids, one of a run before others. */
  #taken(ids: readonly number[]): SqlRow | undefined {
    const select = this.#statements.of("SELECT id, run_id FROM task_runs WHERE id=?");
    const rows = ids.map((id) => select.get(id)).filter((row) => row !== undefined);
    return rows.find(({ run_id }) => run_id !== null) ?? rows[0];
  }

  #takeOver({ run, ids, names, keys, added }: QueueTasksMessage): void {
    const insert = this.#statements.of(TAKE_OVER);
    ids.forEach((id, i) => {
      const item = added ? [added.items[i]!, added.by] : [null, null];
      insert.run(id, names[i]!, run, keys[i] ?? null, ...item);
    });
  }

  /** Whether triggers of the user's look at each status that a task takes. */
  #hasTriggers(): boolean {
    const { found } = this.#statements.of(
      `SELECT EXISTS (SELECT 1 FROM sqlite_schema
         WHERE type='trigger' AND tbl_name='task_runs' COLLATE NOCASE) OR
       EXISTS (SELECT 1 FROM sqlite_temp_schema
         WHERE type='trigger' AND tbl_name='task_runs' COLLATE NOCASE
           AND name<>'${VERSION_TRIGGER}') AS found`,
    ).get()!;
    return found !== 0;
  }
}

/** Whether a message queues tasks of which nothing is asked: their news may be written with them. */
export function mayWaitForNews(message: WriteMessage): boolean {
  if (message.kind === "queue_added") return message.upTo !== undefined;
  return message.kind === "queue_tasks" && !message.chosen && !message.unlessAdded;
}

function isTaken({ id, run_id: run }: SqlRow): SqliteError {
  const whose = run === null ? "another program has a task" : `run ${run} has a task`;
  return new SqliteError(
    `Cannot queue task ${id}: ${whose} of that id. Leave out taskId to get free ids, and use "key" ` +
      `for an identity that lasts over runs`,
    "constraint",
  );
}
