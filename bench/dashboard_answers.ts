/**
 * What each answer of the dashboard costs with a million tasks in the file, 5,000 of which failed for 30 causes, while
 * a writer in another process writes flat out: the time of the processor that this process spends on it, so that
 * the figures do not depend on what else the machine does. The first answer of each is a figure of its own.
 *
 * @module
 */
import { connect } from "../db.ts";
import { delay } from "../internal/delay.ts";
import { createDashboard, type DashboardApp } from "../dashboard/mod.ts";
import { Load, makeTasks } from "./dashboard_fixture.ts";
import {
  benchFolder,
  type Benchmark,
  cpuOf,
  type Measurement,
  median,
  quantile,
} from "./measure.ts";

/** Requests to each address after the first. */
const REQUESTS = 60;

/** Milliseconds for which a page is open. */
const OPEN_MS = 15_000;

/** Names that are searches: their first answer looks at every row. */
const PATHS: Readonly<Record<string, string>> = {
  "runs": "/api/runs",
  "a run": "/api/runs/1",
  "failures by cause": "/api/runs/1/failures",
  "what holds up": "/api/runs/1/delays",
  "durations": "/api/runs/1/durations",
  "checks": "/api/runs/1/checks",
  "rows written": "/api/runs/1/rows",
  "tasks": "/api/runs/1/tasks",
  "tasks of a cause": "/api/runs/1/tasks?status=error&cause=CAUSE",
  "tasks by a text": "/api/runs/1/tasks?q=9999",
  "slowest tasks": "/api/runs/1/tasks?sort=-duration",
  "the log": "/api/runs/1/logs",
  "a task": "/api/tasks/77",
  "its history": "/api/tasks/77/history",
  "grid of runs and tasks": "/api/grid?name=past",
  "list of tables": "/api/data",
  "a page of a table": "/api/data/rows?name=task_runs",
  "a later page": "/api/data/rows?name=task_runs&cursor=W1siaSIsIjkwMDAwMCJdXQ",
  "rows by a column": "/api/data/rows?name=task_runs&column=key&op=is&value=key+2000",
};

/** What the page of a run shows first, of a reader that has read nothing but the page of the run. */
const PAGES: Readonly<Record<string, { query: string; before?: string }>> = {
  "first rows of a text that many have": { query: "q=task" },
  "first rows of a text that few have": { query: "q=9999" },
  "slowest tasks": { query: "sort=-duration", before: "/api/runs/1/delays" },
};

/** Every answer looks at rows that no index finds. */
const SEARCHES = ["rows by a column"];

export const dashboardAnswers: Benchmark = async (scale) => {
  using folder = benchFolder();
  const file = folder.file();
  const tasks = 1_000_000 * scale;
  await makeTasks(file, tasks);
  await addCauses(file);
  await using load = new Load(file);
  await load.begun();
  using app = createDashboard({ db: file, driver: "builtin" });
  const answer = async (path: string) => {
    const response = await app.request(path);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
    return text;
  };
  const { causes } = JSON.parse(await answer("/api/runs/1/failures"));
  const measurements: Measurement[] = [];
  const all: number[] = [];
  for (const [name, raw] of Object.entries(PATHS)) {
    const path = raw.replace("CAUSE", causes[0].id);
    using fresh = await openFresh(file);
    const first = await cpuOf(async () => void await (await fresh.request(path)).text());
    await answer(path);
    const times: number[] = [];
    for (let n = 0; n < Math.max(2, REQUESTS * scale); n++) {
      times.push(await cpuOf(async () => void await answer(path)));
    }
    const isSearch = SEARCHES.includes(name);
    if (!isSearch) all.push(...times);
    const target = name === "failures by cause" ? { atMost: 300 } : {};
    measurements.push(
      { name: `Answer: ${name}`, at: "First, processor", value: first, unit: "ms", ...target },
      {
        name: `Answer: ${name}`,
        at: "p99, processor",
        value: quantile(times, 0.99),
        unit: "ms",
        ...(isSearch ? {} : { atMost: 20 }),
      },
    );
  }
  for (const [name, { query, before }] of Object.entries(PAGES)) {
    using fresh = await openFresh(file);
    if (before) await (await fresh.request(before)).text();
    const value = await cpuOf(() => firstRows(fresh, query));
    const at = "First, processor";
    measurements.push({ name: `Page of a run: ${name}`, at, value, unit: "ms", atMost: 100 });
  }
  measurements.push(...await answersBesideOpenPage(file, scale));
  measurements.push({
    name: "All answers but searches",
    at: "p99, processor",
    value: quantile(all, 0.99),
    unit: "ms",
    atMost: 20,
  });
  return measurements;
};

/** A dashboard that has opened the file, and read no tasks. */
async function openFresh(file: string): Promise<DashboardApp> {
  const app = createDashboard({ db: file, driver: "builtin" });
  await (await app.request("/api/runs/1")).text();
  return app;
}

/** Follows the page of a run until it has tasks. */
async function firstRows(app: DashboardApp, query: string): Promise<void> {
  const response = await app.request(`/api/live?view=run&run=1&${query}`);
  let text = "";
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    // A snapshot has a list of them, a patch what has changed.
    if (/"tasks":(\[\{|\{"order":\[)/.test(text)) return;
  }
  throw new Error(`The page of ${query} has ended`);
}

/** Searches that find nothing and first orders, all of them, after the page of the run was open for a while. */
async function answersBesideOpenPage(file: string, scale: number): Promise<Measurement[]> {
  const app = await openFresh(file);
  const page = await app.request("/api/live?view=run&run=1");
  const reading = page.body!.pipeTo(new WritableStream());
  await delay(OPEN_MS * scale);
  const measure = async (name: string, queries: readonly string[]) => {
    const times: number[] = [];
    for (const query of queries) {
      const path = `/api/runs/1/tasks?${query}`;
      times.push(await cpuOf(async () => void await (await app.request(path)).text()));
    }
    const value = median(times);
    const title = `Page of a run, open for 15 s: ${name}`;
    return { name: title, at: "First, processor", value, unit: "ms", atMost: 100 };
  };
  const measurements = [
    await measure("texts that none has", ["q=none", "q=no+one", "q=12345678", "q=task+x", "q=zzz"]),
    await measure(
      "first orders",
      ["name", "-name", "started", "-started", "-progress"].map((sort) => `sort=${sort}`),
    ),
  ];
  await app.close();
  await reading;
  return measurements;
}

/** Half of the failures are gone, and the others have 30 causes with other numbers in each message. */
async function addCauses(file: string): Promise<void> {
  using connection = await connect(file, { driver: "builtin" });
  connection.exec(`
    UPDATE task_runs SET status = 'done' WHERE status = 'error' AND id % 200 <> 0;
    UPDATE task_runs SET message = 'Error: ' || char(97 + id / 200 % 30 % 26) || char(97 + id / 200 % 30 / 26) ||
      'x failed at row ' || id WHERE status = 'error';
    UPDATE pipeline_runs SET (done, error) = (SELECT sum(status = 'done'), sum(status = 'error') FROM task_runs);`);
}
