import { connect, type Connection, initSchema } from "../../db.ts";
import { type PipelineOptions, runPipeline, startPipeline, type TaskContext } from "../../mod.ts";
import { follow, SCHEMA, type Script } from "../fixtures/step_tasks.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { gates, untilAborted } from "../support/gates.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const HOUR = 3_600_000;
const module = new URL("../fixtures/step_tasks.ts", import.meta.url);

const WAYS: Record<string, PipelineOptions<Script>["run"]> = {
  "on this thread": follow,
  "in the pool": { module, export: "follow" },
};

/** Opens a database in which a run will be. */
async function openFor(db: string): Promise<Connection> {
  const connection = await connect(db);
  initSchema(connection);
  connection.exec(SCHEMA);
  return connection;
}

/** Resolves when this number of tasks sleep. */
async function untilAsleep(connection: Connection, count = 1): Promise<void> {
  const asleep = connection.prepare(
    `SELECT count(*) AS n FROM task_runs WHERE status='queued' AND own_status='queued'
       AND wakes_at > strftime('%Y-%m-%dT%H:%M:%fZ','now')`,
  );
  await until(() => asleep.get()!.n === count);
}

for (const [where, run] of Object.entries(WAYS)) {
  Deno.test(`a task that sleeps takes no slot, no attempt, and no time of its attempt, ${where}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    // The sleep is longer than an attempt may take, and ends after the other tasks have.
    const items: Script[] = [
      { key: "sleeper", calls: ["step a", "sleep 1500", "step b", "sleep 1", "step c"] },
      ...[1, 2, 3].map((n): Script => ({ key: `k${n}`, calls: ["step a"] })),
    ];
    const report = await runPipeline(items, {
      db,
      schema: SCHEMA,
      workers: 1,
      timeoutMs: 1_000,
      tags: () => ["t"],
      limits: { t: 1 },
      run,
    });
    assertEquals([report.status, report.counts.done, report.failures], ["done", 4, []]);
    const rows = await readValues(db, "SELECT task, step FROM step_row ORDER BY rowid");
    const others = [1, 2, 3].map((n) => [`k${n}`, "a"]);
    assertEquals(rows, [["sleeper", "a"], ...others, ["sleeper", "b"], ["sleeper", "c"]]);
    assertEquals(await readValues(db, "SELECT * FROM task_attempts"), []);
    const times = await readValues(
      db,
      `SELECT s.started_at < s.finished_at, s.finished_at <= t.finished_at, t.started_at <= s.started_at
       FROM task_steps s JOIN task_runs t ON t.id=s.task_id WHERE s.kind='sleep' AND s.number=2`,
    );
    assertEquals(times, [[1, 1, 1]]);
  });

  Deno.test(`a run that is stopped while its tasks sleep is resumed, and they sleep the rest, ${where}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    using connection = await openFor(db);
    const options = { db, atomic: true, resume: true, run };
    const calls = ["log called", "step a", `sleep ${HOUR}`, "step b"] as const;
    const items: Script[] = [{ key: "a", calls }, { key: "b", calls }];
    const pipeline = startPipeline(items, options);
    await untilAsleep(connection, 2);
    await pipeline.cancel();
    const stopped = await pipeline.finished;
    assertEquals([stopped.status, stopped.counts.cancelled], ["cancelled", 2]);
    // For one of them the time comes while no process runs.
    connection.exec(
      "UPDATE task_steps SET finished_at=started_at WHERE kind='sleep' AND task_id=2",
    );
    const resumed = startPipeline(items, options);
    const one = connection.prepare("SELECT status FROM task_runs WHERE id=?");
    await until(() => one.get(2)!.status === "done" && one.get(1)!.status === "queued");
    await untilAsleep(connection);
    // It sleeps as long as it first requested.
    const [[same]] = await readValues(
      db,
      `SELECT wakes_at=(SELECT finished_at FROM task_steps WHERE task_id=1 AND kind='sleep')
       FROM task_runs WHERE id=1`,
    ) as [[number]];
    assertEquals(same, 1);
    await resumed.cancel(1);
    const report = await resumed.finished;
    assertEquals([report.counts.done, report.counts.cancelled], [1, 1]);
    const rows = await readValues(db, "SELECT task, step FROM step_row ORDER BY task, step");
    assertEquals(rows, [["a", "a"], ["b", "a"], ["b", "b"]]);
    // The one that sleeps was not called to find that out.
    const called = "SELECT task_id, count(*) FROM task_logs GROUP BY task_id";
    assertEquals(await readValues(db, called), [[1, 1], [2, 2]]);
  });
}

