/**
 * The first load of the page in a real browser: how many bytes it takes and how soon the first task shows, with
 * a million tasks in the file. Without a browser it is left out.
 *
 * @module
 */
import { serveDashboard } from "../dashboard/mod.ts";
import { type Browser, BrowserProcess, hasBrowser } from "../tests/support/browser.ts";
import { makeTasks } from "./dashboard_fixture.ts";
import { benchFolder, type Benchmark, quantile } from "./measure.ts";

const TASKS = 1_000_000;
const ROUNDS = 5;

export const pageLoad: Benchmark = async (scale) => {
  if (!hasBrowser) return [];
  using folder = benchFolder();
  const file = folder.file();
  await makeTasks(file, TASKS * scale);
  await using server = await serveDashboard({ db: file, driver: "builtin", port: 0 });
  await using process = await BrowserProcess.start();
  const browser = await process.connect();
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < (scale < 1 ? 1 : ROUNDS); round++) {
    const { firstRowMs, loaded } = await load(browser, `${server.url}?run=1`);
    times.push(firstRowMs);
    bytes = loaded;
  }
  await browser.disconnect();
  return [
    { name: "First load of the page, compressed", value: bytes / 1_000, unit: "KB", atMost: 150 },
    {
      name: "From the address to the first task, 1,000,000 tasks",
      value: quantile(times, 0.5),
      unit: "ms",
    },
  ];
};

async function load(browser: Browser, url: string) {
  await using page = await browser.newPage();
  const session = await page.createCDPSession();
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let loaded = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => loaded += encodedDataLength);
  const begun = performance.now();
  await page.goto(url);
  await page.waitForSelector("table tbody tr a");
  return { firstRowMs: performance.now() - begun, loaded };
}
