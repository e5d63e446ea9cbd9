/// <reference lib="dom" />
/**
 * Every page has nothing that an accessibility engine finds at all: on a desk in light or on a phone in dark by turns,
 * and in the long form on both, with the colours of the other as well.
 */
import { serveDashboard } from "../../dashboard/mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import type { Page } from "../support/browser.ts";
import { IS_LONG } from "../support/long_form.ts";
import {
  click,
  findViolations,
  follow,
  LOOKS,
  PageFixture,
  pageTest,
  scrollsSideways,
  seeText,
  show,
  textsOf,
} from "./page_fixture.ts";

/** Addresses, and what the complete page contains that the one before does not. */
const PAGES: readonly [address: string, selector: string, text: string][] = [
  ["", ".run-item", "#2"],
  ["?run=1", ":root:has(.uplot canvas) .task-row", "three"],
  ["?run=1&panel=timeline", ".chart-legend", "3 tasks"],
  ["?run=1&panel=graph", ".panel-body .note", "No task"],
  [
    "?run=1&panel=none&status=error",
    ":root:not(:has(.panel-body .note)) .task-row:only-child",
    "two",
  ],
  ["?run=1&q=nothing", ".empty-list", "No task matches"],
  ["?data=&table=task_runs", ".data-rows", "three"],
  ["?task=1", ".log-line", "log of one"],
  ["?task=2", ".attempt", "No two"],
  ["?compare=1,2", ".compared", "three"],
  ["?run=77", ".empty", "no run #77"],
  ["?task=777", ".empty", "no task #777"],
  ["?compare=1,77", ".empty[role=alert]", "no run of one of these"],
];

/** Waits until a page is drawn for its window: charts follow a change of its size by the next frame. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() =>
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  );
}

pageTest("no page has a barrier, on a desk and on a phone", async () => {
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
  const page = await fixture.page("", LOOKS[0]);
  for (const [i, [address, selector, text]] of PAGES.entries()) {
    await follow(page, address);
    await seeText(page, selector, text);
    for (const [n, look] of LOOKS.entries()) {
      const where = `${address} at ${look.width} ${look.dark ? "dark" : "light"}`;
      await show(page, look);
      await settled(page);
      if (IS_LONG || n === i % LOOKS.length) {
        assertEquals(await findViolations(page), [], where);
      }
      assert(!await scrollsSideways(page), `${where} is wider than the window`);
    }
  }
  await follow(page, "");
  await seeText(page, ".run-item", "1 warning");
  const isShown = async (selector: string) =>
    await page.$eval(selector, (e) => e.checkVisibility());
  // On the phone, where the filters are behind one button.
  assert(!await isShown(".run-filters select"));
  await click(page, "button", "Filters");
  assert(await isShown(".run-filters select"));
  await follow(page, "?run=1");
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
