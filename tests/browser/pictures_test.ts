/// <reference lib="dom" />
/** The pictures of a run show nothing that is not so: the weave, the timeline, an empty table. */
import { connect, type Connection, initSchema } from "../../db.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { click, follow, PageFixture, pageTest, seeText, textsOf, waitFor } from "./page_fixture.ts";

/** Adds a run with tasks of one status after those of another, by SQL. */
async function fill(fixture: PageFixture, { done, queued }: { done: number; queued: number }) {
  using connection: Connection = await connect(fixture.db);
  initSchema(connection);
  connection.exec(`
    INSERT INTO pipeline_runs (name, status, started_at, done, queued, first_task_id, last_task_id)
    VALUES ('large', 'running', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ${done}, ${queued}, 1,
      ${done + queued});
    INSERT INTO task_runs (name, status, progress, run_id)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${done + queued})
    SELECT 'task ' || i, iif(i <= ${done}, 'done', 'queued'), iif(i <= ${done}, 1, 0), 1 FROM n`);
}

pageTest("the pictures of a run show nothing that is not so", async (t) => {
  await using fixture = await PageFixture.open();
  await fill(fixture, { done: 290_000, queued: 210_000 });
  const page = await fixture.page("about:blank");

  await t.step("the weave has the size of the whole run from its first frame", async () => {
    // Looks at each frame from the first one in which there is a weave.
    await page.evaluateOnNewDocument(() => {
      const seen: { height: number; below: number; greenBelow: number; text: string }[] = [];
      Object.assign(globalThis, { seen });
      const look = () => {
        const canvas = document.querySelector<HTMLCanvasElement>(".weave canvas");
        if (canvas) {
          const { height } = canvas.getBoundingClientRect();
          // The lower right corner: tasks that are queued, and read late.
          const { data } = canvas.getContext("2d")!.getImageData(0, canvas.height - 40, 200, 20);
          let greenBelow = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i]! < 100 && data[i + 1]! > 150) greenBelow++;
          }
          const below = document.querySelector(".panel")!.getBoundingClientRect().top;
          const text = document.querySelector(".weave-reading")?.textContent ?? "";
          seen.push({ height, below, greenBelow, text });
        }
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    await page.goto(`${fixture.server.url}?run=1`);
    await waitFor(page, () => {
      const { seen } = globalThis as unknown as { seen: { text: string }[] };
      return seen.length > 0 && seen.at(-1)!.text === "";
    });
    const seen = await page.evaluate(() =>
      (globalThis as unknown as {
        seen: { height: number; below: number; greenBelow: number; text: string }[];
      }).seen
    );
    assert(seen.some(({ text }) => /^Reading the tasks: \d/.test(text)), "All was there at once");
    assertEquals(new Set(seen.map(({ height }) => height)).size, 1);
    assertEquals(new Set(seen.map(({ below }) => below)).size, 1);
    assertEquals(Math.max(...seen.map(({ greenBelow }) => greenBelow)), 0);
  });

  await t.step("a table that has not been read yet is not an empty one", async () => {
    await page.evaluateOnNewDocument(() => {
      const texts = new Set<string>();
      Object.assign(globalThis, { texts });
      new MutationObserver(() => {
        const text = document.querySelector(".empty-list")?.textContent;
        if (text) texts.add(text);
      }).observe(document, { subtree: true, childList: true, characterData: true });
    });
    await page.goto(`${fixture.server.url}?run=1&sort=-duration`);
    await page.waitForSelector(".task-row");
    const texts = await page.evaluate(
      () => [...(globalThis as unknown as { texts: Set<string> }).texts],
    );
    assertEquals(texts, ["Reading the tasks …"]);
    await follow(page, "?run=1&q=nothing+of+the+kind");
    await seeText(page, ".empty-list", "No task matches these filters.");
  });

  await t.step("the progress of a run counts what its tasks have done so far", async () => {
    const gate = Promise.withResolvers<void>();
    const report = fixture.start("long", ["a", "b", "bad", "d"], async (name, task) => {
      if (name === "bad") throw new Error("No");
      task.progress(0.5);
      await gate.promise;
    }, 3);
    await follow(page, "?run=2");
    // Two of four have come half the way and one has ended; the last takes its place.
    await seeText(page, ".stat-main", "62%");
    await seeText(page, ".stat-main", "1 of 4 ended");
    await seeText(page, ".stat-alarm", "100% of what has ended");
    await waitFor(page, () => document.title.startsWith("62% "));
    gate.resolve();
    await report;
    await seeText(page, ".stat-main", "100%");
  });

  await t.step("the throughput of a run of an instant is not made up", async () => {
    await fixture.start("instant", ["a"], () => {});
    await follow(page, "?run=3");
    await seeText(page, ".chart-legend", "Too little has been measured to be drawn");
  });

  await t.step("the timeline draws what runs up to when it was read", async () => {
    const gate = Promise.withResolvers<void>();
    const names = Array.from({ length: 40 }, (_, i) => `task ${i}`);
    const report = fixture.start("short", names, async (name) => {
      if (Number(name.slice(5)) >= 30) await gate.promise;
    }, 4);
    await follow(page, "?run=4");
    await seeText(page, ".chip", "running 4");
    let asked = 0;
    let isHeld = true;
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      // It is read once, and then not again until all has ended.
      if (isHeld && request.url().endsWith("/timeline") && ++asked > 1) request.abort();
      else request.continue();
    });
    const answer = page.waitForResponse((response) => response.url().endsWith("/timeline"));
    await click(page, ".tab", "Timeline");
    const { at, bars } = await (await answer).json();
    assert(bars.every(({ from, to }: { from: number; to: number | null }) => (to ?? from) <= at));
    await seeText(page, ".chart-legend", "6 not started yet");
    const picture = () =>
      page.$eval(".timeline canvas", (canvas) => (canvas as HTMLCanvasElement).toDataURL());
    // Its first size is that of any canvas.
    await waitFor(
      page,
      () => document.querySelector<HTMLCanvasElement>(".timeline canvas")!.width !== 300,
    );
    const before = await picture();
    // The page's clock continues.
    for (let beat = 0; beat < 2; beat++) {
      const elapsed = (await textsOf(page, ".stats")).join();
      await waitFor(
        page,
        (elapsed) => document.querySelector(".stats")?.textContent !== elapsed,
        elapsed,
      );
    }
    assertEquals(await picture(), before);
    isHeld = false;
    gate.resolve();
    await report;
    await waitFor(
      page,
      () => !document.querySelector(".chart-legend")?.textContent?.includes("not started"),
    );
    await seeText(page, ".chart-legend", "40 tasks");
  });

  // The browser itself logs what was not sent.
  assertEquals(fixture.complaints.filter((text) => !text.includes("ERR_FAILED")), []);
});
