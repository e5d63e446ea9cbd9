/// <reference lib="dom" />
/** Every page has nothing that an accessibility engine finds at all, on a desk in light and on a phone in dark. */
import { serveDashboard } from "../../dashboard/mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import type { Page } from "../support/browser.ts";
import {
  click,
  findViolations,
  LOOKS,
  PageFixture,
  pageTest,
  scrollsSideways,
  seeText,
  show,
  textsOf,
} from "./page_fixture.ts";

/** Addresses, and what the complete page contains. */
const PAGES: readonly [address: string, seen: string][] = [
  ["", ".run-item"],
  ["?run=1", ".uplot canvas"],
  ["?run=1&panel=timeline", ".timeline canvas"],
  ["?run=1&panel=graph", ".panel-body .note"],
  ["?run=1&panel=none&status=error", ".task-row"],
  ["?run=1&q=nothing", ".empty-list"],
  ["?data=&table=task_runs", ".data-rows"],
  ["?task=1", ".log-line"],
  ["?task=2", ".attempt"],
  ["?compare=1,2", ".compared"],
  ["?run=77", ".empty"],
  ["?task=777", ".empty"],
  ["?compare=1,77", ".empty"],
];

/** Waits until a page is drawn for its window: charts follow a change of its size by the next frame. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() =>
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  );
}

pageTest("no page has a barrier, in both schemes and widths", async () => {
  await using fixture = await PageFixture.open();
  for (const isBroken of [false, true]) {
    await fixture.start("nightly import", ["one", "two", "three"], (name, task) => {
      task.log(`log of ${name}`);
      task.progress(1, 2, `half of ${name}`);
      task.check("has rows", true);
      task.check("is complete", name !== "one", { severity: "warn" });
      if (name === "two" || (isBroken && name === "three")) throw new Error(`No ${name}`);
      return { name, nested: [1, 2] };
    });
  }
  const page = await fixture.page("about:blank", LOOKS[0]);
  for (const [address, seen] of PAGES) {
    await page.goto(`${fixture.server.url}${address}`);
    for (const look of LOOKS) {
      const where = `${address} at ${look.width} ${look.dark ? "dark" : "light"}`;
      await show(page, look);
      await page.waitForSelector(seen);
      await settled(page);
      assertEquals(await findViolations(page), [], where);
      assert(!await scrollsSideways(page), `${where} is wider than the window`);
    }
  }
  await page.goto(fixture.server.url);
  await seeText(page, ".run-item", "1 warning");
  const isShown = async (selector: string) =>
    await page.$eval(selector, (e) => e.checkVisibility());
  // On the phone, where the filters are behind one button.
  assert(!await isShown(".run-filters select"));
  await click(page, "button", "Filters");
  assert(await isShown(".run-filters select"));
  await page.goto(`${fixture.server.url}?run=1`);
  await seeText(page, ".passed-checks summary", "5 passed");
  assertEquals(await textsOf(page, `[aria-label="Checks of the run that did not pass"] tbody th`), [
    "is complete",
  ]);
  assert(!await isShown(".passed-checks table"));
  await page.close();
  await fixture.server.shutdown();
  fixture.server = await serveDashboard({ db: fixture.db, port: 0, token: "open sesame, please" });
  const signIn = await fixture.page("", LOOKS[0]);
  await signIn.waitForSelector("input[type=password]");
  for (const look of LOOKS) {
    await show(signIn, look);
    await settled(signIn);
    assertEquals(await findViolations(signIn), []);
  }
  const unknown = fixture.complaints.filter((text) => !/status of 40[14]/.test(text));
  assertEquals(unknown, []);
});
