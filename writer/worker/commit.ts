/**
 * Messages in, rows out: a batch in one transaction.
 *
 * A batch is tried whole in one transaction, in a form that needs few statements: neighbouring inserts of
 * one shape share a statement, and the news of a task is folded until the batch ends. Only when that
 * fails are bad messages looked for (`commit_apart.ts`). They are rare, so good ones do not pay for them.
 *
 * @module
 */
import { loadSchema } from "../../sqlite/schema_script.ts";
import { checkUserStatement } from "../../sqlite/user_statement.ts";
import { statementsOf } from "../../sqlite/sql_text.ts";
import type { Connection } from "../../sqlite/connection.ts";
import type { Query } from "../protocol/sender_port.ts";
import type { AddedPage } from "../protocol/task_message.ts";
import type { WriteMessage } from "../protocol/write_message.ts";
import type { TaskStatus } from "../../internal/task_status.ts";
import type { SqlRow, SqlValue } from "../../sqlite/values.ts";
import { MessageApplier, type StoreOptions } from "./apply.ts";
import type { Outcome } from "./outcome.ts";
import { commitApart } from "./commit_apart.ts";

/** Refuses a statement of a schema that works only before others use the connection, as in a dump. */
function refuseLate(sql: string): void {
  try {
    checkUserStatement(sql);
  } catch (error) {
    const [reason] = (error as Error).message.replace(/^Cannot execute /, "").split(";");
    throw new TypeError(
      `Cannot run the schema through a writer that is open: ${reason}. ` +
        `Pass the schema where the writer is opened`,
    );
  }
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

  /** The next tasks that were added to a run. */
  addedPage({ run, after, again }: Extract<Query, { kind: "added" }>): AddedPage[] {
    return again ? this.#apply.added.again(run, again) : this.#apply.added.page(run, after);
  }

  /** The rows of a statement that only reads. It finds what was added in `task_runs`. */
  query(query: { sql: string; params: readonly SqlValue[]; by?: number }): SqlRow[] {
    const { grown } = this.#apply.added;
    if (grown.length > 0) {
      this.#apply.transaction(() => grown.forEach((run) => this.#apply.added.queueAll(run)));
    }
    return this.#apply.rows.query(query);
  }

  /** Runs the statements of a script in one transaction. */
  runSchema(sql: string): undefined {
    loadSchema(this.#connection, () =>
      this.#apply.transaction(() => {
        for (const statement of statementsOf(sql)) {
          refuseLate(statement);
          this.#apply.rows.execute({ sql: statement, params: [] });
        }
      }));
  }

  /** Writes the health into the active runs. */
  writeHealth(): void {
    this.#apply.runs.touch();
    this.commit([]);
  }

  /** Writes the messages: each is committed when this returns, or among the failures. */
  commit(messages: readonly WriteMessage[]): Outcome {
    try {
      return this.#apply.transaction(() => this.#apply.applyAll(messages));
    } catch (error) {
      return commitApart({ connection: this.#connection, applier: this.#apply }, messages, error);
    }
  }
}
