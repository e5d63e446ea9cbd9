/**
 * Rates in whole pipelines, judged by when tasks began and not by how long anything took: a machine that is slow
 * makes starts come later, and never earlier.
 *
 * @module
 */
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Random } from "../support/random.ts";
import { readValues } from "../support/read.ts";
import { Fixture } from "../support/spawn.ts";
import { tempFolder } from "../support/temp.ts";

/** Checks that no interval has more starts than the rate allows. */
function assertRate(starts: readonly number[], rate: number, intervalMs: number): void {
  const sorted = starts.toSorted((a, b) => a - b);
  sorted.forEach((at, i) => {
    const ms = at - (sorted[i - rate] ?? -Infinity);
    assert(ms >= intervalMs, `${rate + 1} starts in ${ms} ms, not in ${intervalMs}`);
  });
}

function* upTo(end: number): Generator<number> {
  for (let i = 0; i < end; i++) yield i;
}

Deno.test("runPipeline() starts no more tasks of a tag in a time than its rate, retries among them", async () => {
  const [rate, intervalMs] = [5, 40];
  for (const items of [[...upTo(30)], upTo(30)]) {
    const starts: number[] = [];
    const report = await runPipeline(items, {
      db: ":memory:",
      workers: 8,
      tags: () => ["api"],
      limits: { api: { rate, intervalMs } },
      retries: 1,
      retryDelayMs: 1,
      async run(i, task) {
        starts.push(performance.now());
        if (i % 7 === 0) await task.flush();
        if (i % 5 === 0 && task.attempt === 1) throw new Error("Again");
      },
    });
    assertEquals([report.status, report.counts.done, starts.length], ["done", 30, 36]);
    assertRate(starts, rate, intervalMs);
  }
});

Deno.test("runPipeline() lets others overtake tasks that wait for their rate, and keeps priorities", async () => {
  const order: string[] = [];
  const items = ["slow 1", "slow 2", "slow 9", "free 1", "free 9", "both 5"];
  const report = await runPipeline(items, {
    db: ":memory:",
    workers: 1,
    priority: (item) => Number(item.at(-1)),
    tags: (item) => ({ slow: ["api"], free: [], both: ["api", "disk"] })[item.slice(0, 4)],
    limits: { api: { rate: 1, intervalMs: 30 }, disk: { rate: 1 } },
    run: (item) => void order.push(item),
  });
  assertEquals(report.counts.done, 6);
  // On the one worker: those that wait for their rate make way for the free ones, whatever their priority.
  assertEquals(order.filter((item) => item !== "free 1"), [
    "slow 9",
    "free 9",
    "both 5",
    "slow 2",
    "slow 1",
  ]);
  assert(order.indexOf("free 1") < order.indexOf("slow 1"), `${order}`);
});

Deno.test("runPipeline() keeps several rates and limits at once over random tags", async () => {
  const random = new Random(20_261_122);
  const limits = {
    a: { rate: 3, intervalMs: 25 },
    b: { rate: 2, intervalMs: 15, concurrency: 1 },
    c: 2,
  };
  const starts: Record<string, number[]> = { a: [], b: [], c: [] };
  const running: Record<string, number> = { a: 0, b: 0, c: 0 };
  const items = Array.from(
    { length: 80 },
    () => ({ tags: ["a", "b", "c"].filter(() => random.below(2)), flushes: random.below(3) }),
  );
  const report = await runPipeline(items, {
    db: ":memory:",
    workers: 6,
    tags: ({ tags }) => tags,
    limits,
    async run({ tags, flushes }, task) {
      for (const tag of tags) {
        starts[tag]!.push(performance.now());
        running[tag]!++;
      }
      assert(running.b! <= 1 && running.c! <= 2, Deno.inspect(running));
      for (let i = 0; i < flushes; i++) await task.flush();
      for (const tag of tags) running[tag]!--;
    },
  });
  assertEquals([report.status, report.counts.done], ["done", 80]);
  assertRate(starts.a!, 3, 25);
  assertRate(starts.b!, 2, 15);
});

