import { type PipelineOptions, type RunningPipeline, startPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import type { Item } from "../fixtures/controlled_tasks.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const module = new URL("../fixtures/controlled_tasks.ts", import.meta.url);
const schema = "CREATE TABLE IF NOT EXISTS row (task INTEGER)";
const TASKS = "SELECT id, status, message FROM task_runs ORDER BY id";
const RUN = "SELECT status, queued, running, done, error, cancelled FROM pipeline_runs";

function start(
  items: Item[],
  options: Partial<PipelineOptions<Item>> & { db: string },
): RunningPipeline {
  return startPipeline(items, { schema, workers: 1, ...options, run: { module } });
}

/** Where a task notes that it has begun. */
function beginning() {
  const begun = new SharedArrayBuffer(4);
  const cell = new Int32Array(begun);
  return {
    begun,
    times: () => Atomics.load(cell, 0),
    async once(times = 1): Promise<void> {
      while (Atomics.load(cell, 0) < times) {
        await Atomics.waitAsync(cell, 0, Atomics.load(cell, 0)).value;
      }
    },
    // Deno lets a Worker that never looks up continue after its termination: it must end by itself.
    [Symbol.dispose]() {
      Atomics.store(cell, 0, 1_000_000);
      Atomics.notify(cell, 0);
    },
  };
}

Deno.test("cancel() ends a pooled task that heeds its signal", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const first = beginning();
  const pipeline = start([{ does: "heeds", begun: first.begun }, { does: "row" }], { db });
  await first.once();
  await pipeline.cancel(1, new Error("Not wanted"));
  const report = await pipeline.finished;
  assertEquals([report.counts.done, report.counts.cancelled], [1, 1]);
  assertEquals(await readValues(db, TASKS), [[1, "cancelled", "Not wanted"], [2, "done", null]]);
});

Deno.test("cancel() leaves a pooled task done that finishes all the same", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const first = beginning();
  const pipeline = start([{ does: "finishes", begun: first.begun }], { db });
  await first.once();
  await assertRejects(() => pipeline.cancel(1), Error, "it ended before that, as done");
  assertEquals((await pipeline.finished).counts.done, 1);
});

Deno.test("cancel() ends the Worker of a task that never looks up, and the others continue", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  using loop = beginning();
  const items: Item[] = [
    ...Array<Item>(20).fill({ does: "row" }),
    { does: "loops", begun: loop.begun },
    ...Array<Item>(5).fill({ does: "row" }),
  ];
  const pipeline = start(items, { db, abortGraceMs: 20 });
  await loop.once();
  await pipeline.cancel(21);
  const report = await pipeline.finished;
  const tasks = await readValues(db, TASKS);
  assertEquals(tasks[20], [21, "cancelled", "Cancelled; its Worker was terminated"]);
  // The one before it may have been lost with the Worker: then its end records that, and nothing is queued or running.
  const { done, error, cancelled } = report.counts;
  assertEquals([done + error, cancelled], [25, 1]);
  assertEquals(await readValues(db, RUN), [[report.status, 0, 0, done, error, 1]]);
  assertEquals(tasks.filter(([, status]) => status === "done").length, done);
  const rows = (await readValues(db, "SELECT task FROM row ORDER BY task")).map(([id]) => id);
  const isDone = (id: unknown) => tasks[Number(id) - 1]![1] === "done";
  assertEquals(rows.filter(isDone).length, done);
  for (const [, status, message] of tasks.filter(([, status]) => status === "error")) {
    assertMatch(`${status} ${message}`, /^error .*had sent may or may not be written$/);
  }
});

Deno.test("tasks whose end was lost with their Worker are marked, and can be retried", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  using loop = beginning();
  using other = beginning();
  const quick = 300;
  // The last of them return just before the next one blocks their thread for good, so that their ends stay there.
  const items: Item[] = [
    ...Array<Item>(quick).fill({ does: "nothing" }),
    { does: "loops", begun: loop.begun },
    { does: "heeds", begun: other.begun },
  ];
  const pipeline = start(items, { db, abortGraceMs: 0 });
  await loop.once();
  await pipeline.cancel(quick + 1);
  await other.once();
  const lost = await readValues(db, "SELECT id FROM task_runs WHERE status='error' ORDER BY id");
  // How many is a matter of time; they are the last ones.
  assertEquals(lost.map(([id]) => id), lost.map((_, i) => quick - lost.length + 1 + i));
  if (lost.length > 0) assertEquals(await pipeline.retry(), lost.length);
  await pipeline.cancel(quick + 2);
  const report = await pipeline.finished;
  assertEquals([report.counts.done, report.counts.cancelled], [quick, 2]);
  assertEquals(await readValues(db, RUN), [["cancelled", 0, 0, quick, 0, 2]]);
});

