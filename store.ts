/**
 * Every statement that writes: messages in, rows out.
 *
 * A batch is tried whole in one transaction, in a form that needs few statements: neighbouring inserts of
 * one shape share a statement, and the news of a task is folded until the batch ends. Only when that
 * fails is the batch rolled back and replayed message by message, each under a savepoint, so that a bad
 * row fails its own message and nobody else's. Bad rows are rare, so good ones do not pay for them.
 *
 * A task whose message failed cannot become `done`: its end is written as `error` with that failure, and
 * its sender is told so.
 *
 * @module
 */
import { BulkStatement, placeholders, quoteName } from "./bulk.ts";
import { type Connection, SqliteError, type Statement } from "./db.ts";
import { type ErrorData, toErrorData } from "./errors.ts";
import type { ExecuteResult, InsertMessage, WriteMessage, WriteResult } from "./messages.ts";
import { TaskStore } from "./task_store.ts";
import { isEnd } from "./task_run.ts";
import type { SqlValue } from "./values.ts";

/** What became of the messages of a batch, by their index. */
export interface Outcome {
  /** What each message did, where there is something to say. */
  results: [number, WriteResult][];
  /** Why a message was not written. */
  failures: [number, ErrorData][];
}

/** Prepared shapes that are kept: more than any pipeline has tables, few enough to hold. */
const MAX_STATEMENTS = 256;

/** Keywords that would end or nest the writer's own transaction. */
const TRANSACTION_CONTROL =
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/|;)*(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/i;

/** Applies messages to the one read-write connection. */
export class Store {
  readonly #connection: Connection;
  readonly #statements: Readonly<Record<string, string>>;
  readonly #tasks: TaskStore;
  readonly #inserts = new Map<string, BulkStatement>();
  readonly #prepared = new Map<string, Statement>();
  readonly #failedTasks = new Map<number, ErrorData>();

  /** Rows written by insert messages since the store was made. */
  rows = 0;

  /** `statements` are the named statements that messages may refer to. */
  constructor(connection: Connection, statements: Readonly<Record<string, string>> = {}) {
    this.#connection = connection;
    this.#statements = statements;
    this.#tasks = new TaskStore(connection);
  }

  /** Sets what the next commits write as the writer's health. */
  set health(health: SqlValue[]) {
    this.#tasks.health = health;
  }

  /** Writes the messages in one transaction: each is committed when this returns, or among the failures. */
  commit(messages: readonly WriteMessage[]): Outcome {
    let outcome: Outcome;
    try {
      outcome = this.#transaction(() => this.#applyAll(messages));
    } catch {
      outcome = this.#replay(messages);
    }
    if (this.#failedTasks.size > 0) {
      for (const message of messages) {
        if (message.kind === "task_update" && message.status && isEnd(message.status)) {
          this.#failedTasks.delete(message.id);
        }
      }
    }
    return outcome;
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
      return result;
    } catch (error) {
      this.rows = rows;
      this.#tasks.rolledBack();
      throw error;
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
        inserts.push(message);
      } else {
        const result = this.#apply(message);
        if (result !== undefined) results.push([index, result]);
        const failure = this.#failureBehind(message);
        if (failure) failures.push([index, failure]);
      }
    });
    flushInserts();
    return { results, failures };
  }

  /**
   * Writes what can be written of a batch that failed as a whole. A message that rolls back more than its
   * savepoint (`ON CONFLICT ROLLBACK`) is left out, and the rest begins again; when the database itself
   * fails (a full disk), so does every message.
   */
  #replay(messages: readonly WriteMessage[]): Outcome {
    const poison = new Map<number, ErrorData>();
    const failedBefore = new Map(this.#failedTasks);
    for (;;) {
      try {
        return this.#transaction(() => this.#replayOnce(messages, poison));
      } catch (error) {
        this.#failedTasks.clear();
        for (const [task, failure] of failedBefore) this.#failedTasks.set(task, failure);
        if (error instanceof PoisonError) {
          poison.set(error.index, toErrorData(error.cause));
          continue;
        }
        const failure = toErrorData(error);
        return { results: [], failures: messages.map((_, i) => [i, poison.get(i) ?? failure]) };
      }
    }
  }

  #replayOnce(messages: readonly WriteMessage[], poison: Map<number, ErrorData>): Outcome {
    const outcome: Outcome = { results: [], failures: [] };
    const fail = (index: number, failure: ErrorData) => {
      outcome.failures.push([index, failure]);
      const message = messages[index]!;
      if ("task" in message && message.task !== undefined) {
        this.#failedTasks.set(message.task, failure);
      }
    };
    messages.forEach((message, index) => {
      const known = poison.get(index);
      if (known) return fail(index, known);
      const rows = this.rows;
      const undo = message.kind === "transaction" ? this.#tasks.savepoint() : undefined;
      try {
        const result = this.#connection.transaction(() => this.#apply(message));
        if (result !== undefined) outcome.results.push([index, result]);
        const failure = this.#failureBehind(message);
        if (failure) outcome.failures.push([index, failure]);
      } catch (error) {
        if (!this.#connection.inTransaction) {
          const own = error instanceof SqliteError && error.code === "constraint";
          throw own ? new PoisonError(index, error) : error;
        }
        this.rows = rows;
        undo?.();
        fail(index, toErrorData(error));
      }
    });
    return outcome;
  }

  /** The failure for which the end of a task was written as `error`. */
  #failureBehind(message: WriteMessage): ErrorData | undefined {
    if (message.kind !== "task_update" || message.status !== "done") return undefined;
    return this.#failedTasks.get(message.id);
  }

  #apply(message: WriteMessage): WriteResult {
    switch (message.kind) {
      case "insert":
        return this.#insert([message]);
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
        return message.messages.map((inner) => this.#apply(inner));
      case "start_run":
        return this.#tasks.startRun(message);
      case "reserve_ids":
        return this.#tasks.reserveIds(message);
      case "finish_run":
        return this.#tasks.finishRun(message);
      case "queue_tasks":
        return this.#tasks.queue(message);
      case "cancel_queued":
        return this.#tasks.cancelQueued(message);
      case "task_update":
        return this.#tasks.update(message, this.#failedTasks.get(message.id));
      default: {
        const unknown: never = message;
        throw new TypeError(`Cannot write a message of unknown kind ${Deno.inspect(unknown)}`);
      }
    }
  }

  #insert(messages: readonly InsertMessage[]): undefined {
    const first = messages[0]!;
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
    const control = TRANSACTION_CONTROL.exec(sql);
    if (control) {
      throw new TypeError(
        `Cannot execute ${control[1]!.toUpperCase()}: transactions are the writer's; ` +
          `send statements that belong together with transaction([...])`,
      );
    }
    const statement = cached(this.#prepared, sql, () => this.#connection.prepare(sql));
    const rows = statement.returnsRows ? statement.all(...params) : [];
    if (!statement.returnsRows) statement.runValues(params);
    const { changes, id } = cached(
      this.#prepared,
      "SELECT changes() AS changes, last_insert_rowid() AS id",
      (text) => this.#connection.prepare(text),
    ).get()!;
    return { changes: Number(changes), lastInsertRowid: id as number | bigint, rows };
  }
}

/** A message ended the whole transaction; it is left out of the next try. */
class PoisonError extends Error {
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super("A message ended the transaction of its batch", { cause });
    this.index = index;
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
