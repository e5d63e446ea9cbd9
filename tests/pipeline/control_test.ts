import {
  type PipelineOptions,
  type RunningPipeline,
  startPipeline,
  type TaskContext,
} from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { gates, untilAborted } from "../support/gates.ts";
import { readRow, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const TASKS = "SELECT id, status, message FROM task_runs ORDER BY id";
const RUN = "SELECT status, queued, running, done, error, cancelled FROM pipeline_runs";
const REQUESTS = "SELECT task_id, kind, refused, answer FROM run_requests ORDER BY id";

/** A pipeline whose items are names: the test decides what each does. */
function start(
  work: Record<string, (task: TaskContext) => unknown>,
  options: Omit<PipelineOptions<string>, "run">,
): RunningPipeline {
  const run = (item: string, task: TaskContext) => work[item]?.(task);
  return startPipeline(Object.keys(work), { taskName: (item) => item, ...options, run });
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: cancel() ends a task that heeds its signal, and no other`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const { open, wait } = gates();
    const pipeline = start({
      first: (task) => (open("begun"), untilAborted(task)),
      second: () => wait("end"),
    }, { db, driver, workers: 2 });
    await wait("begun");
    await pipeline.cancel(1);
    open("end");
    const report = await pipeline.finished;
    assertEquals([report.status, report.counts.done, report.counts.cancelled], ["cancelled", 1, 1]);
    assertEquals(await readValues(db, TASKS), [[1, "cancelled", "Cancelled"], [2, "done", null]]);
    assertEquals(await readValues(db, RUN), [["cancelled", 0, 0, 1, 0, 1]]);
    assertEquals(await readValues(db, REQUESTS), [[1, "cancel", 0, "Cancelled"]]);
  });

  Deno.test(`${driver}: retry() runs a task again that failed, when all workers are idle but one`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const { open, wait } = gates();
    let tries = 0;
    const pipeline = start({
      fails: () => {
        if (++tries === 1) throw new Error("Not yet");
        open("again");
      },
      long: () => wait("again"),
      later: () => open("failed"),
    }, { db, driver, workers: 2 });
    await wait("failed");
    assertEquals(await pipeline.retry(1), 1);
    const report = await pipeline.finished;
    assertEquals([report.status, report.counts.done, report.counts.total], ["done", 3, 3]);
    assertEquals(report.failures, []);
    assertEquals(await readValues(db, RUN), [["done", 0, 0, 3, 0, 0]]);
    const attempts = "SELECT task_id, attempt, status, substr(error, 1, 14) FROM task_attempts";
    assertEquals(await readValues(db, attempts), [[1, 1, "error", "Error: Not yet"]]);
    assertEquals(await readValues(db, REQUESTS), [[1, "retry", 0, "1 task is queued again"]]);
  });
}

Deno.test("cancel() leaves a task done that finishes all the same, and reports it", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { open, wait } = gates();
  const pipeline = start({
    stubborn: async (task) => {
      open("begun");
      await untilAborted(task).catch(() => {});
      return "all the same";
    },
  }, { db });
  await wait("begun");
  await assertRejects(() => pipeline.cancel(1), Error, "it ended before that, as done");
  assertEquals((await pipeline.finished).status, "done");
  assertEquals(await readValues(db, TASKS), [[1, "done", null]]);
  assertMatch(
    `${(await readValues(db, REQUESTS))[0]}`,
    /^1,cancel,1,Cannot cancel task 1: it ended/,
  );
});

Deno.test("cancel() lets a task that has not begun never begin, at once", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { open, wait } = gates();
  const begun: string[] = [];
  const pipeline = start({
    first: () => (open("begun"), wait("end")),
    second: () => void begun.push("second"),
    third: () => void begun.push("third"),
  }, { db, workers: 1 });
  await wait("begun");
  await pipeline.cancel(2, new Error("Not wanted"));
  // The first still runs.
  assertEquals(await readValues(db, TASKS + " LIMIT -1 OFFSET 1"), [
    [2, "cancelled", "Not wanted"],
    [3, "queued", null],
  ]);
  await assertRejects(() => pipeline.cancel(2), Error, "it is cancelled");
  open("end");
  const report = await pipeline.finished;
  assertEquals([begun, report.counts.total], [["third"], 3]);
  assertEquals(await readValues(db, RUN), [["cancelled", 0, 0, 2, 0, 1]]);
});

Deno.test("cancel() takes a task back that waits for its next attempt", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { open, wait } = gates();
  let tries = 0;
  const pipeline = start({
    fails: () => {
      tries++;
      throw new Error("Never");
    },
    next: () => open("failed"),
  }, { db, workers: 1, retries: 1, retryDelayMs: 2 ** 30, maxRetryDelayMs: 2 ** 30 });
  await wait("failed");
  // Anything else would wait for days.
  await pipeline.cancel(1);
  const report = await pipeline.finished;
  assertEquals([tries, report.counts.cancelled, report.counts.done], [1, 1, 1]);
  assertEquals(await readValues(db, TASKS), [[1, "cancelled", "Cancelled"], [2, "done", null]]);
});

Deno.test("cancel() takes a task back whose failed attempt has not left for the writer", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { open, wait } = gates();
  let cancelled: Promise<void> | undefined;
  const pipeline = start({
    // As long as its statement is not acknowledged, nothing else leaves.
    writes: async (task) => {
      const written = task.execute("SELECT 1");
      await Promise.resolve();
      open("sent");
      await written;
    },
    next: () => wait("sent"),
    fails: () => {
      throw new Error("Never");
    },
  }, {
    db,
    workers: 2,
    retries: 1,
    retryDelayMs: 2 ** 30,
    maxRetryDelayMs: 2 ** 30,
    retryIf: () => {
      cancelled = pipeline.cancel(3);
      return true;
    },
  });
  const report = await pipeline.finished;
  await cancelled;
  assertEquals([report.counts.cancelled, report.counts.done], [1, 2]);
  assertEquals((await readValues(db, TASKS))[2], [3, "cancelled", "Cancelled"]);
  const attempts = "SELECT task_id, attempt, status FROM task_attempts";
  assertEquals(await readValues(db, attempts), [[3, 1, "error"]]);
});

Deno.test("cancel() keeps a task from being retried that fails in another way", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { open, wait } = gates();
  const pipeline = start({
    breaks: async (task) => {
      open("begun");
      await untilAborted(task).catch(() => {});
      throw new Error("A bug");
    },
  }, { db, retries: 5, retryDelayMs: 2 ** 30 });
  await wait("begun");
  await assertRejects(() => pipeline.cancel(1), Error, "it ended before that, as error");
  assertEquals((await pipeline.finished).counts.error, 1);
});

Deno.test("cancel() refuses tasks that have ended, and ids of none", async () => {
  using folder = tempFolder();
  const { open, wait } = gates();
  const pipeline = start({ first: () => {}, second: () => (open("begun"), wait("end")) }, {
    db: folder.file("a.db"),
    workers: 1,
  });
  await wait("begun");
  await assertRejects(() => pipeline.cancel(1), Error, "Cannot cancel task 1: it is done");
  await assertRejects(() => pipeline.cancel(77), RangeError, "has no task of that id");
  await assertRejects(() => pipeline.cancel(NaN), TypeError, "NaN is not an id of a task");
  await assertRejects(() => pipeline.retry(1), Error, "it has not ended as error or cancelled");
  await assertRejects(() => pipeline.retry(), Error, "none has failed");
  open("end");
  await pipeline.finished;
  await assertRejects(() => pipeline.cancel(2), Error, "the run has ended");
  await assertRejects(() => pipeline.retry(), Error, "the run has ended");
});

Deno.test("cancel() without an id stops the whole run", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { open, wait } = gates();
  const pipeline = start(
    { first: (task) => (open("begun"), untilAborted(task)), second: () => {} },
    {
      db,
      workers: 1,
    },
  );
  await wait("begun");
  await pipeline.cancel(undefined, "Enough");
  const report = await pipeline.finished;
  assertEquals([report.status, report.counts.cancelled], ["cancelled", 2]);
  assertEquals(await readValues(db, TASKS), [[1, "cancelled", "Enough"], [
    2,
    "cancelled",
    "Enough",
  ]]);
  assertEquals(await readValues(db, REQUESTS), [[null, "cancel", 0, "Cancelled"]]);
});

Deno.test("cancel() cancels what depends on the task, retry() brings it back", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { open, wait } = gates();
  const needs: Record<string, string[]> = { b: ["a"], c: ["b"], d: ["c"] };
  let tries = 0;
  const pipeline = start({
    a: (task) => ++tries === 1 ? (open("begun"), untilAborted(task)) : undefined,
    b: () => {},
    c: () => {},
    d: () => {},
    waits: () => wait("end"),
  }, { db, workers: 2, taskKey: (item) => item, dependsOn: (item) => needs[item] });
  await wait("begun");
  // Cancelled by itself: it does not come back with the others.
  await pipeline.cancel(4);
  await pipeline.cancel(1);
  await assertRejects(() => pipeline.retry(2), Error, "depends on is not done; retry that one");
  assertEquals((await readValues(db, TASKS)).map(([, status]) => status), [
    ...Array(4).fill("cancelled"),
    "running",
  ]);
  assertEquals(await pipeline.retry(1), 3);
  assertEquals(await pipeline.retry(4), 1);
  open("end");
  const report = await pipeline.finished;
  assertEquals([report.status, report.counts.done], ["done", 5]);
  assertEquals(await readValues(db, RUN), [["done", 0, 0, 5, 0, 0]]);
  assertEquals((await readRow(db, "SELECT retried FROM pipeline_runs")).retried, 4);
});

Deno.test("retry() without an id runs what failed, and not what was cancelled", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { open, wait } = gates();
  const failing = new Set(["a", "b"]);
  const fails = ({ name }: TaskContext) => {
    if (failing.has(name)) throw new Error("Not yet");
  };
  const pipeline = start({
    a: fails,
    b: fails,
    held: () => (open("begun"), wait("end")),
    never: () => {},
  }, { db, workers: 1, tags: () => ["one"], limits: { one: 1 } });
  await wait("begun");
  await pipeline.cancel(4);
  failing.delete("a");
  assertEquals(await pipeline.retry(), 2);
  open("end");
  const report = await pipeline.finished;
  assertEquals([report.status, report.failures.map(({ name }) => name)], ["error", ["b"]]);
  assertEquals(await readValues(db, RUN), [["error", 0, 0, 2, 1, 1]]);
});

Deno.test("retry() runs a task again that was cancelled before it began, once it is asked to", async () => {
  for (const passed of [false, true]) {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const { open, wait } = gates();
    const pipeline = start({
      first: () => (open("begun"), wait("continue")),
      second: () => open("second"),
      third: () => (open("passed"), wait("end")),
    }, { db, workers: 1 });
    await wait("begun");
    await pipeline.cancel(2);
    if (passed) {
      open("continue");
      await wait("passed");
    }
    assertEquals(await pipeline.retry(2), 1);
    open("continue");
    open("end");
    await wait("second");
    assertEquals((await pipeline.finished).counts.done, 3);
    assertEquals(await readValues(db, RUN), [["done", 0, 0, 3, 0, 0]]);
  }
});

Deno.test("retry() need not wait for a generator that gives nothing", async () => {
  using folder = tempFolder();
  const { open, wait } = gates();
  let tries = 0;
  async function* items() {
    yield "fails";
    await wait("again");
  }
  const pipeline = startPipeline(items(), {
    db: folder.file("a.db"),
    workers: 3,
    run() {
      if (++tries > 1) return open("again");
      setTimeout(() => open("failed"), 0);
      throw new Error("Not yet");
    },
  });
  await wait("failed");
  assertEquals(await pipeline.retry(), 1);
  assertEquals((await pipeline.finished).counts.done, 1);
});

Deno.test("cancel() and retry() do without storeTaskStatus", async () => {
  const { open, wait } = gates();
  let tries = 0;
  const pipeline = start({
    fails: () => {
      if (++tries === 1) throw new Error("Not yet");
    },
    held: () => (open("begun"), wait("end")),
    never: () => {
      throw new Error("Begun all the same");
    },
  }, { db: ":memory:", storeTaskStatus: false, workers: 1 });
  await wait("begun");
  assertEquals(await pipeline.retry(1), 1);
  const cancelled = pipeline.cancel(3);
  open("end");
  await cancelled;
  const { counts } = await pipeline.finished;
  assertEquals([counts.done, counts.cancelled, counts.error, counts.total], [2, 1, 0, 3]);
});

Deno.test("retry() is refused while the run is being stopped", async () => {
  using folder = tempFolder();
  const { open, wait } = gates();
  const pipeline = start({
    fails: () => {
      throw new Error("Never");
    },
    held: () => (open("begun"), wait("end")),
  }, { db: folder.file("a.db"), workers: 1 });
  await wait("begun");
  const stopped = pipeline.cancel();
  await assertRejects(() => pipeline.retry(), Error, "the run is being stopped");
  open("end");
  await stopped;
  assert((await pipeline.finished).status === "error");
});
