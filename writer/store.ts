/**
 * Every statement that writes: messages in, rows out.
 *
 * A batch is tried whole in one transaction, in a form that needs few statements: neighbouring inserts of
 * one shape share a statement, and the news of a task is folded until the batch ends. Only when that
 * fails is it rolled back and tried in halves, down to the bad message, which then fails alone,
 * whatever it does (`INSERT OR ROLLBACK`, a foreign key that is checked at COMMIT). Bad rows are rare, so
 * good ones do not pay for them.
 *
 * A task whose message failed cannot become `done`: its end is written as `error` with that failure, and
 * its sender is told so.
 *
 * @module
 */
import { BulkStatement, placeholders, quoteName } from "./bulk.ts";
import { classifyError, type Connection, type Statement } from "../db.ts";
import { DependencyStore } from "./dependency_store.ts";
import { type ErrorData, fromErrorData, toErrorData } from "../errors.ts";
import { KeyStore } from "./key_store.ts";
import type {
  FinishRunMessage,
  RunFinished,
  RunStarted,
  StartRunMessage,
} from "../messages/run_message.ts";
import type {
  ExecuteResult,
  InsertMessage,
  WriteMessage,
  WriteResult,
} from "../messages/write_message.ts";
import { ControlStore } from "./control_store.ts";
import type { Owner } from "./ownership.ts";
import { addRequest, answerAll, answerRequest } from "./request_store.ts";
import type { RequestWatch } from "./request_watch.ts";
import { TaskStore } from "./task_store.ts";
import { isEnd } from "../task_run.ts";
import type { SqlValue } from "../database/values.ts";

/** What became of the messages of a batch, by their index. */
export interface Outcome {
  /** What each message did, where there is something to say. */
  results: [number, WriteResult][];
  /** Why a message was not written. */
  failures: [number, ErrorData][];
}

/** Prepared shapes that are kept: more than any pipeline has tables, few enough to hold. */
const MAX_STATEMENTS = 256;

