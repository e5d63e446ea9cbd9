/**
 * The statements for `task_runs` and `pipeline_runs`.
 *
 * Within a transaction the news of each task is folded into one update: whoever reads sees commits only,
 * so nothing is lost by it. The counts by status of each run are kept here, in the same transaction as
 * the rows they count; nobody ever has to count a million rows.
 *
 * @module
 */
import { BulkStatement, placeholders } from "./bulk.ts";
import { type Connection, SqliteError, type Statement } from "../db.ts";
import { forgetDependencies } from "./dependency_store.ts";
import { type ErrorData, toErrorText } from "../errors.ts";
import type {
  FinishRunMessage,
  ReserveIdsMessage,
  RunFinished,
  RunKey,
  RunStarted,
  StartRunMessage,
} from "../messages/run_message.ts";
import type {
  CancelQueuedMessage,
  QueueTasksMessage,
  ResumeTasksMessage,
  RetryTaskMessage,
  TaskStatusMessage,
  TaskUpdateMessage,
} from "../messages/task_message.ts";
import { OverlapStore } from "./overlap_store.ts";
import type { Owner } from "./ownership.ts";
import { interruptTasks, recoverRuns } from "./recovery.ts";
import { ResumeStore } from "./resume_store.ts";
import {
  canMove,
  canRequeue,
  noCounts,
  type StatusCounts,
  TASK_STATUSES,
  type TaskStatus,
} from "../task_run.ts";
import type { SqlValue } from "../database/values.ts";

/** What news of a task can tell, and the column where it goes. */
const COLUMNS = {
  progress: "progress",
  message: "message",
  startedAt: "started_at",
  finishedAt: "finished_at",
  result: "result",
  error: "error",
  updatedAt: "updated_at",
} as const;
const FIELDS = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];

/** Milliseconds between two samples of a run, at its beginning. */
const SAMPLE_INTERVAL_MS = 100;

/** A run's age over the time between its samples: 1,000 of them tell of a day as well as of ten seconds. */
const SAMPLES_PER_AGE = 100;

/** News of one shape: the first of them, and the values of all. */
interface UpdateGroup {
  from: TaskStatus;
  first: TaskUpdateMessage;
  values: SqlValue[];
}

/** The part of the store that keeps the state of tasks and runs. */
export class TaskStore {
  readonly #connection: Connection;
  readonly #owner: Owner | undefined;
  readonly #resumed: ResumeStore;
  readonly #overlap: OverlapStore;
  readonly #statements: Record<string, Statement> = {};
  readonly #queue: BulkStatement;
  /** A statement for each shape of news: from which status to which, and what else is told. */
  readonly #updates = new Map<number, BulkStatement>();
  /** Tasks that are `running` as far as is committed; a task that is not among them is `queued`. */
  readonly #running = new Set<number>();
  /** When each run was sampled first and last, in milliseconds. */
  readonly #sampled = new Map<number, { first: number; last: number }>();
  // What this transaction has changed so far.
  readonly #folded = new Map<number, TaskUpdateMessage>();
  readonly #moved = new Map<number, TaskStatus>();
  readonly #deltas = new Map<number, StatusCounts>();
  readonly #ended = new Set<number>();

  /** Queue depth, batch rows, commit p99 in ms, WAL bytes, last checkpoint, since when the WAL is held. */
  health: SqlValue[] = [null, null, null, null, null, null];

