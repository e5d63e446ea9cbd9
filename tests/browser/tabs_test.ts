/// <reference lib="dom" />
/** Many windows of one dashboard share a connection, and hidden tabs need none. */
import { assert, assertEquals } from "../support/assert.ts";
import type { Page } from "../support/browser.ts";
import { PageFixture, pageTest, seeText } from "./page_fixture.ts";

const TABS = 10;
const NAMES = Array.from({ length: TABS }, (_, i) => `task ${i + 1}`);

/** Views that the server has open streams for. */
async function countViews(fixture: PageFixture): Promise<number> {
  const metrics = await (await fetch(`${fixture.server.url}metrics`)).text();
  return Number(/^pipeloom_dashboard_streams (\d+)$/m.exec(metrics)![1]);
}

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

pageTest("ten windows are live over one connection", async () => {
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
  assertEquals(await countViews(fixture), TABS);
  gate.resolve();
  await report;
  for (const window of windows) await seeText(window, ".title-row .status", "done");
  for (const window of windows.slice(1)) await window.close();
  await seeText(windows[0]!, ".liveness", "Live");
  assertEquals(fixture.complaints, []);
});

pageTest("a hidden tab lets go, and is live again when it is seen", async () => {
  await using fixture = await PageFixture.open();
  const gate = Promise.withResolvers<void>();
  const report = fixture.start("import", NAMES, () => gate.promise, TABS);
  const page = await fixture.page("?task=1");
  await page.bringToFront();
  await seeText(page, ".liveness", "Live");
  assertEquals(await countViews(fixture), 1);
  const other = await fixture.page("about:blank");
  await other.bringToFront();
  await page.waitForFunction(() => document.hidden, { polling: 50 });
  while (await countViews(fixture) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  gate.resolve();
  await report;
  await page.bringToFront();
  await seeText(page, ".title-row .status", "done");
  await seeText(page, ".liveness", "Live");
  assert(await countViews(fixture) === 1);
  assertEquals(fixture.complaints, []);
});

pageTest("a browser that shares no workers has a stream for each window", async () => {
  await using fixture = await PageFixture.open();
  const gate = Promise.withResolvers<void>();
  const report = fixture.start("import", NAMES, () => gate.promise, TABS);
  const page = await fixture.page("about:blank");
  await page.evaluateOnNewDocument(() => Reflect.deleteProperty(globalThis, "SharedWorker"));
  await page.goto(`${fixture.server.url}?run=1`);
  assertEquals(await page.evaluate(() => "SharedWorker" in globalThis), false);
  await seeText(page, ".liveness", "Live");
  gate.resolve();
  await report;
  await seeText(page, ".title-row .status", "done");
  assertEquals(fixture.complaints, []);
});
