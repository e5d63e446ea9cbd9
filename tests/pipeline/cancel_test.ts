import { type PipelineReport, runPipeline } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { untilAborted } from "../support/gates.ts";
import { readValues } from "../support/read.ts";
import { Fixture } from "../support/spawn.ts";
import { tempFolder } from "../support/temp.ts";

const TASKS = "SELECT id, status, progress, message FROM task_runs ORDER BY id";
const RUN = "SELECT status, queued, running, done, error, cancelled FROM pipeline_runs";

/** That everything was committed, checkpointed and is sound. */
async function assertSound(db: string): Promise<void> {
  const wal = await Deno.stat(db + "-wal").catch(() => undefined);
  assertEquals(wal?.size ?? 0, 0);
  assertEquals(await readValues(db, "PRAGMA integrity_check"), [["ok"]]);
}

for (
  const [signal, mode] of [["SIGINT", "heeds"], ["SIGTERM", "heeds"], ["SIGINT", "pool"]] as const
) {
  Deno.test(`runPipeline() stops at ${signal} and leaves nothing behind (${mode})`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    await using child = new Fixture("interrupted.ts", folder.path, db, mode);
    assertEquals(await child.line(), "started");
    if (mode === "pool") assertEquals(await child.line(), "started");
    child.kill(signal);
    assertEquals([await child.line(), await child.line()], ["stopping", "stopping"]);
    const report: PipelineReport = JSON.parse(await child.line());
    assertEquals([report.status, report.checkpoint?.busy], ["cancelled", false]);
    assertEquals([report.counts.cancelled, report.counts.total], [4, 4]);
    const why = `Stopped by ${signal}`;
    assertEquals(await readValues(db, TASKS), [
      [1, "cancelled", 0.1, why],
      [2, "cancelled", 0.2, why],
      [3, "cancelled", 0, why],
      [4, "cancelled", 0, why],
    ]);
    assertEquals(await readValues(db, RUN), [["cancelled", 0, 0, 0, 0, 4]]);
    assertEquals(await readValues(db, "SELECT n FROM row ORDER BY n"), [[1], [2]]);
    await assertSound(db);
    // The pipeline has ended: the signal has its usual effect again.
    child.kill(signal);
    assertEquals((await child.status).signal, signal);
  });
}

Deno.test("a second SIGINT ends the process when a task ignores the first", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using child = new Fixture("interrupted.ts", folder.path, db, "ignores");
  assertEquals(await child.line(), "started");
  child.kill("SIGINT");
  assertEquals([await child.line(), await child.line()], ["stopping", "stopping"]);
  child.kill("SIGINT");
  assertEquals((await child.status).code, 130);
  assertEquals(await readValues(db, "PRAGMA integrity_check"), [["ok"]]);
  assertEquals(await readValues(db, "SELECT n FROM row ORDER BY n"), [[1], [2]]);
  assertEquals(await readValues(db, "SELECT id, status FROM task_runs ORDER BY id"), [
    [1, "running"],
    [2, "running"],
    [3, "queued"],
    [4, "queued"],
  ]);
});

Deno.test("a signal has its usual effect after a pipeline that was not interrupted", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using child = new Fixture("interrupted.ts", folder.path, db, "ended");
  const report: PipelineReport = JSON.parse(await child.line());
  assertEquals(report.counts.done, 4);
  child.kill("SIGTERM");
  assertEquals((await child.status).signal, "SIGTERM");
  await assertSound(db);
});

Deno.test("runPipeline() leaves signals to the program that handles them itself", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using child = new Fixture("interrupted.ts", folder.path, db, "handled");
  await child.line();
  child.kill("SIGINT");
  assertEquals([await child.line(), await child.line()], ["stopping", "stopping"]);
  const report: PipelineReport = JSON.parse(await child.line());
  assertEquals(report.counts.cancelled, 4);
  assertEquals((await readValues(db, TASKS))[3], [4, "cancelled", 0, "My own handler"]);
  assertEquals((await child.status).code, 0);
});

Deno.test("runPipeline() stops at an abort: running tasks may finish, no more are started", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const controller = new AbortController();
  const report = await runPipeline(["finishes", "stops", "fails", "waits"], {
    db,
    workers: 3,
    signal: controller.signal,
    async run(item, task) {
      const aborted = untilAborted(task);
      task.progress(0.25);
      if (item === "fails") controller.abort(new Error("Enough"));
      await aborted.catch((reason) => {
        if (item === "stops") throw reason;
        if (item === "fails") throw new Error("Interrupted in between", { cause: reason });
      });
      return item;
    },
  });
  assertEquals(await readValues(db, TASKS), [
    [1, "done", 1, null],
    [2, "cancelled", 0.25, "Enough"],
    [3, "cancelled", 0.25, "Interrupted in between"],
    [4, "cancelled", 0, "Enough"],
  ]);
  assertEquals(await readValues(db, RUN), [["cancelled", 0, 0, 1, 0, 3]]);
  assertEquals([report.status, report.counts.done, report.counts.cancelled], ["cancelled", 1, 3]);
  assertEquals(report.failures, []);
  await assertSound(db);
});

