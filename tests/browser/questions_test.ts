/// <reference lib="dom" />
/** The questions with which people open the page, each answered on a file that a pipeline wrote. */
import { connect } from "../../db.ts";
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import {
  click,
  findBarriers,
  PageFixture,
  pageTest,
  seeText,
  textsOf,
  waitFor,
} from "./page_fixture.ts";

const ITEMS = Array.from({ length: 60 }, (_, i) => i);

pageTest(
  "the page shows what failed, what was slow, what was written, and finds a run of last week",
  async (t) => {
    await using fixture = await PageFixture.open();
    const { db } = fixture;
    for (const night of [1, 2]) {
      await runPipeline(ITEMS, {
        db,
        name: "nightly",
        handleSignals: false,
        workers: 4,
        taskKey: (i) => `region ${i}`,
        taskName: (i) => `load region ${i}`,
        schema:
          `CREATE TABLE IF NOT EXISTS "city <b>" (id INTEGER PRIMARY KEY, name TEXT, run_id INTEGER)`,
        async run(i, task) {
          await task.insert("city <b>", [{ name: `city ${i}`, run_id: night }]);
          if (i % 20 === 7) throw new Error(`HTTP 503 for region ${i}`);
        },
      });
    }
    using connection = await connect(db);
    connection.exec(`
    UPDATE pipeline_runs SET started_at = '2026-11-24T02:00:00.000Z', finished_at = '2026-11-24T02:10:00.000Z' WHERE id = 1;
    UPDATE task_runs SET started_at = '2026-11-24T02:00:00.000Z', finished_at = '2026-11-24T02:09:00.000Z' WHERE id = 5`);
    const page = await fixture.page("?run=1");
    const see = (selector: string, text: string) => seeText(page, selector, text);

    await t.step("what failed, and why", async () => {
      await see(".cause-body summary", "Error: HTTP # for region #");
      await see(".cause-count", "3");
    });

    await t.step("what was slow", async () => {
      await see(".problems", "load region 4");
      await see(".problems", "9 min");
    });

    await t.step(
      "what it wrote: the run, its task, the rows of that run, and the file of them",
      async () => {
        await see(".wrote", "city <b>");
        assertEquals(await textsOf(page, ".wrote tbody td"), ["60"]);
        await click(page, ".wrote a", "city <b>");
        await see("h1", "city <b>");
        await waitFor(page, () => document.querySelectorAll(".data-rows tbody tr").length === 50);
        await page.type('input[placeholder="Run id"]', "1");
        await waitFor(page, () => new URLSearchParams(location.search).get("run") === "1");
        await click(page, ".pager a", "Next page");
        await waitFor(page, () => document.querySelectorAll(".data-rows tbody tr").length === 10);
        assert((await textsOf(page, ".data-rows td:last-child")).every((text) => text === "1"));
        assertEquals(await findBarriers(page), []);
        const href = await page.$eval(
          'a[download][href*="csv"]',
          (a) => (a as HTMLAnchorElement).href,
        );
        const lines = (await (await fetch(href)).text()).trimEnd().split("\r\n");
        assertEquals([lines.length, lines[0]], [61, "id,name,run_id"]);
        await click(page, ".top-link", "Data");
        await see(".data-tables", "city <b>");
        await see(".data-tables", "120");
        assertEquals(await findBarriers(page), []);
      },
    );

    await t.step("what changed since the night before", async () => {
      await page.goto(`${fixture.server.url}?compare=1,2`);
      await see(".wrote", "60 inserted");
      await page.goto(`${fixture.server.url}?pipeline=nightly`);
      await see(".run-grid", "region 7");
      assertEquals(await page.$$eval(".run-grid .grid-cell.is-error", (cells) => cells.length), 6);
      assertEquals(await findBarriers(page), []);
    });

    await t.step("the run of last Tuesday, in a link and in a view that is kept", async () => {
      await page.goto(`${fixture.server.url}?from=2026-11-24&to=2026-11-24`);
      await waitFor(page, () => document.querySelectorAll(".run-item").length === 1);
      await see(".run-item", "#1");
      await click(page, "button", "Save this view");
      await page.goto(fixture.server.url);
      await click(page, ".saved-view a", "from 2026-11-24, to 2026-11-24");
      await waitFor(page, () => document.querySelectorAll(".run-item").length === 1);
      assertStringIncludes(page.url(), "from=2026-11-24");
    });

    await t.step("whether it is stuck", async () => {
      connection.exec(`
      UPDATE pipeline_runs SET status = 'running', finished_at = NULL, owner = NULL, running = 1, done = done - 1 WHERE id = 2;
      UPDATE task_runs SET status = 'running', own_status = 'running', finished_at = NULL, updated_at = '2026-11-24T02:00:00.000Z'
        WHERE id = (SELECT max(id) FROM task_runs)`);
      await page.goto(`${fixture.server.url}?run=2`);
      await see(".problems", "holds the run up, silent for");
      await see(".problems", "load region 59");
    });
    assertEquals(fixture.complaints, []);
  },
);
