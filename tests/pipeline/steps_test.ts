import { type PipelineOptions, runPipeline } from "../../mod.ts";
import { follow, ran, SCHEMA, type Script } from "../fixtures/step_tasks.ts";
import { assertEquals } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const module = new URL("../fixtures/step_tasks.ts", import.meta.url);

const WAYS: Record<string, PipelineOptions<Script>["run"]> = {
  "on this thread": follow,
  "in the pool": { module, export: "follow" },
};

for (const [where, run] of Object.entries(WAYS)) {
  Deno.test(`a step that has ended is not run again by a retry or after a sleep, ${where}`, async () => {
    for (const atomic of [false, true]) {
      using folder = tempFolder();
      const db = folder.file("a.db");
      ran.length = 0;
      const key = `retried ${atomic}`;
      const calls = ["step a", "sleep 20", "step b", "fail once", "step c"] as const;
      const report = await runPipeline<Script>([{ key, calls }], {
        db,
        schema: SCHEMA,
        workers: 1,
        retries: 1,
        retryDelayMs: 0,
        atomic,
        run,
      });
      assertEquals([report.status, report.failures], ["done", []]);
      assertEquals(await readValues(db, "SELECT step FROM step_row"), [["a"], ["b"], ["c"]]);
      assertEquals(await readValues(db, "SELECT task FROM outside"), [[key]]);
      assertEquals(
        await readValues(db, "SELECT number, kind, name, attempt, result FROM task_steps"),
        [
          [1, "step", "a", 1, '{"step":"a","before":0}'],
          [2, "sleep", "", 1, null],
          [3, "step", "b", 1, '{"step":"b","before":2}'],
          [4, "step", "c", 2, '{"step":"c","before":4}'],
        ],
      );
      const result = '[{"step":"a","before":0},{"step":"b","before":2},{"step":"c","before":4}]';
      assertEquals(await readValues(db, "SELECT status, result FROM task_runs"), [[
        "done",
        result,
      ]]);
      assertEquals(await readValues(db, "SELECT attempt FROM task_attempts"), [[1]]);
      const names = ["a", "b", "c"].map((name) => `${key} ${name}`);
      if (typeof run === "function") assertEquals(ran, names);
    }
  });
}
