/**
 * A store over a connection of its own, and short ways to make the messages of tasks.
 *
 * @module
 */
import { connect, type Connection, type DriverName, initSchema, type SqlRow } from "../../../db.ts";
import type { RunStarted } from "../../../writer/protocol/run_message.ts";
import type {
  RequeueTasksMessage,
  TaskUpdateMessage,
} from "../../../writer/protocol/task_message.ts";
import type { WriteMessage, WriteResult } from "../../../writer/protocol/write_message.ts";
import type { Outcome } from "../../../writer/worker/outcome.ts";
import { Store } from "../../../writer/worker/commit.ts";
import { noCounts, type StatusCounts, type TaskStatus } from "../../../internal/task_status.ts";
import { assertEquals } from "../../support/assert.ts";

/** Options of {@linkcode openStore}. */
export interface StoreOptions {
  driver?: DriverName | undefined;
  db?: string;
  schema?: string;
  statements?: Record<string, string>;
  storeTaskStatus?: boolean;
}

/** A store, its connection, and what tests ask of both. */
export class TestStore implements Disposable {
  readonly connection: Connection;
  readonly store: Store;

  constructor(connection: Connection, statements?: Record<string, string>) {
    this.connection = connection;
    this.store = new Store(connection, { statements });
  }

  /** Commits messages as one batch. */
  commit(...messages: WriteMessage[]): Outcome {
    return this.store.commit(messages);
  }

  /** Commits one message, and returns what it did or throws its failure's text. */
  write(message: WriteMessage): WriteResult {
    const { results, failures } = this.store.commit([message]);
    if (failures[0]) throw new Error(failures[0][1].message);
    return results[0]?.[1];
  }

  /** Begins a run and queues a number of tasks. */
  startRun(tasks = 0): RunStarted & { ids: number[] } {
    const started = this.write(startRun(tasks)) as RunStarted;
    const ids = Array.from({ length: tasks }, (_, i) => started.firstId + i);
    this.write(queue(started.run, ids));
    return { ...started, ids };
  }

  /** Every row of a query. */
  all(sql: string, ...params: (string | number)[]): SqlRow[] {
    return this.connection.prepare(sql).all(...params);
  }

  /** The first column of every row of a query. */
  column(sql: string, ...params: (string | number)[]): unknown[] {
    return this.all(sql, ...params).map((row) => Object.values(row)[0]);
  }

  /** The row of a task. */
  task(id: number): SqlRow | undefined {
    return this.all("SELECT * FROM task_runs WHERE id=?", id)[0];
  }

  /** The counts that `pipeline_runs` keeps, and what counting the rows yields. */
  counts(run: number): { kept: StatusCounts; counted: StatusCounts } {
    const counted = noCounts();
    const sql = "SELECT status, count(*) AS n FROM task_runs WHERE run_id=? GROUP BY status";
    for (const row of this.all(sql, run)) counted[row.status as TaskStatus] = row.n as number;
    const { queued, running, done, error, cancelled } = this.all(
      "SELECT * FROM pipeline_runs WHERE id=?",
      run,
    )[0] as unknown as StatusCounts;
    return { kept: { queued, running, done, error, cancelled }, counted };
  }

  /** Checks both counts of a run; what is not named is expected to be 0. */
  expectCounts(run: number, expected: Partial<StatusCounts>): void {
    const { kept, counted } = this.counts(run);
    assertEquals(kept, counted);
    assertEquals(kept, { ...noCounts(), ...expected });
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }
}

/** Opens a store, in memory and over the built-in driver unless others are named. */
export async function openStore(options: StoreOptions = {}): Promise<TestStore> {
  const { db = ":memory:", driver = "builtin", schema, statements, storeTaskStatus } = options;
  const connection = await connect(db, { driver });
  initSchema(connection, { storeTaskStatus });
  if (schema) connection.exec(schema);
  return new TestStore(connection, statements);
}

export const AT = "2026-01-02T03:04:05.678Z";
export const LATER = "2026-01-02T03:04:06.789Z";

/** Begins a run. */
export function startRun(reserve: number): WriteMessage {
  return { kind: "start_run", name: "test", workers: 1, startedAt: AT, reserve };
}

/** Queues tasks that are named after their ids. */
export function queue(run: number, ids: readonly number[]): WriteMessage {
  const names = ids.map((id) => `task ${id}`);
  return { kind: "queue_tasks", run, ids, names, keys: ids.map(() => null) };
}

/** News of a task. */
export function news(
  run: number,
  id: number,
  fields: Partial<TaskUpdateMessage> = {},
): TaskUpdateMessage {
  return { kind: "task_update", run, id, ...fields };
}

/** The start of a task. */
export function start(run: number, id: number): TaskUpdateMessage {
  return news(run, id, { status: "running", startedAt: AT });
}

/** Queues a task again that failed. */
export function retry(run: number, task: number, message: string): RequeueTasksMessage {
  const attempt = { finishedAt: LATER, error: "Error: Not yet", message, isCounted: true };
  return { kind: "requeue_tasks", run, ids: [task], attempt };
}

/** Cancels what is queued. */
export function cancelQueued(run: number, message: string): WriteMessage {
  const [ids, status] = ["queued", "cancelled"] as const;
  return { kind: "end_tasks", run, ids, status, message, finishedAt: LATER };
}

/** The end of a task. */
export function end(
  run: number,
  id: number,
  status: TaskStatus = "done",
  fields: Partial<TaskUpdateMessage> = {},
): TaskUpdateMessage {
  return news(run, id, { status, finishedAt: LATER, ...fields });
}

/** One statement. */
export function execute(sql: string, ...params: (string | number | null)[]): WriteMessage {
  return { kind: "execute", sql, params };
}
