/**
 * What the scheduler may rely on, whatever the executor: the same claims for each.
 *
 * @module
 */
import { fromErrorData } from "../../errors.ts";
import type { Executor, ExecutorEvents } from "../../pipeline/executor/executor.ts";
import { openExecutor, type TaskWork } from "../../pipeline/executor/open_executor.ts";
import type { TaskOutcome } from "../../pipeline/executor/task_runner.ts";
import { LiveTask } from "../../pipeline/scheduler/live_task.ts";
import type { Attempt } from "../../pipeline/scheduler/retry_policy.ts";
import type { EndStatus } from "../../internal/task_status.ts";
import { clientOf, SqliteWriter } from "../../writer/client/sqlite_writer.ts";
import type { Job } from "../fixtures/conforming_task.ts";
import { assert, assertEquals } from "./assert.ts";
import { readRow, readValues } from "./read.ts";
import { tempFolder } from "./temp.ts";
import { until } from "./until.ts";

/** An executor under test. */
export interface Claimant {
  name: string;
  /** Its work is `conform` of `tests/fixtures/conforming_task.ts`. */
  work: TaskWork<Job>;
  /** Whether it can end a task in the middle that does not heed its signal. */
  ends: boolean;
  /** What it needs beside the run, such as workers elsewhere; disposed of after each test. */
  open?(): AsyncDisposable;
}

const SLOTS = 2;

/** One executor that has been started, in a run whose tasks are queued, and what it has reported. */
class Subject implements AsyncDisposable {
  readonly events: string[] = [];
  readonly stop = new AbortController();
  readonly #outcomes = new Map<number, PromiseWithResolvers<TaskOutcome>>();
  readonly #logs = new Map<number, PromiseWithResolvers<void>>();
  readonly #resources = new AsyncDisposableStack();
  executor!: Executor<Job>;
  db = "";
  #run = 0;
  #next = 0;
  #stage: TaskWork<Job>["stage"];

  static async start({ work, open }: Claimant, abortGraceMs = 60_000): Promise<Subject> {
    const subject = new Subject();
    const resources = subject.#resources;
    subject.#stage = work.stage;
    const folder = resources.use(tempFolder());
    const db = subject.db = folder.file("a.db");
    const schema = "CREATE TABLE line (task INTEGER NOT NULL, text TEXT NOT NULL)";
    const writer = resources.use(await SqliteWriter.open({ db, schema }));
    if (open) resources.use(open());
    const client = clientOf(writer);
    const batchSender = client.sender((error, task) => {
      if (task !== undefined) subject.executor.messageFailed?.(task, error);
    });
    const startedAt = new Date().toISOString();
    const { run, firstId } = await batchSender.request({
      kind: "start_run",
      name: "claims",
      workers: SLOTS,
      startedAt,
      reserve: 20,
    });
    const ids = Array.from({ length: 20 }, (_, i) => firstId + i);
    const names = ids.map((id) => `task ${id}`);
    await batchSender.request({ kind: "queue_tasks", run, ids, names, keys: names });
    subject.#run = run;
    subject.#next = firstId;
    const environment = {
      run,
      batchSender,
      atomic: false,
      signal: subject.stop.signal,
      onLog: ({ id }: { id: number }) => subject.#logged(id).resolve(),
    };
    const options = { environment, slots: SLOTS, observer: undefined };
    subject.executor = resources.use(
      openExecutor(
        { ...work, abortGraceMs, limits: { any: { rate: 1_000 } } },
        client,
        options,
      ),
    );
    await subject.executor.start(subject.#listener);
    await until(() => subject.executor.free === SLOTS);
    return subject;
  }

  task(item: Job, attempt?: Partial<Attempt>): LiveTask<Job> {
    const id = this.#next++;
    const stage = this.#stage?.(item);
    const task = new LiveTask({ id, name: `task ${id}`, key: `task ${id}` }, { item, stage });
    const startedAt = new Date().toISOString();
    if (attempt) {
      task.attempt = { number: 1, retryable: false, timeoutMs: undefined, startedAt, ...attempt };
    }
    return task;
  }

  /** Offers a task, and resolves with how it ends. */
  offer(task: LiveTask<Job>): Promise<TaskOutcome> {
    const outcome = Promise.withResolvers<TaskOutcome>();
    this.#outcomes.set(task.id, outcome);
    const { free } = this.executor;
    this.executor.offer(task);
    assertEquals(this.executor.free, free - 1);
    assert(!this.has(task, "ended") && !this.has(task, "lost"), "it was answered too early");
    return outcome.promise;
  }

  /** Cancels a task as the scheduler does. */
  cancel(task: LiveTask<Job>, reason: Error): void {
    const end = Promise.withResolvers<EndStatus>();
    end.promise.catch(() => {});
    task.cancellation = { reason, end, promise: undefined };
    this.executor.cancel(task, reason);
  }

  has({ id }: LiveTask<Job>, event: string): boolean {
    return this.events.includes(`${event} ${id}`);
  }

  /** Resolves when a task has logged that it waits. */
  async waits({ id }: LiveTask<Job>): Promise<void> {
    await this.#logged(id).promise;
  }

  #logged(id: number): PromiseWithResolvers<void> {
    let logged = this.#logs.get(id);
    if (!logged) this.#logs.set(id, logged = Promise.withResolvers());
    return logged;
  }

