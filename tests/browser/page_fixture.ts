/// <reference lib="dom" />
/**
 * A dashboard in its Worker, a browser that looks at it, and pipelines whose tasks wait for the test.
 *
 * @module
 */
import axe from "axe-core/axe.min.js" with { type: "text" };
import { type DashboardServer, serveDashboard } from "../../dashboard/mod.ts";
import { type PipelineReport, runPipeline, type TaskContext } from "../../mod.ts";
import {
  type BrowserContext,
  type BrowserSession,
  hasBrowser,
  openBrowser,
  type Page,
  shareBrowser,
} from "../support/browser.ts";
import { IS_LONG } from "../support/long_form.ts";
import { tempFolder } from "../support/temp.ts";

/** Milliseconds after which what a page should show will not come any more, on the slowest machine. */
export const LIMIT_MS = 120_000;

/** Milliseconds between two looks at a page that is waited for. */
const POLL_MS = 50;

shareBrowser();

/** Defines a test of the page, which is left out where there is no browser, or where `isWanted` is not true. */
export function pageTest(
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
  { isWanted = true }: { isWanted?: boolean } = {},
): void {
  // The connection to the browser has timers of its own, which may end after the test does.
  const sanitize = { sanitizeOps: false, sanitizeResources: false };
  Deno.test({ name, fn, ignore: !hasBrowser || !isWanted, ...sanitize });
}

/** What a task of {@linkcode PageFixture.start} does. */
export type Work = (name: string, task: TaskContext) => unknown;

/** How a page is shown. */
export interface Look {
  /** Pixels of the window, across. */
  width: number;
  /** Whether the person prefers dark colours. */
  dark: boolean;
}

/** A desk in light and a phone in dark; in the long form the other two as well. */
export const LOOKS: readonly [Look, Look, ...Look[]] = [
  { width: 1440, dark: false },
  { width: 360, dark: true },
  ...(IS_LONG ? [{ width: 1440, dark: true }, { width: 360, dark: false }] : []),
];

/** Gives a page another look. */
export async function show(page: Page, { width, dark }: Look): Promise<void> {
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
    // Otherwise a screenshot shows whatever a transition has got to.
    { name: "prefers-reduced-motion", value: "reduce" },
  ]);
}

/** Windows of a browser and a dashboard over a database of their own. */
export class PageFixture implements AsyncDisposable {
  readonly db: string;
  readonly folder: ReturnType<typeof tempFolder>;
  readonly browser: BrowserSession;
  /** Errors that pages have put on their console or thrown. */
  readonly complaints: string[] = [];
  server: DashboardServer;

  private constructor(
    folder: ReturnType<typeof tempFolder>,
    server: DashboardServer,
    browser: BrowserSession,
  ) {
    this.folder = folder;
    this.db = folder.file("etl.db");
    this.server = server;
    this.browser = browser;
  }

  /** Opens both. The database is not there yet. */
  static async open(): Promise<PageFixture> {
    const folder = tempFolder();
    const server = await serveDashboard({ db: folder.file("etl.db"), port: 0 });
    return new PageFixture(folder, server, await openBrowser());
  }

  /** Serves again on the same port, after {@linkcode DashboardServer.shutdown}. */
  async serveAgain(): Promise<void> {
    this.server = await serveDashboard({
      db: this.db,
      port: Number(new URL(this.server.url).port),
    });
  }

  /** Runs a pipeline of tasks of these names. */
  start(name: string, tasks: readonly string[], run: Work, workers = 4): Promise<PipelineReport> {
    return runPipeline(tasks, {
      db: this.db,
      name,
      workers,
      taskName: (task) => task,
      taskKey: (task) => task,
      handleSignals: false,
      run,
    });
  }

