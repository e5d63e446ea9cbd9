/// <reference lib="dom" />
import { serveDashboard } from "../../dashboard/mod.ts";
import { runPipeline, SqliteWriter } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import type { Page } from "../support/browser.ts";
import {
  click,
  findBarriers,
  follow,
  LOOKS,
  PageFixture,
  pageTest,
  scrollsSideways,
  seeText,
  show,
  textsOf,
  waitFor,
} from "./page_fixture.ts";
import { untilAborted } from "../support/gates.ts";

/** Buttons that change something. */
const BUTTONS = ".title-row button";

/** Serves beside a pipeline, which may be controlled. */
async function serveControl(fixture: PageFixture, writer: SqliteWriter, token?: string) {
  await fixture.server.shutdown();
  const options = token === undefined ? {} : { token };
  fixture.server = await serveDashboard({ db: fixture.db, port: 0, writer, ...options });
}

/** Opens a page that may control. */
async function openControl(fixture: PageFixture, address: string): Promise<Page> {
  const url = new URL(fixture.server.controlUrl!);
  url.search = address;
  return await fixture.page(url.href);
}

/** Waits until the page shows a status. */
async function seeStatus(page: Page, status: string): Promise<void> {
  await look(page, `.title-row .status.is-${status}`, status);
}

/** As `seeText`, on a page that may lie behind another: there no frame is drawn, and nothing seen. */
async function look(page: Page, selector: string, text: string): Promise<void> {
  await page.bringToFront();
  await seeText(page, selector, text);
}

/** Clicks a button of the page's head. */
async function press(page: Page, text: string): Promise<void> {
  await page.bringToFront();
  await click(page, BUTTONS, text);
}

