/// <reference lib="dom" />
/**
 * What a page shows of runs as another process writes them: workers on other machines, durable steps and sleep, a
 * database whose readers hold its log, a process that has gone.
 */
import { connect, initSchema } from "../../db.ts";
import { RemoteWorkerStore } from "../../writer/worker/tasks/remote_worker_store.ts";
import { ProcessLock } from "../../writer/worker/process_lock.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";
import {
  findBarriers,
  findViolations,
  follow,
  PageFixture,
  pageTest,
  scrollsSideways,
  seeText,
  show,
  textsOf,
} from "./page_fixture.ts";

const [AT, LATER] = ["2026-01-02T03:04:05.000Z", "2999-01-02T03:04:06.000Z"];
const [DESK, PHONE] = [{ width: 1440, dark: false }, { width: 360, dark: false }];

pageTest("a run and its tasks are shown as they change", async (t) => {
  await using fixture = await PageFixture.open();
  using connection = await connect(fixture.db);
  initSchema(connection);
  connection.exec(`
    INSERT INTO pipeline_runs (id, name, status, started_at, queued, done, first_task_id, last_task_id, executor)
      VALUES (1, 'nightly', 'running', '${AT}', 1, 1, 1, 2, 'nats');
    INSERT INTO task_runs (id, name, status, run_id, progress, worker, started_at, finished_at) VALUES
      (1, 'first', 'done', 1, 1, 'alpha:12', '${AT}', '${AT}'), (2, 'second', 'queued', 1, 0, NULL, NULL, NULL);
    INSERT INTO pipeline_runs (id, name, status, started_at, running, first_task_id, last_task_id)
      VALUES (2, 'exports', 'running', '${AT}', 1, 3, 3);
    INSERT INTO task_runs (id, name, status, run_id, progress, started_at, message)
      VALUES (3, 'january', 'running', 2, 0.5, '${AT}', 'page 7');
    INSERT INTO pipeline_runs (id, name, status, started_at, queue_depth, wal_bytes, wal_held_since)
      VALUES (3, 'held', 'running', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-2 minutes'), 0, 327155712,
        strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-40 seconds'));
    INSERT INTO pipeline_runs (id, name, status, started_at, done, queued, first_task_id, last_task_id)
      VALUES (4, 'lost', 'interrupted', '${AT}', 1, 2, 4, 6);
    INSERT INTO task_runs (id, name, status, run_id)
      VALUES (4, 'a', 'done', 4), (5, 'b', 'queued', 4), (6, 'c', 'queued', 4)`);
  const page = await fixture.page("?run=1");

  await t.step("a run shows its workers, and a note when none is connected", async () => {
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
    await show(page, PHONE);
    assertEquals(await scrollsSideways(page), false);
    await follow(page, "?task=1");
    await seeText(page, ".task-facts", "the worker alpha:12");
  });

  await t.step("a task shows its steps as they come, and until when it sleeps", async () => {
    const add = connection.prepare(
      `INSERT INTO task_steps (task_id, run_id, number, kind, name, attempt, started_at, finished_at, result, error)
       VALUES (3, 2, ?, ?, ?, 1, '${AT}', ?, ?, ?)`,
    );
    add.run(1, "step", "ask <b>", "2026-01-02T03:04:07.500Z", '{"id":17}', null);
    await show(page, DESK);
    await follow(page, "?task=3");
    await seeText(page, "#steps-title", "Steps");
    connection.transaction(() => {
      add.run(2, "step", "look", AT, null, '{"name":"Error","message":"No <answer>"}');
      add.run(3, "sleep", "", LATER, null, null);
      connection.exec(`UPDATE task_runs SET status='queued', wakes_at='${LATER}' WHERE id=3`);
      connection.exec("UPDATE pipeline_runs SET running=0, queued=1 WHERE id=2");
    });
    await seeText(page, ".title-row .note", "sleeping until");
    const rows = await textsOf(page, "section[aria-labelledby=steps-title] tbody tr");
    assertEquals(rows.length, 3);
    assertMatch(rows[0]!, /^1\s*ask <b>\s*.*\s*2\.5 s\s*1\s*\{"id":17\}/);
    assertMatch(rows[1]!, /^2\s*look\s*.*No <answer>/s);
    assertMatch(rows[2]!, /^3\s*sleep\s*.*sleeping until 2999-01-0\d/s);
    assertEquals(await findViolations(page), []);
    await show(page, PHONE);
    assertEquals(await scrollsSideways(page), false);
    await follow(page, "?run=2");
    await seeText(page, "p.note", "1 task sleeping until 2999-01-0");
    const listed = await textsOf(page, ".cell-message");
    assertMatch(listed.join(), /sleeping until 2999-01-0.*page 7/);
  });

  await t.step("the health strip shows in words that readers hold the WAL", async () => {
    await follow(page, "?run=3");
    await seeText(page, ".health-item", "312 MiB");
    await seeText(page, ".health-warning", "⚠ held by readers");
    const [held] = await textsOf(page, ".health-warning");
    assertMatch(held!, /^⚠ held by readers for (\d+ s|\d+ min)/);
    assertEquals(await findBarriers(page), []);
    connection.exec("UPDATE pipeline_runs SET wal_held_since = NULL, wal_bytes = 0 WHERE id = 3");
    await seeText(page, ".health-item", "0 B");
    assertEquals(await textsOf(page, ".health-warning"), []);
  });

  await t.step(
    "a run whose process has gone shows its remaining tasks, and the command that continues it",
    async () => {
      await follow(page, "?run=4");
      await seeText(page, ".banner", "2 tasks left: pipeloom run <file> --resume 4 continues it");
      assertEquals(await findBarriers(page), []);
    },
  );

  await t.step("a page that is open shows that the process of its run has gone", async () => {
    using lock = ProcessLock.of(fixture.db, AT);
    // It leaves its file, as that of a process that was killed.
    lock.openRuns = 1;
    connection.exec(`
      INSERT INTO pipeline_runs (id, name, status, started_at, running, queued, first_task_id, last_task_id, owner)
        VALUES (5, 'killed', 'running', '${AT}', 1, 1, 7, 8, '${lock.take().owner}');
      INSERT INTO task_runs (id, name, status, run_id) VALUES (7, 'a', 'running', 5), (8, 'b', 'queued', 5)`);
    await follow(page, "?run=5");
    await seeText(page, ".title-row .status", "running");
    lock[Symbol.dispose]();
    await seeText(page, ".title-row", "process gone");
    await seeText(page, ".banner", "2 tasks left: pipeloom run <file> --resume 5 continues it");
    await follow(page, "");
    await seeText(page, ".run-item", "process gone");
    assertEquals(await findBarriers(page), []);
  });

  assertEquals(fixture.complaints, []);
});
