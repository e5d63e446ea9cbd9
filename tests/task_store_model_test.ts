/**
 * Random batches of legal and illegal messages against a model of the state machine that is as simple as
 * can be: one message after the other, no batches, no folding, no savepoints.
 */
import { toInsertMessage } from "../insert.ts";
import type { WriteMessage } from "../messages.ts";
import { canMove, isEnd, TASK_STATUSES, type TaskStatus } from "../task_run.ts";
import { assertEquals } from "./assert.ts";
import { DRIVERS } from "./drivers.ts";
import { Random } from "./random.ts";
import { AT, end, news, openStore, queue, retry, type TestStore } from "./store_fixture.ts";

const SEED = 20_260_727;
const SEQUENCES = 60;
const BATCHES = 12;

interface ModelTask {
  run: number;
  status: TaskStatus;
  progress: number;
  message: string | null;
}

/** What the store should hold; `apply` tells whether a message is written. */
class Model {
  tasks = new Map<number, ModelTask>();
  rows = 0;
  attempts = 0;
  failedTasks = new Set<number>();

  apply(message: WriteMessage): boolean {
    switch (message.kind) {
      case "insert": {
        const good = message.table === "fact";
        if (good) this.rows += message.values.length;
        else if (message.task !== undefined) this.failedTasks.add(message.task);
        return good;
      }
      case "queue_tasks": {
        if (message.ids.some((id) => this.tasks.has(id))) return false;
        for (const id of message.ids) {
          this.tasks.set(id, { run: message.run, status: "queued", progress: 0, message: null });
        }
        return true;
      }
      case "cancel_queued":
        for (const task of this.tasks.values()) {
          if (task.run !== message.run || task.status !== "queued") continue;
          task.status = "cancelled";
          task.message = message.message;
        }
        return true;
      case "transaction": {
        const before = structuredClone({
          tasks: this.tasks,
          rows: this.rows,
          attempts: this.attempts,
        });
        const failed = new Set(this.failedTasks);
        if (message.messages.every((inner) => this.apply(inner))) return true;
        Object.assign(this, before, { failedTasks: failed });
        if (message.task !== undefined) this.failedTasks.add(message.task);
        return false;
      }
      case "retry_task": {
        const task = this.tasks.get(message.task);
        const open = task?.run === message.run && ["queued", "running"].includes(task.status);
        if (!open) {
          this.failedTasks.add(message.task);
          return false;
        }
        Object.assign(task, { status: "queued", progress: 0, message: message.message });
        this.failedTasks.delete(message.task);
        this.attempts++;
        return true;
      }
      case "task_update":
        return this.#update(message);
      default:
        throw new Error(`The model knows no ${message.kind}`);
    }
  }

  #update(message: WriteMessage & { kind: "task_update" }): boolean {
    const task = this.tasks.get(message.id);
    const { status } = message;
    // Of a task whose message failed, `done` is written as `error`, and its sender is told.
    const spoilt = status === "done" && this.failedTasks.has(message.id);
    if (!task) return false;
    const started = message.startedAt && status !== "running" && task.status === "queued";
    const current = started ? "running" : task.status;
    const to = spoilt ? "error" : status;
    if (to ? to === "queued" || !canMove(current, to) : current !== "running") return false;
    if (to) task.status = to;
    if (to && isEnd(to)) this.failedTasks.delete(message.id);
    if (!spoilt) task.progress = status === "done" ? 1 : message.progress ?? task.progress;
    task.message = spoilt ? "spoilt" : message.message ?? task.message;
    return !spoilt;
  }
}

/** Makes messages, more of them legal than not. */
class Maker {
  readonly #random: Random;
  readonly #model: Model;
  readonly #runs: readonly number[];
  #nextId: number;

  constructor(random: Random, model: Model, runs: readonly number[], firstId: number) {
    this.#random = random;
    this.#model = model;
    this.#runs = runs;
    this.#nextId = firstId;
  }

