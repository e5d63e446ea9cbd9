/// <reference lib="dom" />
import { type DashboardServer, serveDashboard } from "../../dashboard/mod.ts";
import { runPipeline, SqliteWriter } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import type { Page } from "../support/browser.ts";
import {
  click,
  findBarriers,
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
async function serveControl(fixture: PageFixture) {
  const writer = await SqliteWriter.open({ db: fixture.db });
  await fixture.server.shutdown();
  fixture.server = await serveDashboard({ db: fixture.db, port: 0, writer });
  return writer;
}

/** Opens a page that may control. */
async function openControl(
  { page, server }: { page: PageFixture["page"]; server: DashboardServer },
  address: string,
  options: { width?: number; dark?: boolean } = {},
): Promise<Page> {
  const url = new URL(server.controlUrl!);
  url.search = address;
  return await page(url.href, options);
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
  await using writer = await serveControl(fixture);
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
  const open = fixture.page.bind(fixture);
  const visit = (address: string, options?: { width?: number; dark?: boolean }) =>
    openControl({ page: open, server: fixture.server }, address, options);
  const reader = await open("?run=1");

  await t.step("the token leaves the address, and stays with the tab", async () => {
    const page = await visit("?run=1");
    await seeText(page, BUTTONS, "Cancel run");
    assertEquals(page.url(), `${fixture.server.url}?run=1`);
    // Where other pages of this host would have it, too.
    assertEquals(await page.evaluate(() => [document.cookie, localStorage.length]), ["", 0]);
    await page.reload();
    await seeText(page, BUTTONS, "Cancel run");
    await page.goto(`${fixture.server.url}?task=${ids["deaf"]}`);
    await seeText(page, BUTTONS, "Cancel task");
    await page.close();
  });

  await t.step("a page without the token has no such button", async () => {
    await look(reader, ".liveness", "Live");
    for (const address of [`?task=${ids["single"]}`, "?run=1#control=wrong"]) {
      const page = await open(address);
      await seeText(page, ".liveness", "Live");
      await page.waitForNetworkIdle({ idleTime: 250, concurrency: 1 });
      assertEquals(await textsOf(page, BUTTONS), [], address);
      await page.close();
    }
    assertEquals(await textsOf(reader, BUTTONS), []);
  });

  await t.step("a queued task is cancelled", async () => {
    const page = await visit(`?task=${ids["waits 3"]}`);
    await seeStatus(page, "queued");
    await press(page, "Cancel task");
    await seeStatus(page, "cancelled");
    await seeText(page, BUTTONS, "Retry task");
    await page.close();
  });

  await t.step("a running task is cancelling as long as it runs, in lists, too", async () => {
    const page = await visit(`?task=${ids["deaf"]}`);
    await seeStatus(page, "running");
    await press(page, "Cancel task");
    await seeStatus(page, "cancelling");
    await look(reader, ".task-row .status.is-cancelling", "cancelling");
    await page.bringToFront();
    await waitFor(page, () => !document.querySelector(".title-row button"));
    release.resolve();
    await seeStatus(page, "cancelled");
    await page.close();
  });

  await t.step("the keyboard is enough, and continues at the top", async () => {
    const page = await visit(`?task=${ids["listens"]}`);
    await seeText(page, BUTTONS, "Cancel task");
    await page.focus(BUTTONS);
    await page.keyboard.press("Enter");
    await seeStatus(page, "cancelled");
    await waitFor(page, () => document.activeElement?.tagName === "H1");
    await page.close();
  });

  await t.step("a failed task is run again until it is done", async () => {
    const page = await visit(`?task=${ids["single"]}`);
    await seeStatus(page, "error");
    // Both workers are held: one of them makes room.
    const other = await visit(`?task=${ids["waits 1"]}`);
    await seeStatus(other, "running");
    await press(page, "Retry task");
    await seeStatus(page, "queued");
    repaired.single = true;
    await press(other, "Cancel task");
    await seeStatus(page, "done");
    assertEquals(await textsOf(page, BUTTONS), []);
    await other.close();
    await page.close();
  });

  await t.step("all failed tasks are run again", async () => {
    const page = await visit("?run=1");
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
    await page.close();
  });

  await t.step("what is refused is shown in words", async () => {
    const page = await visit(`?task=${ids["all 1"]}`);
    await seeStatus(page, "done");
    await page.goto(`${fixture.server.url}?task=${ids["waits 2"]}`);
    await seeText(page, BUTTONS, "Cancel task");
    // A page that is paused does not know that the task has ended.
    await click(page, ".top button", "Pause");
    const other = await visit(`?task=${ids["waits 2"]}`);
    await press(other, "Cancel task");
    await seeStatus(other, "cancelled");
    await other.close();
    await press(page, "Cancel task");
    await seeText(page, "[role=alert]", "Cannot");
    assertEquals(await findBarriers(page), []);
    await page.close();
  });

  const { counts } = await report;
  assertEquals([counts.done, counts.cancelled, counts.error], [3, 5, 0]);
  // The browser itself logs what was refused.
  const refused = new RegExp(`/api/(control|tasks/${ids["waits 2"]}/cancel)$`);
  assertEquals(fixture.complaints.filter((text) => !refused.test(text)), []);
});