  constructor(connection: Connection, owner?: Owner) {
    this.#connection = connection;
    this.#owner = owner;
    this.#resumed = new ResumeStore(connection);
    this.#overlap = new OverlapStore(connection, owner);
    this.#queue = new BulkStatement(
      connection,
      "(?,?,?,?,'queued')",
      (tuples) => `INSERT INTO task_runs (id,name,run_id,key,status) VALUES ${tuples}`,
    );
  }

  /** Begins a run, or goes on with one, and reserves ids that no other run has, in this process or another. */
  startRun(message: StartRunMessage): RunStarted {
    const { name, workers, startedAt, reserve, resume, alone } = message;
    if (alone) this.#overlap.check(name);
    const { owner, host, pid } = this.#owner?.take() ?? { owner: null, host: null, pid: Deno.pid };
    const { driver, sqliteVersion } = this.#connection;
    const { key = null } = Object(resume) as Partial<RunKey>;
    if (resume !== undefined) {
      if (this.#owner) recoverRuns(this.#connection, this.#owner);
      const run = this.#resumed.find(name, resume);
      if (run !== undefined) {
        interruptTasks(this.#connection, run);
        this.#prepare(
          `UPDATE pipeline_runs SET status='running', finished_at=NULL, workers=?2, driver=?3,
             sqlite_version=?4, owner=?5, host=?6, pid=?7, resumed=coalesce(resumed,0)+1 WHERE id=?1`,
        ).run(run, workers, driver, sqliteVersion, owner, host, pid);
        this.#overlap.begun(run);
        forgetDependencies(this.#connection, run);
        this.#resumed.begin(run);
        this.#count(run);
        return { run, firstId: this.reserveIds({ run, count: reserve }), resumed: true };
      }
    }
    const run = this.#prepare(
      `INSERT INTO pipeline_runs
         (name,status,started_at,workers,driver,sqlite_version,updated_at,owner,host,pid,run_key)
       VALUES (?1,'running',?2,?3,?4,?5,?2,?6,?7,?8,?9) RETURNING id`,
    ).get(name, startedAt, workers, driver, sqliteVersion, owner, host, pid, key)!.id as number;
    this.#overlap.begun(run);
    if (resume !== undefined) this.#resumed.begin(run);
    return { run, firstId: this.reserveIds({ run, count: reserve }) };
  }

  /** Reserves ids past all that are used or reserved, and returns the first. */
  reserveIds({ run, count }: Omit<ReserveIdsMessage, "kind">): number {
    const first = 1 + Number(
      this.#prepare(
        `SELECT max(coalesce((SELECT max(id) FROM task_runs), 0),
                    coalesce((SELECT max(last_task_id) FROM pipeline_runs), 0)) AS last`,
      ).get()!.last,
    );
    if (!Number.isSafeInteger(first + count)) {
      throw new RangeError(`Cannot number ${count} tasks after task ${first - 1}: ids are used up`);
    }
    if (count > 0) this.#extend(run, first, first + count - 1);
    return first;
  }

  /** Writes tasks as `queued`. */
  queue({ run, ids, names, keys }: QueueTasksMessage): undefined {
    if (ids.length === 0) return;
    const values: SqlValue[] = [];
    ids.forEach((id, i) => values.push(id, names[i]!, run, keys[i] ?? null));
    try {
      this.#connection.transaction(() => this.#queue.run(values));
    } catch (error) {
      throw this.#takenId(ids) ?? error;
    }
    this.#count(run).queued += ids.length;
    this.#extend(run, ids.reduce((a, b) => a < b ? a : b), ids.reduce((a, b) => a > b ? a : b));
  }

  /** Takes up tasks by their keys, and returns their ids, negative where there is nothing to do. */
  resume({ run, ids, names, keys }: ResumeTasksMessage): number[] {
    this.flushFolded();
    const found = this.#resumed.match(run, keys);
    const fresh = found.flatMap((task, i) => task ? [] : [i]);
    const count = fresh.filter((i) => !ids[i]).length;
    let free = count > 0 ? this.reserveIds({ run, count }) : 0;
    const taken = found.map((task, i) => task?.id ?? (ids[i] || free++));
    this.queue({
      kind: "queue_tasks",
      run,
      ids: fresh.map((i) => taken[i]!),
      names: fresh.map((i) => names[i] ?? `task ${taken[i]}`),
      keys: fresh.map((i) => keys[i]!),
    });
    const counts = this.#count(run);
    found.forEach((task, i) => {
      if (!task) return;
      if (!canRequeue(task.status)) return taken[i] = -task.id;
      this.#resumed.requeue(task);
      this.#moved.set(task.id, "queued");
      counts[task.status]--;
      counts.queued++;
    });
    return taken;
  }

  /** Cancels the tasks of a run that are `queued`, and returns their number. */
  cancelQueued({ run, message, finishedAt }: CancelQueuedMessage): number {
    this.flushFolded();
    const changes = this.#prepare(
      `UPDATE task_runs SET status='cancelled', message=?2, finished_at=?3
       WHERE status='queued' AND run_id=?1`,
    ).run(run, message, finishedAt);
    this.#count(run).queued -= changes;
    this.#count(run).cancelled += changes;
    return changes;
  }

  /** Adds the news of a task to what this transaction will write. */
  fold(message: TaskUpdateMessage): void {
    if (!Number.isSafeInteger(message.run)) {
      throw new TypeError(
        `Cannot update task ${message.id}: ${Deno.inspect(message.run)} is no run`,
      );
    }
    const before = this.#folded.get(message.id);
    // One of them is wrong: which, the table tells.
    if (before && before.run !== message.run) throw noTask(message);
    let current = before?.status ?? this.#statusOf(message.id);
    // The sender may have folded the start into what followed it.
    if (message.startedAt && message.status !== "running" && current === "queued") {
      current = "running";
    }
    const { status } = message;
    // Back to `queued` leads `retry()` alone, which keeps the attempt.
    if (status ? status === "queued" || !canMove(current, status) : current !== "running") {
      throw illegal(message, current);
    }
    this.#folded.set(message.id, before ? { ...before, ...message } : message);
  }

  /** Writes the news of one task now, whatever is known of it; `failure` turns its `done` into `error`. */
  update(message: TaskUpdateMessage, failure?: ErrorData): undefined {
    if (failure && message.status === "done") message = failed(message, failure);
    this.flushFolded();
    const row = this.#prepare("SELECT status, run_id FROM task_runs WHERE id=?").get(message.id);
    if (row?.run_id !== message.run) {
      throw noTask(message);
    }
    this.#moved.set(message.id, row.status as TaskStatus);
    this.fold(message);
    this.flushFolded();
  }

  /** The status of a task of a run, so far. */
  status({ run, id }: TaskStatusMessage): TaskStatus | undefined {
    this.flushFolded();
    const row = this.#prepare("SELECT status, run_id FROM task_runs WHERE id=?").get(id);
    return row?.run_id === run ? row?.status as TaskStatus : undefined;
  }

  /** Keeps an attempt that failed, and queues its task again. */
  retry({ run, task, startedAt, finishedAt, error, message }: RetryTaskMessage): undefined {
    this.flushFolded();
    const row = this.#prepare("SELECT status, run_id FROM task_runs WHERE id=?").get(task);
    const from = row?.status as TaskStatus;
    // It is `queued` when its Worker died before the start was told.
    if (row?.run_id !== run || !(from === "queued" || canMove(from, "queued"))) {
      throw new SqliteError(`Cannot retry task ${task}: it does not run in run ${run}`);
    }
    this.#prepare(
      `INSERT INTO task_attempts (task_id,run_id,attempt,status,started_at,finished_at,error)
       SELECT id, run_id, 1 + (SELECT count(*) FROM task_attempts WHERE task_id=?1), 'error',
         coalesce(started_at,?2), ?3, ?4 FROM task_runs WHERE id=?1`,
    ).run(task, startedAt ?? null, finishedAt, error);
    this.#prepare(
      `UPDATE task_runs SET status='queued', progress=0, message=?2, started_at=NULL,
         updated_at=NULL WHERE id=?1`,
    ).run(task, message);
    const counts = this.#count(run);
    counts[from]--;
    counts.queued++;
    this.#moved.set(task, "queued");
  }

  /** A task was moved by another statement. */
  move(run: number, id: number, from: TaskStatus, to: TaskStatus): void {
    this.#moved.set(id, to);
    const counts = this.#count(run);
    counts[from]--;
    counts[to]++;
  }

  /** Ends a run. It is not `done` when any of its tasks failed, in this attempt or an earlier one. */
  finishRun({ run, status, finishedAt }: FinishRunMessage): RunFinished {
    this.flushFolded();
    this.#updates.clear();
    this.#resumed.end(run);
    const deltas = this.#count(run);
    const counts = noCounts();
    const kept = this.#prepare(
      "SELECT queued,running,done,error,cancelled FROM pipeline_runs WHERE id=?",
    ).get(run);
    if (!kept) throw noRun("finish", run);
    for (const one of TASK_STATUSES) counts[one] = Number(kept[one]) + deltas[one];
    if (status === "done" && counts.error > 0) status = "error";
    this.#prepare(
      `UPDATE pipeline_runs SET status=?2, finished_at=?3, last_task_id=(
         SELECT id FROM task_runs
         WHERE id BETWEEN first_task_id AND last_task_id AND run_id=?1 ORDER BY id DESC LIMIT 1
       ) WHERE id=?1`,
    ).run(run, status, finishedAt);
    this.#ended.add(run);
    this.#overlap.ended(run);
    return { status, counts };
  }

  /** The run of a name that is known to be under way, in words. */
  inTheWay(name: string): string | undefined {
    return this.#overlap.inTheWay(name);
  }

  /** Writes everything that is folded, and the counts. Called before each commit. */
  flush(): void {
    this.flushFolded();
    for (const [run, counts] of this.#deltas) {
      this.#prepare(
        `UPDATE pipeline_runs SET queued=queued+?2, running=running+?3, done=done+?4,
           error=error+?5, cancelled=cancelled+?6, queue_depth=?7, batch_rows=?8,
           commit_p99_ms=?9, wal_bytes=?10, checkpointed_at=?11, wal_held_since=?12,
           updated_at=strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE id=?1`,
      ).runValues([
        run,
        counts.queued,
        counts.running,
        counts.done,
        counts.error,
        counts.cancelled,
        ...this.health,
      ]);
      this.#sample(run);
    }
  }

  /** Has the next flush write the health of every run that goes on. */
  touchRuns(): void {
    for (const run of this.#sampled.keys()) this.#count(run);
  }

  /** Keeps the counts of a run as they are now, when it is time to; the last ones are always kept. */
  #sample(run: number): void {
    const now = performance.now();
    const sampled = this.#sampled.get(run) ?? { first: now, last: -Infinity };
    const interval = Math.max(SAMPLE_INTERVAL_MS, (now - sampled.first) / SAMPLES_PER_AGE);
    if (now - sampled.last < interval && !this.#ended.has(run)) return;
    this.#sampled.set(run, { first: sampled.first, last: now });
    this.#prepare(
      `INSERT INTO run_samples (run_id,sampled_at,queued,running,done,error,cancelled)
       SELECT id,updated_at,queued,running,done,error,cancelled FROM pipeline_runs WHERE id=?`,
    ).run(run);
  }

  /** The transaction is committed: what it changed is now what is known. */
  committed(): void {
    for (const [id, status] of this.#moved) {
      if (status === "running") this.#running.add(id);
      else this.#running.delete(id);
    }
    for (const run of this.#ended) this.#sampled.delete(run);
    this.#overlap.committed();
    this.rolledBack();
  }

  /** The transaction is undone: what it changed is forgotten. */
  rolledBack(): void {
    this.#overlap.rolledBack();
    this.#folded.clear();
    this.#moved.clear();
    this.#deltas.clear();
    this.#ended.clear();
  }

  /** Writes the folded news. */
  flushFolded(): void {
    if (this.#folded.size === 0) return;
    const groups = new Map<number, UpdateGroup>();
    for (const m of this.#folded.values()) {
      const from = this.#statusOf(m.id);
      const shape = shapeOf(m, from);
      let group = groups.get(shape);
      if (!group) groups.set(shape, group = { from, first: m, values: [] });
      const { values } = group;
      values.push(m.id);
      for (const field of FIELDS) {
        const value = m[field];
        if (value !== undefined) values.push(value);
      }
      if (m.status) {
        const counts = this.#count(m.run);
        counts[from]--;
        counts[m.status]++;
        this.#moved.set(m.id, m.status);
      }
    }
    const expected = this.#folded.size;
    this.#folded.clear();
    let changes = 0;
    for (const [shape, group] of groups) {
      changes += this.#updateStatement(shape, group).run(group.values);
    }
    if (changes !== expected) {
      throw new SqliteError("Some tasks were not in the status that the writer knew");
    }
  }

  #updateStatement(shape: number, { from, first }: UpdateGroup): BulkStatement {
    let statement = this.#updates.get(shape);
    if (!statement) {
      const told = FIELDS.filter((field) => first[field] !== undefined);
      const sets = told.map((field, i) => `${COLUMNS[field]}=v.column${i + 2}`);
      if (first.status) sets.push(`status='${first.status}'`);
      if (first.status === "done") sets.push("progress=1");
      // The plus keeps SQLite from looking tasks up by status instead of id.
      const sql = (tuples: string) =>
        `UPDATE task_runs SET ${sets.join(",")} FROM (VALUES ${tuples}) AS v
         WHERE task_runs.id=v.column1 AND run_id=${first.run} AND +status='${from}'`;
      statement = new BulkStatement(this.#connection, placeholders(told.length + 1), sql);
      this.#updates.set(shape, statement);
    }
    return statement;
  }

  #statusOf(id: number): TaskStatus {
    return this.#moved.get(id) ?? (this.#running.has(id) ? "running" : "queued");
  }

  #count(run: number): StatusCounts {
    let counts = this.#deltas.get(run);
    if (!counts) this.#deltas.set(run, counts = noCounts());
    return counts;
  }

  #extend(run: number, first: number, last: number): void {
    const changes = this.#prepare(
      `UPDATE pipeline_runs SET first_task_id=min(coalesce(first_task_id,?2),?2),
         last_task_id=max(coalesce(last_task_id,?3),?3) WHERE id=?1`,
    ).run(run, first, last);
    if (changes === 0) throw noRun("add tasks to", run);
  }

  #takenId(ids: readonly number[]): Error | undefined {
    const taken = this.#prepare("SELECT id, run_id FROM task_runs WHERE id=?");
    for (const id of ids) {
      const row = taken.get(id);
      if (row) {
        return new SqliteError(
          `Cannot queue task ${id}: run ${row.run_id} has a task of that id; ` +
            `leave out "id" to get a new one, and use "key" for an identity that lasts over runs`,
          "constraint",
        );
      }
    }
  }

  #prepare(sql: string): Statement {
    return this.#statements[sql] ??= this.#connection.prepare(sql);
  }
}

