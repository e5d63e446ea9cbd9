/// <reference lib="dom" />
/**
 * The texts of a task: its whole log, its last message when it was cancelled, errors that are large; and what a run
 * was started with.
 */
import { assert, assertEquals } from "../support/assert.ts";
import { connect, initSchema } from "../../db.ts";
import { IS_LONG } from "../support/long_form.ts";
import {
  click,
  follow,
  PageFixture,
  pageTest,
  seeText,
  show,
  textsOf,
  waitFor,
} from "./page_fixture.ts";

/** The server sends a part of them at a time. */
const LINES = IS_LONG ? 20_000 : 6_000;

const MILLION = 1_000_000;

/** Adds a run for each test: of a long log, of a task that was cancelled, of arguments, and of large errors. */
async function fill(db: string): Promise<void> {
  using connection = await connect(db);
  initSchema(connection);
  connection.exec(`
    INSERT INTO pipeline_runs (name, status, started_at, done, first_task_id, last_task_id)
    VALUES ('talks', 'done', '2026-01-02T03:04:05.000Z', 1, 1, 1);
    INSERT INTO task_runs (name, status, progress, run_id) VALUES ('talker', 'done', 1, 1);
    INSERT INTO task_logs (task_id, logged_at, level, message)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${LINES})
    SELECT 1, '2026-01-02T03:04:05.000Z', 'info', 'line ' || i FROM n;

    INSERT INTO pipeline_runs (name, status, started_at, cancelled, first_task_id, last_task_id)
    VALUES ('stopped', 'cancelled', '2026-01-02T03:04:05.000Z', 1, 2, 2);
    INSERT INTO task_runs (name, status, progress, message, error, started_at, finished_at, run_id)
    VALUES ('loads', 'cancelled', 0.4, 'page 4 of 10',
      'AbortError: The pipeline was cancelled' || char(10) || '    at abort (engine.ts:1:1)',
      '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:06.000Z', 2)`);
  connection.prepare(
    `INSERT INTO pipeline_runs (name, label, args, reason, reason_stack, status, started_at, finished_at, done)
     VALUES ('nightly', ?, ?, ?, ?, 'error', '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:06.000Z', 700)`,
  ).run(
    "date=<i>2026-01-02</i>\u202e",
    '{"date":"2026-01-02","deep":{"limit":3}}',
    "<b>The connection was lost</b>" + "x".repeat(5_000),
    "Error: lost\n    at items (etl.ts:7:1)",
  );
  const megabyte = (letter: string) => `replace(hex(zeroblob(${MILLION / 2})), '0', '${letter}')`;
  connection.exec(`
    INSERT INTO pipeline_runs (name, status, started_at, error, first_task_id, last_task_id)
    VALUES ('heavy', 'error', '2026-01-02T03:04:05.000Z', 1, 3, 3);
    INSERT INTO task_runs (name, status, progress, error, started_at, finished_at, run_id)
    VALUES ('fails', 'error', 0, 'Error: ' || ${megabyte("E")} || 'end',
      '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:06.000Z', 4);
    INSERT INTO task_attempts (task_id, attempt, status, started_at, finished_at, error)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 39)
    SELECT 3, i, 'error', '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:05.500Z',
      'Error: ' || ${megabyte("A")} || 'end ' || i FROM n`);
}

pageTest("the texts of runs and tasks are shown", async (t) => {
  await using fixture = await PageFixture.open();
  await fill(fixture.db);
  const page = await fixture.page("?task=1");

  /** Writes the export of a run, and returns its address and its text. */
  const exportRun = async (run: number): Promise<[href: string, text: string]> => {
    const text = await (await fetch(`${fixture.server.url}api/runs/${run}/export`)).text();
    const file = fixture.folder.file(`run_${run}.html`);
    await Deno.writeTextFile(file, text);
    return [`file://${file}`, text];
  };

  await t.step("copying a log copies all of it, and shows how much", async () => {
    await fixture.browser.context.overridePermissions(
      new URL(fixture.server.url).origin,
      ["clipboard-read", "clipboard-write", "clipboard-sanitized-write"],
    );
    await seeText(page, ".log-line", `line ${LINES}`);
    assert((await textsOf(page, ".log-line")).length <= 500);
    await click(page, ".panel-head button", "Copy");
    await seeText(
      page,
      ".panel-head .note",
      `Copied ${LINES.toLocaleString("en")} lines of the log`,
    );
    const copied = (await page.evaluate(() => navigator.clipboard.readText())).split("\n");
    assertEquals(copied.length, LINES);
    assertEquals(
      [copied[0], copied.at(-1)],
      [1, LINES].map((n) => `2026-01-02T03:04:05.000Z info line ${n}`),
    );
  });

  await t.step("a cancelled task shows its last message, and no failure", async () => {
    await follow(page, "?task=2");
    await seeText(page, ".task-message", "page 4 of 10");
    await seeText(page, "main", "The pipeline was cancelled");
    assertEquals(await textsOf(page, "main .is-error"), []);
    assert(!(await textsOf(page, "main")).join().includes("engine.ts"), "The stack is shown");
    await follow(page, "?run=2");
    await seeText(page, ".cell-message", "page 4 of 10");
  });

  await t.step(
    "a run shows its label, its arguments, why it failed, and that its total is unknown",
    async () => {
      await follow(page, "");
      await seeText(page, ".run-name", "date=<i>2026-01-02</i>");
      await seeText(page, ".run-name .is-error-text", "<b>The connection was lost</b>");
      await seeText(page, ".run-counts", "700 tasks of an unknown total");
      await follow(page, "?run=3");
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
      const [href, file] = await exportRun(3);
      assert(!file.includes("<b>The connection"), "The export holds markup of a reason");
      const exported = await fixture.page(href);
      await seeText(exported, ".banner", "<b>The connection was lost</b>");
      await seeText(exported, ".page-head", "date=<i>2026-01-02</i>");
    },
  );

  await t.step(
    "a task of many large errors is shown at once, and whole when it is wanted",
    async () => {
      const client = await page.createCDPSession();
      await client.send("Network.enable");
      let bytes = 0;
      client.on("Network.dataReceived", ({ dataLength }) => bytes += dataLength);
      await page.goto(`${fixture.server.url}?task=3`);
      await waitFor(page, () => document.querySelectorAll(".attempt").length === 40);
      assert(bytes < MILLION, `${bytes} bytes were sent`);
      const texts = await textsOf(page, ".attempt pre");
      assert(texts.every((text) => text.length < 10_100), "A whole text is on the page");
      await click(page, "li:nth-child(34) > .attempt button", "Show all");
      await waitFor(page, () => {
        const text = document.querySelector("li:nth-child(34) > .attempt pre")!.textContent!;
        return text.length > 1_000_000 && text.endsWith("end 7");
      });
      await click(page, "li:first-child > .attempt button", "Show all");
      await waitFor(
        page,
        () =>
          document.querySelector("li:first-child > .attempt pre")!.textContent!.endsWith("Eend"),
      );

      const [href, exported] = await exportRun(4);
      assert(exported.length < MILLION, `An export of ${exported.length} characters`);
      await page.goto(`${href}#task=3`);
      await seeText(page, ".attempt .note", "This file carries its first");
    },
  );

  assertEquals(fixture.complaints, []);
});
