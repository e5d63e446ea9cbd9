/**
 * What common work costs by the size of the file: by the tasks of one run, and by the number of runs of 100 tasks. All
 * figures are time of the processor, of all threads of a process.
 *
 * @module
 */
import process from "node:process";
import { createDashboard } from "../dashboard/mod.ts";
import { runPipeline } from "../mod.ts";
import { benchFolder, type Benchmark, cpuOf, type Measurement, median } from "./measure.ts";
import { makeScaled, NIGHTLY, type Shape } from "./scale_fixture.ts";

/** How often a figure is taken that does not grow with the file. */
const ROUNDS = 5;

/** A file of this many tasks in one run, or of this many runs. */
interface Size extends Shape {
  at: string;
}

/** Addresses of the dashboard whose answers an index finds, by name. */
const PAGES: Readonly<Record<string, (shape: Shape) => string>> = {
  "Page: runs": () => "/api/runs",
  "Page: a run": () => "/api/runs/1",
  "Page: its tasks": () => "/api/runs/1/tasks",
  "Page: its failed tasks": () => "/api/runs/1/tasks?status=error",
  "Page: deep among its tasks": ({ tasks }) =>
    `/api/runs/1/tasks?cursor=${encodeURIComponent(JSON.stringify([tasks - 20, tasks - 20]))}`,
};

/** Those that look at every task first. */
const SEARCHES: Readonly<Record<string, string>> = {
  "Page: its tasks by name": "/api/runs/1/tasks?sort=-name",
  "Page: its tasks by a text": "/api/runs/1/tasks?q=9999",
};

/** Measures files of these sizes: tasks in one run, and runs of 100 tasks. */
export const scale: Benchmark = async (scale) => {
  const flag = Deno.args.find((arg) => arg.startsWith("--sizes="))?.slice("--sizes=".length);
  const sizes = flag?.split(",").map(Number) ??
    (scale < 1 ? [1_000, 10_000] : [10_000, 100_000, 1_000_000, 10_000_000]);
  const measurements: Measurement[] = [];
  for (const tasks of sizes) {
    measurements.push(
      ...await measure({ runs: 1, tasks, at: `${tasks.toLocaleString("en")} tasks` }),
    );
  }
  for (const tasks of sizes) {
    const runs = Math.max(1, Math.round(tasks / 1_000));
    measurements.push(
      ...await measure({ runs, tasks: 100, at: `${runs.toLocaleString("en")} runs` }),
    );
  }
  return measurements;
};

async function measure(size: Size): Promise<Measurement[]> {
  console.error(`Files by size: ${size.at}`);
  using folder = benchFolder();
  const db = folder.file();
  await makeScaled(db, size);
  const figures = new Map<string, number>();
  const repeated = async (name: string, work: () => unknown, rounds = ROUNDS) => {
    const times: number[] = [];
    for (let n = 0; n < rounds; n++) times.push(await cpuOf(work));
    figures.set(name, median(times));
  };
  const begin = () => runPipeline([1], { db, driver: "builtin", name: "one", run: () => {} });
  await begin();
  await repeated("Open, one task, close", begin);
  await repeated("Resume of 1,000 tasks, 10 open", () => resume(db, NIGHTLY.name, NIGHTLY.tasks));
  {
    using app = createDashboard({ db, driver: "builtin" });
    const answer = async (path: string) => {
      const response = await app.request(path);
      const text = await response.text();
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
    };
    for (const [name, path] of Object.entries(PAGES)) {
      await repeated(name, () => answer(path(size)));
    }
    for (const [name, path] of Object.entries(SEARCHES)) {
      await repeated(`${name}, first`, () => answer(path), 1);
      await repeated(`${name}, next`, () => answer(path));
    }
  }
  for (const command of [["runs"], ["status", "--run=1"]]) {
    const times: number[] = [];
    for (let n = 0; n < ROUNDS; n++) times.push(await cpuOfCommand(...command, `--db=${db}`));
    figures.set(`pipeloom ${command[0]}`, median(times));
  }
  figures.set(
    "pipeloom prune, all but two runs",
    await cpuOfCommand("prune", "--keep-runs=2", `--db=${db}`),
  );
  return [...figures].map(([name, value]) => ({ name, at: size.at, value, unit: "ms" }));
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
  const before = ofChildren();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--allow-read", "--allow-write", "--allow-env", cli, ...args],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return ofChildren() - before;
}

const cli = new URL("../cli.ts", import.meta.url).href;

function ofChildren(): number {
  const fields = Deno.readTextFileSync(`/proc/${process.pid}/stat`).replace(/^.*\) /, "").split(
    " ",
  );
  return (Number(fields[13]) + Number(fields[14])) * 10;
}
