import { readResults } from "../../db.ts";
import { type PipelineOptions, runPipeline } from "../../mod.ts";
import { sum } from "../fixtures/query_task.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";

type Item = Parameters<typeof sum>[0];

const module = new URL("../fixtures/query_task.ts", import.meta.url);
const WAYS: Record<string, PipelineOptions<Item>["run"]> = {
  "on this thread": sum,
  "in the pool": { module, export: "sum" },
};

/** Each needs the two before it. */
const items: Item[] = Array.from({ length: 12 }, (_, i) => ({
  key: `k${i}`,
  needs: [i - 1, i - 2].filter((j) => j >= 0).map((j) => `k${j}`),
}));
const SUMS = [1, 2, 4, 7, 12, 20, 33, 54, 88, 143, 232, 376];

async function keyed(db: string, run: number, driver?: "ffi" | "builtin") {
  const all = await Array.fromAsync(readResults(db, run, { driver }));
  return all.map(({ key, result }) => [key, result]);
}

for (const [where, run] of Object.entries(WAYS)) {
  for (const atomic of [false, true]) {
    Deno.test(`a task reads the results that it depends on, ${where}${atomic ? ", atomic" : ""}`, async () => {
      for (const driver of DRIVERS) {
        using folder = tempFolder();
        const db = folder.file("a.db");
        const options = { db, driver, atomic, workers: 2, dependsOn: ({ needs }: Item) => needs };
        const report = await runPipeline(items, { ...options, run });
        assertEquals(report.failures, []);
        const expected = items.map(({ key }, i) => [key, SUMS[i]]);
        assertEquals(await keyed(db, report.runId!, driver), expected);
      }
    });
  }
}

Deno.test("a result is there although its Worker computes the next task", async () => {
  // In the first rounds the Workers are slow enough to send it in time.
  const items = Array.from({ length: 6 }, (_, round) => {
    const flags = new Int32Array(new SharedArrayBuffer(8));
    return (["end", "wait", "block", "read"] as const).map((does) => ({ does, round, flags }));
  }).flat();
  const waited: unknown[] = [];
  const report = await runPipeline(items, {
    db: ":memory:",
    workers: 2,
    taskKey: ({ does, round }) => `${does} ${round}`,
    dependsOn({ does, round }) {
      if (does === "read") return [`end ${round}`, `wait ${round}`];
      return round === 0 ? [] : [`block ${round - 1}`, `read ${round - 1}`];
    },
    run: { module, export: "read" },
    onTaskEnd: ({ key }, { result }) => void (key!.startsWith("block") && waited.push(result)),
  });
  assertEquals(report.failures, []);
  assertEquals([waited.length, waited.includes("timed-out")], [6, false]);
});

Deno.test("results are there after a resume", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const options = { db, workers: 2, dependsOn: ({ needs }: Item) => needs, resume: true };
  const stopped = await runPipeline(items, {
    ...options,
    failFast: true,
    run: (item, task) => {
      if (item.key === "k6") throw new Error("killed");
      return sum(item, task);
    },
  });
  assertEquals((await keyed(db, stopped.runId!)).length, 6);
  const report = await runPipeline(items, { ...options, run: sum });
  assertEquals([report.runId, report.status], [stopped.runId, "done"]);
  assertEquals((await keyed(db, report.runId!)).at(-1), ["k11", 376]);
});

Deno.test("a result that a task does not depend on is refused, and one that is nothing is undefined", async () => {
  const seen: unknown[] = [];
  const report = await runPipeline([{ key: "a" }, { key: "b", needs: ["a"] }, { key: "c" }], {
    db: ":memory:",
    workers: 1,
    dependsOn: ({ needs }) => needs,
    async run({ key, needs }, task) {
      if (needs) seen.push(await task.resultOf("a"), await task.resultsOf());
      if (key === "c") await task.resultOf("a");
    },
  });
  assertEquals(seen, [undefined, new Map([["a", undefined]])]);
  assertStringIncludes(
    report.failures[0]!.error.message,
    'Cannot read the result of "a": task 3 (c) does not depend',
  );
  const without = await runPipeline(["a"], {
    db: ":memory:",
    storeTaskStatus: false,
    run: (_, task) => task.resultsOf(),
  });
  assertStringIncludes(without.failures[0]!.error.message, "Set storeTaskStatus");
});

Deno.test("readResults() reads pages of a run, and refuses a run that there is not", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  for (let night = 0; night < 2; night++) {
    await runPipeline(Array.from({ length: 2_500 }, (_, i) => i), {
      db,
      run(i) {
        if (i === 7) throw new Error("none");
        return { i, night };
      },
    });
  }
  const results = await Array.fromAsync(readResults<{ i: number; night: number }>(db, 2));
  assertEquals(results.length, 2_499);
  assertEquals(results.at(-1)?.result, { i: 2_499, night: 1 });
  assertEquals([results.at(-1)?.id, results.at(-1)?.key], [5_000, "2499"]);
  await assertRejects(() => Array.fromAsync(readResults(db, 3)), RangeError, "there is no run 3");
  const message = "expected an integer ≥ 1 for run, got null. Pass report.runId";
  await assertRejects(() => Array.fromAsync(readResults(db, null!)), RangeError, message);
});
