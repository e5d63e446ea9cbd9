/**
 * What each kind of message does: the switch over all of them, and the transaction around it, with which what is kept
 * in memory of runs and tasks is taken back, too.
 *
 * @module
 */
import { AddedTasks } from "./tasks/added_tasks.ts";
import type { Connection } from "../../sqlite/connection.ts";
import { DependencyStore } from "./tasks/dependency_store.ts";
import { type ErrorData, fromErrorData } from "../../errors.ts";
import { FailedTasks } from "./tasks/failed_tasks.ts";
import { ItemNotes } from "./tasks/item_notes.ts";
import { KeyStore } from "./key_store.ts";
import type { Outcome } from "./outcome.ts";
import type {
  FinishRunMessage,
  RunFinished,
  RunStarted,
  StartRunMessage,
} from "../protocol/run_message.ts";
import type { RequeueTasksMessage, TaskUpdateMessage } from "../protocol/task_message.ts";
import type {
  InsertMessage,
  TransactionMessage,
  WriteMessage,
  WriteResult,
} from "../protocol/write_message.ts";
import { isOfUser, StatementBoard } from "../protocol/statement_board.ts";
import type { ProcessLock } from "./process_lock.ts";
import { addRequest, answerAll, answerRequest } from "./request_store.ts";
import { noteSchedule } from "./schedule_store.ts";
import { mayWaitForNews } from "./tasks/new_tasks.ts";
import { RemoteWorkerStore } from "./tasks/remote_worker_store.ts";
import type { RequestWatch } from "./request_watch.ts";
import { RowCounts, type TransactionPart } from "./row_counts.ts";
import { RowStore, sameShape } from "./row_store.ts";
import { RunStore } from "./run_store.ts";
import { TaskEndStore } from "./tasks/task_end_store.ts";
import { TaskUpdateStore } from "./tasks/task_update_store.ts";
import { TaskStore } from "./tasks/task_store.ts";
import { isEnd } from "../../internal/task_status.ts";

/** Values from which inserts gain nothing by sharing statements: to put them together costs more than it saves. */
const MANY_VALUES = 2_000;

/** Options of the store of one connection. */
export interface StoreOptions {
  /** The named statements that messages may refer to. */
  statements?: Readonly<Record<string, string>> | undefined;
  /** Who owns the runs. */
  owner?: ProcessLock | undefined;
  /** Is notified which runs are active and what is requested of them. */
  watch?: RequestWatch | undefined;
  /** Where the statement is noted that is carried out. */
  board?: StatementBoard | undefined;
}

/** Applies messages, one after the other, within a transaction. */
export class MessageApplier {
  readonly #connection: Connection;
  readonly #board: StatementBoard;
  readonly rows: RowStore;
  readonly #counts: RowCounts;
  readonly runs: RunStore;
  readonly updates: TaskUpdateStore;
  readonly failed = new FailedTasks();
  readonly #tasks: TaskStore;
  readonly added: AddedTasks;
  readonly #notes: ItemNotes;
  readonly #keys: KeyStore;
  readonly #dependencies: DependencyStore;
  readonly #ends: TaskEndStore;
  readonly #watch: RequestWatch | undefined;
  /** Made where tasks run on other machines. */
  #workers: RemoteWorkerStore | undefined;
  /** What keeps something of a transaction in mind until it has ended. */
  readonly #parts: TransactionPart[];

  constructor(connection: Connection, { statements, owner, watch, board }: StoreOptions = {}) {
    this.#connection = connection;
    this.#board = board ?? new StatementBoard();
    this.#counts = new RowCounts(connection);
    this.rows = new RowStore(connection, this.#board, this.#counts, statements);
    this.runs = new RunStore(connection, owner);
    this.updates = new TaskUpdateStore(connection, this.runs, this.#counts);
    this.#tasks = new TaskStore(connection, this.runs, this.updates);
    this.added = new AddedTasks(connection, this.runs, this.updates);
    this.#notes = new ItemNotes(connection, this.runs);
    this.#keys = new KeyStore(connection);
    this.#dependencies = new DependencyStore(connection);
    this.#ends = new TaskEndStore(connection, this.runs, this.updates);
    this.#watch = watch;
    this.#parts = [this.rows, this.updates, this.#counts, this.runs, this.failed];
    if (watch) this.#parts.push(watch);
  }

  /** Runs `body` in a transaction. */
  transaction<T>(body: () => T): T {
    try {
      const result = this.#connection.transaction(() => {
        const result = body();
        // A trigger of the user may hang on tables of ours.
        this.#board.enter("(news of tasks and runs)", undefined);
        this.updates.flush();
        this.#counts.flush();
        this.runs.flush();
        this.#board.leave();
        return result;
      });
      for (const part of this.#parts) part.committed();
      return result;
    } catch (error) {
      this.#board.leave();
      for (const part of this.#parts) part.rolledBack();
      throw error;
    }
  }

  /** Runs `body` in a part of the transaction that is undone by itself when it throws. */
  savepoint<T>(body: () => T): T {
    this.updates.flush();
    const marks = this.#parts.map((part) => part.mark());
    try {
      return this.#connection.transaction(() => {
        const result = body();
        this.updates.flush();
        return result;
      });
    } catch (error) {
      for (const restore of marks) restore();
      throw error;
    }
  }

