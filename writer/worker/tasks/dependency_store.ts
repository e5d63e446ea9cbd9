/**
 * The statements for `task_dependencies`: which task of a run waits for which. The engine decides what may start;
 * what is kept here is for readers.
 *
 * @module
 */
import { BulkStatement } from "../../../sqlite/bulk_statement.ts";
import type { Connection } from "../../../sqlite/connection.ts";
import type { DependTasksMessage } from "../../protocol/task_message.ts";
import type { SqlValue } from "../../../sqlite/values.ts";

/** The part of the store that keeps dependencies. */
export class DependencyStore {
  readonly #connection: Connection;
  readonly #insert: BulkStatement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#insert = new BulkStatement(
      connection,
      "(?,?,?)",
      (tuples) =>
        `INSERT OR IGNORE INTO task_dependencies (run_id,task_id,depends_on_id) VALUES ${tuples}`,
    );
  }

  /** Keeps dependencies of a run, each of them once, and their number with the run. */
  write({ run, ids, dependsOn }: DependTasksMessage): undefined {
    const values: SqlValue[] = ids.flatMap((id, i) => [run, id, dependsOn[i]!]);
    const changes = this.#insert.run(values);
    this.#connection.prepare(
      "UPDATE pipeline_runs SET dependencies=coalesce(dependencies,0)+?2 WHERE id=?1",
    ).run(run, changes);
  }
}

/** Forgets the dependencies of a run: a resumed run sends them again, and they may have changed. */
export function forgetDependencies(connection: Connection, run: number): void {
  connection.prepare("DELETE FROM task_dependencies WHERE run_id=?").run(run);
  connection.prepare("UPDATE pipeline_runs SET dependencies=NULL WHERE id=?").run(run);
}