pageTest("the page asks before it cancels a run", async (t) => {
  await using fixture = await PageFixture.open();
  await using writer = await serveControl(fixture);
  const release = Promise.withResolvers<void>();
  const report = runPipeline(["deaf", "one", "two", "three"], {
    db: writer,
    name: "long",
    workers: 1,
    handleSignals: false,
    async run(_, task) {
      await release.promise;
      task.signal.throwIfAborted();
    },
  });
  const open = fixture.page.bind(fixture);
  const list = await open();
  await look(list, ".run-status", "running");
  const page = await openControl({ page: open, server: fixture.server }, "?run=1");
  await seeText(page, BUTTONS, "Cancel run");
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());

  await t.step("nothing bars the way of those who cannot see or use a mouse", async () => {
    const other = await openControl({ page: open, server: fixture.server }, "?run=1");
    for (const look of LOOKS) {
      await show(other, look);
      await press(other, "Cancel run");
      await other.waitForSelector("dialog[open]");
      assertEquals(await findBarriers(other), []);
      await click(other, "dialog button", "Let it run");
      await waitFor(other, () => !document.querySelector("dialog"));
      assert(!await scrollsSideways(other), `${look.width} pixels are not enough`);
    }
    await other.close();
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
  });

  assertEquals(fixture.complaints, []);
});

pageTest("a dashboard that may only look has no buttons", async () => {
  await using fixture = await PageFixture.open();
  const release = Promise.withResolvers<void>();
  const report = fixture.start("watched", ["one", "two"], async (name) => {
    if (name === "one") throw new Error("No");
    await release.promise;
  });
  // Without a token, and with one that was meant for another.
  for (const address of ["?run=1", "?task=1", "?task=2#control=left_over"]) {
    const page = await fixture.page(address);
    await seeText(page, ".liveness", "Live");
    await page.waitForNetworkIdle({ idleTime: 250, concurrency: 1 });
    assertEquals(await textsOf(page, BUTTONS), [], address);
    await page.close();
  }
  // The browser itself logs that there is no such thing here.
  assertEquals(fixture.complaints.filter((text) => !text.includes("/api/control")), []);
  release.resolve();
  await report;
});

pageTest("a graph updates itself when a failed task is run again", async () => {
  await using fixture = await PageFixture.open();
  await using writer = await serveControl(fixture);
  const release = Promise.withResolvers<void>();
  let isRepaired = false;
  const needs: Record<string, string[]> = {
    first: [],
    second: ["first"],
    third: ["second"],
    hold: [],
  };
  const report = runPipeline(Object.keys(needs), {
    db: writer,
    workers: 2,
    handleSignals: false,
    taskName: (name) => name,
    taskKey: (name) => name,
    dependsOn: (name) => needs[name],
    async run(name) {
      if (name === "first" && !isRepaired) throw new Error("Not yet");
      if (name === "hold") await release.promise;
    },
  });
  const open = fixture.page.bind(fixture);
  const page = await openControl({ page: open, server: fixture.server }, "?run=1&panel=graph");
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
  assertEquals(fixture.complaints, []);
});

pageTest("one link signs in and controls", async () => {
  await using fixture = await PageFixture.open();
  await using writer = await SqliteWriter.open({ db: fixture.db });
  await fixture.server.shutdown();
  const token = "open sesame + 100%";
  fixture.server = await serveDashboard({ db: fixture.db, port: 0, writer, token });
  const release = Promise.withResolvers<void>();
  const options = { db: writer, name: "secret", handleSignals: false };
  const report = runPipeline(["one"], { ...options, run: () => release.promise });
  const open = fixture.page.bind(fixture);
  const page = await openControl({ page: open, server: fixture.server }, "?run=1");
  await seeText(page, BUTTONS, "Cancel run");
  assertEquals(page.url(), `${fixture.server.url}?run=1`);
  // The link in a tab that shows the page already.
  const other = await open(`#token=${encodeURIComponent(token)}`);
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
  assertEquals(fixture.complaints, []);
});
