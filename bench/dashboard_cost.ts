/**
 * What the dashboard costs the writer: rows per second with no page open, with one page and with a
 * hundred.
 *
 * @module
 */
import { serveDashboard } from "../dashboard/mod.ts";
import { Load, makeTasks, until, Watcher } from "./dashboard_fixture.ts";
import { alternate, benchFolder, type Benchmark, quantile } from "./measure.ts";

/** Milliseconds of a round. */
const ROUND_MS = 5_000;

const TASKS = 1_000_000;

export const dashboardCost: Benchmark = async (scale) => {
  using folder = benchFolder();
  const file = folder.file();
  await makeTasks(file, TASKS * scale);
  let run = 1;
  const lags: number[] = [];

  async function round(pages: number): Promise<number> {
    run++;
    await using load = new Load(file);
    await load.begun();
    await using server = await serveDashboard({ db: file, driver: "builtin", port: 0 });
    const url = `${server.url}api/live?view=run&run=${run}&sort=-id&limit=50`;
    const watchers = Array.from({ length: pages }, (_, i) =>
      new Watcher(url, (data, at) => {
        const text = i === 0 && data.match(/"name":"clock".*?"message":"(\d{13})"/)?.[1];
        if (text && pages > 1) lags.push(at - Number(text));
      }));
    await Promise.all(watchers.map(({ ready }) => ready));
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS * scale));
    if (pages > 1) await until(() => lags.length > 0);
    const speed = await load.stop();
    for (const watcher of watchers) watcher[Symbol.dispose]();
    return speed;
  }

  const { none, one, hundred } = await alternate(scale < 1 ? 1 : 3, {
    none: () => round(0),
    one: () => round(1),
    hundred: () => round(100),
  });
  const baseline = { name: "no page is open", value: none };
  return [
    {
      name: "Rows through the writer, a page is open",
      value: one,
      unit: "rows/s",
      baseline,
      atLeast: 0.95,
    },
    {
      name: "Rows through the writer, 100 pages open",
      value: hundred,
      unit: "rows/s",
      baseline,
    },
    {
      name: "From progress() to the event, 100 pages, p95",
      value: quantile(lags, 0.95),
      unit: "ms",
      atMost: 250,
    },
  ];
};
