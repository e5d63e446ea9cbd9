import type { TaskDetail } from "../../../dashboard/api.ts";
import { createDashboard } from "../../../dashboard/mod.ts";
import { runPipeline } from "../../../mod.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { addRun, getJson, show } from "../fixture.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { tempFolder } from "../../support/temp.ts";

for (const driver of DRIVERS) {
  Deno.test(`getTask() lists the attempts at a task, the last one included, over ${driver}`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await runPipeline(["done", "error", "once"], {
      db,
      driver,
      retries: 2,
      retryDelayMs: 0,
      run(item, task) {
        if (item === "once" || (item === "done" && task.attempt === 3)) return;
        throw new Error(`No ${task.attempt}`);
      },
    });
    using app = createDashboard({ db, driver });
    const attemptsOf = async (id: number) => {
      const { attempts } = await getJson<TaskDetail>(app, `/api/tasks/${id}`);
      return attempts.map(({ attempt, status, error }) => [
        attempt,
        status,
        error && error.split("\n", 1)[0],
      ]);
    };
    const failed = [[1, "error", "Error: No 1"], [2, "error", "Error: No 2"]];
    assertEquals(await attemptsOf(1), [...failed, [3, "done", null]]);
    assertEquals(await attemptsOf(2), [...failed, [3, "error", "Error: No 3"]]);
    assertEquals(await attemptsOf(3), [[1, "done", null]]);
    const { attempts } = await getJson<TaskDetail>(app, "/api/tasks/1");
    for (const { startedAt, finishedAt } of attempts) assert(startedAt! <= finishedAt!);
  });

  Deno.test(`getTask() returns when a task that waits runs again, over ${driver}`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const seen: TaskDetail[] = [];
    const stop = new AbortController();
    await runPipeline(["fails", "looks"], {
      db,
      driver,
      workers: 1,
      signal: stop.signal,
      retries: 1,
      retryDelayMs: 2 ** 31 - 1,
      maxRetryDelayMs: 2 ** 31 - 1,
      async run(item, task) {
        if (item === "fails") throw new Error("Not yet");
        await task.flush();
        using app = createDashboard({ db, driver });
        seen.push(await getJson<TaskDetail>(app, "/api/tasks/1"));
        stop.abort();
      },
    });
    const [{ status, startedAt, message, attempts }] = seen as [TaskDetail];
    assertEquals([status, startedAt, attempts.length, attempts[0]!.status], [
      "queued",
      null,
      1,
      "error",
    ]);
    assertMatch(message!, /^Attempt 2 of 2 at .*Z, because attempt 1 failed: Not yet$/);
  });
}

Deno.test("a task of 40 attempts whose errors have a megabyte each fits a page, and its patches are small", async () => {
  using shown = await show();
  const [id] = addRun(shown.store, [{ name: "heavy", status: "running", progress: 0.1 }]);
  const { connection } = shown.store;
  const error = `Error: ${"E".repeat(1_000_000)}`;
  const add = connection.prepare(
    `INSERT INTO task_attempts (task_id, run_id, attempt, status, started_at, finished_at, error)
     VALUES (?, 1, ?, 'error', '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:06.000Z', ?)`,
  );
  for (let attempt = 1; attempt <= 40; attempt++) add.run(id!, attempt, error);
  const detail = await shown.app.request(`/api/tasks/${id}`);
  const text = await detail.text();
  assert(text.length < 200_000, `${text.length}`);
  const { attempts } = JSON.parse(text) as TaskDetail;
  assertEquals([attempts.length, attempts[0]!.cut], [40, true]);
  const whole = await shown.app.request(`/api/tasks/${id}/attempts/7`);
  assert(await whole.text() === error);
  await shown.get(`/api/tasks/${id}/attempts/41`, 404);

  await using events = await shown.live(`view=task&task=${id}`);
  const first = (await events.next())!;
  assert(JSON.stringify(first.data).length < 200_000);
  connection.prepare("UPDATE task_runs SET progress=0.5, message='half' WHERE id=?").run(id!);
  const moved = await events.until(({ event }) => event === "patch");
  assertEquals(moved.data.task, { progress: 0.5, message: "half" });
  assertEquals(moved.data.attempts, undefined);
  add.run(id!, 41, error);
  const added = await events.until(({ event }) => event === "patch");
  assertEquals(added.data.attempts.map(({ attempt }: { attempt: number }) => attempt), [41]);
  assertEquals(added.data.task, undefined);
});
