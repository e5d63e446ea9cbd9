/// <reference lib="dom" />
/** Getting about: the way back, ticks, narrow screens, paper, titles, times and names. */
import { connect, type Connection, initSchema } from "../../db.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import type { Page } from "../support/browser.ts";
import {
  click,
  follow,
  PageFixture,
  pageTest,
  scrollsSideways,
  seeText,
  show,
  textsOf,
  waitFor,
} from "./page_fixture.ts";

/** Adds a run whose tasks are all done, by SQL. */
function addRun(
  connection: Connection,
  name: string,
  { tasks = 1, status = "done", at = "2026-01-02T03:04:05.000Z", prefix = "task " } = {},
): void {
  connection.exec(`
    INSERT INTO pipeline_runs (name, status, started_at, finished_at, done, first_task_id, last_task_id)
    SELECT '${name}', '${status}', '${at}', '${at}', ${tasks},
      coalesce(max(id), 0) + 1, coalesce(max(id), 0) + ${tasks} FROM task_runs;
    INSERT INTO task_runs (name, status, progress, started_at, finished_at, run_id)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${tasks})
    SELECT '${prefix}' || i, 'done', 1, '${at}', '${at}', (SELECT max(id) FROM pipeline_runs) FROM n`);
}

async function fill(fixture: PageFixture, write: (connection: Connection) => void) {
  using connection = await connect(fixture.db);
  initSchema(connection);
  write(connection);
}

/** The place of the first element that shows a text, from the top of the window. */
async function topOf(page: Page, selector: string, text: string): Promise<number> {
  return await page.evaluate(
    (selector, text) => {
      const all = [...document.querySelectorAll(selector)];
      return all.find((element) => element.textContent === text)!.getBoundingClientRect().top;
    },
    selector,
    text,
  );
}

/** The run of 50 tasks, two of one long name, one without a name, and one whose tasks another program rewrote. */
const [LONG, FIRST, SECOND, NAMELESS, SHARED] = [61, 62, 63, 64, 65];