/** Keywords that would begin, nest or end the writer's own transaction. */
const TRANSACTION_CONTROL = /^(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/i;

/** What may stand before a statement: white space, semicolons, comments. */
const HEADING = /[\s;\uFEFF]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;

/** Applies messages to the one read-write connection. */
export class Store {
  readonly #connection: Connection;
  readonly #statements: Readonly<Record<string, string>>;
  readonly #tasks: TaskStore;
  readonly #keys: KeyStore;
  readonly #dependencies: DependencyStore;
  readonly #control: ControlStore;
  readonly #watch: RequestWatch | undefined;
  readonly #inserts = new Map<string, BulkStatement>();
  readonly #prepared = new Map<string, Statement>();
  readonly #failedTasks = new Map<number, ErrorData>();
  /** Tasks that have ended, or begin anew, in this transaction: what failed in them says nothing of what follows. */
  readonly #forgotten = new Set<number>();

  /** Rows written by insert messages since the store was made. */
  rows = 0;

  /**
   * `statements` are the named statements that messages may refer to, `owner` is who owns the runs, `watch` hears
   * which of them go on and what is asked of them.
   */
  constructor(
    connection: Connection,
    statements: Readonly<Record<string, string>> = {},
    owner?: Owner,
    watch?: RequestWatch,
  ) {
    this.#connection = connection;
    this.#statements = statements;
    this.#tasks = new TaskStore(connection, owner);
    this.#keys = new KeyStore(connection);
    this.#dependencies = new DependencyStore(connection);
    this.#control = new ControlStore(connection, this.#tasks);
    this.#watch = watch;
  }

  /** Sets what the next commits write as the writer's health. */
  set health(health: SqlValue[]) {
    this.#tasks.health = health;
  }

  /** The run of a name that is known to be under way, in words. */
  inTheWay(name: string): string | undefined {
    return this.#tasks.inTheWay(name);
  }

  /** Writes the health into the runs that go on. */
  writeHealth(): void {
    this.#tasks.touchRuns();
    this.commit([]);
  }

  /** Writes the messages: each is committed when this returns, or among the failures. */
  commit(messages: readonly WriteMessage[]): Outcome {
    const outcome: Outcome = { results: [], failures: [] };
    this.#commitRange(messages, 0, outcome);
    return outcome;
  }

  /**
   * Commits messages together; if that fails, first one half and then the other, down to the bad one. So a
   * bad message costs some twenty transactions in a batch of a thousand, and not one for each good message.
   * When another process holds the lock, which each try waits for, all of it fails at once.
   */
  #commitRange(messages: readonly WriteMessage[], offset: number, outcome: Outcome): void {
    try {
      const { results, failures } = this.#commitTogether(messages);
      for (const [index, result] of results) outcome.results.push([offset + index, result]);
      for (const [index, failure] of failures) outcome.failures.push([offset + index, failure]);
    } catch (error) {
      if (messages.length > 1 && classifyError(error) !== "busy") {
        const half = messages.length >> 1;
        this.#commitRange(messages.slice(0, half), offset, outcome);
        this.#commitRange(messages.slice(half), offset + half, outcome);
        return;
      }
      const failure = toErrorData(error);
      messages.forEach((message, index) => {
        outcome.failures.push([offset + index, failure]);
        const { task } = Object(message) as { task?: number };
        if (task !== undefined) this.#failedTasks.set(task, failure);
      });
    }
  }

  #commitTogether(messages: readonly WriteMessage[]): Outcome {
    try {
      return this.#transaction(() => this.#applyAll(messages));
    } catch (error) {
      const [message] = messages;
      if (messages.length > 1 || message?.kind !== "task_update") throw error;
      // The task may be in another status than the writer knows: the table tells.
      return this.#transaction(() => {
        const failure = this.#failureBehind(message);
        this.#apply(message);
        return { results: [], failures: failure ? [[0, failure]] : [] };
      });
    }
  }

  #transaction<T>(body: () => T): T {
    const rows = this.rows;
    try {
      const result = this.#connection.transaction(() => {
        const result = body();
        this.#tasks.flush();
        return result;
      });
      this.#tasks.committed();
      for (const task of this.#forgotten) this.#failedTasks.delete(task);
      return result;
    } catch (error) {
      this.rows = rows;
      this.#tasks.rolledBack();
      throw error;
    } finally {
      this.#forgotten.clear();
    }
  }

  #applyAll(messages: readonly WriteMessage[]): Outcome {
    const results: [number, WriteResult][] = [];
    const failures: [number, ErrorData][] = [];
    let inserts: InsertMessage[] = [];
    const flushInserts = () => {
      if (inserts.length > 0) this.#insert(inserts);
      inserts = [];
    };
    messages.forEach((message, index) => {
      if (message.kind === "task_update" && !this.#failedTasks.has(message.id)) {
        this.#tasks.fold(message);
        return;
      }
      if (message.kind !== "insert" || (inserts[0] && !sameShape(inserts[0], message))) {
        flushInserts();
      }
      if (message.kind === "insert") {
        checkWidth(message);
        if (this.#isNew(message)) inserts.push(message);
      } else {
        // What follows may look at what was told before.
        this.#tasks.flushFolded();
        const failure = this.#failureBehind(message);
        const result = this.#apply(message);
        if (result !== undefined) results.push([index, result]);
        if (failure) failures.push([index, failure]);
      }
    });
    flushInserts();
    return { results, failures };
  }

  /** A task has ended, or begins anew. */
  #forget(tasks: readonly number[]): undefined {
    if (this.#failedTasks.size === 0) return;
    for (const task of tasks) this.#forgotten.add(task);
  }

  /** The failure for which a message's task cannot become `done`: its end is written as `error`. */
  #failureBehind(message: WriteMessage): ErrorData | undefined {
    if (message.kind !== "task_update" || message.status !== "done") return undefined;
    return this.#forgotten.has(message.id) ? undefined : this.#failedTasks.get(message.id);
  }

  #apply(message: WriteMessage): WriteResult {
    switch (message.kind) {
      case "insert":
        return this.#isNew(message) ? this.#insert([message]) : undefined;
      case "execute":
        return this.#execute(message.sql, message.params);
      case "statement": {
        const sql = Object.hasOwn(this.#statements, message.name)
          ? this.#statements[message.name]
          : undefined;
        if (sql === undefined) {
          throw new TypeError(
            `Cannot run statement ${Deno.inspect(message.name)}: register it under "statements" ` +
              `when the writer is opened`,
          );
        }
        return this.#execute(sql, message.params);
      }
      case "transaction":
        if (message.idempotencyKey && !this.#keys.claim(message.idempotencyKey, "")) {
          return message.messages.map(() => undefined);
        }
        return message.messages.map((inner) => {
          // An end that cannot be `done` takes the rest of the transaction with it.
          const failure = this.#failureBehind(inner);
          if (failure) throw fromErrorData(failure);
          return this.#apply(inner);
        });
      case "start_run":
        return this.#startRun(message);
      case "reserve_ids":
        return this.#tasks.reserveIds(message);
      case "finish_run":
        return this.#finishRun(message);
      case "queue_tasks":
        this.#tasks.queue(message);
        return this.#forget(message.ids);
      case "resume_tasks": {
        const ids = this.#tasks.resume(message);
        this.#forget(ids);
        return ids;
      }
      case "depend_tasks":
        return this.#dependencies.write(message);
      case "cancel_queued":
        return this.#tasks.cancelQueued(message);
      case "retry_task":
        this.#tasks.retry(message);
        return this.#forget([message.task]);
      case "task_status":
        return this.#tasks.status(message);
      case "request_control": {
        const request = addRequest(this.#connection, message);
        this.#watch?.expect(message.run, request, message.own === true);
        return request;
      }
      case "answer_control":
        return void answerRequest(this.#connection, message.request, message);
      case "cancel_task":
        return this.#control.cancel(message);
      case "requeue_tasks": {
        const ids = this.#control.requeue(message);
        this.#forget(ids);
        return ids;
      }
      case "lose_tasks":
        return this.#control.lose(message);
      case "task_update":
        this.#tasks.update(message, this.#failureBehind(message));
        if (message.status && isEnd(message.status)) this.#forget([message.id]);
        return;
      default: {
        const unknown: never = message;
        throw new TypeError(`Cannot write a message of unknown kind ${Deno.inspect(unknown)}`);
      }
    }
  }

  /** Whether rows are to be written: they have no key, or one that is new. */
  #isNew({ idempotencyKey, table, values }: InsertMessage): boolean {
    return !idempotencyKey || values.length === 0 || this.#keys.claim(idempotencyKey, table);
  }

  #startRun(message: StartRunMessage): RunStarted {
    const started = this.#tasks.startRun(message);
    this.#watch?.begin(started.run);
    return started;
  }

  #finishRun(message: FinishRunMessage): RunFinished {
    const finished = this.#tasks.finishRun(message);
    answerAll(this.#connection, message.run, message.stopped ? "cancelled" : finished.status);
    this.#watch?.end(message.run);
    return finished;
  }

  #insert(messages: readonly InsertMessage[]): undefined {
    const first = messages[0]!;
    checkWidth(first);
    const values = messages.length === 1 ? first.values : messages.flatMap(({ values }) => values);
    if (first.width === 0 || values.length === 0) return;
    this.#insertStatement(first).run(values);
    this.rows += values.length / first.width;
  }

  #insertStatement(message: InsertMessage): BulkStatement {
    const { table, columns, width, onConflict, update } = message;
    const key = JSON.stringify([table, columns, width, onConflict, update]);
    return cached(this.#inserts, key, () => {
      const into = columns ? ` (${columns.map(quoteName).join(",")})` : "";
      return new BulkStatement(
        this.#connection,
        placeholders(width),
        (tuples) => `INSERT INTO ${quoteName(table)}${into} VALUES ${tuples}${conflict(message)}`,
      );
    });
  }

  #execute(sql: string, params: readonly SqlValue[]): ExecuteResult {
    const control = TRANSACTION_CONTROL.exec(withoutHeading(sql));
    if (control) {
      throw new TypeError(
        `Cannot execute ${control[1]!.toUpperCase()}: transactions are the writer's; ` +
          `send statements that belong together with transaction([...])`,
      );
    }
    const prepare = (sql: string) => this.#connection.prepare(sql);
    const statement = cached(this.#prepared, sql, prepare);
    const count = cached(this.#prepared, COUNT_CHANGES, prepare);
    const before = count.get()!.total;
    const rows = statement.returnsRows ? statement.all(...params) : [];
    if (!statement.returnsRows) statement.runValues(params);
    const { total, changes, id } = count.get()!;
    // A statement that changes nothing leaves changes() as it was.
    return {
      changes: total === before ? 0 : Number(changes),
      lastInsertRowid: id as number | bigint,
      rows,
    };
  }
}

