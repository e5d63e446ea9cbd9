/// <reference lib="dom" />
/** The durable steps of a task, and that it sleeps, as a page shows them while they come. */
import { connect, initSchema } from "../../db.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";
import {
  findViolations,
  PageFixture,
  pageTest,
  scrollsSideways,
  seeText,
  textsOf,
} from "./page_fixture.ts";

const [AT, LATER] = ["2026-01-02T03:04:05.000Z", "2999-01-02T03:04:06.000Z"];

pageTest("a task shows its steps as they come, and until when it sleeps", async () => {
  await using fixture = await PageFixture.open();
  using connection = await connect(fixture.db);
  initSchema(connection);
  connection.exec(`
    INSERT INTO pipeline_runs (id, name, status, started_at, running, first_task_id, last_task_id)
      VALUES (1, 'exports', 'running', '${AT}', 1, 1, 1);
    INSERT INTO task_runs (id, name, status, run_id, progress, started_at, message)
      VALUES (1, 'january', 'running', 1, 0.5, '${AT}', 'page 7');`);
  const add = connection.prepare(
    `INSERT INTO task_steps (task_id, run_id, number, kind, name, attempt, started_at, finished_at, result, error)
     VALUES (1, 1, ?, ?, ?, 1, '${AT}', ?, ?, ?)`,
  );
  add.run(1, "step", "ask <b>", "2026-01-02T03:04:07.500Z", '{"id":17}', null);
  const page = await fixture.page("?task=1");
  await seeText(page, "#steps-title", "Steps");
  connection.transaction(() => {
    add.run(2, "step", "look", AT, null, '{"name":"Error","message":"No <answer>"}');
    add.run(3, "sleep", "", LATER, null, null);
    connection.exec(`UPDATE task_runs SET status='queued', wakes_at='${LATER}' WHERE id=1`);
    connection.exec("UPDATE pipeline_runs SET running=0, queued=1 WHERE id=1");
  });
  await seeText(page, ".title-row .note", "sleeping until");
  const rows = await textsOf(page, "section[aria-labelledby=steps-title] tbody tr");
  assertEquals(rows.length, 3);
  assertMatch(rows[0]!, /^1\s*ask <b>\s*.*\s*2\.5 s\s*1\s*\{"id":17\}/);
  assertMatch(rows[1]!, /^2\s*look\s*.*No <answer>/s);
  assertMatch(rows[2]!, /^3\s*sleep\s*.*sleeping until 2999-01-0\d/s);
  assertEquals(await findViolations(page), []);
  await page.setViewport({ width: 360, height: 800 });
  assertEquals(await scrollsSideways(page), false);

  const run = await fixture.page("?run=1");
  await seeText(run, "p.note", "1 task sleeping until 2999-01-0");
  const listed = await textsOf(run, ".cell-message");
  assertMatch(listed.join(), /sleeping until 2999-01-0.*page 7/);
  assertEquals(fixture.complaints, []);
});
