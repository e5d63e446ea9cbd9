import { runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { Random } from "../support/random.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

interface Step {
  key: string;
  needs?: string[];
  fails?: boolean;
}

const dependsOn = ({ needs }: Step) => needs;
const TASKS = "SELECT key, status, message FROM task_runs ORDER BY id";
const module = new URL("../fixtures/retried_tasks.ts", import.meta.url);

Deno.test("runPipeline() starts a task when all that it depends on are done", async () => {
  const random = new Random(20_261_122);
  const steps: Step[] = Array.from({ length: 300 }, (_, i) => ({
    key: `k${i}`,
    needs: i ? Array.from({ length: random.below(3) }, () => `k${random.below(i)}`) : [],
  })).reverse();
  const done = new Set<string>();
  const report = await runPipeline(steps, {
    db: ":memory:",
    workers: 4,
    dependsOn,
    async run({ key, needs }, task) {
      for (const need of needs!) assert(done.has(need), `${need} before ${key}`);
      if (random.below(2)) await task.flush();
      done.add(key);
    },
  });
  assertEquals([report.status, report.counts.done], ["done", 300]);
});

Deno.test("runPipeline() cancels what depends on a task that fails, and gives the reason", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const steps: Step[] = [
    { key: "last", needs: ["middle", "fine"] },
    { key: "middle", needs: ["bad"] },
    { key: "bad", fails: true },
    { key: "fine" },
  ];
  for (const storeTaskStatus of [true, false]) {
    const report = await runPipeline(steps, {
      db,
      storeTaskStatus,
      dependsOn,
      run({ fails }) {
        if (fails) throw new Error("No");
      },
    });
    const { done, error, cancelled, total } = report.counts;
    assertEquals([report.status, done, error, cancelled, total], ["error", 1, 1, 2, 4]);
  }
  const why = "Not run: task 3 (bad) failed, and it depends on that";
  assertEquals(await readValues(db, TASKS), [
    ["last", "cancelled", why],
    ["middle", "cancelled", why],
    ["bad", "error", "No"],
    ["fine", "done", null],
  ]);
  const counts = "SELECT queued, done, error, cancelled FROM pipeline_runs";
  assertEquals(await readValues(db, counts), [[0, 1, 1, 2]]);
});

Deno.test("runPipeline() waits for the last attempt of a dependency, in the pool as well", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = [{ key: "b", until: 1 }, { key: "a", until: 3 }];
  const report = await runPipeline(items, {
    db,
    schema: "CREATE TABLE row (task INTEGER, text TEXT)",
    dependsOn: ({ key }) => key === "b" ? ["a"] : [],
    retries: 2,
    retryDelayMs: 0,
    run: { module, export: "failUntilItem" },
  });
  assertEquals([report.status, report.counts.done], ["done", 2]);
  const rows = await readValues(db, "SELECT task, text FROM row ORDER BY rowid");
  assertEquals(rows, [
    [2, "attempt 1"],
    [2, "attempt 2"],
    [2, "attempt 3"],
    [1, "attempt 1"],
  ]);
});

Deno.test("runPipeline() takes up what depends on tasks that were done before a resume", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const steps: Step[] = [{ key: "c", needs: ["b"] }, { key: "b", needs: ["a"] }, { key: "a" }];
  let fails = true;
  const ran: string[] = [];
  const options = {
    db,
    resume: true,
    dependsOn,
    run({ key }: Step) {
      ran.push(key);
      if (key === "b" && fails) throw new Error("Not yet");
    },
  };
  await runPipeline(steps, options);
  fails = false;
  const report = await runPipeline(steps, options);
  assertEquals(ran, ["a", "b", "b", "c"]);
  assertEquals([report.status, report.counts.done], ["done", 3]);
});

Deno.test("runPipeline() refuses dependencies that cannot be met before it opens anything", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const circle: Step[] = [{ key: "a", needs: ["b"] }, { key: "b", needs: ["a"] }];
  const run = () => {};
  const refused: [Iterable<Step>, string][] = [
    [circle, 'wait for each other: "a" → "b" → "a"'],
    [[{ key: "a", needs: ["x"] }], "no item has that key"],
    [circle.values(), "Cannot use dependsOn with a generator"],
  ];
  for (const [items, text] of refused) {
    await assertRejects(() => runPipeline(items, { db, run, dependsOn }), TypeError, text);
  }
  await assertRejects(() => Deno.stat(db), Deno.errors.NotFound);
});