const COUNT_CHANGES =
  "SELECT total_changes() AS total, changes() AS changes, last_insert_rowid() AS id";

function withoutHeading(sql: string): string {
  let start = 0;
  HEADING.lastIndex = 0;
  while (HEADING.test(sql)) start = HEADING.lastIndex;
  return sql.slice(start);
}

function checkWidth({ table, values, width }: InsertMessage): void {
  if (values.length > 0 && !(width > 0 && values.length % width === 0)) {
    throw new TypeError(
      `Cannot insert ${values.length} values into ${table}: they are no whole rows of ${width}`,
    );
  }
}

function conflict({ columns, onConflict, update }: InsertMessage): string {
  if (!onConflict && !update) return "";
  const target = onConflict ? ` (${onConflict.map(quoteName).join(",")})` : "";
  const names = update === "ignore"
    ? []
    : update ?? columns?.filter((column) => !onConflict!.includes(column)) ?? [];
  if (names.length === 0) return ` ON CONFLICT${target} DO NOTHING`;
  const sets = names.map((name) => `${quoteName(name)}=excluded.${quoteName(name)}`);
  return ` ON CONFLICT${target} DO UPDATE SET ${sets.join(",")}`;
}

function sameShape(a: InsertMessage, b: InsertMessage): boolean {
  return a.table === b.table && a.width === b.width && a.update === b.update &&
    sameNames(a.columns, b.columns) && sameNames(a.onConflict, b.onConflict);
}

function sameNames(a?: readonly string[] | null, b?: readonly string[] | null): boolean {
  return a === b || (!!a && !!b && a.length === b.length && a.every((name, i) => name === b[i]));
}

/** Looks a statement up; when there are too many, those used least recently are dropped. */
function cached<T>(map: Map<string, T>, key: string, make: (key: string) => T): T {
  let value = map.get(key);
  if (value === undefined) {
    if (map.size >= MAX_STATEMENTS) map.delete(map.keys().next().value!);
    value = make(key);
  } else {
    map.delete(key);
  }
  map.set(key, value);
  return value;
}