  /** The row of a task, when all that the tasks sent is committed. */
  async written({ id }: LiveTask<Job>) {
    const sql =
      `SELECT status, progress, message, result, error, run_id FROM task_runs WHERE id=${id}`;
    const { run_id, ...row } = await readRow(this.db, sql);
    assertEquals(run_id, this.#run);
    return row;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }

  readonly #listener: ExecutorEvents<Job> = {
    ready: () => this.events.push("ready"),
    started: ({ id }) => this.events.push(`started ${id}`),
    ended: (task, outcome) => this.#answer("ended", task.id, outcome),
    lost: (task, outcome) => this.#answer("lost", task.id, outcome),
    returned: ({ id }) => this.events.push(`returned ${id}`),
    orphaned: (tasks) => tasks.forEach(({ id }) => this.events.push(`orphaned ${id}`)),
    failed: (error) => this.events.push(`failed ${error.message}`),
  };

  #answer(event: string, id: number, outcome: TaskOutcome): void {
    this.events.push(`${event} ${id}`);
    this.#outcomes.get(id)!.resolve(outcome);
  }
}

/** Registers the tests of one executor. */
export function testExecutor(claimant: Claimant, options: Partial<Deno.TestDefinition> = {}): void {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ ...options, name: `${claimant.name}: ${name}`, fn });

  test("tasks take slots, begin, end once each, and what they wrote is committed", async () => {
    await using subject = await Subject.start(claimant);
    const { executor, events } = subject;
    const tasks = Array.from({ length: 6 }, () => subject.task("return"));
    const outcomes: Promise<TaskOutcome>[] = [];
    for (const task of tasks) {
      await until(() => executor.free > 0);
      outcomes.push(subject.offer(task));
    }
    for (const outcome of outcomes) assertEquals((await outcome).status, "done");
    await until(() => executor.free === SLOTS);
    assertEquals([...executor.running()], []);
    await executor.finish();
    for (const task of tasks) {
      const { id, name, key } = task;
      const about = events.filter((event) => event.endsWith(` ${id}`));
      assertEquals(about, [`started ${id}`, `ended ${id}`]);
      const { result, ...row } = await subject.written(task);
      assertEquals(JSON.parse(`${result}`), { job: "return", id, name, key, attempt: 1 });
      assertEquals(row, { status: "done", progress: 1, message: "return", error: null });
    }
    const lines = await readValues(subject.db, "SELECT count(DISTINCT task), count(*) FROM line");
    assertEquals(lines, [[6, 6]]);
  });

  test("an error keeps its class, properties and cause; one that may be retried is not written", async () => {
    await using subject = await Subject.start(claimant);
    const last = subject.task("throw", { number: 2 });
    const again = subject.task("throw", { retryable: true });
    const refused = subject.task("refused row");
    const [written, unwritten] = await Promise.all([subject.offer(last), subject.offer(again)]);
    await until(() => subject.executor.free > 0);
    const row = await subject.offer(refused);
    await subject.executor.finish();
    for (const { status, error } of [written, unwritten]) {
      const thrown = fromErrorData(error!) as Error & { status: number };
      assertEquals([status, thrown instanceof RangeError, thrown.message, thrown.status], [
        ...["error", true, "No answer", 503],
      ]);
      assert(thrown.cause instanceof TypeError && thrown.cause.message === "No address");
    }
    assertEquals([written.unwritten ?? false, unwritten.unwritten], [false, true]);
    const { status, message, error } = await subject.written(last);
    assertEquals([status, message], ["error", "No answer"]);
    assert(`${error}`.startsWith("RangeError: No answer"), `${error}`);
    assertEquals((await subject.written(again)).status, "running");
    assertEquals([row.status, (await subject.written(refused)).status], ["error", "error"]);
    assert(`${row.error?.message}`.includes("NOT NULL"), row.error?.message);
  });

  test("a task is cancelled by itself, before it has begun and while it runs", async () => {
    await using subject = await Subject.start(claimant);
    const { executor } = subject;
    const [soon, late, other] = [subject.task("wait"), subject.task("wait"), subject.task("wait")];
    const reason = new DOMException("Not needed", "AbortError");
    const early = subject.offer(soon);
    subject.cancel(soon, reason);
    assertEquals((await early).status, "cancelled");
    await until(() => executor.free === SLOTS);
    const outcomes = [subject.offer(late), subject.offer(other)];
    await Promise.all([subject.waits(late), subject.waits(other)]);
    assertEquals([...executor.running()].map(({ id }) => id).sort(), [late.id, other.id]);
    subject.cancel(late, reason);
    const { status, error } = (await outcomes[0])!;
    assertEquals([status, error!.message, subject.has(other, "ended")], [
      ...["cancelled", "Not needed", false],
    ]);
    await until(() => executor.free === 1);
    subject.cancel(other, reason);
    assertEquals((await outcomes[1])!.status, "cancelled");
    await executor.finish();
    assertEquals((await subject.written(late)).status, "cancelled");
  });

  test("the time of an attempt is up, and a run that stops reaches the tasks that run", async () => {
    await using subject = await Subject.start(claimant);
    const { executor, stop } = subject;
    const { status, error } = await subject.offer(subject.task("wait", { timeoutMs: 40 }));
    assertEquals([status, error!.name], ["error", "TimeoutError"]);
    await until(() => executor.free === SLOTS);
    const tasks = [subject.task("wait"), subject.task("wait")];
    const outcomes = tasks.map((task) => subject.offer(task));
    for (const task of tasks) await subject.waits(task);
    stop.abort(new DOMException("Enough", "AbortError"));
    for (const outcome of outcomes) {
      const { status, error } = await outcome;
      assertEquals([status, error!.message], ["cancelled", "Enough"]);
    }
    await executor.finish();
    for (const task of tasks) assertEquals((await subject.written(task)).status, "cancelled");
  });

  if (!claimant.ends) return;
  test("a task that heeds no signal is ended, and one that runs at the end is lost", async () => {
    await using subject = await Subject.start(claimant, 50);
    const { executor } = subject;
    const deaf = subject.task("ignore");
    const outcome = subject.offer(deaf);
    await subject.waits(deaf);
    subject.cancel(deaf, new DOMException("Not needed", "AbortError"));
    const { status, lost, unwritten } = await outcome;
    assertEquals([status, lost, unwritten], ["cancelled", true, true]);
    await until(() => executor.free === SLOTS);
    const next = subject.task("ignore");
    const end = subject.offer(next);
    await subject.waits(next);
    executor[Symbol.dispose]();
    assertEquals([(await end).status, (await end).lost], ["error", true]);
    assertEquals(subject.events.filter((event) => event.endsWith(` ${next.id}`)).length, 2);
  });
}
