/**
 * The statements by which tasks add tasks: those whose key a run has already are left out, and the items of the others
 * are kept, so that a run that is resumed has them without what found them.
 *
 * @module
 */
import { BulkStatement } from "../../../sqlite/bulk_statement.ts";
import type { Connection } from "../../../sqlite/connection.ts";
import { Statements } from "../../../sqlite/statements.ts";
import type { SqlValue } from "../../../sqlite/values.ts";
import type { ExpectTasksMessage } from "../../protocol/run_message.ts";
import type { AddTasksMessage, QueueTasksMessage } from "../../protocol/task_message.ts";
import { ADDED_TASKS } from "../resume_store.ts";
import type { RunStore } from "../run_store.ts";

/** The part of the store that adds tasks. */
export class AddedTasks {
  readonly #runs: RunStore;
  readonly #statements: Statements;
  readonly #insert: BulkStatement;
  /** Runs that were added to: their keys are known. */
  readonly #grown = new Set<number>();

  constructor(connection: Connection, runs: RunStore) {
    this.#runs = runs;
    this.#statements = new Statements(connection);
    this.#insert = new BulkStatement(
      connection,
      "(?,?,?,?,'queued','queued',?,?)",
      (tuples) =>
        `INSERT INTO main.task_runs (id,name,run_id,key,status,own_status,input,added_by)
         VALUES ${tuples}`,
    );
  }

  /** Adds tasks and returns how many are new. */
  add({ run, by, names, keys, items }: AddTasksMessage): number {
    this.#grown.add(run);
    const isNew = this.#runs.keys.claim(run, keys);
    const fresh = items.flatMap((_, i) => isNew[i] ? [i] : []);
    if (fresh.length === 0) return 0;
    const first = this.#runs.reserveIds({ run, count: fresh.length });
    const values: SqlValue[] = [];
    fresh.forEach((i, at) => {
      const id = first + at;
      values.push(id, names[i] ?? `task ${id}`, run, keys[i]!, items[i]!, by);
    });
    this.#insert.run(values);
    this.#runs.count(run).queued += fresh.length;
    this.#statements.of(
      "UPDATE main.pipeline_runs SET expected=expected+?2 WHERE id=?1 AND expected IS NOT NULL",
    ).run(run, fresh.length);
    return fresh.length;
  }

  /** Keeps how many tasks a run has in all, of which this many are its items. */
  expect({ run, count }: ExpectTasksMessage): undefined {
    this.#statements.of(`UPDATE main.pipeline_runs SET expected=?2+${ADDED_TASKS} WHERE id=?1`)
      .run(run, count);
  }

  /** Tasks to queue, without those whose keys were added to their run; these are `left`. */
  leaveOut(message: QueueTasksMessage): { fresh: QueueTasksMessage; left?: readonly number[] } {
    const { run, ids, names, keys, unlessAdded } = message;
    if (!unlessAdded || !this.#grown.has(run)) return { fresh: message };
    const isAdded = this.#runs.keys.addedAmong(run, keys);
    const kept = <T>(values: readonly T[]) => values.filter((_, i) => !isAdded[i]);
    return {
      fresh: { ...message, ids: kept(ids), names: kept(names), keys: kept(keys) },
      left: ids.filter((_, i) => isAdded[i]),
    };
  }

  /** Items of a run that was added to became tasks: their keys cannot be added any more. */
  queued(run: number, keys: readonly (string | null)[]): void {
    if (this.#grown.has(run)) this.#runs.keys.note(run, keys);
  }

  /** A run has ended. */
  forget(run: number): void {
    this.#grown.delete(run);
  }
}
