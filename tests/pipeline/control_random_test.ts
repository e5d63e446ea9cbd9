/**
 * Cancels and retries at random, of pipelines with everything else in use: whatever is asked when, the run ends, and
 * the counts are those of the table.
 *
 * @module
 */
import { type PipelineOptions, startPipeline, type TaskContext } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import type { Item } from "../fixtures/controlled_tasks.ts";
import { IS_LONG } from "../support/long_form.ts";
import { Random } from "../support/random.ts";
import { readRow, readRows } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const SEED = 20_261_122;
/** Pipelines; every third is one of a pool. */
const ROUNDS = IS_LONG ? 30 : 3;
const TASKS = 60;

/** Options of which any may be used. */
function optionsOf(random: Random): Partial<PipelineOptions<unknown>> {
  const index = new Map(Array.from({ length: TASKS }, (_, i) => [`k${i}`, i]));
  const needs = [...index.values()].map((i) =>
    i > 0 && random.below(4) === 0 ? [`k${random.below(i)}`] : undefined
  );
  const items = Array.from({ length: TASKS }, (_, i) => i);
  return {
    workers: 1 + random.below(4),
    atomic: random.below(2) === 0,
    abortGraceMs: random.below(3),
    ...(random.below(2) ? { retries: 1, retryDelayMs: random.below(5) } : {}),
    ...(random.below(3) ? {} : { timeoutMs: 20 }),
    ...(random.below(2)
      ? {
        tags: () => ["one"],
        limits: {
          one: { concurrency: 2, ...(random.below(2) ? { rate: 4, intervalMs: 10 } : {}) },
        },
      }
      : {}),
    ...(random.below(2)
      ? { taskKey: (item) => keyOf(item), dependsOn: (item) => needs[index.get(keyOf(item))!] }
      : {}),
    ...(random.below(2) ? { priority: (item) => items[index.get(keyOf(item))!]! % 3 } : {}),
  };
}

interface Work extends Item {
  key: string;
}

function keyOf(item: unknown): string {
  return (item as Work).key;
}

for (let round = 0; round < ROUNDS; round++) {
  const isPool = round % 3 === 2;
  const seed = SEED + round;
  Deno.test(`whatever is asked when, what is counted is there (${isPool ? "pool" : "here"}, seed ${seed})`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const random = new Random(seed);
    const kinds: Item["does"][] = ["row", "nothing", "heeds", "fails once", "row", "nothing"];
    const items = Array.from({ length: TASKS }, (_, i): Work => ({
      key: `k${i}`,
      does: random.pick(kinds),
      begun: new SharedArrayBuffer(4),
    }));
    const { default: work } = await import("../fixtures/controlled_tasks.ts");
    const pipeline = startPipeline<Work>(items, {
      ...optionsOf(random) as Partial<PipelineOptions<Work>>,
      db,
      schema: "CREATE TABLE row (task INTEGER)",
      run: isPool
        ? { module: new URL("../fixtures/controlled_tasks.ts", import.meta.url) }
        : (item: Work, task: TaskContext) => work(item, task),
    });
    let isOver = false;
    const over = pipeline.finished.finally(() => isOver = true);
    const asked: Promise<unknown>[] = [];
    // Until nothing is left that waits for its signal: those that do are cancelled sooner or later.
    for (let step = 0; !isOver; step++) {
      const id = 1 + (step % 3 === 0 ? step / 3 % TASKS : random.below(TASKS));
      const isCancel = step % 3 === 0 || step > 20 * TASKS || random.below(2) === 0;
      const what = isCancel
        ? pipeline.cancel(id)
        : pipeline.retry(random.below(9) ? id : undefined);
      asked.push(what.catch((error) => assert(/^Cannot /.test(error.message), error)));
      await new Promise((resolve) => setTimeout(resolve, random.below(3)));
    }
    const report = await over;
    await Promise.all(asked);
    const { queued, running, done, error, cancelled } = await readRow(
      db,
      "SELECT queued, running, done, error, cancelled FROM pipeline_runs",
    );
    assertEquals([queued, running], [0, 0]);
    const { counts } = report;
    assertEquals([counts.done, counts.error, counts.cancelled], [done, error, cancelled]);
    assertEquals(counts.total, TASKS);
    const counted = await readRows(
      db,
      "SELECT status, count(*) AS n FROM task_runs GROUP BY status ORDER BY status",
    );
    const kept = { cancelled, done, error };
    assertEquals(
      counted.map(({ status, n }) => [status, n]),
      Object.entries(kept).filter(([, n]) => n! as number > 0),
    );
    assertEquals(
      (await readRow(db, "SELECT count(*) AS n FROM run_requests WHERE answered_at IS NULL")).n,
      0,
    );
  });
}
