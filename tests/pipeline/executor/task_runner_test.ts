import type { ErrorData } from "../../../errors.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import type { TaskContext } from "../../../pipeline/executor/task_context.ts";
import { type TaskEnvironment, TaskExecution } from "../../../pipeline/executor/task_execution.ts";
import { runTask, writeFailure } from "../../../pipeline/executor/task_runner.ts";
import type { TaskFunction } from "../../../pipeline/executor/task_module.ts";
import { clientOf, SqliteWriter } from "../../../writer/client/sqlite_writer.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { readValues } from "../../support/read.ts";
import { tempFolder } from "../../support/temp.ts";

const TASK = "SELECT status, progress, message, result FROM task_runs";

/** A queued task with the id 1, and what is needed to run it. */
async function openTask(settings: Partial<TaskEnvironment> = {}) {
  const folder = tempFolder();
  const db = folder.file("a.db");
  const writer = await SqliteWriter.open({
    db,
    schema: "CREATE TABLE row (n INTEGER NOT NULL)",
  });
  const started = await clientOf(writer).request({
    kind: "start_run",
    name: "test",
    workers: 1,
    startedAt: "2026-01-02T03:04:05.678Z",
    reserve: 1,
  });
  const { run } = started;
  await clientOf(writer).request({
    kind: "queue_tasks",
    run,
    ids: [1],
    names: ["one"],
    keys: [null],
  });
  const failures: ErrorData[] = [];
  const batchSender = clientOf(writer).sender((error, task) => {
    if (task === 1) execution.fail(error);
    else failures.push(error);
  });
  const { signal } = new AbortController();
  const environment: TaskEnvironment = { run, batchSender, atomic: false, signal, ...settings };
  const execution = new TaskExecution({ id: 1, name: "one", key: null }, environment);
  return {
    db,
    execution,
    environment,
    failures,
    run: (work: TaskFunction<string>) => runTask(work, "item", execution, environment),
    rows: async (sql: string) => {
      await batchSender.flushed();
      return await readValues(db, sql);
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      folder[Symbol.dispose]();
    },
  };
}

Deno.test("runTask() hands over item and context and stores what is returned", async () => {
  await using task = await openTask();
  let context: TaskContext | undefined;
  const outcome = await task.run((item, given) => {
    context = given;
    return { item };
  });
  assertEquals(outcome, { status: "done" });
  assertEquals(await task.rows(TASK), [["done", 1, null, '{"item":"item"}']]);
  assertEquals([context!.id, context!.name, context!.key], [1, "one", null]);
  assert(task.execution.ended);
});

Deno.test("runTask() writes the start before the task runs", async () => {
  await using task = await openTask();
  await task.run(async () => {
    assertEquals(await task.rows(TASK), [["running", 0, null, null]]);
  });
});

Deno.test("runTask() does not wait for the disk when rows are on their way", async () => {
  await using task = await openTask();
  const outcome = await task.run((_, context) => context.insert("row", [[1]]));
  assert("pending" in outcome);
  assertEquals(await outcome.pending, { status: "done" });
  assertEquals(await readValues(task.db, "SELECT n FROM row"), [[1]]);
  assertEquals(await readValues(task.db, TASK), [["done", 1, null, null]]);
});

Deno.test("runTask() reports a refused row only once the rest is committed", async () => {
  await using task = await openTask();
  const outcome = await task.run(async (_, context) => {
    await context.insert("row", [[1]]);
    await context.insert("row", [[null]]);
    context.progress(0.5);
    return "lost";
  });
  assert("pending" in outcome);
  const { status, error } = await outcome.pending;
  assertEquals([status, error!.name, error!.code], ["error", "SqliteError", "constraint"]);
  const [[stored, progress, message, result]] = await readValues(task.db, TASK) as [unknown[]];
  assertEquals([stored, progress, result], ["error", 0.5, null]);
  assertMatch(String(message), /NOT NULL/);
  assertEquals(await readValues(task.db, "SELECT n FROM row"), [[1]]);
  assertEquals(task.failures, []);
});

Deno.test("runTask() does not wait for the commit of an atomic task", async () => {
  await using task = await openTask({ atomic: true });
  const outcome = await task.run(async (_, context) => {
    await context.insert("row", [[1]]);
    return "kept";
  });
  assert("pending" in outcome);
  assertEquals(await outcome.pending, { status: "done" });
  assertEquals(await readValues(task.db, "SELECT n FROM row"), [[1]]);
  assertEquals(await readValues(task.db, TASK), [["done", 1, null, '"kept"']]);
});

