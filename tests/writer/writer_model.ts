/**
 * What the writer should do, as simply as it can be expressed: one message after the other, each on a copy of all
 * there is. No batches, no folding, no halves, no savepoints, no SQL.
 *
 * @module
 */
import type { ErrorData } from "../../errors.ts";
import type { StartRunMessage } from "../../writer/protocol/run_message.ts";
import type {
  EndTasksMessage,
  FailedAttempt,
  RequeueTasksMessage,
  ResumeTasksMessage,
  TaskUpdateMessage,
} from "../../writer/protocol/task_message.ts";
import type {
  IdempotencyKey,
  InsertMessage,
  WriteMessage,
} from "../../writer/protocol/write_message.ts";
import {
  canMove,
  isEnd,
  noCounts,
  type StatusCounts,
  type TaskStatus,
} from "../../internal/task_status.ts";
import type { SqlValue } from "../../sqlite/values.ts";

/** Some text that the model does not predict, such as the time of day. */
export const SOME = "(some)";

/** The table that the messages write to. */
export const SCHEMA = `
  CREATE TABLE fact (k INTEGER PRIMARY KEY, v TEXT NOT NULL CHECK (v <> 'bad'));
  CREATE TABLE part (k INTEGER REFERENCES fact(k) DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE arrival (batch INTEGER);`;

/** The statements that messages may name. */
export const STATEMENTS = { touch: "UPDATE fact SET v = ? WHERE k = ?" };

/** Statements that messages execute, and what the model expects of them. */
export const SQL: Record<string, (facts: Map<number, string>) => { changes: number }> = {
  "UPDATE fact SET v = 'same'": (facts) => {
    for (const k of facts.keys()) facts.set(k, "same");
    return { changes: facts.size };
  },
  "DELETE FROM fact WHERE k > 5": (facts) => {
    const many = [...facts.keys()].filter((k) => k > 5);
    for (const k of many) facts.delete(k);
    return { changes: many.length };
  },
  "/* new */ INSERT OR ROLLBACK INTO fact VALUES (7, 'seven')": (facts) => {
    if (facts.has(7)) throw new Refusal();
    facts.set(7, "seven");
    return { changes: 1 };
  },
  "SELECT 1": () => ({ changes: 0 }),
  ...Object.fromEntries(
    ["BEGIN", "; -- now\n COMMIT", "SELECT", "SELECT 1; SELECT 2", "DELETE FROM nowhere"].map((
      sql,
    ) => [
      sql,
      () => {
        throw new Refusal();
      },
    ]),
  ),
};

/** A task as the table has it. */
interface ModelTask {
  name: string;
  run: number;
  key: string | null;
  status: TaskStatus;
  progress: number;
  message: string | null;
  started: string | null;
  finished: string | null;
  result: string | null;
  error: string | null;
  updated: string | null;
}

interface ModelRun {
  name: string;
  status: string;
  first: number | null;
  last: number | null;
  resumed: number | null;
  dependencies: number | null;
  retried: number | null;
}

/** A message is not written. */
class Refusal extends Error {}

/** What the database should hold. */
export class State {
  tasks = new Map<number, ModelTask>();
  runs = new Map<number, ModelRun>();
  facts = new Map<number, string>();
  /** Attempts that ended: task, run, number, status, started, finished, error. */
  attempts: SqlValue[][] = [];
  parts: SqlValue[] = [];
  /** Which task waits for which: run, task, the other task. */
  waits = new Set<string>();
  /** Idempotency keys that were written. */
  keys = new Set<string>();
  /** Requests by their ids, less one. */
  requests: { run: number; task: number | null; action: string; refused: number | null }[] = [];
  /** Of a run that is resumed: its tasks by their keys, and the keys that items have had since. */
  resuming = new Map<number, { known: Map<string, number>; seen: Set<string> }>();
  /** Tasks of which a message failed, and that have not ended since. */
  failed = new Set<number>();
}

/** What should become of a message. */
export interface Verdict {
  failed: boolean;
  result?: unknown;
}

/** Applies messages to the state. */
export class Model {
  state = new State();

