/**
 * How long the dashboard takes to answer while a writer in another process writes flat out, with ten thousand
 * to a million tasks in the file; and how old news is when it reaches a page.
 *
 * @module
 */
import { serveDashboard } from "../dashboard/mod.ts";
import { Load, makeTasks, until, Watcher } from "./dashboard_fixture.ts";
import { benchFolder, type Benchmark, type Measurement, quantile } from "./measure.ts";

/** Requests to each address. */
const REQUESTS = 200;

/** Milliseconds over which the age of news is measured. */
const LAG_MS = 10_000;

/** Pages in the order of the ids, which indexes answer; and those for which every row is looked at. */
const PAGES = {
  "Pages by id and status": [
    "api/runs",
    "api/runs/1",
    "api/runs/1/tasks",
    "api/runs/1/tasks?sort=-id&status=error,done",
    "api/runs/2/tasks?status=running",
    "api/tasks/77",
    "api/tasks/77/logs",
  ],
  "Searched and sorted pages": [
    "api/runs/1/tasks?q=9999",
    "api/runs/1/tasks?sort=-duration",
    "api/runs/1/tasks?sort=name",
    "api/runs/1/tasks?sort=-started&status=error",
  ],
};

export const dashboardLatency: Benchmark = async (scale) => {
  using folder = benchFolder();
  const measurements: Measurement[] = [];
  for (const tasks of [10_000, 100_000, 1_000_000]) {
    const file = folder.file();
    await makeTasks(file, tasks * scale);
    await using load = new Load(file);
    await load.begun();
    await using server = await serveDashboard({ db: file, driver: "builtin", port: 0 });
    const at = `${tasks.toLocaleString("en")} tasks`;
    for (const [name, paths] of Object.entries(PAGES)) {
      const times: number[] = [];
      for (let n = 0; n < Math.max(1, REQUESTS * scale); n++) {
        for (const path of paths) times.push(await timeOf(server.url + path));
      }
      measurements.push(
        { name: `${name}, p50`, at, value: quantile(times, 0.5), unit: "ms" },
        { name: `${name}, p99`, at, value: quantile(times, 0.99), unit: "ms", atMost: 20 },
      );
    }
    const lags = await lagsOf(server.url, LAG_MS * scale);
    measurements.push(
      {
        name: "From progress() to the event, p50",
        at,
        value: quantile(lags, 0.5),
        unit: "ms",
      },
      {
        name: "From progress() to the event, p95",
        at,
        value: quantile(lags, 0.95),
        unit: "ms",
        atMost: 250,
      },
    );
  }
  return measurements;
};

async function timeOf(url: string): Promise<number> {
  const begun = performance.now();
  const response = await fetch(url);
  await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return performance.now() - begun;
}

/** Milliseconds from when a task reported the time to when a page received it. */
async function lagsOf(url: string, durationMs: number): Promise<number[]> {
  const lags: number[] = [];
  using watcher = new Watcher(
    `${url}api/live?view=run&run=2&sort=-id&limit=1`,
    (data, at) => {
      const text = data.match(/"name":"clock".*?"message":"(\d{13})"/)?.[1];
      if (text) lags.push(at - Number(text));
    },
  );
  await watcher.ready;
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  // The first came with the snapshot: it shows how old the news was, not how long it took.
  await until(() => lags.length > 1);
  return lags.slice(1);
}