Deno.test("a task that is cancelled while it sleeps does not wake; retried, it sleeps the rest", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  using connection = await openFor(db);
  let begun = 0;
  const gate = gates();
  const run = async (item: string, task: TaskContext) => {
    if (item === "other") return await gate.wait("end");
    begun++;
    await task.sleep(HOUR);
  };
  const pipeline = startPipeline(["a", "other"], { db, run });
  await untilAsleep(connection);
  await pipeline.cancel(1, "not needed");
  const row = connection.prepare("SELECT status, message, wakes_at FROM task_runs WHERE id=1");
  const { status, message, wakes_at } = row.get()!;
  assertEquals([status, message], ["cancelled", "not needed"]);
  await pipeline.retry(1);
  await until(() => begun === 2);
  await untilAsleep(connection);
  assertEquals(row.get()!.wakes_at, wakes_at);
  await pipeline.cancel(1);
  gate.open("end");
  const report = await pipeline.finished;
  assertEquals([report.status, begun], ["cancelled", 2]);
});

Deno.test("a task that does not let the error of its sleep pass sleeps all the same", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let legs = 0;
  const seen: string[] = [];
  const report = await runPipeline(["a"], {
    db,
    run: async (_, task) => {
      legs++;
      try {
        await task.sleep(500);
      } catch (error) {
        seen.push((error as Error).name);
        await assertRejects(
          () => task.step("never", () => seen.push("ran")),
          Error,
          "sleeps until",
        );
        await assertRejects(() => task.execute("SELECT 1"), Error, "sleeps until");
        if (legs === 1) throw new Error("a failure in between", { cause: error });
      }
      return "woken";
    },
  });
  assertEquals([report.status, report.failures, legs], ["done", [], 2]);
  assertEquals(seen, ["TaskSleep"]);
  assertEquals(await readValues(db, "SELECT result FROM task_runs"), [['"woken"']]);
});

Deno.test("a sleep until a time that is over is none, and is known by its place", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let legs = 0;
  const report = await runPipeline(["a"], {
    db,
    retries: 1,
    retryDelayMs: 0,
    run: async (_, task) => {
      legs++;
      // When it is run again the first is not over any more.
      await task.sleep(legs === 1 ? new Date(Date.now() - 1) : HOUR);
      await task.step("a", () => {});
      await task.sleep(0);
      if (legs === 1) throw new Error("again");
    },
  });
  assertEquals([report.status, legs], ["done", 2]);
  assertEquals(await readValues(db, "SELECT number, kind FROM task_steps"), [[1, "sleep"], [
    2,
    "step",
  ]]);
});

Deno.test("an attempt that continues after a sleep can still time out", async () => {
  let legs = 0;
  const report = await runPipeline(["a"], {
    db: ":memory:",
    timeoutMs: 200,
    run: async (_, task) => {
      legs++;
      await task.sleep(300);
      await untilAborted(task);
    },
  });
  assertEquals(legs, 2);
  assertStringIncludes(report.failures[0]!.error.message, "Timed out after 200 ms");
});

Deno.test("many tasks can sleep at once, and none wakes early", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const wake = Date.now() + 700;
  const report = await runPipeline(Array.from({ length: 2_000 }, (_, i) => i), {
    db,
    run: async (_, task) => await task.sleep(new Date(wake)),
  });
  assert(Date.now() >= wake, "none woke early");
  assertEquals([report.status, report.counts.done], ["done", 2_000]);
});