  /** Applies a message; `failure` is what the writer reported for it, of which the model only has the text. */
  apply(message: WriteMessage, failure?: ErrorData): Verdict {
    const before = structuredClone(this.state);
    try {
      if (message.kind === "task_update" && this.#isSpoilt(message)) {
        this.#spoil(message, failure);
        return { failed: true };
      }
      const result = this.#do(message);
      // A constraint that is looked at with COMMIT.
      if (!this.state.parts.every((k) => this.state.facts.has(k as number))) refuse();
      return { failed: false, result };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.state = before;
      const { task } = message as { task?: number | undefined };
      if (task !== undefined) before.failed.add(task);
      return { failed: true };
    }
  }

  /** The first id that is neither used nor reserved. */
  get free(): number {
    const { tasks, runs } = this.state;
    return 1 + Math.max(0, ...tasks.keys(), ...[...runs.values()].map(({ last }) => last ?? 0));
  }

  /** Tasks of a run by status. */
  counts(run: number): StatusCounts {
    const counts = noCounts();
    for (const task of this.state.tasks.values()) if (task.run === run) counts[task.status]++;
    return counts;
  }

  #do(message: WriteMessage): unknown {
    const { state } = this;
    switch (message.kind) {
      case "insert":
        return this.#insert(message);
      case "execute":
        return message.params.length ? refuse() : SQL[message.sql]!(state.facts);
      case "statement": {
        const [v, k] = message.params as [string | null, number];
        if (message.name !== "touch" || message.params.length !== 2) refuse();
        if (!state.facts.has(k)) return { changes: 0 };
        this.#fact(k, v, "replace");
        return { changes: 1 };
      }
      case "transaction":
        if (!this.#isNew("", message.idempotencyKey)) return message.messages.map(() => undefined);
        return message.messages.map((inner) => {
          if (inner.kind === "task_update" && this.#isSpoilt(inner)) refuse();
          return this.#do(inner);
        });
      case "start_run":
        return this.#startRun(message);
      case "reserve_ids":
        return this.#reserve(message.run, message.count);
      case "queue_tasks":
        message.ids.forEach((id, i) =>
          this.#queue(message.run, id, message.names[i]!, message.keys[i]!)
        );
        return;
      case "resume_tasks":
        return this.#resume(message);
      case "depend_tasks": {
        const { run, ids, dependsOn } = message;
        const added = ids.map((id, i) => `${run} ${id} ${dependsOn[i]}`)
          .filter((line) => !state.waits.has(line) && state.waits.add(line)).length;
        const row = state.runs.get(run);
        if (row) row.dependencies = (row.dependencies ?? 0) + added;
        return;
      }
      case "request_control": {
        const { action, run, taskId: task } = message;
        if (state.runs.get(run)?.status !== "running") refuse();
        if (task !== null && state.tasks.get(task)?.run !== run) refuse();
        const same = state.requests.findIndex((other) =>
          other.run === run && other.task === task && other.action === action &&
          other.refused === null
        );
        return same < 0 ? state.requests.push({ run, task, action, refused: null }) : same + 1;
      }
      case "answer_control": {
        const request = state.requests[message.request - 1];
        if (request) request.refused ??= Number(message.refused);
        return;
      }
      case "end_tasks":
        return this.#end(message);
      case "requeue_tasks":
        return message.attempt
          ? message.ids.map((id) => this.#retry(message.run, id, message.attempt!))
          : this.#requeueEnded(message);
      case "finish_run": {
        const counts = this.counts(message.run);
        const isDone = counts.error + counts.queued + counts.running === 0;
        const status = message.status === "done" && !isDone ? "error" : message.status;
        const run = state.runs.get(message.run) ?? refuse();
        const ids = [...state.tasks].filter(([, task]) => task.run === message.run)
          .map(([id]) => id);
        run.status = status;
        this.#answerAll(message.run, message.stopped ? "cancelled" : status);
        run.last = ids.length > 0 ? Math.max(...ids) : null;
        state.resuming.delete(message.run);
        return { status, counts };
      }
      case "task_update":
        return this.#update(message);
      default:
        return refuse();
    }
  }

  #end(message: EndTasksMessage): unknown {
    const { run, ids, running, status, message: text, error, finishedAt: finished } = message;
    const end = (task: ModelTask) => {
      const isOpen = task.status === "queued" || (running && task.status === "running");
      if (isOpen) {
        Object.assign(task, { status, message: text, finished, error: error ?? task.error });
      }
      return isOpen;
    };
    if (ids === "queued") return { ended: this.#tasksOf(run).filter(end).length, found: [] };
    let ended = 0;
    const found = ids.map((id) => {
      const task = this.state.tasks.get(id);
      if (task?.run !== run) return null;
      const before = { id, name: task.name, key: task.key, status: task.status };
      if (end(task)) ended++;
      return before;
    });
    return { ended, found };
  }

  #requeueEnded({ run: of, ids }: RequeueTasksMessage): unknown {
    const { state } = this;
    const queued = ids.filter((id) => {
      const task = state.tasks.get(id);
      if (task?.run !== of || !["error", "cancelled"].includes(task.status)) return false;
      this.#requeue(id, task);
      return true;
    });
    const run = state.runs.get(of);
    if (run) run.retried = (run.retried ?? 0) + queued.length;
    return queued;
  }

  /** Lets a task that has ended begin again. */
  #requeue(id: number, task: ModelTask): void {
    const { name, run, key } = task;
    if (task.started !== null) this.#keep(id, task, task.error ?? task.message);
    Object.assign(task, { ...NEW, name, run, key });
    this.state.failed.delete(id);
  }