pageTest("the page cancels and retries tasks and runs", async (t) => {
  await using fixture = await PageFixture.open();
  await using writer = await SqliteWriter.open({ db: fixture.db });
  await serveControl(fixture, writer);
  const repaired = { single: false, all: false };
  const release = Promise.withResolvers<void>();
  const names = ["single", "all 1", "all 2", "deaf", "listens", "waits 1", "waits 2", "waits 3"];
  const ids = Object.fromEntries(names.map((name, i) => [name, i + 1]));
  const report = runPipeline(names, {
    db: writer,
    name: "controlled",
    workers: 2,
    handleSignals: false,
    taskName: (name) => name,
    async run(name, task) {
      if (name === "single" && !repaired.single) throw new Error("Not yet");
      if (name.startsWith("all") && !repaired.all) throw new Error("Not yet");
      if (name === "deaf") {
        await release.promise;
        task.signal.throwIfAborted();
      }
      if (name === "listens" || name.startsWith("waits")) await untilAborted(task);
    },
  });
  const reader = await fixture.page("?run=1");
  const page = await openControl(fixture, "?run=1");
  const visit = (name: string) => follow(page, `?task=${ids[name]}`);

  await t.step("the token leaves the address, and stays with the tab", async () => {
    await seeText(page, BUTTONS, "Cancel run");
    assertEquals(page.url(), `${fixture.server.url}?run=1`);
    // Where other pages of this host would have it, too.
    assertEquals(await page.evaluate(() => [document.cookie, localStorage.length]), ["", 0]);
    await page.reload();
    await seeText(page, BUTTONS, "Cancel run");
    await page.goto(`${fixture.server.url}?task=${ids["deaf"]}`);
    await seeText(page, BUTTONS, "Cancel task");
  });

  await t.step("a page without the token has no such button", async () => {
    await look(reader, ".liveness", "Live");
    // Tabs beside one that may control may so, too.
    const context = await fixture.browser.another();
    for (const address of [`?task=${ids["single"]}`, "?run=1#control=wrong"]) {
      const other = await fixture.page(address, { context });
      await seeText(other, ".liveness", "Live");
      await other.waitForNetworkIdle({ idleTime: 250, concurrency: 1 });
      assertEquals(await textsOf(other, BUTTONS), [], address);
      await other.close();
    }
    assertEquals(await textsOf(reader, BUTTONS), []);
  });

  await t.step("a queued task is cancelled", async () => {
    await visit("waits 3");
    await seeStatus(page, "queued");
    await press(page, "Cancel task");
    await seeStatus(page, "cancelled");
    await seeText(page, BUTTONS, "Retry task");
  });

  await t.step("a running task is cancelling as long as it runs, in lists, too", async () => {
    await visit("deaf");
    await seeStatus(page, "running");
    await press(page, "Cancel task");
    await seeStatus(page, "cancelling");
    await look(reader, ".task-row .status.is-cancelling", "cancelling");
    await page.bringToFront();
    await waitFor(page, () => !document.querySelector(".title-row button"));
    release.resolve();
    await seeStatus(page, "cancelled");
  });

  await t.step("the keyboard is enough, and continues at the top", async () => {
    await visit("listens");
    await seeText(page, BUTTONS, "Cancel task");
    await page.focus(BUTTONS);
    await page.keyboard.press("Enter");
    await seeStatus(page, "cancelled");
    await waitFor(page, () => document.activeElement?.tagName === "H1");
  });

  await t.step("a failed task is run again until it is done", async () => {
    // Both workers are held: one of them makes room.
    await visit("waits 1");
    await seeStatus(page, "running");
    await visit("single");
    await seeStatus(page, "error");
    await press(page, "Retry task");
    await seeStatus(page, "queued");
    repaired.single = true;
    const other = await openControl(fixture, `?task=${ids["waits 1"]}`);
    await press(other, "Cancel task");
    await seeStatus(page, "done");
    assertEquals(await textsOf(page, BUTTONS), []);
    await other.close();
  });

  await t.step("all failed tasks are run again", async () => {
    await follow(page, "?run=1");
    await seeText(page, ".task-row.row-error", "all 2");
    // Why they failed, and which they are.
    await seeText(page, ".cause-body", "Error: Not yet");
    await seeText(page, ".cause-count", "2");
    await click(page, ".cause-actions a", "Show these");
    await seeText(page, ".tasks .panel-head", "2 found");
    assertEquals((await textsOf(page, ".task-row .cell-name")).sort(), ["all 1", "all 2"]);
    await click(page, "button", "Clear filters");
    repaired.all = true;
    await click(page, ".cause-actions button", "Retry these");
    await seeText(page, ".task-row.row-done", "all 1");
    await seeText(page, ".task-row.row-done", "all 2");
    await waitFor(
      page,
      (selector) =>
        ![...document.querySelectorAll(selector)].some((button) =>
          /Retry/.test(button.textContent ?? "")
        ),
      BUTTONS,
    );
  });

  await t.step("what is refused is shown in words", async () => {
    await visit("waits 2");
    await seeText(page, BUTTONS, "Cancel task");
    // A page that is paused does not know that the task has ended.
    await click(page, ".top button", "Pause");
    const other = await openControl(fixture, `?task=${ids["waits 2"]}`);
    await press(other, "Cancel task");
    await seeStatus(other, "cancelled");
    await other.close();
    await press(page, "Cancel task");
    await seeText(page, "[role=alert]", "Cannot");
    assertEquals(await findBarriers(page, "main"), []);
    await page.close();
  });

  const { counts } = await report;
  assertEquals([counts.done, counts.cancelled, counts.error], [3, 5, 0]);
  // The browser itself logs what was refused.
  const refused = new RegExp(`/api/(control|tasks/${ids["waits 2"]}/cancel)$`);
  assertEquals(fixture.complaints.filter((text) => !refused.test(text)), []);
});

