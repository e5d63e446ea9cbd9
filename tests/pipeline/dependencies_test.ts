import { type PipelineOptions, runPipeline } from "../../mod.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { readRow, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

interface Step {
  key: string;
  id?: number;
  needs?: string[];
  fails?: boolean;
}

const PAIRS = `SELECT d.run_id, task.key AS task, needed.key AS needed FROM task_dependencies d
  LEFT JOIN task_runs task ON task.id = d.task_id
  LEFT JOIN task_runs needed ON needed.id = d.depends_on_id ORDER BY 1, 2, 3`;

/** Runs steps into a file. */
async function runSteps(
  db: string,
  steps: Step[],
  options: Partial<Pick<PipelineOptions<Step>, "resume" | "workers" | "taskId">> = {},
) {
  return await runPipeline(steps, {
    db,
    ...options,
    dependsOn: ({ needs }) => needs,
    run({ fails }) {
      if (fails) throw new Error("No");
    },
  });
}

Deno.test("runPipeline() keeps what depends on what, with ids of items' own and without", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runSteps(db, [
    { key: "c", needs: ["a", "b", "a"] },
    { key: "a" },
    { key: "b", needs: ["a"], fails: true },
  ]);
  await runSteps(db, [{ key: "e", id: 70, needs: ["d"] }, { key: "d" }]);
  assertEquals(await readValues(db, PAIRS), [
    [1, "b", "a"],
    [1, "c", "a"],
    [1, "c", "b"],
    [2, "e", "d"],
  ]);
  const kept = "SELECT dependencies FROM pipeline_runs ORDER BY id";
  assertEquals(await readValues(db, kept), [[3], [1]]);
});

Deno.test("runPipeline() keeps no dependencies where there are none", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline(["a", "b"], { db, run: () => {} });
  await runSteps(db, [{ key: "a" }, { key: "b" }]);
  assertEquals(await readValues(db, PAIRS), []);
  assertEquals(await readValues(db, "SELECT DISTINCT dependencies FROM pipeline_runs"), [[null]]);
});

Deno.test("a run that is resumed has each dependency once, those of done and of new tasks too", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const steps: Step[] = [
    { key: "a" },
    { key: "b", needs: ["a"] },
    { key: "c", needs: ["b"], fails: true },
    { key: "d", needs: ["c"] },
  ];
  await runSteps(db, steps, { resume: true });
  const before = await readValues(db, PAIRS);
  assertEquals(before, [[1, "b", "a"], [1, "c", "b"], [1, "d", "c"]]);
  await runSteps(db, steps, { resume: true });
  assertEquals(await readValues(db, PAIRS), before);
  // "d" waits for another task now, and a new one for a task that is done.
  const report = await runSteps(db, [
    { key: "a" },
    { key: "b", needs: ["a"] },
    { key: "c", needs: ["b"] },
    { key: "d", needs: ["a"] },
    { key: "e", needs: ["b"] },
  ], { resume: true });
  assertEquals([report.runId, report.counts.done], [1, 5]);
  assertEquals(await readValues(db, PAIRS), [
    [1, "b", "a"],
    [1, "c", "b"],
    [1, "d", "a"],
    [1, "e", "b"],
  ]);
  assertEquals((await readRow(db, "SELECT dependencies FROM pipeline_runs")).dependencies, 4);
});

Deno.test("a run that is resumed ends where all that depends on something is done already", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const steps: Step[] = [{ key: "a" }, { key: "b", needs: ["a"] }];
  const resume = { key: "2026-11-22" };
  await runSteps(db, steps, { resume });
  const { runId, status, counts } = await runSteps(db, steps, { resume });
  assertEquals([runId, status, counts.done], [1, "done", 2]);
});

Deno.test("runPipeline() keeps more dependencies than one message holds", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const steps: Step[] = Array.from({ length: 120 }, (_, i) => ({
    key: `k${i}`,
    needs: Array.from({ length: Math.min(i, 30) }, (_, back) => `k${i - back - 1}`),
  }));
  await runSteps(db, steps, { workers: 8 });
  const expected = steps.reduce((sum, { needs }) => sum + needs!.length, 0);
  assertEquals(await readRow(db, "SELECT count(*) AS n FROM task_dependencies"), { n: expected });
  const row = await readRow(db, "SELECT dependencies AS n FROM pipeline_runs");
  assertEquals(row, { n: expected });
});

Deno.test("runPipeline() whose tasks cannot be queued keeps no dependencies", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const taskId = ({ key }: { key: string }) => key === "a" ? 4 : 5;
  await runSteps(db, [{ key: "b" }], { taskId });
  const steps = [{ key: "a" }, { key: "b", needs: ["a"] }];
  await assertRejects(() => runSteps(db, steps, { taskId }), Error, "has a task of that id");
  assertEquals(await readValues(db, PAIRS), []);
});
