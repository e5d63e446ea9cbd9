import { type PipelineOptions, runPipeline, type TaskPolicy } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { failWithStatus } from "../fixtures/retried_tasks.ts";
import { readRow, readRows, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const schema = "CREATE TABLE IF NOT EXISTS row (task INTEGER, text TEXT NOT NULL)";
const module = new URL("../fixtures/retried_tasks.ts", import.meta.url);
const TASKS = "SELECT id, status, progress FROM task_runs ORDER BY id";
const ATTEMPTS = "SELECT task_id, attempt, status FROM task_attempts ORDER BY id";

/** A wait of days, most likely: the chance of less than a minute is one in 35,000. */
const LONG = { retryDelayMs: 2 ** 31 - 1, maxRetryDelayMs: 2 ** 31 - 1 };

/** Both ways to run tasks that fail until their last attempt. */
const WAYS: Record<string, PipelineOptions<number>["run"]> = {
  "on this thread": async (until, task) => {
    await task.insert("row", [[task.id, `attempt ${task.attempt}`]]);
    if (task.attempt < until) throw new RangeError(`No ${task.attempt}`);
    return task.attempt;
  },
  "in the pool": { module, export: "failUntil" },
};

for (const [where, run] of Object.entries(WAYS)) {
  Deno.test(`runPipeline() runs tasks again that failed, ${where}, and keeps the attempts`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const report = await runPipeline([1, 3, 9], {
      db,
      schema,
      workers: 2,
      run,
      retries: 2,
      retryDelayMs: 1,
    });
    assertEquals(
      [report.status, report.counts.done, report.counts.error, report.counts.queued],
      ["error", 2, 1, 0],
    );
    assertEquals(report.failures.map(({ id, error }) => [id, error.name, error.message]), [
      [3, "RangeError", "No 3"],
    ]);
    assertEquals(await readValues(db, TASKS), [[1, "done", 1], [2, "done", 1], [3, "error", 0]]);
    assertEquals(
      await readValues(db, "SELECT task_id, attempt, status FROM task_attempts ORDER BY 1, 2"),
      [[2, 1, "error"], [2, 2, "error"], [3, 1, "error"], [3, 2, "error"]],
    );
    const [attempt] = await readRows(db, "SELECT * FROM task_attempts WHERE task_id=2 LIMIT 1");
    assertEquals(attempt!.run_id, 1);
    assertMatch(String(attempt!.error), /^RangeError: No 1\n/);
    assert(String(attempt!.started_at) <= String(attempt!.finished_at));
    const row = await readRow(db, "SELECT * FROM task_runs WHERE id=2");
    assertEquals([row.result, row.message], ["3", "Attempt 3"]);
    assert(String(row.started_at) >= String(attempt!.finished_at));
    // Without `atomic` the rows of every attempt are written.
    assertEquals(await readValues(db, "SELECT text FROM row WHERE task=2 ORDER BY rowid"), [
      ["attempt 1"],
      ["attempt 2"],
      ["attempt 3"],
    ]);
    const counts = "SELECT queued, running, done, error FROM pipeline_runs";
    assertEquals(await readValues(db, counts), [[0, 0, 2, 1]]);
  });

  Deno.test(`runPipeline() writes the rows of the last attempt alone with atomic, ${where}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const options = { db, schema, atomic: true, retries: 1, retryDelayMs: 0 };
    const report = await runPipeline([2, 9], { ...options, run });
    assertEquals([report.counts.done, report.counts.error], [1, 1]);
    assertEquals(await readValues(db, "SELECT * FROM row"), [[1, "attempt 2"]]);
  });

  Deno.test(`runPipeline() counts only final failures with failFast, ${where}`, async () => {
    const report = await runPipeline([2, 2, 2], {
      db: ":memory:",
      schema,
      failFast: true,
      workers: 1,
      retries: 1,
      retryDelayMs: 0,
      run,
    });
    assertEquals([report.status, report.counts.done], ["done", 3]);
  });
}

Deno.test("runPipeline() runs a task again whose rows were refused", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  for (const atomic of [false, true]) {
    const report = await runPipeline([1], {
      db,
      schema,
      atomic,
      retries: 1,
      retryDelayMs: 0,
      async run(_, task) {
        await task.insert("row", [[task.id, task.attempt === 1 ? null : "good"]]);
      },
    });
    assertEquals(report.status, "done");
  }
  assertEquals(await readValues(db, "SELECT * FROM row"), [[1, "good"], [2, "good"]]);
  assertEquals(await readValues(db, ATTEMPTS), [[1, 1, "error"], [2, 1, "error"]]);
});

Deno.test("runPipeline() runs others while a task waits for its retry, and shows it as queued", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const order: string[] = [];
  let seen: unknown[] = [];
  const stop = new AbortController();
  const report = await runPipeline(["fails", "next", "last"], {
    db,
    workers: 1,
    retries: 1,
    ...LONG,
    signal: stop.signal,
    async run(item, task) {
      order.push(`${item} ${task.attempt}`);
      if (item === "fails" && task.attempt === 1) {
        task.progress(0.5, "half way");
        throw new Error("Not yet");
      }
      if (item === "next") {
        await task.flush();
        seen = Object.values(
          await readRow(db, "SELECT status, progress, message, started_at FROM task_runs"),
        );
      }
      if (item === "last") stop.abort();
    },
  });
  assertEquals(order, ["fails 1", "next 1", "last 1"]);
  assertEquals([report.counts.done, report.counts.cancelled], [2, 1]);
  assertEquals([seen[0], seen[1], seen[3]], ["queued", 0, null]);
  assertMatch(
    String(seen[2]),
    /^Attempt 2 of 2 at \d{4}-[-\d]+T[\d:.]+Z, because attempt 1 failed: Not yet$/,
  );
});

Deno.test("runPipeline() waits twice as long before each retry, and no longer than the cap", async () => {
  const policies: Record<string, TaskPolicy> = {
    doubles: { retryDelayMs: 10 },
    // For weeks, otherwise.
    capped: { ...LONG, maxRetryDelayMs: 10 },
  };
  const starts: number[] = [];
  const { random } = Math;
  // The longest wait that there can be.
  Math.random = () => 1;
  try {
    const report = await runPipeline(Object.keys(policies), {
      db: ":memory:",
      retries: 4,
      taskOptions: (item) => policies[item],
      run(item) {
        if (item === "doubles") starts.push(performance.now());
        throw new Error("Again");
      },
    });
    assertEquals(report.counts.error, 2);
  } finally {
    Math.random = random;
  }
  const waits = starts.slice(1).map((at, i) => at - starts[i]!);
  assertEquals(waits.length, 4);
  // A timer may fire a millisecond before its time.
  waits.forEach((ms, i) => assert(ms >= 10 * 2 ** i - 1, `${waits}`));
});

Deno.test("runPipeline() cancels a task that waits for its retry", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  for (const storeTaskStatus of [true, false]) {
    const stop = new AbortController();
    const decided = Promise.withResolvers<void>();
    const report = await runPipeline([1, 2], {
      db,
      storeTaskStatus,
      signal: stop.signal,
      workers: 2,
      retries: 1,
      ...LONG,
      retryIf: () => {
        decided.resolve();
        return true;
      },
      async run(item, task) {
        if (item === 1) throw new Error("Try later");
        await decided.promise;
        const waits = "SELECT id FROM task_attempts";
        while (storeTaskStatus && (await readValues(db, waits)).length === 0);
        stop.abort(new Error("Enough"));
        task.signal.throwIfAborted();
      },
    });
    assertEquals([report.status, report.counts.cancelled, report.counts.error], [
      "cancelled",
      2,
      0,
    ]);
  }
  assertEquals(await readValues(db, "SELECT status, message FROM task_runs ORDER BY id"), [
    ["cancelled", "Enough"],
    ["cancelled", "Enough"],
  ]);
  assertEquals(await readValues(db, "SELECT cancelled, queued FROM pipeline_runs"), [[2, 0]]);
});

Deno.test("runPipeline() does not retry while it stops: a failure is an error, as without a policy", async () => {
  const stop = new AbortController();
  const report = await runPipeline([1], {
    db: ":memory:",
    signal: stop.signal,
    retries: 1,
    run() {
      stop.abort();
      throw new Error("The task's own");
    },
  });
  assertEquals([report.counts.error, report.counts.cancelled], [1, 0]);
});

Deno.test("runPipeline() asks retryIf with the very error and the number of the attempt", async () => {
  const asked: [unknown, number][] = [];
  const error = Object.assign(new Error("Gone"), { status: 410 });
  const report = await runPipeline([1], {
    db: ":memory:",
    retries: 5,
    retryDelayMs: 0,
    retryIf: (error, attempt) => asked.push([error, attempt]) < 2,
    run: () => Promise.reject(error),
  });
  assertEquals(report.counts.error, 1);
  assertEquals(asked.map(([, attempt]) => attempt), [1, 2]);
  assert(asked.every(([asked]) => asked === error));
});

Deno.test("runPipeline() ends a task as error when retryIf throws, with both errors", async () => {
  const report = await runPipeline([1], {
    db: ":memory:",
    retries: 1,
    retryIf: () => {
      throw new TypeError("My own mistake");
    },
    run: () => Promise.reject(new Error("The task's")),
  });
  const { error } = report.failures[0]!;
  assertEquals(error.message, "Cannot decide whether to retry: retryIf threw My own mistake");
  assertEquals((error.cause as Error).message, "The task's");
});

Deno.test("runPipeline() takes no promise for an answer of retryIf", async () => {
  const attempts: number[] = [];
  const report = await runPipeline([1], {
    db: ":memory:",
    retries: 3,
    retryDelayMs: 0,
    retryIf: (() => Promise.reject(new Error("Not awaited"))) as unknown as () => boolean,
    run(_, { attempt }) {
      attempts.push(attempt);
      throw new Error("The task's");
    },
  });
  assertEquals(attempts, [1]);
  assertMatch(
    report.failures[0]!.error.message,
    /retryIf returned a promise; return true or false/,
  );
});

Deno.test("runPipeline() takes a policy of each item, and rejects one that cannot be", async () => {
  const attempts: Record<string, number> = {};
  const options: PipelineOptions<string> = {
    db: ":memory:",
    retries: 1,
    retryDelayMs: 0,
    taskOptions: (item) =>
      item === "often" ? { retries: 3 } : item === "bad" ? { retries: -1 } : {},
    run(item, task) {
      attempts[item] = task.attempt;
      throw new Error("Always");
    },
  };
  await runPipeline(["often", "usual"], options);
  assertEquals(attempts, { often: 4, usual: 2 });
  await assertRejects(
    () => runPipeline(["bad"], options),
    RangeError,
    "integer ≥ 0 for retries, got -1",
  );
  await assertRejects(
    () => runPipeline([], { db: ":memory:", run: () => {}, retries: 0.5 }),
    RangeError,
    "integer ≥ 0 for retries, got 0.5",
  );
});

Deno.test("runPipeline() runs tasks of a generator again that waits for nothing else", async () => {
  function* items() {
    for (let i = 0; i < 2_500; i++) yield i;
  }
  let second = 0;
  const report = await runPipeline(items(), {
    db: ":memory:",
    workers: 3,
    retries: 1,
    retryDelayMs: 5,
    run(i, task) {
      if (task.attempt === 2) second++;
      else if (i % 100 === 0) throw new Error("Again");
    },
  });
  assertEquals([report.status, report.counts.done, second], ["done", 2_500, 25]);
});

Deno.test("runPipeline() runs a task again whose Worker died", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(["dies", "fine"], {
    db,
    workers: 1,
    retries: 1,
    retryDelayMs: 0,
    run: { module, export: "dieOnce" },
  });
  assertEquals([report.status, report.counts.done], ["done", 2]);
  const [[task, error]] = await readValues(db, "SELECT task_id, error FROM task_attempts") as [
    [number, string],
  ];
  assertEquals(task, 1);
  assertMatch(error, /^The task's Worker died of an error that no task caught: Behind its back/);
});

Deno.test("retryIf decides alike on this thread and in the pool, by what an error carries", async () => {
  const is503 = (thrown: unknown): boolean => {
    const { status, cause, errors = [] } = thrown as {
      status?: number;
      cause?: unknown;
      errors?: unknown[];
    };
    return status === 503 || [cause, ...errors].some((one) => one !== undefined && is503(one));
  };
  const items = ["error", "cause", "any", "plain", "file", "other"] as const;
  const ends = [];
  for (const run of [failWithStatus, { module, export: "failWithStatus" }]) {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const { failures } = await runPipeline(items, {
      db,
      run: run as typeof failWithStatus,
      retries: 2,
      retryDelayMs: 0,
      retryIf: (error) => error instanceof Deno.errors.NotFound || is503(error),
    });
    const attempts = await readValues(
      db,
      `SELECT name, status, message, (SELECT count(*) FROM task_attempts WHERE task_id=t.id)
       FROM task_runs AS t ORDER BY id`,
    );
    ends.push({
      attempts,
      failures: failures.map(({ error }) => ({ ...error, name: error.name })),
    });
  }
  assertEquals(ends[0]!.attempts, [
    ...["error", "cause", "any", "plain", "file"].map((key) => [key, "done", "Attempt 3", 2]),
    ["other", "error", "HTTP 404", 0],
  ]);
  assertEquals<unknown>(ends[0]!.failures, [{ name: "HttpError", status: 404 }]);
  assertEquals(ends[1], ends[0]);
});

Deno.test("a task that fails with several errors reports all of them", async () => {
  for (const run of [failWithStatus, { module, export: "failWithStatus" }]) {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const report = await runPipeline(["any" as const], { db, run: run as typeof failWithStatus });
    const { message, error } = await readRow(db, "SELECT message, error FROM task_runs");
    assertEquals(message, "All promises were rejected: HTTP 503; any");
    assertMatch(String(error), /Error 1 of 2: HttpError: HTTP 503\n[^]*\nError 2 of 2: any/);
    const [failure] = report.failures;
    assert(failure!.error instanceof AggregateError);
    assertEquals(failure!.error.errors.map(({ message }) => message), ["HTTP 503", "any"]);
  }
});

Deno.test("retryIf gets what was thrown, on this thread and in the pool, also where it is not an error", async () => {
  const module = new URL("../fixtures/retried_tasks.ts", import.meta.url);
  const { throwOther } = await import("../fixtures/retried_tasks.ts");
  for (const run of [throwOther, { module, export: "throwOther" }]) {
    const asked: unknown[] = [];
    const report = await runPipeline(["text", "object", "null"] as const, {
      db: ":memory:",
      workers: 1,
      retries: 1,
      retryDelayMs: 0,
      run,
      retryIf: (thrown) => asked.push(thrown) < 0,
    });
    assertEquals(asked, ["busy", { status: 503, message: "Later" }, null]);
    // A report lists errors.
    assertEquals(report.failures.map(({ error }) => error instanceof Error), [true, true, true]);
  }
});
