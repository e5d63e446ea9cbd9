/**
 * Messages in, rows out: a batch in one transaction, and the bad message found.
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
import { type ErrorData, toErrorData } from "../../errors.ts";
import type { InsertMessage, WriteMessage, WriteResult } from "../protocol/write_message.ts";
import type { TaskStatus } from "../../internal/task_status.ts";
import type { SqlValue } from "../../sqlite/values.ts";
import { MessageApplier, type StoreOptions } from "./apply.ts";
import { sameShape } from "./row_store.ts";

/** What became of the messages of a batch, by their index. */
export interface Outcome {
  /** What each message did, where there is something to say. */
  results: [number, WriteResult][];
  /** Why a message was not written. */
  failures: [number, ErrorData][];
}

/** Commits messages over the one read-write connection. */
export class Store {
  readonly #connection: Connection;
  readonly #apply: MessageApplier;

  constructor(connection: Connection, options?: StoreOptions) {
    this.#connection = connection;
    this.#apply = new MessageApplier(connection, options);
  }

  /** Rows written by insert messages since the store was made. */
  get rows(): number {
    return this.#apply.rows.rows;
  }

  /** Sets what the next commits write as the writer's health. */
  set health(health: SqlValue[]) {
    this.#apply.runs.health = health;
  }

  /** The run of a name that is known to be active, in words. */
  blockingRun(name: string): string | undefined {
    return this.#apply.runs.inTheWay(name);
  }

  /** The status that a task of a run has in the table. */
  taskStatus(task: { run: number; id: number }): TaskStatus | undefined {
    return this.#apply.updates.status(task);
  }

  /** Writes the health into the active runs. */
  writeHealth(): void {
    this.#apply.runs.touch();
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
        const { task } = Object(message) as { task?: number | undefined };
        if (task !== undefined) this.#apply.failed.add(task, failure);
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
        const failure = this.#apply.failed.behind(message);
        this.#apply.apply(message);
        return { results: [], failures: failure ? [[0, failure]] : [] };
      });
    }
  }

  #transaction<T>(body: () => T): T {
    try {
      const result = this.#connection.transaction(() => {
        const result = body();
        this.#apply.flush();
        return result;
      });
      this.#apply.committed();
      return result;
    } catch (error) {
      this.#apply.rolledBack();
      throw error;
    }
  }

  #applyAll(messages: readonly WriteMessage[]): Outcome {
    const results: [number, WriteResult][] = [];
    const failures: [number, ErrorData][] = [];
    let inserts: InsertMessage[] = [];
    const flushInserts = () => {
      if (inserts.length > 0) this.#apply.rows.insert(inserts);
      inserts = [];
    };
    messages.forEach((message, index) => {
      if (message.kind === "task_update" && !this.#apply.failed.has(message.id)) {
        this.#apply.updates.fold(message);
        return;
      }
      if (message.kind !== "insert" || (inserts[0] && !sameShape(inserts[0], message))) {
        flushInserts();
      }
      if (message.kind === "insert") {
        if (this.#apply.isNew(message)) inserts.push(message);
      } else {
        // What follows may look at what was told before.
        this.#apply.updates.flush();
        const failure = this.#apply.failed.behind(message);
        const result = this.#apply.apply(message);
        if (result !== undefined) results.push([index, result]);
        if (failure) failures.push([index, failure]);
      }
    });
    flushInserts();
    return { results, failures };
  }
}
