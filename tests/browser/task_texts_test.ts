/// <reference lib="dom" />
/** The texts of a task: its whole log, and its last message when it was cancelled; and what a run was started with. */
import { assert, assertEquals } from "../support/assert.ts";
import { connect, initSchema } from "../../db.ts";
import { click, PageFixture, pageTest, seeText, show, textsOf } from "./page_fixture.ts";

const LINES = 20_000;

pageTest("copying a log copies all of it, and shows how much", async () => {
  await using fixture = await PageFixture.open();
  {
    using connection = await connect(fixture.db);
    initSchema(connection);
    connection.exec(`
      INSERT INTO pipeline_runs (name, status, started_at, done, first_task_id, last_task_id)
      VALUES ('talks', 'done', '2026-01-02T03:04:05.000Z', 1, 1, 1);
      INSERT INTO task_runs (name, status, progress, run_id) VALUES ('talker', 'done', 1, 1);
      INSERT INTO task_logs (task_id, logged_at, level, message)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${LINES})
      SELECT 1, '2026-01-02T03:04:05.000Z', 'info', 'line ' || i FROM n`);
  }
  const page = await fixture.page("?task=1");
  await fixture.browser.context.overridePermissions(
    new URL(fixture.server.url).origin,
    ["clipboard-read", "clipboard-write", "clipboard-sanitized-write"],
  );
  await seeText(page, ".log-line", `line ${LINES}`);
  assert((await textsOf(page, ".log-line")).length <= 500);
  await click(page, ".panel-head button", "Copy");
  await seeText(page, ".panel-head .note", "Copied 20,000 lines of the log");
  const copied = (await page.evaluate(() => navigator.clipboard.readText())).split("\n");
  assertEquals(copied.length, LINES);
  assertEquals(
    [copied[0], copied.at(-1)],
    [1, LINES].map((n) => `2026-01-02T03:04:05.000Z info line ${n}`),
  );
  assertEquals(fixture.complaints, []);
});

pageTest("a cancelled task shows its last message, and no failure", async () => {
  await using fixture = await PageFixture.open();
  {
    using connection = await connect(fixture.db);
    initSchema(connection);
    connection.exec(`
      INSERT INTO pipeline_runs (name, status, started_at, cancelled, first_task_id, last_task_id)
      VALUES ('stopped', 'cancelled', '2026-01-02T03:04:05.000Z', 1, 1, 1);
      INSERT INTO task_runs (name, status, progress, message, error, started_at, finished_at, run_id)
      VALUES ('loads', 'cancelled', 0.4, 'page 4 of 10',
        'AbortError: The pipeline was cancelled' || char(10) || '    at abort (engine.ts:1:1)',
        '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:06.000Z', 1)`);
  }
  const page = await fixture.page("?task=1");
  await seeText(page, ".task-message", "page 4 of 10");
  await seeText(page, "main", "The pipeline was cancelled");
  assertEquals(await textsOf(page, "main .is-error"), []);
  assert(!(await textsOf(page, "main")).join().includes("engine.ts"), "The stack is shown");
  await page.goto(`${fixture.server.url}?run=1`);
  await seeText(page, ".cell-message", "page 4 of 10");
  assertEquals(fixture.complaints, []);
});

pageTest(
  "a run shows its label, its arguments, why it failed, and that its total is unknown",
  async () => {
    await using fixture = await PageFixture.open();
    {
      using connection = await connect(fixture.db);
      initSchema(connection);
      connection.prepare(
        `INSERT INTO pipeline_runs (name, label, args, reason, reason_stack, status, started_at, finished_at, done)
       VALUES ('nightly', ?, ?, ?, ?, 'error', '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:06.000Z', 700)`,
      ).run(
        "date=<i>2026-01-02</i>\u202e",
        '{"date":"2026-01-02","deep":{"limit":3}}',
        "<b>The connection was lost</b>" + "x".repeat(5_000),
        "Error: lost\n    at items (etl.ts:7:1)",
      );
    }
    const page = await fixture.page("");
    await seeText(page, ".run-name", "date=<i>2026-01-02</i>");
    await seeText(page, ".run-name .is-error-text", "<b>The connection was lost</b>");
    await seeText(page, ".run-counts", "700 tasks of an unknown total");
    await page.goto(`${fixture.server.url}?run=1`);
    await seeText(page, ".banner", "It failed as a whole:");
    await seeText(page, ".stats", "700 ended; the total is unknown");
    // The bar has an open end, and on a phone no number is written over the next.
    assertEquals(await page.$$eval(".page-head .bar.is-open", (bars) => bars.length), 1);
    await show(page, { width: 390, dark: false });
    const overlaps = await page.$$eval(
      ".stat",
      (stats) => stats.filter((stat) => stat.scrollWidth > stat.clientWidth).length,
    );
    assertEquals(overlaps, 0);
    assert((await textsOf(page, ".banner > span"))[0]!.length < 1_100);
    assertEquals(
      await page.$eval(".banner details", (one) => (one as HTMLDetailsElement).open),
      false,
    );
    await click(page, ".banner summary", "Stack");
    await seeText(page, ".banner pre", "etl.ts:7:1");
    await click(page, ".page-head .under-title summary", "date=<i>");
    await seeText(page, ".page-head .json", "2026-01-02");
    const file = await (await fetch(`${fixture.server.url}api/runs/1/export`)).text();
    assert(!file.includes("<b>The connection"), "The export holds markup of a reason");
    await Deno.writeTextFile(fixture.folder.file("run.html"), file);
    const exported = await fixture.browser.context.newPage();
    await exported.goto(`file://${fixture.folder.file("run.html")}`);
    await seeText(exported, ".banner", "<b>The connection was lost</b>");
    await seeText(exported, ".page-head", "date=<i>2026-01-02</i>");
    assertEquals(fixture.complaints, []);
  },
);