Deno.test("cancel() lets a task of a pool never begin that waits for its turn", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const [first, second] = [beginning(), beginning()];
  const pipeline = start([
    { does: "heeds", begun: first.begun },
    { does: "nothing", begun: second.begun },
  ], { db });
  await first.once();
  await pipeline.cancel(2);
  await pipeline.cancel(1);
  assertEquals((await pipeline.finished).counts.cancelled, 2);
  assertEquals(second.times(), 0);
});

Deno.test("a slow task keeps none waiting that its Worker has at hand", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  using loop = beginning();
  const last = beginning();
  // More than a thousand are queued with their ends, until one of them is slow.
  const quick = Array<Item>(600).fill({ does: "nothing" });
  const items: Item[] = [
    ...quick,
    { does: "loops", begun: loop.begun },
    ...quick,
    { does: "nothing", begun: last.begun },
  ];
  const pipeline = start(items, { db, workers: 2, abortGraceMs: 0 });
  await loop.once();
  // The other Worker gets to it only when it has those that were given to this one.
  await last.once();
  await pipeline.cancel(601);
  const { counts } = await pipeline.finished;
  assertEquals([counts.done + counts.error, counts.cancelled], [1201, 1]);
  const after = "SELECT status, count(*) FROM task_runs WHERE id>601 GROUP BY 1";
  assertEquals(await readValues(db, after), [["done", 601]]);
  assertEquals(await readValues(db, "SELECT count(*) FROM task_attempts"), [[0]]);
});

Deno.test("a Worker that dies gives back what it has at hand, and no attempt is spent", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const quick = Array<Item>(400).fill({ does: "nothing" });
  const items: Item[] = [...quick, { does: "dies" }, ...quick, { does: "dies" }, ...quick];
  const { counts } = await start(items, { db, retries: 1, retryDelayMs: 0 }).finished;
  assertEquals([counts.done, counts.error], [1200, 2]);
  const tried = "SELECT task_id, count(*) FROM task_attempts GROUP BY 1 ORDER BY 1";
  assertEquals(await readValues(db, tried), [[401, 1], [802, 1]]);
});

Deno.test("retry() runs a pooled task again, in the Worker where it failed", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const [fails, waits] = [beginning(), beginning()];
  const pipeline = start([
    { does: "fails once", begun: fails.begun },
    { does: "heeds", begun: waits.begun },
  ], { db, workers: 2 });
  await Promise.all([fails.once(), waits.once()]);
  // That it has begun does not mean that it has failed yet.
  while (await pipeline.retry(1).then(() => false, () => true));
  await fails.once(2);
  await pipeline.cancel(2);
  const report = await pipeline.finished;
  assertEquals([report.counts.done, report.counts.error, report.failures], [1, 0, []]);
  assertEquals(await readValues(db, "SELECT task FROM row"), [[1]]);
  assertEquals(await readValues(db, "SELECT attempt, status FROM task_attempts"), [[1, "error"]]);
});

Deno.test("a task that was cancelled while it ran can be retried in the same Worker", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const task = beginning();
  const other = beginning();
  const pipeline = start([
    { does: "heeds", begun: task.begun },
    { does: "heeds", begun: other.begun },
  ], { db, workers: 2 });
  await Promise.all([task.once(), other.once()]);
  await pipeline.cancel(1);
  await pipeline.retry(1);
  await task.once(2);
  // The earlier request is forgotten: it runs until the next one.
  const [[, status]] = await readValues(db, TASKS) as [[number, string]];
  assert(status === "running" || status === "queued", status);
  await pipeline.cancel(1);
  await pipeline.cancel(2);
  assertEquals((await pipeline.finished).counts.cancelled, 2);
});