Deno.test("runPipeline() reports a task that fails while it stops", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const controller = new AbortController();
  const report = await runPipeline(["stops", "fails", "waits"], {
    db,
    workers: 2,
    signal: controller.signal,
    async run(item, task) {
      const aborted = untilAborted(task);
      if (item === "fails") controller.abort(new Error("Enough"));
      await aborted.catch((reason) => {
        throw item === "fails" ? new TypeError("A bug") : reason;
      });
    },
  });
  assertEquals(await readValues(db, TASKS), [
    [1, "cancelled", 0, "Enough"],
    [2, "error", 0, "A bug"],
    [3, "cancelled", 0, "Enough"],
  ]);
  assertEquals([report.status, report.failures.map(({ id }) => id)], ["error", [2]]);
  assertEquals(await readValues(db, RUN), [["error", 0, 0, 0, 1, 2]]);
});

Deno.test("runPipeline() starts no task when the signal is aborted already", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let ran = 0;
  const reasons = [undefined, "a string", null, Object.create(null), new Error("An error")];
  for (const reason of reasons) {
    const signal = AbortSignal.abort(reason);
    const report = await runPipeline([1, 2], { db, signal, run: () => void ran++ });
    assertEquals([report.status, report.counts.cancelled], ["cancelled", 2]);
  }
  assertEquals(ran, 0);
  const counted = "SELECT count(*), sum(status='cancelled'), count(message) FROM task_runs";
  assertEquals(await readValues(db, counted), [[10, 10, 10]]);
});

Deno.test("runPipeline() that is stopped before it has Workers waits for none to load", async () => {
  const module = "data:text/javascript,await new Promise(() => setTimeout(() => {}, 2 ** 30))";
  const signal = AbortSignal.abort();
  const { status, counts } = await runPipeline([1, 2], { db: ":memory:", signal, run: { module } });
  assertEquals([status, counts.cancelled], ["cancelled", 2]);
});

Deno.test("runPipeline() stops while an async generator will never yield again", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const controller = new AbortController();
  const stuck = Promise.withResolvers<void>();
  async function* items() {
    yield 1;
    stuck.resolve();
    await new Promise(() => {});
  }
  const ran = Promise.withResolvers<void>();
  Promise.all([stuck.promise, ran.promise]).then(() => controller.abort());
  const { signal } = controller;
  const report = await runPipeline(items(), { db, signal, run: () => ran.resolve() });
  assertEquals([report.status, report.counts.done, report.counts.total], ["cancelled", 1, 1]);
  await assertSound(db);
});

Deno.test("runPipeline() stops between tasks that never wait", async () => {
  function* endless() {
    for (let i = 0;; i++) yield i;
  }
  for (const storeTaskStatus of [true, false]) {
    const controller = new AbortController();
    const { signal } = controller;
    const run = (n: number) => void (n === 0 && setTimeout(() => controller.abort(), 0));
    const report = await runPipeline(endless(), { db: ":memory:", storeTaskStatus, signal, run });
    assertEquals(report.status, "cancelled");
  }
});

Deno.test("runPipeline() counts what was never started when no status is kept", async () => {
  const controller = new AbortController();
  const report = await runPipeline([1, 2, 3], {
    db: ":memory:",
    storeTaskStatus: false,
    workers: 1,
    signal: controller.signal,
    run: () => controller.abort(),
  });
  assertEquals([report.counts.done, report.counts.cancelled, report.counts.total], [1, 2, 3]);
});

Deno.test("runPipeline() takes its listener off the signal again", async () => {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  let most = 0;
  const { addEventListener, removeEventListener } = signal;
  Object.assign(signal, {
    addEventListener(type: string, listener: () => void) {
      most = Math.max(most, listeners.add(listener).size);
      addEventListener.call(signal, type, listener);
    },
    removeEventListener(type: string, listener: () => void) {
      listeners.delete(listener);
      removeEventListener.call(signal, type, listener);
    },
  });
  await runPipeline([1], { db: ":memory:", signal, run: () => {} });
  await runPipeline([1], { db: "/", signal, run: () => {} }).catch(() => {});
  assertEquals([most, listeners.size], [1, 0]);
  assert(!signal.aborted);
});
