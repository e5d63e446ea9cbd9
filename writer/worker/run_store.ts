/**
 * The statements for `pipeline_runs`: a run begins, takes ids for its tasks, counts them, and ends.
 *
 * The counts by status of each run are kept here, in the same transaction as the rows they count; no query has
 * to count a million rows. Samples of them show later how a run progressed.
 *
 * @module
 */
import { SqliteError } from "../../errors.ts";
import type { Connection } from "../../sqlite/connection.ts";
import { forgetDependencies } from "./tasks/dependency_store.ts";
import type {
  FinishRunMessage,
  ReserveIdsMessage,
  RunFinished,
  RunKey,
  RunStarted,
  StartRunMessage,
} from "../protocol/run_message.ts";
import { OverlapStore } from "./overlap_store.ts";
import { type ProcessLock, UNOWNED } from "./process_lock.ts";
import { interruptTasks, recoverRuns } from "./recovery.ts";
import { adopt, recount, takeBack } from "./rewritten_store.ts";
import { ADDED_TASKS, findRun } from "./resume_store.ts";
import { RunKeys } from "./run_keys.ts";
import { Statements } from "../../sqlite/statement.ts";
import { CHOSEN_ID, findFreeIds } from "./tasks/task_ids.ts";
import {
  noCounts,
  type StatusCounts,
  TASK_STATUSES,
  type TaskStatus,
} from "../../internal/task_status.ts";
import type { SqlValue } from "../../sqlite/values.ts";

/** Milliseconds between two samples of a run, at its beginning. */
const SAMPLE_INTERVAL_MS = 100;

/** A run's age over the time between its samples: 1,000 of them describe a day as well as ten seconds. */
const SAMPLES_PER_AGE = 100;

/** The part of the store that keeps runs. */
export class RunStore {
  readonly #connection: Connection;
  readonly #owner: ProcessLock | undefined;
  readonly #overlap: OverlapStore;
  readonly #statements: Statements;
  /** The keys of runs that are resumed or added to. */
  readonly keys: RunKeys;
  /** How runs stood that were `done` when they were resumed. */
  readonly #wasDone = new Map<number, { done: number; finishedAt: SqlValue }>();
  /** When each run was sampled first and last, in milliseconds. */
  readonly #sampled = new Map<number, { first: number; last: number }>();
  // What this transaction has changed so far.
  readonly #deltas = new Map<number, StatusCounts>();
  readonly #ended = new Set<number>();

  /** Tasks whose rows were taken back from another program, until their items come. */
  readonly takenBack = new Set<number>();

  /** Queue depth, batch rows, commit p99 in ms, WAL bytes, last checkpoint, since when the WAL is held. */
  health: SqlValue[] = [null, null, null, null, null, null];

  constructor(connection: Connection, owner?: ProcessLock) {
    this.#connection = connection;
    this.#statements = new Statements(connection);
    this.keys = new RunKeys(connection);
    this.#owner = owner;
    this.#overlap = new OverlapStore(connection, owner);
  }