  /** Applies messages together: neighbouring inserts of one shape share a statement, news is folded. */
  applyAll(messages: readonly WriteMessage[]): Outcome {
    const results: [number, WriteResult][] = [];
    const failures: [number, ErrorData][] = [];
    let inserts: InsertMessage[] = [];
    let values = 0;
    const flushInserts = () => {
      if (inserts.length > 0) this.#insert(inserts);
      inserts = [];
      values = 0;
    };
    messages.forEach((message, index) => {
      if (message.kind === "task_update" && !this.failed.has(message.id)) {
        this.updates.fold(message);
        return;
      }
      if (mayWaitForNews(message)) {
        this.apply(message);
        return;
      }
      if (message.kind !== "insert" || (inserts[0] && !sameShape(inserts[0], message))) {
        flushInserts();
      }
      if (message.kind === "insert") {
        if (values >= MANY_VALUES) flushInserts();
        if (!this.isNew(message)) return;
        inserts.push(message);
        values += message.values.length;
      } else {
        // The messages that follow may read the rows of the updates before.
        this.updates.flush();
        const failure = this.failed.behind(message);
        const result = this.apply(message);
        if (result !== undefined) results.push([index, result]);
        if (failure) failures.push([index, failure]);
      }
    });
    flushInserts();
    return { results, failures };
  }

  #insert(messages: readonly InsertMessage[]): undefined {
    this.rows.count(messages);
    this.updates.flushNew();
    this.rows.insert(messages);
  }

  /** Applies a message, and returns what it did. */
  apply(message: WriteMessage): WriteResult {
    if (!isOfUser(message)) this.#board.enter(`(${message.kind})`, undefined);
    switch (message.kind) {
      case "insert":
        return this.isNew(message) ? this.#insert([message]) : undefined;
      case "execute":
        return this.rows.execute(message);
      case "statement":
        return this.rows.executeNamed(message);
      case "transaction":
        return this.#transaction(message);
      case "start_run":
        return this.#startRun(message);
      case "reserve_ids":
        return this.runs.reserveIds(message);
      case "expect_tasks":
        return this.added.expect(message);
      case "finish_run":
        return this.#finishRun(message);
      case "add_tasks":
        return this.added.add(message);
      case "queue_added":
        return this.added.queue(message);
      case "resume_added":
        return this.failed.forget(this.#tasks.resumeAdded(message.run));
      case "note_items":
        return this.#notes.note(message);
      case "place_tasks":
        return this.#remote().place(message);
      case "see_worker":
        return this.#remote().see(message);
      case "queue_tasks":
        this.failed.forget(message.ids);
        return this.added.queueItems(message);
      case "resume_tasks": {
        const ids = this.#tasks.resume(message);
        this.failed.forget(ids);
        return ids;
      }
      case "depend_tasks":
        return this.#dependencies.write(message);
      case "requeue_tasks":
        return this.#requeue(message);
      case "end_tasks":
        this.added.queueAll(message.run);
        return this.#ends.end(message);
      case "request_control": {
        const request = addRequest(this.#connection, message);
        this.#watch?.expect(message.run, request, message.own === true);
        return request;
      }
      case "answer_control":
        return void answerRequest(this.#connection, message.request, message);
      case "note_schedule":
        return noteSchedule(this.#connection, message);
      case "task_update":
        return this.#update(message);
      default: {
        const unknown: never = message;
        throw new TypeError(`Cannot write a message of unknown kind ${Deno.inspect(unknown)}`);
      }
    }
  }

  /** Whether to write rows: they have no key, or a new one. */
  isNew({ idempotencyKey, table, values }: InsertMessage): boolean {
    return !idempotencyKey || values.length === 0 || this.#keys.claim(idempotencyKey, table);
  }

  #transaction({ idempotencyKey, messages, by }: TransactionMessage): WriteResult[] {
    if (idempotencyKey && !this.#keys.claim(idempotencyKey, "")) {
      return messages.map(() => undefined);
    }
    return messages.map((inner) => {
      this.updates.flush();
      // An end that cannot be `done` takes the rest of the transaction with it.
      const failure = this.failed.behind(inner);
      if (failure) throw fromErrorData(failure);
      return this.apply(by === undefined || !isOfUser(inner) ? inner : { ...inner, by });
    });
  }

  #update(message: TaskUpdateMessage): undefined {
    this.updates.update(message, this.failed.behind(message));
    if (message.status && isEnd(message.status)) this.failed.forget([message.id]);
  }

  #remote(): RemoteWorkerStore {
    return this.#workers ??= new RemoteWorkerStore(this.#connection);
  }

  #requeue(message: RequeueTasksMessage): readonly number[] {
    const ids = this.#tasks.requeue(message);
    this.#counts.requeued(ids);
    this.failed.forget(ids);
    return ids;
  }

  #startRun(message: StartRunMessage): RunStarted {
    const started = this.runs.start(message);
    this.#counts.begin(started.run, started);
    this.#watch?.begin(started.run);
    return started;
  }

  #finishRun(message: FinishRunMessage): RunFinished {
    this.added.queueAll(message.run);
    const finished = this.runs.finish(message);
    this.updates.endRun();
    this.#counts.endRun(message.run);
    this.added.forget(message.run);
    answerAll(this.#connection, message.run, message.stopped ? "cancelled" : finished.status);
    this.#watch?.end(message.run);
    return finished;
  }
}
