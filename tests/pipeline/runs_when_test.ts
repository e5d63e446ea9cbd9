import { type PipelineOptions, runPipeline, startPipeline, type TaskContext } from "../../mod.ts";
import { type Stage, work } from "../fixtures/stages_task.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const WAYS: Record<string, PipelineOptions<Stage>["run"]> = {
  "on this thread": work,
  "in the pool": { module: new URL("../fixtures/stages_task.ts", import.meta.url), export: "work" },
};

const ENDS = "SELECT key, status, result FROM task_runs ORDER BY id";

const options = {
  workers: 2,
  dependsOn: ({ needs }: Stage) => needs,
  runsWhen: ({ when }: Stage) => when,
};

for (const [where, run] of Object.entries(WAYS)) {
  Deno.test(`a clean-up runs whatever became of what it depends on, ${where}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const stages: Stage[] = [
      { key: "clean up", needs: ["load", "fetch", "other"], when: "ended" },
      { key: "after", needs: ["clean up"] },
      { key: "fetch", fails: true },
      { key: "load", needs: ["fetch"] },
      { key: "other", when: "done" },
    ];
    const report = await runPipeline(stages, { ...options, db, run });
    assertEquals(report.status, "error");
    assertEquals(await readValues(db, ENDS), [
      ["clean up", "done", '["other"]'],
      ["after", "done", '["clean up"]'],
      ["fetch", "error", null],
      ["load", "cancelled", null],
      ["other", "done", "[]"],
    ]);
    // What has failed runs again; the clean-up is done.
    stages[2]!.fails = false;
    const again = await runPipeline(stages, { ...options, db, run, resume: true });
    assertEquals([again.status, again.counts.done], ["done", 5]);
  });
}

Deno.test("a clean-up that was not done runs when the run is resumed", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const stages: Stage[] = [
    { key: "fetch", fails: true },
    { key: "clean up", needs: ["fetch"], when: "ended", fails: true },
  ];
  const first = await runPipeline(stages, { ...options, db, run: work });
  assertEquals(first.counts.error, 2);
  stages[1]!.fails = false;
  const second = await runPipeline(stages, { ...options, db, run: work, resume: true });
  assertEquals([second.counts.done, second.counts.error], [1, 1]);
});

Deno.test("a clean-up waits again for what is cancelled and retried", async () => {
  const begun: string[] = [];
  const open = Promise.withResolvers<void>();
  const waits = Promise.withResolvers<void>();
  let isBroken = true;
  const pipeline = startPipeline<Stage>([
    { key: "fetch" },
    { key: "slow" },
    { key: "clean up", needs: ["fetch", "slow"], when: "ended" },
  ], {
    ...options,
    db: ":memory:",
    async run({ key }, task) {
      begun.push(key);
      if (key === "slow") return await Promise.race([open.promise, aborted(task)]);
      if (key === "fetch" && isBroken) throw new Error("No");
      return await task.resultsOf().then((results) => [...results.keys()]);
    },
    onTaskEnd({ key }, { status }) {
      if (key === "fetch" && status === "error") waits.resolve();
    },
  });
  await waits.promise;
  isBroken = false;
  assertEquals(await pipeline.retry(), 1);
  await pipeline.cancel(2);
  open.resolve();
  const report = await pipeline.finished;
  assertEquals([report.status, report.counts.done, report.counts.cancelled], ["cancelled", 2, 1]);
  assertEquals(begun, ["fetch", "slow", "fetch", "clean up"]);
});

Deno.test("a clean-up that failed is retried after what it depends on", async () => {
  const begun: string[] = [];
  let isBroken = true;
  const open = Promise.withResolvers<void>();
  const pipeline = startPipeline<Stage>([
    { key: "fetch" },
    { key: "clean up", needs: ["fetch"], when: "ended" },
    { key: "keeps the run" },
  ], {
    ...options,
    workers: 4,
    db: ":memory:",
    async run({ key }) {
      begun.push(key);
      if (key === "keeps the run") return await open.promise;
      if (isBroken) throw new Error("No");
    },
    async onTaskEnd({ key }) {
      if (key !== "clean up" || !isBroken) return;
      isBroken = false;
      assertEquals(await pipeline.retry(), 2);
      open.resolve();
    },
  });
  const report = await pipeline.finished;
  assertEquals(report.counts.done, 3);
  const expected = ["fetch", "keeps the run", "clean up", "fetch", "clean up"];
  assertEquals(begun, expected);
});

Deno.test("a clean-up that is added runs whatever became of what it depends on", async () => {
  const begun: string[] = [];
  const report = await runPipeline<Stage>([{ key: "fetch", fails: true }, { key: "adds" }], {
    ...options,
    workers: 1,
    db: ":memory:",
    async run(stage, task) {
      begun.push(stage.key);
      if (stage.key === "adds") {
        await task.add([
          { key: "load", needs: ["fetch"] },
          { key: "clean up", needs: ["load", "fetch", "late"], when: "ended" },
          { key: "notify", needs: ["load", "fetch"], when: "ended" },
        ]);
      }
      if (stage.fails) throw new Error("No");
    },
  });
  assertEquals(begun, ["fetch", "adds", "notify"]);
  assertEquals(
    report.counts,
    { queued: 0, running: 0, done: 2, error: 2, cancelled: 1, total: 5 } as never,
  );
});

Deno.test("a clean-up that is cancelled and retried still waits for what it depends on", async () => {
  const begun: string[] = [];
  const pipeline = startPipeline<Stage>([
    { key: "fetch" },
    { key: "clean up", needs: ["fetch"], when: "ended" },
  ], {
    ...options,
    db: ":memory:",
    async run({ key }, task) {
      begun.push(key);
      if (key !== "fetch") return;
      await pipeline.cancel(task.id + 1);
      assertEquals(await pipeline.retry(task.id + 1), 1);
    },
  });
  const { status, counts } = await pipeline.finished;
  assertEquals([status, counts.done, begun], ["done", 2, ["fetch", "clean up"]]);
});

Deno.test("runsWhen without dependsOn, and another moment, are refused", () => {
  const { runsWhen } = options;
  const wrong = { db: ":memory:", run: () => {} };
  assertThrows(
    () => startPipeline([], { ...wrong, runsWhen }),
    TypeError,
    "runsWhen needs dependsOn",
  );
  const always = { ...wrong, dependsOn: () => [], runsWhen: () => "always" as never };
  assertThrows(() => startPipeline([{ key: "a" }], always), TypeError, 'got "always"');
});

function aborted({ signal }: TaskContext): Promise<never> {
  return new Promise((_, reject) => signal.onabort = () => reject(signal.reason));
}