Deno.test("runPipeline() counts a start from when the task begins, however long the thread was busy", async () => {
  const [rate, intervalMs] = [2, 60];
  const starts: number[] = [];
  await runPipeline([...upTo(8)], {
    db: ":memory:",
    workers: 4,
    tags: () => ["api"],
    limits: { api: { rate, intervalMs } },
    run(i) {
      starts.push(performance.now());
      // The first of two that were given out together holds the other one up.
      const until = performance.now() + (i % 2 === 0 ? intervalMs / 2 : 0);
      while (performance.now() < until);
    },
  });
  assertRate(starts, rate, intervalMs);
});

Deno.test("runPipeline() keeps a rate with dependencies and when it continues a run", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const starts: number[] = [];
  let fails = true;
  const options = {
    db,
    resume: true,
    workers: 4,
    tags: () => ["api"],
    limits: { api: { rate: 2, intervalMs: 30 } },
    dependsOn: ({ key }: { key: number }) => key % 5 === 0 ? [] : [`${key - 1}`],
    run({ key }: { key: number }) {
      starts.push(performance.now());
      if (key === 7 && fails) throw new Error("Not yet");
    },
  };
  const items = Array.from({ length: 10 }, (_, key) => ({ key }));
  const first = await runPipeline(items, options);
  assertEquals([first.counts.done, first.counts.cancelled], [7, 2]);
  assertRate(starts.splice(0), 2, 30);
  fails = false;
  assertEquals((await runPipeline(items, options)).counts.done, 10);
  assertEquals(starts.length, 3);
  assertRate(starts, 2, 30);
});

Deno.test("runPipeline() keeps a rate on the pool", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const [rate, intervalMs] = [3, 300];
  for (const retries of [0, 1]) {
    const items = Array.from({ length: 9 }, (_, i) => ({ i, fails: retries > 0 }));
    const report = await runPipeline(items, {
      db,
      workers: 2,
      schema: "CREATE TABLE IF NOT EXISTS start (run INTEGER, at REAL)",
      tags: () => ["api"],
      limits: { api: { rate, intervalMs } },
      retries,
      retryDelayMs: 1,
      run: { module: new URL("../fixtures/rated_tasks.ts", import.meta.url), export: "note" },
    });
    const rows = await readValues(db, `SELECT at FROM start WHERE run=${report.runId}`);
    assertEquals(rows.length, retries ? 12 : 9);
    // A Worker reports that a task begins just before it does, and a busy machine may come in between.
    assertRate(rows.map(([at]) => Number(at)), rate, intervalMs / 4);
  }
});

Deno.test("runPipeline() ends at once when it is stopped while tasks wait for their rate", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const stop = new AbortController();
  const ran: number[] = [];
  // The suite would find a timer that was left.
  const report = await runPipeline([...upTo(5)], {
    db,
    workers: 3,
    signal: stop.signal,
    tags: () => ["api"],
    limits: { api: { rate: 1, intervalMs: 2 ** 40 } },
    async run(i, task) {
      ran.push(i);
      await task.flush();
      stop.abort(new Error("Enough"));
    },
  });
  assertEquals([ran, report.status, report.counts.cancelled], [[0], "cancelled", 4]);
});

Deno.test("a program ends when its pipeline does, however long the interval of a rate", async () => {
  using folder = tempFolder();
  await using child = new Fixture("rated_tasks.ts", folder.path);
  assertEquals(await child.line(), "done 3");
  assertEquals((await child.status).code, 0);
});

Deno.test("runPipeline() does not look at each of many tasks that wait for their rate", async () => {
  let looked = 0;
  const stop = new AbortController();
  const items = [...upTo(50_000)];
  const order: number[] = [];
  await runPipeline(items, {
    db: ":memory:",
    storeTaskStatus: false,
    workers: 4,
    signal: stop.signal,
    priority: (i) => i === 49_999 ? 1 : 0,
    tags: (i) => {
      looked++;
      return i < 40_000 ? ["api"] : [];
    },
    limits: { api: { rate: 1, intervalMs: 2 ** 40 } },
    run(i) {
      order.push(i);
      if (order.length === 10_001) stop.abort();
    },
  });
  // Once when it is put in line.
  assertEquals(looked, 50_000);
  assertEquals(order.slice(0, 3), [49_999, 0, 40_000]);
  assertEquals(order.length, 10_001);
});
