import { runPipeline, SqliteWriter, WriterClosedError } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const module = new URL("../fixtures/retried_tasks.ts", import.meta.url);
const LOGS = "SELECT task_id, level, message FROM task_logs ORDER BY id";

/** Resolves when the signal is aborted, with its reason. */
function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => signal.onabort = () => resolve(signal.reason));
}

Deno.test("runPipeline() aborts the signal of a task whose time is up, of that attempt alone", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const signals: AbortSignal[] = [];
  const report = await runPipeline([1], {
    db,
    timeoutMs: 20,
    retries: 1,
    retryDelayMs: 0,
    async run(_, task) {
      signals.push(task.signal);
      if (task.attempt === 1) throw await aborted(task.signal);
    },
  });
  assertEquals(report.status, "done");
  assertEquals(signals.map(({ aborted }) => aborted), [true, false]);
  const [[error]] = await readValues(db, "SELECT error FROM task_attempts") as [[string]];
  assertMatch(error, /Timed out after 20 ms/);
  assertEquals(await readValues(db, LOGS), [
    [1, "warn", "Timed out after 20 ms: its signal is aborted"],
  ]);
});

for (const where of ["on this thread", "in the pool"]) {
  Deno.test(`runPipeline() gives an item the time of its policy, ${where}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const report = await runPipeline(["quick", "listens"], {
      db,
      timeoutMs: 1_000_000,
      taskOptions: (item) => item === "listens" ? { timeoutMs: 50 } : undefined,
      run: where === "in the pool" ? { module, export: "hang" } : async (item, task) => {
        if (item === "listens") throw await aborted(task.signal);
      },
    });
    assertEquals([report.counts.done, report.counts.error], [1, 1]);
    assertEquals(await readValues(db, LOGS), [
      [2, "warn", "Timed out after 50 ms: its signal is aborted"],
    ]);
  });
}

Deno.test("runPipeline() calls it an error, not a cancellation, when the time is up", async () => {
  const report = await runPipeline([1], {
    db: ":memory:",
    timeoutMs: 20,
    run: async (_, task) => {
      throw await aborted(task.signal);
    },
  });
  const [failure] = report.failures;
  assertEquals([report.counts.error, failure!.error.name, failure!.error.message], [
    1,
    "TimeoutError",
    "Timed out after 20 ms",
  ]);
});

Deno.test("runPipeline() leaves a task on this thread alone that ignores its time, and logs it", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(["ignores", "blocks", "quick"], {
    db,
    workers: 1,
    timeoutMs: 30,
    async run(item, task) {
      if (item === "ignores") await aborted(task.signal);
      if (item === "blocks") {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
      }
      return item;
    },
  });
  assertEquals([report.status, report.counts.done], ["done", 3]);
  assertEquals(await readValues(db, LOGS), [
    [1, "warn", "Timed out after 30 ms: its signal is aborted"],
    [2, "warn", "Timed out after 30 ms, but could not be notified"],
  ]);
});

Deno.test("runPipeline() outlives the time of a task whose writer is closed", async () => {
  const writer = await SqliteWriter.open({ db: ":memory:" });
  const timedOut = Promise.withResolvers<unknown>();
  const started = Promise.withResolvers<void>();
  const closing = Promise.withResolvers<void>();
  const { abort } = AbortController.prototype;
  using _ = {
    [Symbol.dispose]() {
      AbortController.prototype.abort = abort;
    },
  };
  // The task's signal does not show it: it is aborted before, when the writer goes.
  AbortController.prototype.abort = function (reason) {
    abort.call(this, reason);
    if (reason.name === "TimeoutError") timedOut.resolve(reason);
  };
  const running = runPipeline([1], {
    db: writer,
    timeoutMs: 200,
    async run() {
      started.resolve();
      await timedOut.promise;
      await closing.promise;
    },
  });
  await started.promise;
  writer.close().then(() => closing.resolve());
  await assertRejects(() => running, WriterClosedError);
  assertMatch(String(await timedOut.promise), /Timed out after 200 ms/);
});

Deno.test("runPipeline() leaves no timer behind when tasks are quicker than their time", async () => {
  // The sanitizers of this test would find one.
  for (const run of [() => {}, { module, export: "hang" }]) {
    const options = { db: ":memory:", timeoutMs: 100_000, run };
    const report = await runPipeline(["quick", "quick"], options);
    assertEquals(report.counts.done, 2);
  }
});

Deno.test("runPipeline() aborts a task of the pool whose time is up", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(["listens", "quick"], {
    db,
    workers: 2,
    timeoutMs: 50,
    abortGraceMs: 60_000,
    run: { module, export: "hang" },
  });
  assertEquals([report.counts.done, report.counts.error], [1, 1]);
  const { error } = report.failures[0]!;
  assertEquals([error.name, error.message], ["TimeoutError", "Timed out after 50 ms"]);
});

for (const item of ["ignores", "blocks"]) {
  Deno.test(`runPipeline() ends the Worker of a task that ${item}, and replaces it`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    // The tasks before it in its Worker have ended all the same.
    const items = ["quick", "writes", item, "quick"];
    const report = await runPipeline(items, {
      db,
      schema: "CREATE TABLE row (task INTEGER, text TEXT)",
      workers: 1,
      timeoutMs: 500,
      abortGraceMs: 20,
      retries: 1,
      retryDelayMs: 0,
      run: { module, export: "hang" },
    });
    assertEquals([report.status, report.counts.done], ["done", 4]);
    const tasks = "SELECT id, status, result FROM task_runs ORDER BY id";
    assertEquals(await readValues(db, tasks), [
      [1, "done", "1"],
      [2, "done", "1"],
      [3, "done", "2"],
      [4, "done", "1"],
    ]);
    const attempts = "SELECT task_id, started_at < finished_at, error FROM task_attempts";
    const [[task, took, error]] = await readValues(db, attempts) as [[number, number, string]];
    assertEquals([task, took], [3, 1]);
    assertMatch(error, /Timed out after 500 ms; its Worker was terminated/);
    assertEquals((await readValues(db, LOGS)).map(([, , message]) => message), [
      "Timed out after 500 ms: its signal is aborted",
      "Timed out after 500 ms; its Worker was terminated",
    ]);
  });
}

Deno.test("runPipeline() writes the failure of a task whose Worker it ended", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(["blocks"], {
    db,
    timeoutMs: 500,
    abortGraceMs: 0,
    run: { module, export: "hang" },
  });
  assertEquals(report.status, "error");
  const rows = await readValues(db, "SELECT status, message, started_at FROM task_runs");
  const [[status, message, startedAt]] = rows as [[string, string, string | null]];
  assertEquals([status, message], ["error", "Timed out after 500 ms; its Worker was terminated"]);
  assert(startedAt !== null, "its start was written before it blocked its thread");
});

for (const atomic of [false, true]) {
  Deno.test(`runPipeline() takes nothing from a task whose Worker it ended and that continues (atomic: ${atomic})`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const shared = new SharedArrayBuffer(8);
    const report = await runPipeline([{ key: "a", shared }], {
      db,
      atomic,
      schema: "CREATE TABLE row (task INTEGER, text TEXT)",
      timeoutMs: 300,
      abortGraceMs: 10,
      retries: 3,
      retryDelayMs: 0,
      run: { module, export: "outlive" },
    });
    assertEquals([report.status, report.counts.done], ["done", 1]);
    assertEquals(await readValues(db, "SELECT text FROM row"), [["in time"]]);
    const tasks = "SELECT status, result > '1' FROM task_runs";
    assertEquals(await readValues(db, tasks), [["done", 1]]);
  });
}
