/// <reference lib="dom" />
import { serveDashboard } from "../../dashboard/mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
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
import { gates } from "../support/gates.ts";

const NAMES = ["slow", ...Array.from({ length: 119 }, (_, i) => `item ${i + 1}`)];

pageTest("the page shows a run live, and finds its tasks", async (t) => {
  await using fixture = await PageFixture.open();
  const { open, wait } = gates();
  const page = await fixture.page();

  await t.step("it waits for a database that is not there yet", async () => {
    await seeText(page, "h1", "Waiting for the database");
    assertEquals(await findBarriers(page), []);
  });

  const report = fixture.start("nightly", NAMES, async (name, task) => {
    if (name !== "slow") {
      task.log(`log of ${name}`);
      if (name.endsWith("7")) throw new Error(`No luck with ${name}`);
      task.progress(1, 1, `loaded ${name}`);
      return { name, nested: { rows: [1, 2, 3] } };
    }
    for (const [step, fraction] of [["a", 0.3], ["b", 0.7]] as const) {
      await wait(step);
      task.progress(fraction, `step ${step}`);
      task.log(`line ${step}`);
    }
    await wait("end");
    return { answer: 42 };
  });

  await t.step("the run appears by itself, and its bars move", async () => {
    await click(page, ".runs a", "nightly");
    await seeText(page, ".task-row", "slow");
    const progressOf = async (text: string) => await seeText(page, ".row-running .progress", text);
    await progressOf("0%");
    open("a");
    await progressOf("30%");
    open("b");
    await progressOf("70%");
    await seeText(page, ".row-running", "step b");
    await seeText(page, ".liveness", "Live");
    await seeText(page, ".stats", "12");
  });

  await t.step(
    "a dashboard that may only look has no buttons, with a link of another one, too",
    async () => {
      const other = await fixture.page("?run=1#control=left_over");
      await seeText(other, ".liveness", "Live");
      await other.waitForNetworkIdle({ idleTime: 250, concurrency: 1 });
      assertEquals(await textsOf(other, ".title-row button"), []);
      await other.close();
      await page.bringToFront();
    },
  );

  await t.step("a page of tasks, the next and the one before", async () => {
    assertEquals((await textsOf(page, ".task-row .cell-name"))[0], "slow");
    await click(page, ".pager button", "Next");
    await seeText(page, ".task-row:first-child .cell-name", "item 50");
    await click(page, ".pager button", "Previous");
    await seeText(page, ".task-row:first-child .cell-name", "slow");
  });

  await t.step("chips filter, and the address restores what they show", async () => {
    await click(page, ".chip", "error");
    await waitFor(page, () => document.querySelectorAll(".task-row").length === 12);
    assertEquals(new URL(page.url()).searchParams.get("status"), "error");
    await page.reload();
    await waitFor(page, () => document.querySelectorAll(".task-row").length === 12);
    assert((await textsOf(page, ".cell-message")).slice(1).every((text) => /No luck/.test(text)));
    await click(page, ".chip", "running");
    await waitFor(page, () => document.querySelectorAll(".task-row").length === 13);
    await page.goBack();
    await waitFor(page, () => document.querySelectorAll(".task-row").length === 12);
    await click(page, "button", "Clear filters");
  });

  await t.step("search finds names and messages, and keeps the focus", async () => {
    await page.focus("input[type=search]");
    await page.keyboard.type("loaded item 11");
    await waitFor(page, () => document.querySelectorAll(".task-row").length === 10);
    assertEquals(await page.evaluate(() => document.activeElement?.tagName), "INPUT");
    assertEquals(new URL(page.url()).searchParams.get("q"), "loaded item 11");
    await click(page, "button", "Clear filters");
    await waitFor(page, () => document.querySelectorAll(".task-row").length === 50);
  });

  await t.step("keys search, move from task to task, and are listed", async () => {
    await page.focus("h1");
    await page.keyboard.press("/");
    await page.keyboard.type("j");
    assertEquals(
      await page.$eval(".tasks input", (field) => (field as HTMLInputElement).value),
      "j",
    );
    await page.keyboard.press("Backspace");
    await page.focus("h1");
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    for (const [key, name] of [["j", "slow"], ["j", "item 1"], ["k", "slow"], ["k", "slow"]]) {
      await page.keyboard.press(key as "j");
      assertEquals(await focused(), name);
    }
    await page.keyboard.press("?");
    await seeText(page, "dialog[open]", "search this page");
    assertEquals(await findBarriers(page, "dialog"), []);
    await page.keyboard.press("Escape");
    await waitFor(page, () => !document.querySelector("dialog"));
  });

  await t.step(
    "a text that was just typed takes nothing back that is clicked meanwhile",
    async () => {
      await page.evaluate(() => {
        const field = document.querySelector<HTMLInputElement>(".tasks input[type=search]")!;
        field.value = "item";
        field.dispatchEvent(new Event("input", { bubbles: true }));
        const heads = [...document.querySelectorAll<HTMLElement>(".sort")];
        heads.find((head) => head.textContent?.includes("Task"))!.click();
      });
      await waitFor(page, () => /[?&]q=item/.test(location.search));
      assertMatch(page.url(), /[?&]sort=name/);
      await page.goBack();
      await waitFor(page, () => !location.search.includes("sort="));
    },
  );

  await t.step("columns sort in both directions", async () => {
    await click(page, ".sort", "Task");
    await seeText(page, ".task-row:first-child .cell-name", "item 1");
    await click(page, ".sort", "Task");
    await seeText(page, ".task-row:first-child .cell-name", "slow");
    assertEquals(
      await page.$eval("th.cell-name", (th) => th.getAttribute("aria-sort")),
      "descending",
    );
  });

  await t.step("a task shows its log as it grows, its path and its result", async () => {
    await click(page, ".task-row a", "slow");
    await seeText(page, "h1", "slow");
    await seeText(page, ".log-line", "line b");
    open("end");
    await report;
    await seeText(page, ".status", "done");
    await seeText(page, "main", "answer");
    await seeText(page, "main", "42");
    await page.goBack();
  });

  await t.step("the log of the whole run is searched, and the link keeps that", async () => {
    await click(page, ".tab", "Log");
    await seeText(page, ".log-line", "line a");
    await page.type(".log-tools input", "LINE b");
    await waitFor(page, () => document.querySelectorAll(".log-line").length === 1);
    assertEquals(new URL(page.url()).searchParams.get("logq"), "LINE b");
    await page.reload();
    await seeText(page, ".log-line", "slow line b");
    assertEquals((await textsOf(page, ".log-line")).length, 1);
    assertEquals(await findBarriers(page, ".panel:has(.log-tools)"), []);
  });

  await t.step("a failed task shows its error with the stack", async () => {
    await page.goto(`${fixture.server.url}?run=1&status=error`);
    await click(page, ".task-row a", "item 7");
    await seeText(page, "main pre", "No luck with item 7");
    await seeText(page, "main pre", "page_test.ts");
  });

  await t.step("it compares two runs", async () => {
    await fixture.start("load", ["fast", "breaks", "same"], (name) => name);
    const gate = Promise.withResolvers<void>();
    const second = fixture.start("load", ["fast", "breaks", "same", "new"], async (name) => {
      if (name === "breaks") throw new Error("Broken now");
      if (name === "fast") await gate.promise;
    });
    await follow(page, "");
    await waitFor(page, () => document.querySelectorAll(".run-choose").length === 3);
    gate.resolve();
    await second;
    for (const run of [2, 3]) await page.click(`[aria-label="Choose run ${run} to compare"]`);
    const other = await fixture.page("?run=3&panel=durations");
    await seeText(other, ".durations tr", "All tasks");
    await seeText(other, ".durations th", "p50 to #2");
    assertEquals(await findBarriers(other), []);
    // The page of the pipeline has both runs, and leads to what changed.
    await click(other, ".title-row a", "All runs");
    await seeText(other, "h1", "load");
    await waitFor(other, () => document.querySelectorAll(".run-square").length === 2);
    assertEquals(await findBarriers(other), []);
    await click(other, ".pipeline-runs a", "Compare with the one before");
    await seeText(other, "h1", "#2 and #3");
    // A run is found by its status, and the link keeps that.
    await follow(other, "?status=done");
    await waitFor(other, () => document.querySelectorAll(".run-item").length === 1);
    await seeText(other, ".run-name", "#2");
    await other.type("[role=search] input", "nothing like it");
    await seeText(other, "main", "No run matches.");
    assertEquals(new URL(other.url()).searchParams.get("q"), "nothing like it");
    assertEquals(await findBarriers(other), []);
    await other.close();
    await page.bringToFront();
    await click(page, "a", "Compare #2 with #3");
    await seeText(page, "h1", "#2 and #3");
    await seeText(page, "main", "Newly failed");
    await seeText(page, "main", "breaks");
    assertEquals(new URL(page.url()).searchParams.get("compare"), "2,3");
  });

  await t.step("hostile texts are shown as texts", async () => {
    const hostile = [
      '<img src=x onerror="document.title=`pwned`;alert(1)">',
      "<script>alert(2)</script>",
      "\x1b[31mred\x1b[0m \u202egnp.exe\u2066",
      "javascript:alert(3)",
      `${"long ".repeat(200_000)}end`,
      '"><svg onload=alert(4)>{{constructor.constructor("alert(5)")()}}',
    ];
    await fixture.start(hostile[0]!, hostile, (name, task) => {
      task.progress(0.5, name);
      task.log(name);
      if (name.startsWith("java")) throw new Error(hostile[1]);
      return { [name.slice(0, 100)]: name };
    });
    await follow(page, "");
    await click(page, ".runs a", "<img src=x");
    await waitFor(page, () => document.querySelectorAll(".task-row").length === 6);
    const fits = async (what: string) => {
      for (const look of LOOKS) {
        await show(page, look);
        assert(!await scrollsSideways(page), `${what} does not fit ${look.width} pixels`);
      }
    };
    await fits("The run");
    for (const [i, text] of hostile.entries()) {
      await follow(page, `?task=${NAMES.length + 8 + i}`);
      await seeText(page, ".log-line", text.startsWith("\x1b") ? "red" : text.slice(0, 30));
      await fits(`Task ${i}`);
      const strangers = await page.$$eval(
        "img, svg[onload], main script, iframe",
        (elements) => elements.length,
      );
      assertEquals(strangers, 0);
      assert(await page.title() !== "pwned");
    }
  });

  await t.step("an export is a page that opens without a server", async () => {
    const file = fixture.folder.file("run.html");
    await Deno.writeTextFile(
      file,
      await (await fetch(`${fixture.server.url}api/runs/1/export`)).text(),
    );
    await page.close();
    await fixture.server.shutdown();
    const offline = await fixture.page(`file://${file}`);
    await seeText(offline, "h1", "nightly");
    await click(offline, ".chip", "error");
    await waitFor(offline, () => document.querySelectorAll(".task-row").length === 12);
    await click(offline, ".task-row a", "item 17");
    await seeText(offline, "main pre", "No luck with item 17");
    await seeText(offline, ".log-line", "log of item 17");
    assertEquals(await findBarriers(offline), []);
  });

  // A browser itself logs that there is no control here, and later that a token was refused.
  const complaints = fixture.complaints.filter((text) => !text.includes("/api/control"));

  await t.step("it asks for the token, and keeps it out of its address", async () => {
    fixture.server = await serveDashboard({ db: fixture.db, port: 0, token: "open sesame" });
    const page = await fixture.page();
    await page.waitForSelector("input[type=password]");
    await page.type("input[type=password]", "wrong");
    await page.keyboard.press("Enter");
    await seeText(page, "main", "not the one");
    await page.$eval("input[type=password]", (input) => (input as HTMLInputElement).value = "");
    await page.type("input[type=password]", "open sesame");
    await page.keyboard.press("Enter");
    await seeText(page, ".runs a", "nightly");

    // Another dashboard on the host, in the same browser: cookies do not distinguish ports.
    await using second = await serveDashboard({ db: fixture.db, port: 0, token: "second token" });
    const beside = await fixture.page(second.url);
    await beside.waitForSelector("input[type=password]");
    await beside.type("input[type=password]", "second token");
    await beside.keyboard.press("Enter");
    await seeText(beside, ".runs a", "nightly");
    for (const window of [page, beside]) {
      await window.bringToFront();
      await window.reload();
      await seeText(window, ".runs a", "nightly");
    }

    const context = await fixture.browser.another();
    const other = await fixture.page(`?run=1#token=${encodeURIComponent("open sesame")}`, {
      context,
    });
    await seeText(other, "h1", "nightly");
    assertEquals(other.url(), `${fixture.server.url}?run=1`);
  });

  assertEquals(complaints, []);
});
