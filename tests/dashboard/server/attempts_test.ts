import type { TaskDetail } from "../../../dashboard/api.ts";
import { createDashboard } from "../../../dashboard/mod.ts";
import { runPipeline } from "../../../mod.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { getJson } from "../fixture.ts";
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
    const told = async (id: number) => {
      const { attempts } = await getJson<TaskDetail>(app, `/api/tasks/${id}`);
      return attempts.map(({ attempt, status, error }) => [
        attempt,
        status,
        error && error.split("\n", 1)[0],
      ]);
    };
    const failed = [[1, "error", "Error: No 1"], [2, "error", "Error: No 2"]];
    assertEquals(await told(1), [...failed, [3, "done", null]]);
    assertEquals(await told(2), [...failed, [3, "error", "Error: No 3"]]);
    assertEquals(await told(3), [[1, "done", null]]);
    const { attempts } = await getJson<TaskDetail>(app, "/api/tasks/1");
    for (const { startedAt, finishedAt } of attempts) assert(startedAt! <= finishedAt!);
  });

  Deno.test(`getTask() tells when a task that waits runs again, over ${driver}`, async () => {
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