  /** Begins a run, or continues one, and reserves ids that no other run has, in this process or another. */
  start(message: StartRunMessage): RunStarted {
    const { name, workers, startedAt, reserve, resume, alone, expected = null } = message;
    const { args = "{}", label = null, executor = null } = message;
    if (alone) this.#overlap.check(name);
    const { owner, pid, processStartedAt, host, bootedAt } = this.#owner?.take() ?? UNOWNED;
    const { driver, sqliteVersion } = this.#connection;
    const { key = null } = Object(resume) as Partial<RunKey>;
    if (resume !== undefined) {
      if (this.#owner) recoverRuns(this.#connection, this.#owner);
      const run = findRun(this.#connection, { name, args, resume });
      if (run !== undefined) {
        adopt(this.#connection, run);
        interruptTasks(this.#connection, run);
        const { taken, removed } = takeBack(this.#connection, run, this.count(run));
        for (const id of taken) this.takenBack.add(id);
        this.#noteDone(run);
        this.#statements.of(
          `UPDATE pipeline_runs SET status='running', finished_at=NULL, workers=?2, driver=?3,
             sqlite_version=?4, owner=?5, pid=?6, process_started_at=?7, host=?8, booted_at=?9,
             resumed=coalesce(resumed,0)+1, own_resumed=coalesce(resumed,0)+1,
             expected=?10+${ADDED_TASKS}, resumed_at=?11, resumed_done=done,
             args=?12, label=coalesce(?13,label), reason=NULL, reason_stack=NULL, executor=?14
           WHERE id=?1`,
        ).run(
          ...[run, workers, driver, sqliteVersion, owner, pid, processStartedAt, host, bootedAt],
          ...[expected, startedAt, args, label, executor],
        );
        this.#overlap.begun(run);
        this.keys.learn(run, message.tasks);
        forgetDependencies(this.#connection, run);
        const firstId = this.reserveIds({ run, count: reserve });
        const changed = {
          ...(taken.length > 0 && { rewritten: taken.length }),
          ...(removed > 0 && { removed }),
        };
        return { run, firstId, resumed: true, ...changed };
      }
    }
    const run = this.#statements.of(
      `INSERT INTO pipeline_runs
         (name,status,started_at,workers,driver,sqlite_version,updated_at,run_key,
          owner,pid,process_started_at,host,booted_at,expected,args,label,executor,own_resumed)
       VALUES (?1,'running',?2,?3,?4,?5,?2,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,0) RETURNING id`,
    ).get(
      ...[name, startedAt, workers, driver, sqliteVersion, key],
      ...[owner, pid, processStartedAt, host, bootedAt, expected, args, label, executor],
    )!.id as number;
    this.#overlap.begun(run);
    if (resume !== undefined) this.keys.learn(run);
    return { run, firstId: this.reserveIds({ run, count: reserve }) };
  }

  /** Reserves ids that no other task has, and returns the first. */
  reserveIds({ run, count }: Omit<ReserveIdsMessage, "kind">): number {
    const first = findFreeIds(this.#statements, count);
    const last = first + count - 1;
    if (count > 0) this.extend(run, first, last, last);
    return first;
  }

  /** Tasks of these ids are the run's, and perhaps all between them; `reservedTo` is the last that is reserved. */
  extend(run: number, first: number, last: number, reservedTo = 0): void {
    const changes = this.#statements.of(
      `UPDATE pipeline_runs SET first_task_id=min(coalesce(first_task_id,?2),?2),
         last_task_id=max(coalesce(last_task_id,?3),?3),
         reserved_to=nullif(max(coalesce(reserved_to,0),?4),0) WHERE id=?1`,
    ).run(run, first, last, reservedTo);
    if (changes === 0) throw noRun("add tasks to", run);
  }

  /** How many tasks of a run this transaction has added to each status; additions are counted here. */
  count(run: number): StatusCounts {
    let counts = this.#deltas.get(run);
    if (!counts) this.#deltas.set(run, counts = noCounts());
    return counts;
  }

  /** A task of a run goes from one status to another. */
  countMove(run: number, from: TaskStatus, to: TaskStatus): void {
    const counts = this.count(run);
    counts[from]--;
    counts[to]++;
  }

  /** Ends a run. It is not `done` when any of its tasks failed, in this attempt or an earlier one. */
  finish({ run, status, finishedAt, reason, gone }: FinishRunMessage): RunFinished {
    if (gone !== undefined) this.#cancelGone(run, gone, finishedAt);
    const keepsTasks = this.keys.keepsTasks(run);
    this.keys.forget(run);
    let counts = this.#counts(run);
    // Tasks that are left have not been reached, or another program has deleted their rows.
    if (counts.queued + counts.running > 0) {
      recount(this.#connection, run, this.count(run));
      counts = this.#counts(run);
    }
    if (status === "done" && counts.error + counts.queued + counts.running > 0) status = "error";
    if (status === "done" && keepsTasks && counts.cancelled > 0) status = "cancelled";
    const before = this.#wasDone.get(run);
    // Nothing was left to run: it ended then, and not when that was checked.
    const isSame = status === "done" && counts.done === before?.done;
    const { unchanged, checked } = this.#statements.of(
      `UPDATE pipeline_runs SET status=?2, finished_at=?3, reason=?4, reason_stack=?5,
         reserved_to=CASE WHEN reserved_to>=${CHOSEN_ID} THEN reserved_to END, last_task_id=(
         SELECT id FROM task_runs
         WHERE id BETWEEN first_task_id AND last_task_id AND run_id=?1 ORDER BY id DESC LIMIT 1
       ) WHERE id=?1 RETURNING unchanged, EXISTS (
         SELECT 1 FROM task_checks
         WHERE task_id BETWEEN first_task_id AND last_task_id AND run_id=?1) AS checked`,
    ).get(
      ...[run, status, isSame ? before!.finishedAt : finishedAt],
      ...[reason?.message ?? null, reason?.stack ?? null],
    )!;
    this.#ended.add(run);
    this.#overlap.ended(run);
    const known = unchanged === null ? {} : { unchanged: Number(unchanged) };
    return { status, counts, ...known, ...(checked === 1 ? { checked: true } : {}) };
  }

  /** The tasks of a run by status, with what this transaction has changed. */
  #counts(run: number): StatusCounts {
    const counts = { ...this.count(run) };
    const kept = this.#statements.of(
      "SELECT queued,running,done,error,cancelled FROM pipeline_runs WHERE id=?",
    ).get(run);
    if (!kept) throw noRun("finish", run);
    for (const one of TASK_STATUSES) counts[one] += Number(kept[one]);
    return counts;
  }

  #cancelGone(run: number, message: string, finishedAt: string): void {
    for (const { id, status } of this.keys.gone(run)) {
      this.#statements.of(
        `UPDATE task_runs SET status='cancelled', own_status='cancelled', message=?2, finished_at=coalesce(finished_at,?3)
         WHERE id=?1`,
      ).run(id, message, finishedAt);
      this.countMove(run, status, "cancelled");
    }
  }