  /** Opens a page at an address of the dashboard. */
  async page(
    address: string = "",
    options: Partial<Look> & { context?: BrowserContext } = {},
  ): Promise<Page> {
    const { width = 1440, dark = false, context = this.browser.context } = options;
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    page.on("pageerror", (error) => this.complaints.push(`${error}`));
    page.on("dialog", (dialog) => {
      this.complaints.push(`The page opened a dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      this.complaints.push(`${message.text()} ${message.location().url ?? ""}`);
    });
    await show(page, { width, dark });
    await page.goto(new URL(address, this.server.url).href);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser[Symbol.asyncDispose]();
    await this.server.shutdown();
    this.folder[Symbol.dispose]();
  }
}

/** Waits until a function is true on a page. Puppeteer would try it with each frame, and have frames drawn for that. */
export async function waitFor<Args extends readonly (string | number)[]>(
  page: Page,
  condition: (...args: Args) => unknown,
  ...args: Args
): Promise<void> {
  const isTrue = condition as (...args: readonly (string | number)[]) => unknown;
  await page.waitForFunction(isTrue, { polling: POLL_MS }, ...args);
}

/** Waits until an element of the page has a text that contains `text`. */
export async function seeText(page: Page, selector: string, text: string): Promise<void> {
  try {
    await waitFor(
      page,
      (selector, text) =>
        [...document.querySelectorAll(selector)].some((element) =>
          element.textContent?.includes(text)
        ),
      selector,
      text,
    );
  } catch (cause) {
    const [seen, all] = [await textsOf(page, selector), await textsOf(page, "body")]
      .map((texts) => JSON.stringify(texts).slice(0, 2_000));
    throw new Error(`No ${selector} shows ${text}, but ${seen} at ${page.url()}: ${all}`, {
      cause,
    });
  }
}

/** The texts of all elements that match. */
export async function textsOf(page: Page, selector: string): Promise<string[]> {
  return await page.$$eval(
    selector,
    (elements) => elements.map((element) => element.textContent?.trim() ?? ""),
  );
}

/** Clicks the first element that matches and has the text. */
export async function click(page: Page, selector: string, text: string): Promise<void> {
  await seeText(page, selector, text);
  await page.evaluate(
    (selector, text) => {
      const all = [...document.querySelectorAll<HTMLElement>(selector)];
      all.find((element) => element.textContent?.includes(text))!.click();
    },
    selector,
    text,
  );
}

/** Leads a page to another address of the dashboard, as one of its links does: nothing is loaded again. */
export async function follow(page: Page, address: string): Promise<void> {
  await page.evaluate((address) => {
    const link = document.createElement("a");
    link.href = address || "?";
    document.body.append(link);
    link.click();
    link.remove();
  }, address);
}

/** What an accessibility engine finds that is serious or worse, on the whole page or in a part of it. */
export async function findBarriers(page: Page, part?: string): Promise<string[]> {
  return await findViolations(page, part, ["serious", "critical"]);
}

/** What an accessibility engine finds, of all or some impacts. A long list takes most of its time. */
export async function findViolations(
  page: Page,
  part = "html",
  impacts?: readonly string[],
): Promise<string[]> {
  // Half a megabyte, which stays until the page is loaded again.
  if (!await page.evaluate(() => "axe" in globalThis)) await page.evaluate(axe);
  return await page.evaluate(
    async (part, impacts) => {
      // deno-lint-ignore no-explicit-any
      const { violations } = await (globalThis as any).axe.run(part, {
        // What passes is not gathered, and style sheets are not fetched again.
        resultTypes: ["violations"],
        preload: false,
      });
      // deno-lint-ignore no-explicit-any
      return violations.filter(({ impact }: any) => !impacts || impacts.includes(impact))
        // deno-lint-ignore no-explicit-any
        .map(({ id, nodes }: any) => `${id}: ${nodes.map(({ html }: any) => html).join(" ")}`);
    },
    part,
    impacts,
  );
}

/** Whether the page is wider than its window. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return await page.evaluate(() =>
    document.documentElement.scrollWidth > document.documentElement.clientWidth
  );
}

/** Views that a server has open streams for. */
export async function countViews({ url }: DashboardServer): Promise<number> {
  const metrics = await (await fetch(`${url}metrics`)).text();
  return Number(/^pipeloom_dashboard_streams (\d+)$/m.exec(metrics)![1]);
}
