/// <reference lib="dom" />
/** The workers on other machines of a run, and that its tasks wait for one. */
import { connect, initSchema } from "../../db.ts";
import { RemoteWorkerStore } from "../../writer/worker/tasks/remote_worker_store.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";
import { PageFixture, pageTest, scrollsSideways, seeText, textsOf } from "./page_fixture.ts";

const AT = "2026-01-02T03:04:05.000Z";

pageTest("a run shows its workers, and a note when none is connected", async () => {
  await using fixture = await PageFixture.open();
  using connection = await connect(fixture.db);
  initSchema(connection);
  connection.exec(`
    INSERT INTO pipeline_runs (id, name, status, started_at, queued, done, first_task_id, last_task_id, executor)
      VALUES (1, 'nightly', 'running', '${AT}', 1, 1, 1, 2, 'nats');
    INSERT INTO task_runs (id, name, status, run_id, progress, worker, started_at, finished_at) VALUES
      (1, 'first', 'done', 1, 1, 'alpha:12', '${AT}', '${AT}'), (2, 'second', 'queued', 1, 0, NULL, NULL, NULL);`);
  const page = await fixture.page("?run=1");
  await seeText(page, ".banner", "No worker is connected.");

  const store = new RemoteWorkerStore(connection);
  const worker = {
    ...{ kind: "see_worker", run: 1, version: "0.1.0", joinedAt: AT, heardAt: AT } as const,
    ...{ ended: 1_234, tasksPerSecond: 2.5 },
  };
  store.see({ ...worker, worker: "alpha:12", machine: "alpha", slots: 8, running: 3 });
  const gone = { slots: 0, running: 0, leftAt: AT };
  store.see({ ...worker, worker: "be<b>ta:34", machine: "be<b>ta", ...gone });
  await seeText(page, "#workers-title", "Workers");
  const rows = await textsOf(page, "section[aria-labelledby=workers-title] tbody tr");
  assertEquals(rows.length, 2);
  assertMatch(rows[0]!, /^alpha:12\s*connected\s*3 of 8\s*1,234\s*2\.5\/s/);
  assertMatch(rows[1]!, /^be<b>ta:34\s*gone\s*–/);
  assertEquals(await page.$$eval(".banner", (all) => all.length), 0);
  await page.setViewport({ width: 360, height: 800 });
  assertEquals(await scrollsSideways(page), false);

  const task = await fixture.page("?task=1");
  await seeText(task, ".task-facts", "the worker alpha:12");
  assertEquals(fixture.complaints, []);
});