Deno.test("runPipeline() cancels what waits for a dependency when it is stopped", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const steps: Step[] = [{ key: "a" }, { key: "b", needs: ["a"] }, { key: "c", needs: ["b"] }];
  const stop = new AbortController();
  const report = await runPipeline(steps, {
    db,
    dependsOn,
    signal: stop.signal,
    run(_, task) {
      stop.abort(new Error("Enough"));
      task.signal.throwIfAborted();
    },
  });
  assertEquals([report.status, report.counts.cancelled], ["cancelled", 3]);
  assertEquals(
    (await readValues(db, TASKS)).map(([, , message]) => message),
    Array(3).fill("Enough"),
  );
});

Deno.test("runPipeline() keeps the limits of tags while others run", async () => {
  const running: Record<string, number> = { api: 0, other: 0 };
  const most: Record<string, number> = { api: 0, other: 0 };
  const tagOf = (i: number) => i % 4 === 0 ? "other" : "api";
  for (const items of [Array.from({ length: 200 }, (_, i) => i), upTo(200)]) {
    const report = await runPipeline(items, {
      db: ":memory:",
      workers: 6,
      tags: (i) => [tagOf(i)],
      limits: { api: 2, "*": Infinity },
      retries: 1,
      retryDelayMs: 1,
      async run(i, task) {
        const tag = tagOf(i);
        most[tag] = Math.max(most[tag]!, ++running[tag]!);
        await task.flush();
        running[tag]!--;
        if (i % 20 === 1 && task.attempt === 1) throw new Error("Again");
      },
    });
    assertEquals([report.status, report.counts.done], ["done", 200]);
  }
  assertEquals([most.api, running.api], [2, 0]);
  assert(most.other! > 2, "others have no limit");
});

Deno.test("runPipeline() frees the tags of a task that waits for its retry", async () => {
  const order: string[] = [];
  const stop = new AbortController();
  await runPipeline(["fails", "next"], {
    db: ":memory:",
    workers: 2,
    signal: stop.signal,
    tags: () => ["api"],
    limits: { api: 1 },
    retries: 1,
    retryDelayMs: 2 ** 31 - 1,
    maxRetryDelayMs: 2 ** 31 - 1,
    run(item) {
      order.push(item);
      if (item === "fails") throw new Error("Not yet");
      stop.abort();
    },
  });
  assertEquals(order, ["fails", "next"]);
});

Deno.test("runPipeline() runs tasks by priority, of an array all of them", async () => {
  const items = Array.from({ length: 2_500 }, (_, i) => i);
  const order: number[] = [];
  const report = await runPipeline(items, {
    db: ":memory:",
    workers: 1,
    priority: (i) => i === 2_499 ? 99 : i % 10,
    run: (i) => void order.push(i),
  });
  assertEquals(report.counts.done, 2_500);
  assertEquals(order.shift(), 2_499);
  assertEquals(order, items.slice(0, -1).toSorted((a, b) => b % 10 - a % 10 || a - b));
});

Deno.test("runPipeline() rejects when a priority cannot be computed", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const priority = () => {
    throw new Error("My own mistake");
  };
  await assertRejects(
    () => runPipeline([1, 2], { db, priority, run: () => {} }),
    Error,
    "My own mistake",
  );
  const rows = await readValues(db, "SELECT status, message FROM task_runs");
  assertEquals(rows, Array(2).fill(["cancelled", "My own mistake"]));
  assertMatch(String(await readValues(db, "SELECT status FROM pipeline_runs")), /^error$/);
});

Deno.test("runPipeline() rejects a tag that is not text, which would run without its limit", async () => {
  const tags = () => [1 as unknown as string];
  await assertRejects(
    () => runPipeline([1], { db: ":memory:", tags, limits: { 1: 2 }, run: () => {} }),
    TypeError,
    "Cannot limit the tag 1: a tag is text",
  );
});

function* upTo(end: number): Generator<number> {
  for (let i = 0; i < end; i++) yield i;
}
