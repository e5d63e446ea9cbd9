/// <reference lib="dom" />
/** Each page once in Firefox, over WebDriver BiDi: what Chromium forgives, another browser may not. */
import puppeteer from "puppeteer-core";
import { runPipeline } from "../../mod.ts";
import { serveDashboard } from "../../dashboard/mod.ts";
import { assertEquals } from "../support/assert.ts";
import { findProgram } from "../support/child.ts";
import { tempFolder } from "../support/temp.ts";

const executablePath = await findProgram("firefox-esr", "firefox");

/** Milliseconds after which what a page should show will not come any more, on the slowest machine. */
const LIMIT_MS = 120_000;

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

// The driver has processes and timers of its own, which end after the test does.
const sanitize = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  { name: "every page works in Firefox", ignore: !executablePath, ...sanitize },
  async () => {
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
    const server = await serveDashboard({ db, port: 0 });
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: executablePath!,
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
        await page.goto(`${server.url}${address}`);
        await page.waitForFunction(
          (selector, text) =>
            [...document.querySelectorAll(selector)].some((element) =>
              element.textContent?.includes(text)
            ) && document.querySelector(".liveness")?.textContent === "Live",
          {},
          selector,
          text,
        );
      }
      // A colour of the canvas is that of the theme: the weave is drawn.
      await page.goto(`${server.url}?run=2`);
      await page.waitForFunction(() => {
        const canvas = document.querySelector<HTMLCanvasElement>(".weave canvas");
        if (!canvas?.width) return false;
        const [r, g, b] = canvas.getContext("2d")!.getImageData(5, 5, 1, 1).data;
        return `${[r, g, b]}` === "61,179,154";
      });
      // Live, and back to where one was.
      const gate = Promise.withResolvers<void>();
      const report = runPipeline(["late"], {
        db,
        name: "third",
        handleSignals: false,
        run: () => gate.promise,
      });
      await page.goto(`${server.url}?run=3`);
      const see = (text: string) =>
        page.waitForFunction(
          (text) => document.querySelector(".title-row .status")?.textContent === text,
          {},
          text,
        );
      await see("running");
      gate.resolve();
      await report;
      await see("done");
      assertEquals(complaints, []);
    } finally {
      await browser.close();
      await server.shutdown();
    }
  },
);
