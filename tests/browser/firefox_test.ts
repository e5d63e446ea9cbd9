/// <reference lib="dom" />
/** Each page once in Firefox, over WebDriver BiDi: what Chromium forgives, another browser may not. */
import puppeteer from "puppeteer-core";
import { runPipeline } from "../../mod.ts";
import { serveDashboard } from "../../dashboard/mod.ts";
import { assertEquals } from "../support/assert.ts";
import { findProgram } from "../support/child.ts";
import { tempFolder } from "../support/temp.ts";
import { countViews, LIMIT_MS, seeText, waitFor } from "./page_fixture.ts";

const executablePath = await findProgram("firefox-esr", "firefox");

/** Addresses, and what the complete page contains. */
const PAGES: readonly [address: string, selector: string, text: string][] = [
  ["", ".run-item", "import"],
  ["?run=1", ".task-row", "bad"],
  ["?run=1&panel=timeline", ".chart-legend", "3 tasks"],
  ["?run=1&panel=graph", ".panel-body", "No task of this run depends on another"],
  ["?task=1", ".log-line", "log of one"],
  ["?task=3", ".attempt", "No luck"],
  ["?compare=1,2", ".compared", "bad"],
];

/** Processes of their own that few pages need, and that take time to start. */
const PREFERENCES = {
  "extensions.enabledScopes": 0,
  "fission.autostart": false,
  "media.rdd-process.enabled": false,
  "media.utility-process.enabled": false,
  "network.process.enabled": false,
};

// The driver has processes and timers of its own, which end after the test does.
const sanitize = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  { name: "every page works in Firefox", ignore: !executablePath, ...sanitize },
  async (t) => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    for (const isMended of [true, false]) {
      await runPipeline(["one", "two", "bad"], {
        db,
        name: "import",
        workers: 1,
        handleSignals: false,
        taskName: (name) => name,
        taskKey: (name) => name,
        run(name, task) {
          task.log(`log of ${name}`);
          if (name === "bad" && isMended) throw new Error("No luck");
          return { name };
        },
      });
    }
    await using server = await serveDashboard({ db, port: 0 });
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: executablePath!,
      extraPrefsFirefox: PREFERENCES,
      headless: true,
    });
    try {
      const complaints: string[] = [];
      const page = await browser.newPage();
      page.setDefaultTimeout(LIMIT_MS);
      page.on("pageerror", (error) => complaints.push(`${error}`));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      for (const [address, selector, text] of PAGES) {
        await t.step(`the page ${address || "of all runs"}`, async () => {
          await page.goto(`${server.url}${address}`);
          await seeText(page, selector, text);
          await seeText(page, ".liveness", "Live");
          if (address !== "?run=1") return;
          // A colour of the canvas is that of the theme: the weave is drawn.
          await waitFor(page, () => {
            const canvas = document.querySelector<HTMLCanvasElement>(".weave canvas");
            if (!canvas?.width) return false;
            const [r, g, b] = canvas.getContext("2d")!.getImageData(5, 5, 1, 1).data;
            return `${[r, g, b]}` === "61,179,154";
          });
        });
      }
      const untilViews = async (views: number) => {
        while (await countViews(server) !== views) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      // The shell of Chromium has no tabs that are hidden.
      await t.step("a hidden tab lets go, and is live again when it is seen", async () => {
        const gate = Promise.withResolvers<void>();
        const options = { db, name: "third", handleSignals: false };
        const report = runPipeline(["late"], { ...options, run: () => gate.promise });
        await page.goto(`${server.url}?run=3`);
        await seeText(page, ".title-row .status", "running");
        await seeText(page, ".liveness", "Live");
        await untilViews(1);
        const other = await browser.newPage();
        await other.bringToFront();
        await waitFor(page, () => document.hidden);
        await untilViews(0);
        gate.resolve();
        await report;
        await page.bringToFront();
        await seeText(page, ".title-row .status", "done");
        await seeText(page, ".liveness", "Live");
        await untilViews(1);
      });
      await t.step("none of them has an error", () => assertEquals(complaints, []));
    } finally {
      await browser.close();
    }
  },
);