  /** Answers the remaining requests when a run ends: done if their target is cancelled. */
  #answerAll(run: number, status: string): void {
    for (const request of this.state.requests) {
      if (request.run !== run) continue;
      const now = this.state.tasks.get(request.task ?? 0)?.status ?? status;
      request.refused ??= Number(now !== "cancelled" || request.action !== "cancel");
    }
  }

  #insert({ table, columns, values, width, update, idempotencyKey }: InsertMessage): void {
    if (values.length === 0 || !this.#isNew(table, idempotencyKey)) return;
    if (values.length % width !== 0 || table === "nowhere") refuse();
    if (table === "arrival") return;
    if (table === "part") {
      // Looked at when the message is committed: only facts that are never deleted have parts.
      for (const k of values) this.state.parts.push(k);
      return;
    }
    if (width !== (columns?.length ?? 2)) refuse();
    for (let i = 0; i < values.length; i += width) {
      this.#fact(values[i] as number, values[i + 1] as string | null, update);
    }
  }

  #isNew(table: string, idempotencyKey?: IdempotencyKey): boolean {
    if (!idempotencyKey) return true;
    const { task, key, part } = idempotencyKey;
    const taken = `${task} ${table} ${key} ${part}`;
    return !this.state.keys.has(taken) && !!this.state.keys.add(taken);
  }

  #fact(k: number, v: string | null, update?: InsertMessage["update"] | "replace"): void {
    if (v === null || v === "bad") refuse();
    if (!this.state.facts.has(k) || (update && update !== "ignore")) this.state.facts.set(k, v);
    else if (!update) refuse();
  }

  #startRun({ name, reserve, resume, alone }: StartRunMessage): unknown {
    const { runs, waits } = this.state;
    const same = [...runs.values()].filter((run) => run.name === name);
    if (alone && same.some(({ status }) => status === "running")) refuse();
    // The newest run decides the state of the name: where it is done there is nothing to resume.
    const newest = [...runs].findLast(([, run]) => run.name === name);
    const found = resume === true
      ? newest?.[1].status === "done" ? undefined : newest
      : [...runs].find(([id]) => id === resume);
    if (!found) {
      if (typeof resume === "number") refuse();
      const run = runs.size + 1;
      runs.set(run, {
        name,
        status: "running",
        first: null,
        last: null,
        resumed: null,
        dependencies: null,
        retried: null,
      });
      if (resume) this.state.resuming.set(run, { known: new Map(), seen: new Set() });
      return { run, firstId: this.#reserve(run, reserve) };
    }
    const [run, row] = found;
    if (row.name !== name || row.status === "running") refuse();
    row.status = "running";
    row.resumed = (row.resumed ?? 0) + 1;
    row.dependencies = null;
    for (const request of this.state.requests) if (request.run === run) request.refused ??= 1;
    for (const line of waits) if (line.startsWith(`${run} `)) waits.delete(line);
    const known = new Map<string, number>();
    for (const [id, task] of this.state.tasks) {
      if (task.run !== run) continue;
      if (task.key === null || known.has(task.key)) refuse();
      known.set(task.key, id);
      if (task.status !== "running") continue;
      Object.assign(task, { status: "error", message: SOME, error: SOME, finished: SOME });
    }
    this.state.resuming.set(run, { known, seen: new Set() });
    return { run, firstId: this.#reserve(run, reserve), resumed: true };
  }

  #reserve(run: number, count: number): number {
    const first = this.free;
    if (count > 0) this.#extend(run, first, first + count - 1);
    return first;
  }

  #extend(run: number, first: number, last: number): void {
    const row = this.state.runs.get(run) ?? refuse();
    row.first = Math.min(row.first ?? first, first);
    row.last = Math.max(row.last ?? last, last);
  }

  #queue(run: number, id: number, name: string, key: string | null): void {
    if (this.state.tasks.has(id)) refuse();
    this.#extend(run, id, id);
    this.state.tasks.set(id, { ...NEW, name, run, key });
    this.state.failed.delete(id);
  }

  #resume({ run, ids, names, keys }: ResumeTasksMessage): number[] {
    const { known, seen } = this.state.resuming.get(run) ?? refuse();
    const fresh = keys.filter((key, i) => !known.has(key) && !ids[i]).length;
    let free = fresh > 0 ? this.#reserve(run, fresh) : 0;
    return keys.map((key, i) => {
      if (seen.has(key)) refuse();
      seen.add(key);
      const id = known.get(key);
      if (id === undefined) {
        const own = ids[i] || free++;
        this.#queue(run, own, names[i] ?? `task ${own}`, key);
        return own;
      }
      const task = this.state.tasks.get(id)!;
      if (task.status === "done" || task.status === "running") return -id;
      if (task.status !== "queued") this.#requeue(id, task);
      // What failed before has no bearing on the attempt that begins now.
      this.state.failed.delete(id);
      return id;
    });
  }

  #retry(run: number, id: number, attempt: FailedAttempt): number {
    const task = this.state.tasks.get(id) ?? refuse();
    if (task.run !== run || isEnd(task.status)) refuse();
    const { startedAt = null, finishedAt: finished, error, message: text } = attempt;
    const started = task.started ?? startedAt;
    this.#keep(id, { ...task, status: "error", started, finished }, error);
    Object.assign(task, {
      ...NEW,
      message: text,
    });
    this.state.failed.delete(id);
    return id;
  }

  /** Keeps an attempt. */
  #keep(id: number, { run, status, started, finished }: ModelTask, error: string | null): void {
    const number = 1 + this.state.attempts.filter(([task]) => task === id).length;
    this.state.attempts.push([id, run, number, status, started, finished, error]);
  }

  #isSpoilt({ id, status }: TaskUpdateMessage): boolean {
    return status === "done" && this.state.failed.has(id);
  }

  #spoil(message: TaskUpdateMessage, failure?: ErrorData): void {
    const { progress: _, result: __, ...rest } = message;
    const text = failure?.message ?? "";
    this.#update({ ...rest, status: "error", message: text, error: SOME });
  }

  #update(message: TaskUpdateMessage): void {
    const { id, run, status, progress, startedAt } = message;
    const task = this.state.tasks.get(id) ?? refuse();
    if (task.run !== run) refuse();
    // The start may be reported together with what followed it.
    const started = startedAt && status !== "running" && task.status === "queued";
    const current = started ? "running" : task.status;
    if (status ? status === "queued" || !canMove(current, status) : current !== "running") refuse();
    task.status = status ?? task.status;
    task.progress = status === "done" ? 1 : progress ?? task.progress;
    task.message = message.message ?? task.message;
    task.started = startedAt ?? task.started;
    task.finished = message.finishedAt ?? task.finished;
    task.result = message.result ?? task.result;
    task.error = message.error ?? task.error;
    task.updated = message.updatedAt ?? task.updated;
    if (status && isEnd(status)) this.state.failed.delete(id);
  }

  #tasksOf(run: number): ModelTask[] {
    return [...this.state.tasks.values()].filter((task) => task.run === run);
  }
}

/** A task that was never started. */
const NEW = {
  status: "queued" as TaskStatus,
  progress: 0,
  message: null,
  started: null,
  finished: null,
  result: null,
  error: null,
  updated: null,
};

function refuse(): never {
  throw new Refusal();
}
