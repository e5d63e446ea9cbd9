import { type PipelineOptions, runPipeline, startPipeline } from "../../mod.ts";
import { add } from "../fixtures/query_task.ts";
import { assertEquals } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

interface Item {
  key: string;
  adds?: string[];
}

const WAYS: Record<string, PipelineOptions<Item>["run"]> = {
  "on this thread": add,
  "in the pool": {
    module: new URL("../fixtures/query_task.ts", import.meta.url),
    export: "add",
  },
};

for (const [where, run] of Object.entries(WAYS)) {
  for (const atomic of [false, true]) {
    Deno.test(`an item of a generator whose key was added before it came runs once, ${where}${atomic ? ", atomic" : ""}`, async () => {
      using folder = tempFolder();
      const db = folder.file("a.db");
      const isOver = Promise.withResolvers<void>();
      async function* items(): AsyncGenerator<Item> {
        yield { key: "first", adds: ["late", "own", "never an item"] };
        await isOver.promise;
        for (const key of ["late", "own", "another"]) yield { key };
      }
      const report = await runPipeline(items(), {
        db,
        atomic,
        workers: 2,
        run,
        onTaskEnd: ({ key }) => key === "first" ? isOver.resolve() : undefined,
      });
      assertEquals([report.counts.done, report.counts.total], [5, 5]);
      const keys = await readValues(db, "SELECT key, added_by FROM task_runs ORDER BY key");
      assertEquals(keys, [
        ["another", null],
        ["first", null],
        ["late", 1],
        ["never an item", 1],
        ["own", 1],
      ]);
      assertEquals(await readValues(db, "SELECT expected, done FROM pipeline_runs"), [[5, 5]]);
    });
  }
}

Deno.test("items that a program adds while a generator gives them run once, however they meet", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const COUNT = 3_000;
  function* items(): Generator<Item> {
    yield { key: "last" };
    for (let i = 0; i < COUNT; i++) yield { key: `${i}` };
  }
  const ran: string[] = [];
  const isAdded = Promise.withResolvers<void>();
  const pipeline = startPipeline(items(), {
    db,
    run: ({ key }) => key === "last" ? isAdded.promise : void ran.push(key),
  });
  const added = Array.from({ length: COUNT }, (_, i) => ({ key: `${COUNT - 1 - i}` }));
  for (let at = 0; at < COUNT; at += 500) await pipeline.add(added.slice(at, at + 500));
  isAdded.resolve();
  const { counts } = await pipeline.finished;
  assertEquals([counts.done - 1, new Set(ran).size, ran.length], [COUNT, COUNT, COUNT]);
});