/** A number for each shape: the run, both statuses, and a bit for each field that is told. */
function shapeOf(message: TaskUpdateMessage, from: TaskStatus): number {
  let shape = message.run * 8 + TASK_STATUSES.indexOf(from);
  shape = shape * 8 + TASK_STATUSES.indexOf(message.status!) + 1;
  for (const field of FIELDS) shape = shape * 2 + (message[field] === undefined ? 0 : 1);
  return shape;
}

function illegal(message: TaskUpdateMessage, current: TaskStatus): SqliteError {
  return new SqliteError(
    message.status
      ? `Cannot set task ${message.id} to ${message.status}: it is ${current}`
      : `Cannot report progress of task ${message.id}: it is ${current}`,
    "constraint",
  );
}

function noTask({ id, run }: TaskUpdateMessage): SqliteError {
  return new SqliteError(`Cannot update task ${id}: there is no such task in run ${run}`);
}

function noRun(what: string, run: number): SqliteError {
  return new SqliteError(`Cannot ${what} run ${run}: pipeline_runs has no such run any more`);
}

function failed(message: TaskUpdateMessage, failure: ErrorData): TaskUpdateMessage {
  const { result: _, progress: __, ...rest } = message;
  return { ...rest, status: "error", message: failure.message, error: toErrorText(failure) };
}
