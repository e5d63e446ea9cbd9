/**
 * The statements for `workers`, and for which of them runs a task: what is known of the workers on other machines
 * that take part in a run.
 *
 * @module
 */
import type { Connection } from "../../../sqlite/connection.ts";
import { type Columns, createTable } from "../../../sqlite/tables/table_changes.ts";
import { Statements } from "../../../sqlite/statement.ts";
import type { PlaceTasksMessage, SeeWorkerMessage } from "../../protocol/run_message.ts";

/** Workers on other machines; the table is made by the first run that has any. */
const WORKERS: Columns = {
  id: "INTEGER PRIMARY KEY",
  run_id: "INTEGER NOT NULL",
  name: "TEXT NOT NULL", // machine:pid
  machine: "TEXT NOT NULL",
  version: "TEXT NOT NULL",
  slots: "INTEGER NOT NULL",
  running: "INTEGER NOT NULL",
  ended: "INTEGER NOT NULL",
  tasks_per_s: "REAL NOT NULL",
  joined_at: "TEXT NOT NULL",
  heard_at: "TEXT NOT NULL",
  left_at: "TEXT", // NULL while it is connected
};

/** The part of the store that keeps workers; made, with its table, when there is one. */
export class RemoteWorkerStore {
  readonly #connection: Connection;
  readonly #statements: Statements;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#statements = new Statements(connection);
  }

  /** Keeps who runs tasks. */
  place({ run, ids, worker }: PlaceTasksMessage): undefined {
    const update = this.#statements.of("UPDATE task_runs SET worker=?3 WHERE id=?1 AND run_id=?2");
    for (const id of ids) update.run(id, run, worker);
  }

  /** Stores the last report of a worker. */
  see({ run, worker, ...rest }: SeeWorkerMessage): undefined {
    // Within the transaction of the message: when that is undone, so is the table.
    createWorkers(this.#connection);
    this.#statements.of(
      `INSERT INTO workers (run_id,name,machine,version,slots,running,ended,tasks_per_s,joined_at,
         heard_at,left_at)
       VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)
       ON CONFLICT (run_id,name) DO UPDATE SET version=excluded.version, slots=excluded.slots,
         running=excluded.running, ended=excluded.ended, tasks_per_s=excluded.tasks_per_s,
         heard_at=excluded.heard_at, left_at=excluded.left_at`,
    ).run(
      ...[run, worker, rest.machine, rest.version, rest.slots, rest.running, rest.ended],
      ...[rest.tasksPerSecond, rest.joinedAt, rest.heardAt, rest.leftAt ?? null],
    );
  }
}

/**
 * Creates the table of workers on other machines. A run without any needs none, and leaves the name to the user.
 *
 * @throws {Error} If there is a table of this name of another make
 */
export function createWorkers(connection: Connection): void {
  createTable(connection, "workers", WORKERS);
  connection.exec("CREATE UNIQUE INDEX IF NOT EXISTS idx_workers_run ON workers(run_id, name)");
}
