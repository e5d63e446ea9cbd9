/// <reference lib="dom" />
import { runPipeline } from "../../mod.ts";
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

/** The hostile name is that of a task, too. */
const NEEDS: Record<string, string[]> = {
  index: [],
  "fetch a": ["index"],
  "fetch <b>": ["index"],
  "load a": ["fetch a"],
  "load <b>": ["fetch <b>"],
  report: ["load a", "load <b>"],
  alone: [],
};

/** Runs tasks that depend on each other; "load a" waits for a signal, and "fetch <b>" fails. */
function startGraph(fixture: PageFixture, end: Promise<void>) {
  return runPipeline(Object.keys(NEEDS), {
    db: fixture.db,
    name: "graph",
    handleSignals: false,
    taskName: (name) => name,
    taskKey: (name) => name,
    dependsOn: (name) => NEEDS[name],
    async run(name, task) {
      if (name === "fetch <b>") throw new Error("No such file");
      if (name !== "load a") return;
      task.progress(0.5);
      await end;
    },
  });
}

async function seeStatus(page: Page, name: string, status: string): Promise<void> {
  await seeText(page, `.graph-task.is-${status}`, name);
}

pageTest("the page draws which tasks wait for which, live", async (t) => {
  await using fixture = await PageFixture.open();
  const end = Promise.withResolvers<void>();
  const report = startGraph(fixture, end.promise);
  const page = await fixture.page("?run=1");

  await t.step("a tab shows it, and the address keeps that", async () => {
    await click(page, ".tab", "Graph");
    await seeStatus(page, "load a", "running");
    await seeStatus(page, "fetch <b>", "error");
    await seeStatus(page, "load <b>", "cancelled");
    await seeText(page, ".graph-head", "6 tasks, 6 dependencies; 1 task stands alone");
    assertEquals(new URL(page.url()).searchParams.get("panel"), "graph");
    assertEquals((await page.$$(".graph-lines path")).length, 6);
    // What the failure took with it.
    assertEquals((await page.$$(".graph-lines .is-lost")).length, 2);
    assertEquals(
      await page.$eval(".graph-progress", (bar) => (bar as HTMLElement).style.transform),
      "scaleX(0.5)",
    );
  });

  await t.step("it changes by itself", async () => {
    end.resolve();
    await report;
    await seeStatus(page, "load a", "done");
    assertEquals(await textsOf(page, ".graph-task.is-running"), []);
  });

  await t.step("the keyboard reaches every task", async () => {
    // The first that Tab leads to is what failed.
    await page.focus(".graph-zoom:last-child");
    await page.keyboard.press("Tab");
    const focused = () =>
      page.evaluate(() => document.activeElement?.querySelector(".graph-name")?.textContent);
    assertEquals(await focused(), "fetch <b>");
    const way: [key: `Arrow${"Left" | "Right" | "Down"}`, name: string][] = [
      ["ArrowLeft", "index"],
      ["ArrowLeft", "index"],
      ["ArrowRight", "fetch a"],
      ["ArrowDown", "fetch <b>"],
      ["ArrowRight", "load <b>"],
      ["ArrowRight", "report"],
    ];
    for (const [key, name] of way) {
      await page.keyboard.press(key);
      assertEquals(await focused(), name, key);
    }
    await waitFor(page, () => document.querySelectorAll(".graph-lines .is-near").length === 2);
    await page.keyboard.press("Enter");
    await seeText(page, "h1", "report");
    // Its page leads along the dependencies as well.
    await click(page, ".task-links a", "load <b>");
    await seeText(page, "h1", "load <b>");
    await seeText(page, ".task-links a", "report");
    await page.goBack();
    await seeText(page, "h1", "report");
    await page.goBack();
    await click(page, ".graph-task", "fetch <b>");
    await seeText(page, "main pre", "No such file");
  });

  await t.step("it can be made larger, smaller, and seen as a whole", async () => {
    await show(page, { width: 390, dark: false });
    await follow(page, "?run=1&panel=graph");
    await page.waitForSelector(".graph-task");
    /** Waits until a number of pixels lies beyond the frame. */
    const seeBeyond = async (least: number, most: number): Promise<number> => {
      const isThere = (least: number, most: number) => {
        const { scrollWidth, clientWidth } = document.querySelector(".graph-box")!;
        return scrollWidth - clientWidth >= least && scrollWidth - clientWidth <= most;
      };
      await waitFor(page, isThere, least, most);
      return await page.$eval(".graph-box", (box) => box.scrollWidth - box.clientWidth);
    };
    const before = await seeBeyond(1, 10_000);
    await click(page, ".graph-zoom", "+");
    await seeBeyond(before + 1, 10_000);
    await click(page, ".graph-zoom", "Fit");
    await seeBeyond(0, 0);
    assert(!await scrollsSideways(page), "The page stays as wide as the phone");
  });

  await t.step("nothing bars the way of those who cannot see or use a mouse", async () => {
    for (const look of LOOKS.toReversed()) {
      await show(page, look);
      assertEquals(await findBarriers(page, '[aria-label="Charts"]'), []);
      assert(!await scrollsSideways(page), `${look.width} pixels are not enough`);
    }
  });

  await t.step("an export shows it without a server", async () => {
    const file = fixture.folder.file("run.html");
    const response = await fetch(`${fixture.server.url}api/runs/1/export`);
    await Deno.writeTextFile(file, await response.text());
    const offline = await fixture.page(`file://${file}`);
    await click(offline, ".tab", "Graph");
    await seeStatus(offline, "fetch <b>", "error");
    await click(offline, ".graph-task", "fetch <b>");
    await seeText(offline, "main pre", "No such file");
    await offline.close();
  });

  await t.step("there is no graph until a task waits for another", async () => {
    const gate = Promise.withResolvers<void>();
    const items: { key: string; needs?: string[] }[] = [{ key: "one" }];
    const report = runPipeline(items, {
      db: fixture.db,
      name: "plain",
      handleSignals: false,
      dependsOn: ({ needs }) => needs,
      async run({ key }, task) {
        if (key !== "one") return;
        await gate.promise;
        await task.add([{ key: "two" }, { key: "three", needs: ["two"] }]);
      },
    });
    await follow(page, "?run=2");
    await seeText(page, "h1", "plain");
    await seeText(page, ".task-row", "one");
    assertEquals(await textsOf(page, ".tab"), ["Throughput", "Timeline", "Durations", "Log"]);
    await follow(page, "?run=2&panel=graph");
    await seeText(page, ".panel-body", "No task of this run depends on another");
    gate.resolve();
    await seeText(page, ".graph-task", "three");
    await report;
  });

  await t.step("it shows why a graph is not drawn", async () => {
    const names = Array.from({ length: 502 }, (_, i) => `k${i}`);
    await runPipeline(names, {
      db: fixture.db,
      handleSignals: false,
      taskKey: (name) => name,
      dependsOn: (name) => name === "k0" ? [] : [`k${Number(name.slice(1)) - 1}`],
      run: () => {},
    });
    await follow(page, "?run=3&panel=graph");
    await seeText(page, ".panel-body", "502 tasks to draw");
  });

  assertEquals(fixture.complaints, []);
});
