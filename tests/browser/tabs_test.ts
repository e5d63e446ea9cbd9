/// <reference lib="dom" />
/** Many windows of one dashboard share a connection; a hidden tab needs none, which is tried in Firefox. */
import { assertEquals } from "../support/assert.ts";
import type { Page } from "../support/browser.ts";
import { IS_LONG } from "../support/long_form.ts";
import { countViews, PageFixture, pageTest, seeText } from "./page_fixture.ts";

/** A browser keeps six connections to a server. */
const TABS = IS_LONG ? 10 : 7;
const NAMES = Array.from({ length: TABS }, (_, i) => `task ${i + 1}`);

/** Opens a window of its own, which is seen beside the others. */
async function openWindow(fixture: PageFixture, address: string): Promise<Page> {
  const page = await fixture.page("about:blank");
  // A tab in the background reports nothing, so each is made a visible window.
  await (await page.createCDPSession()).send("Emulation.setFocusEmulationEnabled", {
    enabled: true,
  });
  await page.goto(`${fixture.server.url}${address}`);
  return page;
}

pageTest("many windows are live over one connection", async (t) => {
  await using fixture = await PageFixture.open();
  const gate = Promise.withResolvers<void>();
  const report = fixture.start("import", NAMES, async (_, task) => {
    task.progress(0.5, "half way");
    await gate.promise;
    task.progress(1, 1, "all the way");
  }, TABS);
  const windows: Page[] = [];
  for (let i = 1; i <= TABS; i++) {
    const window = await openWindow(fixture, `?task=${i}`);
    assertEquals(await window.evaluate(() => document.hidden), false);
    windows.push(window);
  }
  for (const [i, window] of windows.entries()) {
    await seeText(window, "h1", NAMES[i]!);
    await seeText(window, ".liveness", "Live");
    await seeText(window, ".task-message", "half way");
  }
  assertEquals(await countViews(fixture.server), TABS);
  const alone = await fixture.browser.another();

  await t.step("a browser that shares no workers has a stream for each window", async () => {
    const page = await fixture.page("about:blank", { context: alone });
    await page.evaluateOnNewDocument(() => Reflect.deleteProperty(globalThis, "SharedWorker"));
    await page.goto(`${fixture.server.url}?run=1`);
    assertEquals(await page.evaluate(() => "SharedWorker" in globalThis), false);
    await seeText(page, ".liveness", "Live");
    assertEquals(await countViews(fixture.server), TABS + 1);
    gate.resolve();
    await report;
    await seeText(page, ".title-row .status", "done");
  });

  for (const window of windows) await seeText(window, ".title-row .status", "done");
  for (const window of windows.slice(1)) await window.close();
  await seeText(windows[0]!, ".liveness", "Live");
  assertEquals(fixture.complaints, []);
});
