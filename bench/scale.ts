/**
 * What common work costs by the size of the file: by the tasks of one run, and by the number of runs of 100 tasks. All
 * figures are time of the processor, of all threads of a process.
 *
 * @module
 */
import { createDashboard } from "../dashboard/mod.ts";
import { runPipeline } from "../mod.ts";
import { benchFolder, type Benchmark, cpuOf, type Measurement, median } from "./measure.ts";
import { processorTimeOfChildren } from "./nats_workers.ts";
import { crash, makeScaled, NIGHTLY, type Shape } from "./scale_fixture.ts";

/** A file of this many tasks in one run, or of this many runs. */
interface Size extends Shape {
  at: string;
  /** How often a figure is taken that does not grow with the file. */
  rounds: number;
}

/** Addresses of the dashboard whose answers an index finds, by name. */
const PAGES: Readonly<Record<string, (shape: Shape) => string>> = {
  "Page: runs": () => "/api/runs",
  "Page: a run": () => "/api/runs/1",
  "Page: its tasks": () => "/api/runs/1/tasks",
  "Page: its failed tasks": () => "/api/runs/1/tasks?status=error",
  "Page: deep among its tasks": ({ tasks }) =>
    `/api/runs/1/tasks?cursor=${encodeURIComponent(JSON.stringify([tasks - 20, tasks - 20]))}`,
  "Page: runs by a text": () => "/api/runs?q=nightly",
};

/** Those that look at every task first. */
const SEARCHES: Readonly<Record<string, string>> = {
  "Page: its tasks by name": "/api/runs/1/tasks?sort=-name",
  "Page: its tasks by a text": "/api/runs/1/tasks?q=9999",
};

/** Sizes of files by default: tasks in one run, and for each thousand of them a run of 100 tasks. */
const SIZES = [10_000, 100_000, 1_000_000, 10_000_000];

/** Tasks up to which all tasks of a run are resumed: that takes 8 µs for each. */
const MAX_RESUMED = 1_000_000;

/** Files with one run of many tasks. */
export const scaleTasks: Benchmark = async (scale) => {
  const measurements: Measurement[] = [];
  for (const tasks of sizesOf(scale)) {
    const at = `${tasks.toLocaleString("en")} tasks`;
    measurements.push(...await measure({ runs: 1, tasks, at, rounds: roundsOf(scale) }));
  }
  return measurements;
};

/** Files with many runs of 100 tasks. */
export const scaleRuns: Benchmark = async (scale) => {
  const measurements: Measurement[] = [];
  for (const tasks of sizesOf(scale)) {
    const runs = Math.max(10, Math.round(tasks / 1_000));
    const at = `${runs.toLocaleString("en")} runs`;
    measurements.push(...await measure({ runs, tasks: 100, at, rounds: roundsOf(scale) }));
  }
  return measurements;
};

function sizesOf(scale: number): number[] {
  const flag = Deno.args.find((arg) => arg.startsWith("--sizes="))?.slice("--sizes=".length);
  return flag?.split(",").map(Number) ?? (scale < 1 ? [1_000] : SIZES);
}

function roundsOf(scale: number): number {
  return scale < 1 ? 1 : 5;
}

/** Measures one file. */
async function measure(size: Size): Promise<Measurement[]> {
  console.error(`Files by size: ${size.at}`);
  using folder = benchFolder();
  const db = folder.file();
  await makeScaled(db, size);
  const measurements: Measurement[] = [];
  const add = (name: string, value: number, unit = "ms") =>
    measurements.push({ name, at: size.at, value, unit });
  const repeat = async (name: string, work: () => unknown, rounds = size.rounds) => {
    const times: number[] = [];
    for (let n = 0; n < rounds; n++) times.push(await cpuOf(work));
    add(name, median(times));
  };
  const begin = () => runPipeline([1], { db, driver: "builtin", name: "one", run: () => {} });
  await begin();
  await repeat("Open, one task, close", begin);
  await repeat("Resume of 1,000 tasks, 10 open", () => resume(db, NIGHTLY.name, NIGHTLY.tasks));
  crash(db);
  await repeat("Open, one task, close, after a crash of a run", begin, 1);
  await measurePages(db, size, repeat);
  for (const command of [["runs"], ["status", "--run=1"]]) {
    const times: number[] = [];
    for (let n = 0; n < size.rounds; n++) times.push(await cpuOfCommand(...command, `--db=${db}`));
    add(`pipeloom ${command[0]}`, median(times));
  }
  if (size.runs === 1 && size.tasks <= MAX_RESUMED) {
    const ms = await cpuOf(() => resume(db, "past", size.tasks));
    add("Resume of all tasks, for each", ms * 1_000 / size.tasks, "µs");
  }
  const idle = await cpuOfCommand("prune", "--keep-runs=1000000", `--db=${db}`);
  add("pipeloom prune without a run to delete", idle);
  const all = await cpuOfCommand("prune", "--keep-runs=2", "--force", `--db=${db}`) - idle;
  if (size.runs === 1) add("pipeloom prune, for each task", all * 1_000 / size.tasks, "µs");
  else add("pipeloom prune, for each run", all * 1_000 / size.runs, "µs");
  return measurements;
}

async function measurePages(
  db: string,
  size: Size,
  repeat: (name: string, work: () => unknown, rounds?: number) => Promise<void>,
): Promise<void> {
  using app = createDashboard({ db, driver: "builtin" });
  const answer = async (path: string) => {
    const response = await app.request(path);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  };
  await answer("/api/runs");
  for (const [name, path] of Object.entries(PAGES)) await repeat(name, () => answer(path(size)));
  // In a file of many runs, none has many tasks.
  if (size.runs > 1) return;
  for (const [name, path] of Object.entries(SEARCHES)) {
    await repeat(`${name}, first`, () => answer(path), 1);
    await repeat(`${name}, next`, () => answer(path));
  }
}

/** Resumes a run; those that were open fail again. */
async function resume(db: string, name: string, tasks: number): Promise<void> {
  const { counts } = await runPipeline(Array.from({ length: tasks }, (_, i) => `key ${i}`), {
    db,
    driver: "builtin",
    name,
    resume: true,
    taskKey: (item) => item,
    run() {
      throw new Error("Not tonight");
    },
  });
  if (counts.error !== tasks / 100) throw new Error(`${counts.error} tasks failed`);
}

/** Milliseconds of the processor that a command takes; the system counts them in hundredths of a second. */
async function cpuOfCommand(...args: string[]): Promise<number> {
  const before = processorTimeOfChildren();
  const cli = new URL("../cli.ts", import.meta.url).href;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--allow-read", "--allow-write", "--allow-env", cli, ...args],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return (processorTimeOfChildren() - before) / 1_000;
}
