/// <reference lib="dom" />
/** Every page has nothing that an accessibility engine finds at all, on a desk in light and on a phone in dark. */
import { serveDashboard } from "../../dashboard/mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { findViolations, LOOKS, PageFixture, pageTest, scrollsSideways } from "./page_fixture.ts";

/** Addresses, and what the complete page contains. */
const PAGES: readonly [address: string, seen: string][] = [
  ["", ".run-item"],
  ["?run=1", ".uplot canvas"],
  ["?run=1&panel=timeline", ".timeline canvas"],
  ["?run=1&panel=graph", ".panel-body .note"],
  ["?run=1&panel=none&status=error", ".task-row"],
  ["?run=1&q=nothing", ".empty-list"],
  ["?task=1", ".log-line"],
  ["?task=2", ".attempt"],
  ["?compare=1,2", ".compared"],
  ["?run=77", ".empty"],
  ["?task=777", ".empty"],
  ["?compare=1,77", ".empty"],
];

pageTest("no page has a barrier, in both schemes and widths", async () => {
  await using fixture = await PageFixture.open();
  for (const isBroken of [false, true]) {
    await fixture.start("nightly import", ["one", "two", "three"], (name, task) => {
      task.log(`log of ${name}`);
      task.progress(1, 2, `half of ${name}`);
      if (name === "two" || (isBroken && name === "three")) throw new Error(`No ${name}`);
      return { name, nested: [1, 2] };
    });
  }
  for (const look of LOOKS) {
    const page = await fixture.page("about:blank", look);
    for (const [address, seen] of PAGES) {
      const where = `${address} at ${look.width} ${look.dark ? "dark" : "light"}`;
      await page.goto(`${fixture.server.url}${address}`);
      await page.waitForSelector(seen);
      assertEquals(await findViolations(page), [], where);
      assert(!await scrollsSideways(page), `${where} is wider than the window`);
    }
    await page.close();
  }
  await fixture.server.shutdown();
  fixture.server = await serveDashboard({ db: fixture.db, port: 0, token: "open sesame, please" });
  for (const look of LOOKS) {
    const page = await fixture.page("", look);
    await page.waitForSelector("input[type=password]");
    assertEquals(await findViolations(page), []);
  }
  const unknown = fixture.complaints.filter((text) => !/status of 40[14]/.test(text));
  assertEquals(unknown, []);
});