  message(depth = 0): WriteMessage {
    const random = this.#random;
    const run = random.pick(this.#runs);
    const of = () => random.pick([...this.#model.tasks.keys(), 999_999]);
    const task = random.below(2) ? of() : undefined;
    switch (random.below(depth === 0 ? 14 : 12)) {
      case 0: {
        const count = random.pick([0, 1, 3, 12]);
        const ids = Array.from({ length: count }, () => this.#nextId++);
        if (random.below(6) === 0) ids.push(of());
        return queue(run, ids.filter((id) => id !== 999_999));
      }
      case 1:
        if (random.below(4)) return this.#insert("fact", task);
        return { kind: "cancel_queued", run, message: "stopped", finishedAt: AT };
      case 2:
        return this.#insert(random.below(3) ? "fact" : "nowhere", task);
      case 3: {
        const task = of();
        const owner = random.below(8) ? this.#model.tasks.get(task)?.run ?? run : run;
        return retry(owner, task, `m${random.below(100)}`);
      }
      case 12:
      case 13: {
        const messages = Array.from({ length: random.below(5) }, () => this.message(depth + 1));
        // A transaction that ends a failed task is a test of its own.
        const plain = messages.filter((m) => m.kind !== "task_update" || m.status !== "done");
        return task === undefined
          ? { kind: "transaction", messages: plain }
          : { kind: "transaction", messages: plain, task };
      }
      default:
        return this.#news(of());
    }
  }

  #insert(table: string, task?: number): WriteMessage {
    const message = toInsertMessage(table, [{ x: this.#random.below(10) }]);
    if (task !== undefined) message.task = task;
    return message;
  }

  #news(id: number): WriteMessage {
    const random = this.#random;
    const { run, status } = this.#model.tasks.get(id) ?? { run: this.#runs[0]!, status: "queued" };
    const legal = TASK_STATUSES.filter((to) => canMove(status as TaskStatus, to));
    const to = random.pick(random.below(4) && legal.length > 0 ? legal : TASK_STATUSES);
    const told = random.below(2) ? { message: `m${random.below(100)}` } : {};
    if (random.below(3) === 0) {
      return news(run, id, { progress: random.below(100) / 100, updatedAt: AT, ...told });
    }
    if (!isEnd(to)) return news(run, id, { status: to, startedAt: AT, ...told });
    return end(run, id, to, random.below(4) ? told : { startedAt: AT, ...told });
  }
}

function expectSame(store: TestStore, model: Model, runs: readonly number[], hint: string): void {
  const rows = store.all("SELECT id, status, progress, message FROM task_runs ORDER BY id");
  const stored = rows.map(({ id, status, progress, message }) => {
    const spoilt = message !== null && !/^(m\d+|stopped)$/.test(String(message));
    return [id, status, progress, spoilt ? "spoilt" : message];
  });
  const expected = [...model.tasks].sort(([a], [b]) => a - b)
    .map(([id, { status, progress, message }]) => [id, status, progress, message]);
  assertEquals(stored, expected, hint);
  assertEquals(store.column("SELECT count(*) FROM fact"), [model.rows], hint);
  assertEquals(store.column("SELECT count(*) FROM task_attempts"), [model.attempts], hint);
  for (const run of runs) {
    const { kept, counted } = store.counts(run);
    assertEquals(kept, counted, `counts of run ${run}, ${hint}`);
  }
}

for (const driver of DRIVERS) {
  Deno.test(`Store.commit() agrees with a model of the state machine (${driver})`, async () => {
    for (let sequence = 0; sequence < SEQUENCES; sequence++) {
      const random = new Random(SEED + sequence);
      using store = await openStore({ driver, schema: "CREATE TABLE fact (x INTEGER)" });
      const model = new Model();
      const runs = [store.startRun().run, store.startRun().run];
      const maker = new Maker(random, model, runs, 1);
      for (let batch = 0; batch < BATCHES; batch++) {
        const messages: WriteMessage[] = [];
        const expected: number[] = [];
        const count = random.pick([1, 2, 5, 20, 60]);
        for (let i = 0; i < count; i++) {
          const message = maker.message();
          if (!model.apply(message)) expected.push(i);
          messages.push(message);
        }
        const { failures } = store.commit(...messages);
        const hint = `seed ${SEED + sequence}, batch ${batch}`;
        assertEquals(failures.map(([index]) => index), expected, hint);
        expectSame(store, model, runs, hint);
      }
    }
  });
}