Deno.test("runTask() ends an atomic task as error when its commit is refused", async () => {
  await using task = await openTask({ atomic: true });
  const outcome = await task.run(async (_, context) => {
    await context.insert("row", [[1]]);
    await context.insert("row", [[null]]);
  });
  assert("pending" in outcome);
  const { status, error } = await outcome.pending;
  assertEquals([status, error!.code], ["error", "constraint"]);
  assertEquals(await task.rows("SELECT n FROM row"), []);
  const [[stored, progress, message]] = await task.rows(TASK) as [unknown[]];
  assertEquals([stored, progress, message], ["error", 0, error!.message]);
  assertEquals(task.failures, []);
});

Deno.test("runTask() sends an atomic task's rows when the writer has room for them", async () => {
  await using task = await openTask({ atomic: true });
  const { batchSender } = task.environment;
  const outcome = await task.run((_, context) => {
    const rows = Array.from({ length: 10_000 }, (_, n) => [n]);
    batchSender.post(toInsertMessage("row", rows));
    assert(batchSender.ready());
    context.insert("row", [[-1]]);
  });
  assertEquals(batchSender.ready(), undefined);
  assertEquals(await readValues(task.db, "SELECT count(*) FROM row WHERE n >= 0"), [[10_000]]);
  assert("pending" in outcome);
  assertEquals(await outcome.pending, { status: "done" });
});

Deno.test("runTask() never rejects for what a task throws", async () => {
  await using task = await openTask();
  const outcome = await task.run(() => Promise.reject(new RangeError("Broken")));
  assert(!("pending" in outcome));
  assertEquals([outcome.status, outcome.error!.name], ["error", "RangeError"]);
  assertEquals(await task.rows(TASK), [["error", 0, "Broken", null]]);
});

Deno.test("runTask() calls it a cancellation when the reason of an abort is thrown", async () => {
  await using task = await openTask({ signal: AbortSignal.abort(new Error("Enough")) });
  const outcome = await task.run((_, { signal }) => signal.throwIfAborted());
  assert(!("pending" in outcome));
  assertEquals([outcome.status, outcome.error!.message], ["cancelled", "Enough"]);
  assertEquals(await task.rows(TASK), [["cancelled", 0, "Enough", null]]);
});

Deno.test("runTask() does not hide an error that is thrown after an abort", async () => {
  await using task = await openTask({ signal: AbortSignal.abort(new Error("Enough")) });
  const outcome = await task.run(() => Promise.reject(new TypeError("A bug")));
  assert(!("pending" in outcome));
  assertEquals([outcome.status, outcome.error!.name], ["error", "TypeError"]);
  assertEquals(await task.rows(TASK), [["error", 0, "A bug", null]]);
});

Deno.test("runTask() stores an error with its causes", async () => {
  await using task = await openTask();
  const cause = new RangeError("Too far");
  const error = new Error("Cannot continue", { cause });
  await task.run(() => Promise.reject(error));
  const stored = await task.rows("SELECT message, error FROM task_runs");
  assertEquals(stored, [["Cannot continue", `${error.stack}\nCaused by: ${cause.stack}`]]);
});

Deno.test("runTask() is done after an abort when the task finished all the same", async () => {
  await using task = await openTask({ signal: AbortSignal.abort() });
  assertEquals(await task.run(() => 1), { status: "done" });
  assertEquals(await task.rows(TASK), [["done", 1, null, "1"]]);
});

Deno.test("runTask() writes no status where none is kept, but rows", async () => {
  await using task = await openTask({ run: null });
  const outcome = await task.run((_, context) => context.insert("row", [[1]]));
  assertEquals("pending" in outcome ? await outcome.pending : outcome, { status: "done" });
  assertEquals(await task.rows("SELECT n FROM row"), [[1]]);
  assertEquals(await task.rows("SELECT status FROM task_runs"), [["queued"]]);
});

Deno.test("writeFailure() ends a task that was never started", async () => {
  await using task = await openTask();
  const error = { name: "Error", message: "Never started", stack: "the stack" };
  writeFailure(1, { status: "error", error }, task.environment);
  assertEquals(
    await task.rows("SELECT status, message, error, started_at FROM task_runs"),
    [["error", "Never started", "the stack", null]],
  );
  assertEquals(task.failures, []);
});
