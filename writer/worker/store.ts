/**
 * Messages in, rows out: a batch in one transaction.
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
import type { Connection } from "../../sqlite/connection.ts";
import { classifyError } from "../../sqlite/explain.ts";
import { DependencyStore } from "./dependency_store.ts";
import { type ErrorData, fromErrorData, toErrorData } from "../../errors.ts";
import { FailedTasks } from "./failed_tasks.ts";
import { KeyStore } from "./key_store.ts";
import type {
  FinishRunMessage,
  RunFinished,
  RunStarted,
  StartRunMessage,
} from "../protocol/run_message.ts";
import type { InsertMessage, WriteMessage, WriteResult } from "../protocol/write_message.ts";
import { ControlStore } from "./control_store.ts";
import type { ProcessLock } from "./process_lock.ts";
import { addRequest, answerAll, answerRequest } from "./request_store.ts";
import type { RequestWatch } from "./request_watch.ts";
import { RowStore, sameShape } from "./row_store.ts";
import { RunStore } from "./run_store.ts";
import { TaskUpdateStore } from "./task_update_store.ts";
import { TaskStore } from "./task_store.ts";
import { isEnd } from "../../internal/task_status.ts";
import type { SqlValue } from "../../sqlite/values.ts";

/** What became of the messages of a batch, by their index. */
export interface Outcome {
  /** What each message did, where there is something to say. */
  results: [number, WriteResult][];
  /** Why a message was not written. */
  failures: [number, ErrorData][];
}

/** Applies messages to the one read-write connection. */
export class Store {
  readonly #connection: Connection;
  readonly #rows: RowStore;
  readonly #runs: RunStore;
  readonly #news: TaskUpdateStore;
  readonly #tasks: TaskStore;
  readonly #keys: KeyStore;
  readonly #dependencies: DependencyStore;
  readonly #control: ControlStore;
  readonly #watch: RequestWatch | undefined;
  readonly #failed = new FailedTasks();
  /** What keeps something of a transaction in mind until it has ended. */
  readonly #parts: readonly { committed(): void; rolledBack(): void }[];

  /**
   * `statements` are the named statements that messages may refer to, `owner` is who owns the runs, `watch` hears
   * which of them go on and what is asked of them.
   */
  constructor(
    connection: Connection,
    statements: Readonly<Record<string, string>> = {},
    owner?: ProcessLock,
    watch?: RequestWatch,
  ) {
    this.#connection = connection;
    this.#rows = new RowStore(connection, statements);
    this.#runs = new RunStore(connection, owner);
    this.#news = new TaskUpdateStore(connection, this.#runs);
    this.#tasks = new TaskStore(connection, this.#runs, this.#news);
    this.#keys = new KeyStore(connection);
    this.#dependencies = new DependencyStore(connection);
    this.#control = new ControlStore(connection, this.#tasks, this.#news);
    this.#watch = watch;
    this.#parts = [this.#rows, this.#news, this.#runs, this.#failed, ...(watch ? [watch] : [])];
  }

  /** Rows written by insert messages since the store was made. */
  get rows(): number {
    return this.#rows.rows;
  }

  /** Sets what the next commits write as the writer's health. */
  set health(health: SqlValue[]) {
    this.#runs.health = health;
  }

  /** The run of a name that is known to be under way, in words. */
  inTheWay(name: string): string | undefined {
    return this.#runs.inTheWay(name);
  }

  /** Writes the health into the runs that go on. */
  writeHealth(): void {
    this.#runs.touch();
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
        if (task !== undefined) this.#failed.add(task, failure);
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
        const failure = this.#failed.behind(message);
        this.#apply(message);
        return { results: [], failures: failure ? [[0, failure]] : [] };
      });
    }
  }

  #transaction<T>(body: () => T): T {
    try {
      const result = this.#connection.transaction(() => {
        const result = body();
        this.#news.flush();
        this.#runs.flush();
        return result;
      });
      for (const part of this.#parts) part.committed();
      return result;
    } catch (error) {
      for (const part of this.#parts) part.rolledBack();
      throw error;
    }
  }

  #applyAll(messages: readonly WriteMessage[]): Outcome {
    const results: [number, WriteResult][] = [];
    const failures: [number, ErrorData][] = [];
    let inserts: InsertMessage[] = [];
    const flushInserts = () => {
      if (inserts.length > 0) this.#rows.insert(inserts);
      inserts = [];
    };
    messages.forEach((message, index) => {
      if (message.kind === "task_update" && !this.#failed.has(message.id)) {
        this.#news.fold(message);
        return;
      }
      if (message.kind !== "insert" || (inserts[0] && !sameShape(inserts[0], message))) {
        flushInserts();
      }
      if (message.kind === "insert") {
        if (this.#isNew(message)) inserts.push(message);
      } else {
        // What follows may look at what was told before.
        this.#news.flush();
        const failure = this.#failed.behind(message);
        const result = this.#apply(message);
        if (result !== undefined) results.push([index, result]);
        if (failure) failures.push([index, failure]);
      }
    });
    flushInserts();
    return { results, failures };
  }

  #apply(message: WriteMessage): WriteResult {
    switch (message.kind) {
      case "insert":
        return this.#isNew(message) ? this.#rows.insert([message]) : undefined;
      case "execute":
        return this.#rows.execute(message.sql, message.params);
      case "statement":
        return this.#rows.executeNamed(message.name, message.params);
      case "transaction":
        if (message.idempotencyKey && !this.#keys.claim(message.idempotencyKey, "")) {
          return message.messages.map(() => undefined);
        }
        return message.messages.map((inner) => {
          // An end that cannot be `done` takes the rest of the transaction with it.
          const failure = this.#failed.behind(inner);
          if (failure) throw fromErrorData(failure);
          return this.#apply(inner);
        });
      case "start_run":
        return this.#startRun(message);
      case "reserve_ids":
        return this.#runs.reserveIds(message);
      case "finish_run":
        return this.#finishRun(message);
      case "queue_tasks":
        this.#tasks.queue(message);
        return this.#failed.forget(message.ids);
      case "resume_tasks": {
        const ids = this.#tasks.resume(message);
        this.#failed.forget(ids);
        return ids;
      }
      case "depend_tasks":
        return this.#dependencies.write(message);
      case "cancel_queued":
        return this.#tasks.cancelQueued(message);
      case "retry_task":
        this.#tasks.retry(message);
        return this.#failed.forget([message.task]);
      case "task_status":
        return this.#news.status(message);
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
        this.#failed.forget(ids);
        return ids;
      }
      case "lose_tasks":
        return this.#control.lose(message);
      case "task_update":
        this.#news.update(message, this.#failed.behind(message));
        if (message.status && isEnd(message.status)) this.#failed.forget([message.id]);
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
    const started = this.#runs.start(message);
    this.#watch?.begin(started.run);
    return started;
  }

  #finishRun(message: FinishRunMessage): RunFinished {
    const finished = this.#runs.finish(message);
    this.#news.endRun();
    answerAll(this.#connection, message.run, message.stopped ? "cancelled" : finished.status);
    this.#watch?.end(message.run);
    return finished;
  }
}