  #noteDone(run: number): void {
    const was = this.#statements.of(
      "SELECT done, finished_at FROM pipeline_runs WHERE id=? AND status='done'",
    ).get(run);
    if (was) this.#wasDone.set(run, { done: Number(was.done), finishedAt: was.finished_at! });
    else this.#wasDone.delete(run);
  }

  /** The run of a name that is known to be active, in words. */
  inTheWay(name: string): string | undefined {
    return this.#overlap.inTheWay(name);
  }

  /** Writes the counts. Called before each commit. */
  flush(): void {
    for (const [run, counts] of this.#deltas) {
      this.#statements.of(
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

  /** Has the next flush write the health of every active run. */
  touch(): void {
    for (const run of this.#sampled.keys()) this.count(run);
  }

  /** Keeps the counts of a run as they are now, when it is time to; the last ones are always kept. */
  #sample(run: number): void {
    const now = performance.now();
    const sampled = this.#sampled.get(run) ?? { first: now, last: -Infinity };
    const interval = Math.max(SAMPLE_INTERVAL_MS, (now - sampled.first) / SAMPLES_PER_AGE);
    if (now - sampled.last < interval && !this.#ended.has(run)) return;
    this.#sampled.set(run, { first: sampled.first, last: now });
    this.#statements.of(
      `INSERT INTO run_samples (run_id,sampled_at,queued,running,done,error,cancelled)
       SELECT id,updated_at,queued,running,done,error,cancelled FROM pipeline_runs WHERE id=?`,
    ).run(run);
  }

  /** Calling what it returns takes back what is noted after. */
  mark(): () => void {
    const deltas = [...this.#deltas].map(([run, counts]) => [run, { ...counts }] as const);
    const ended = [...this.#ended];
    const restore = this.#overlap.mark();
    return () => {
      this.#deltas.clear();
      for (const [run, counts] of deltas) this.#deltas.set(run, counts);
      this.#ended.clear();
      for (const run of ended) this.#ended.add(run);
      restore();
    };
  }

  /** The transaction is committed: what it changed is now what is known. */
  committed(): void {
    for (const run of this.#ended) this.#sampled.delete(run);
    this.#overlap.committed();
    this.rolledBack();
  }

  /** The transaction is undone: what it changed is forgotten. */
  rolledBack(): void {
    this.#overlap.rolledBack();
    this.#deltas.clear();
    this.#ended.clear();
  }
}

function noRun(what: string, run: number): SqliteError {
  return new SqliteError(
    `Cannot ${what} run ${run}: pipeline_runs has no such run any more. ` +
      `Another program deleted it, or copied an older database over the file: run the pipeline again`,
  );
}