pageTest("the page controls whole runs, and asks before it cancels one", async (t) => {
  await using fixture = await PageFixture.open();
  await using writer = await SqliteWriter.open({ db: fixture.db });
  await serveControl(fixture, writer);
  const options = { db: writer, handleSignals: false };
  const release = Promise.withResolvers<void>();
  const report = runPipeline(["deaf", "one", "two", "three"], {
    ...options,
    name: "long",
    workers: 1,
    async run(_, task) {
      await release.promise;
      task.signal.throwIfAborted();
    },
  });
  const list = await fixture.page();
  await look(list, ".run-status", "running");
  const page = await openControl(fixture, "?run=1");
  await seeText(page, BUTTONS, "Cancel run");
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());

  await t.step("nothing bars the way of those who cannot see or use a mouse", async () => {
    for (const look of LOOKS.toReversed()) {
      await show(page, look);
      await press(page, "Cancel run");
      await page.waitForSelector("dialog[open]");
      assertEquals(await findBarriers(page, "dialog"), []);
      await click(page, "dialog button", "Let it run");
      await waitFor(page, () => !document.querySelector("dialog"));
      assert(!await scrollsSideways(page), `${look.width} pixels are not enough`);
    }
  });

  await t.step(
    "the dialog begins with what changes nothing, and gives the focus back",
    async () => {
      for (const key of ["Enter", "Escape"] as const) {
        await page.focus(".title-row .danger");
        await page.keyboard.press("Enter");
        await page.waitForSelector("dialog[open]");
        await seeText(page, "dialog", "1 running task will be asked to stop, and 3 queued tasks");
        assertEquals(await focused(), "Let it run");
        await page.keyboard.press(key);
        await waitFor(page, () => !document.querySelector("dialog"));
        assertEquals(await focused(), "Cancel run");
      }
      await seeStatus(page, "running");
    },
  );

  await t.step("a run is cancelling, and then cancelled, wherever it is shown", async () => {
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("Tab");
    assertEquals(await focused(), "Cancel run");
    await page.keyboard.press("Enter");
    await seeStatus(page, "cancelling");
    await seeText(page, ".task-row .status.is-cancelling", "cancelling");
    await look(list, ".run-status .status.is-cancelling", "cancelling");
    await page.bringToFront();
    await waitFor(page, () => !document.querySelector(".title-row button"));
    await waitFor(page, () => document.activeElement?.tagName === "H1");
    release.resolve();
    assertEquals((await report).status, "cancelled");
    await seeStatus(page, "cancelled");
    await look(list, ".run-status", "cancelled");
    await list.close();
  });

  await t.step("a graph updates itself when a failed task is run again", async () => {
    const release = Promise.withResolvers<void>();
    let isRepaired = false;
    const needs: Record<string, string[]> = {
      first: [],
      second: ["first"],
      third: ["second"],
      hold: [],
    };
    const report = runPipeline(Object.keys(needs), {
      ...options,
      workers: 2,
      taskName: (name) => name,
      taskKey: (name) => name,
      dependsOn: (name) => needs[name],
      async run(name) {
        if (name === "first" && !isRepaired) throw new Error("Not yet");
        if (name === "hold") await release.promise;
      },
    });
    await page.bringToFront();
    await follow(page, "?run=2");
    await seeText(page, ".task-row.row-error", "first");
    await follow(page, "?run=2&panel=graph");
    await seeText(page, ".graph-task.is-error", "first");
    await seeText(page, ".graph-task.is-cancelled", "third");
    assertEquals((await page.$$(".graph-lines .is-lost")).length, 2);
    isRepaired = true;
    await press(page, "Retry failed tasks");
    await seeText(page, ".graph-task.is-done", "first");
    await seeText(page, ".graph-task.is-done", "third");
    assertEquals((await page.$$(".graph-lines .is-lost")).length, 0);
    release.resolve();
    assertEquals((await report).counts.done, 4);
    await page.close();
  });

  await t.step("one link signs in and controls", async () => {
    const token = "open sesame + 100%";
    await serveControl(fixture, writer, token);
    const release = Promise.withResolvers<void>();
    const report = runPipeline(["one"], { ...options, name: "secret", run: () => release.promise });
    const page = await openControl(fixture, "?run=3");
    await seeText(page, BUTTONS, "Cancel run");
    assertEquals(page.url(), `${fixture.server.url}?run=3`);
    // The link in a tab that shows the page already.
    const other = await fixture.page(`#token=${encodeURIComponent(token)}`);
    await seeText(other, "h1", "Runs");
    await other.evaluate(
      (hash) => void (location.hash = hash),
      new URL(fixture.server.controlUrl!).hash,
    );
    await click(other, ".runs a", "secret");
    await seeText(other, BUTTONS, "Cancel run");
    assertEquals(new URL(other.url()).hash, "");
    release.resolve();
    await report;
  });

  assertEquals(fixture.complaints, []);
});