pageTest("a visitor gets about", async (t) => {
  await using fixture = await PageFixture.open();
  await fill(fixture, (connection) => {
    for (let i = 0; i < 60; i++) addRun(connection, `night ${i}`);
    addRun(connection, "long", { tasks: 50 });
    for (let i = 0; i < 2; i++) {
      const prefix = "europe-west/customers/orders of the day ";
      addRun(connection, "nightly import of all the orders", { tasks: 3, prefix });
    }
    addRun(connection, "", { tasks: 3 });
    addRun(connection, "shared", { tasks: 3 });
    const nth = (run: number, n: number) =>
      `id = (SELECT first_task_id + ${n - 1} FROM pipeline_runs WHERE id = ${run})`;
    connection.exec(`
      UPDATE task_runs SET status = 'error' WHERE ${nth(SECOND, 2)};
      UPDATE task_runs SET name = '' WHERE ${nth(NAMELESS, 1)};
      UPDATE task_runs SET name = ' ' || char(0x200b) WHERE ${nth(NAMELESS, 2)};
      UPDATE pipeline_runs SET own_resumed = 0 WHERE id = ${SHARED};
      UPDATE task_runs SET own_status = status WHERE run_id = ${SHARED};
      UPDATE task_runs SET status = 'paused' WHERE ${nth(SHARED, 2)}`);
  });
  const page = await fixture.page(`?run=${LONG}`);

  await t.step("times show their day unless it is today, and their zone", async () => {
    await seeText(page, ".task-row .cell-started", "2026-01-0");
    const title = await page.$eval(".cell-started time", (time) => (time as HTMLElement).title);
    assertMatch(title, /^2026-01-0\d \d\d:\d\d:05 UTC([+-]\d\d:\d\d)?$/);
  });

  await t.step("the way back leads to the row that was opened", async () => {
    await seeText(page, ".task-row a", "task 50");
    await page.$$eval(".task-row a", (links) => links[37]!.scrollIntoView({ block: "center" }));
    const top = await topOf(page, ".task-row a", "task 38");
    await (await page.$$(".task-row a"))[37]!.click();
    await seeText(page, "h1", "task 38");
    assertEquals(await page.evaluate(() => scrollY), 0);
    await page.goBack();
    await waitFor(page, () => document.activeElement?.textContent === "task 38");
    assertEquals(await topOf(page, ".task-row a", "task 38"), top);
    // A new visit begins at the top.
    await page.goForward();
    await seeText(page, "h1", "task 38");
    await click(page, ".under-title a", "long");
    await seeText(page, ".task-row a", "task 50");
    assertEquals(await page.evaluate(() => scrollY), 0);
  });

  await t.step("ticked runs stay ticked on other pages of runs", async () => {
    await follow(page, "");
    await seeText(page, ".runs a", "night 59");
    await page.click('[aria-label="Choose run 60 to compare"]');
    await click(page, ".pager a", "Older runs");
    await seeText(page, ".runs a", "night 0");
    await seeText(page, ".hint", "#60 is chosen");
    await page.click('[aria-label="Choose run 1 to compare"]');
    await seeText(page, "a.primary", "Compare #1 with #60");
    await click(page, ".pager a", "Newest runs");
    await page.waitForSelector('[aria-label="Choose run 60 to compare"]:checked');
  });

  await t.step("runs and tasks without a name can be opened", async () => {
    await click(page, ".runs a", "without a name");
    await seeText(page, "h1", "without a name");
    await seeText(page, ".task-row a", "task 3");
    const names = await textsOf(page, ".task-row a");
    assertEquals(names.filter((text) => text === "without a name").length, 2);
    await (await page.$(".task-row a"))!.click();
    await seeText(page, ".under-title a", "without a name");
    await seeText(page, "h1", "without a name");
  });

  await t.step(
    "a run shows that another program has written over its tasks, and each of them what",
    async () => {
      await follow(page, `?run=${SHARED}`);
      await seeText(page, ".banner", "1 task was rewritten by another program");
      assertEquals(await textsOf(page, ".cell-status .rewritten"), ["rewritten"]);
      assertEquals(await textsOf(page, ".cell-status .status"), ["done", "done", "done"]);
      await click(page, ".task-row a", "task 2");
      await seeText(page, ".panel .note", "Another program wrote the status paused here.");
    },
  );

  await t.step("nothing lies over the rows of a printed page", async () => {
    await show(page, { width: 1440, dark: true });
    for (
      const [address, title] of [
        ["", "Runs"],
        [`?run=${LONG}`, "long"],
        [`?task=${LONG}`, "task 1"],
        [`?compare=${LONG},${LONG}`, `#${LONG} and #${LONG}`],
      ] as const
    ) {
      await page.emulateMediaType("screen");
      await follow(page, address);
      await seeText(page, "h1", title);
      await seeText(page, ".liveness", "Live");
      await page.emulateMediaType("print");
      const wrong = await page.$$eval("body *", (elements) =>
        elements.filter((element) => {
          const { position, display } = getComputedStyle(element);
          const { height } = element.getBoundingClientRect();
          return height > 0 && display !== "none" && ["fixed", "sticky"].includes(position);
        }).map(({ className }) => className));
      assertEquals(wrong, [], address);
      const seen = await page.$$eval(
        "button, input",
        (all) => all.filter((control) => control.getBoundingClientRect().height > 0).length,
      );
      // Chips and the tab of what is shown are legends as well; and heads of columns.
      assert(seen < 15, `${seen} controls are printed at ${address}`);
      const ground = await page.evaluate(() =>
        getComputedStyle(document.documentElement).background
      );
      assertMatch(ground, /rgb\(25\d, 25\d, 25\d\)/);
    }
    await page.emulateMediaType("screen");
  });

  await t.step("two runs can be compared on a phone", async () => {
    await show(page, { width: 360, dark: false });
    await follow(page, `?compare=${FIRST},${SECOND}`);
    await seeText(page, ".compared th", "europe-west/customers");
    assert(!await scrollsSideways(page), "The page is wider than the phone");
    const cramped = await page.$$eval(
      ".totals :is(th, td), .compared :is(th, td)",
      (cells) =>
        cells.filter((cell) => {
          const { width } = cell.getBoundingClientRect();
          const text = (cell.textContent ?? "").trim();
          // Five characters at least beside each other, where there is room for them; and none over a neighbour.
          const isNarrow = text.length >= 5 && width < 5 * 7;
          return width > 0 && (isNarrow || cell.scrollWidth > cell.clientWidth + 1);
        }).map((cell) => cell.textContent),
    );
    assertEquals(cramped, []);
    const label = await page.$eval(".compared tbody th", (th) => th.getBoundingClientRect().width);
    assert(label > 250, `The name of a task has ${label} pixels`);
  });

  await t.step("runs of one long name differ on a phone", async () => {
    await follow(page, "");
    await seeText(page, ".run-name", `#${SECOND}`);
    const hidden = await page.$$eval(".run-name", (names) =>
      names.filter((name) => {
        const number = name.querySelector("span.faint")!.getBoundingClientRect();
        const box = name.getBoundingClientRect();
        return number.right > box.right + 1 || number.width < 10;
      }).length);
    assertEquals(hidden, 0);
    assert(!await scrollsSideways(page), "The page is wider than the phone");
  });

  await t.step("the tab shows how far a run is, and how it ended", async () => {
    const gate = Promise.withResolvers<void>();
    const report = fixture.start("import", ["one", "two", "bad", "last"], async (name) => {
      if (name === "bad") throw new Error("No");
      if (name === "last") await gate.promise;
    });
    const iconOf = () =>
      page.$eval('link[rel="icon"]', (link) => decodeURIComponent((link as HTMLLinkElement).href));
    await follow(page, `?run=${SHARED + 1}`);
    await waitFor(page, () => document.title === "75% import – pipeloom");
    assertMatch(await iconOf(), /^data:image\/svg\+xml,.*<circle/);
    gate.resolve();
    await report;
    await waitFor(page, () => document.title === "✗ import – pipeloom");
    assert((await iconOf()).includes("#d8431b"), await iconOf());
    await click(page, ".task-row a", "one");
    await waitFor(page, () => document.title === "✓ one – pipeloom");
    await page.goto(fixture.server.url);
    await waitFor(page, () => document.title === "pipeloom");
    assertMatch(await iconOf(), /icon\.svg$/);
  });

  assertEquals(fixture.complaints, []);
});
