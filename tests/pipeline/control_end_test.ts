/**
 * Cancels that are pending when the run comes to its end.
 *
 * @module
 */
import { runPipeline, SqliteWriter, startPipeline } from "../../mod.ts";
import { DependencySource } from "../../pipeline/scheduler/dependency_source.ts";
import { TaskSource } from "../../pipeline/scheduler/task_source.ts";
import { assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const TASKS = "SELECT id, status FROM task_runs ORDER BY id";
const RUN = "SELECT status, queued, running, done, error, cancelled FROM pipeline_runs";
const REQUESTS = "SELECT kind, refused, answer FROM run_requests";

/** Lets what can continue without the writer continue. */
async function turn(): Promise<void> {
  for (let i = 0; i < 20; i++) await undefined;
}

Deno.test("a run does not end before the writer has answered what was cancelled in it", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let cancelled: Promise<void> | undefined;
  const pipeline = startPipeline(["first", "second"], {
    db,
    workers: 1,
    async run() {
      cancelled = pipeline.cancel(2);
      cancelled.catch(() => {});
      await turn();
    },
  });
  const { status, counts } = await pipeline.finished;
  await cancelled;
  assertEquals([status, counts.done, counts.cancelled], ["cancelled", 1, 1]);
  assertEquals(await readValues(db, TASKS), [[1, "done"], [2, "cancelled"]]);
  assertEquals(await readValues(db, REQUESTS), [["cancel", 0, "Cancelled"]]);
});

Deno.test("a task that came too late to be cancelled is run before the run ends", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const asked = Promise.withResolvers<void>();
  let cancelled: Promise<void> | undefined;
  const seen = new Set<unknown>();
  async function* items() {
    yield "first";
    await asked.promise;
    await turn();
    yield "second";
  }
  const pipeline = startPipeline(items(), {
    db,
    workers: 2,
    async run(item) {
      if (item === "second") {
        for (let i = 0; i < 20; i++) seen.add((await readValues(db, RUN))[0]![0]);
        return;
      }
      cancelled = pipeline.cancel(2);
      cancelled.catch(() => {});
      await turn();
      asked.resolve();
    },
  });
  const { status, counts } = await pipeline.finished;
  await assertRejects(() => cancelled!, RangeError, "has no task of that id yet");
  assertEquals([...seen], ["running"]);
  assertEquals([status, counts.done, counts.total], ["done", 2, 2]);
  assertEquals(await readValues(db, TASKS), [[1, "done"], [2, "done"]]);
  assertEquals(await readValues(db, RUN), [["done", 0, 0, 2, 0, 0]]);
});

for (const storeTaskStatus of [true, false]) {
  const where = storeTaskStatus ? "" : ", without storeTaskStatus";
  Deno.test(`tasks that were cancelled do not wait for the rate of their tag${where}`, async () => {
    using folder = tempFolder();
    const begun = Promise.withResolvers<void>();
    const pipeline = startPipeline([1, 2, 3, 4], {
      db: folder.file("a.db"),
      storeTaskStatus,
      workers: 2,
      tags: () => ["api"],
      limits: { api: { rate: 1, intervalMs: 2 ** 40 } },
      run: () => begun.resolve(),
    });
    await begun.promise;
    await Promise.all([2, 3, 4].map((id) => pipeline.cancel(id)));
    const { counts } = await pipeline.finished;
    assertEquals([counts.done, counts.cancelled], [1, 3]);
  });
}

Deno.test("two items of one id are refused where there is no table that does", async () => {
  const work = runPipeline([{ id: 7 }, { id: 8 }, { id: 7 }].values(), {
    db: ":memory:",
    storeTaskStatus: false,
    taskId: ({ id }) => id,
    run: () => {},
  });
  await assertRejects(() => work, TypeError, "Cannot run two tasks of id 7");
});

Deno.test("a task that is queued again in the very moment in which the workers have nothing more to do is run", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:", storeTaskStatus: false });
  for (const limits of [undefined, { one: 1 }]) {
    const answers = new Set<number>();
    for (let turns = 0; turns < 40; turns++) {
      let tries = 0;
      const pipeline = startPipeline(["fails", "asks"], {
        db: writer,
        storeTaskStatus: false,
        workers: 1,
        ...(limits && { tags: () => ["one"], limits }),
        run(item) {
          if (item === "fails" && ++tries === 1) throw new Error("Not yet");
          if (item === "asks") asked = ask();
        },
      });
      const ask = async () => {
        for (let i = 0; i < turns; i++) await undefined;
        // Later than that the run has ended.
        return await pipeline.retry(1).catch(() => 0);
      };
      let asked: Promise<number> | undefined;
      const { counts } = await pipeline.finished;
      const retried = await asked!;
      answers.add(retried);
      assertEquals([counts.total, counts.done], [2, 1 + retried], `${turns} turns`);
    }
    assertEquals([...answers].sort(), [0, 1], "The end of the run was not met");
  }
});

Deno.test("DependencySource.ended() takes tasks that were not known when the run was stopped", async () => {
  const options = { taskKey: (i: number) => `${i}`, dependsOn: (i: number) => i > 0 ? ["0"] : [] };
  const feed = new TaskSource([0, 1], options);
  const dependent = new DependencySource(feed, options);
  await feed.open(1);
  feed.halt();
  await dependent.loaded();
  assertEquals(dependent.ended(2, "cancelled"), []);
});

Deno.test("a retry that cannot be written leaves the task as it had ended", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const refused: string[] = [];
  const pipeline = startPipeline(["fails", "asks"], {
    db,
    workers: 1,
    schema: `CREATE TRIGGER full BEFORE INSERT ON task_attempts
             BEGIN SELECT RAISE(ABORT, 'no attempts here'); END`,
    async run(item, task) {
      if (item === "fails") throw new Error("As planned");
      await task.flush();
      // Again, because the first must not leave it between two states.
      for (let i = 0; i < 2; i++) {
        await pipeline.retry(1).catch((error) => refused.push(error.message));
      }
    },
  });
  const { status, counts } = await pipeline.finished;
  for (const text of refused) assertMatch(text, /no attempts here/i);
  assertEquals(refused.length, 2);
  assertEquals([status, counts.done, counts.error], ["error", 1, 1]);
  assertEquals(await readValues(db, TASKS), [[1, "error"], [2, "done"]]);
});
