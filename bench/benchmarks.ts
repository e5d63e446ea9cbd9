/**
 * All benchmarks, by the section of `bench/README.md` that shows their figures.
 *
 * @module
 */
import type { Benchmark } from "./measure.ts";

/** The modules of the benchmarks; each is loaded when it runs. */
const MODULES: Readonly<Record<string, () => Promise<unknown>>> = {
  addedTasks: () => import("./added_tasks.ts"),
  coldStart: () => import("./cold_start.ts"),
  cpuPool: () => import("./cpu_pool.ts"),
  dashboardAnswers: () => import("./dashboard_answers.ts"),
  dashboardCost: () => import("./dashboard_cost.ts"),
  dashboardLatency: () => import("./dashboard_latency.ts"),
  durableSteps: () => import("./durable_steps.ts"),
  heldReader: () => import("./held_reader.ts"),
  streamedMemory: () => import("./memory.ts"),
  scaleTasks: () => import("./scale.ts"),
  scaleRuns: () => import("./scale.ts"),
  natsTasks: () => import("./nats.ts"),
  noopTasks: () => import("./noop_tasks.ts"),
  pageLoad: () => import("./page_load.ts"),
  peers: () => import("./peers/peers.ts"),
  poolTasks: () => import("./pool_tasks.ts"),
  progressCost: () => import("./progress_cost.ts"),
  resumedRun: () => import("./resume.ts"),
  rowsThroughWriter: () => import("./rows.ts"),
  statusMessages: () => import("./status_messages.ts"),
  warmPeers: () => import("./peers/warm_peers.ts"),
};

/** Names of benchmarks by section. */
export const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  speed: [
    "coldStart",
    "statusMessages",
    "noopTasks",
    "rowsThroughWriter",
    "heldReader",
    "cpuPool",
    "poolTasks",
    "resumedRun",
    "durableSteps",
    "addedTasks",
    "progressCost",
  ],
  memory: ["streamedMemory"],
  dashboard: ["dashboardCost", "dashboardLatency", "dashboardAnswers", "pageLoad"],
  scale: ["scaleTasks", "scaleRuns"],
  nats: ["natsTasks"],
  peers: ["peers", "warmPeers"],
};

/** Sections that are measured only when they are named: they install other packages, and take long. */
const ON_REQUEST: readonly string[] = ["peers"];

/** The benchmark of a name, which is also that of its export. */
export async function benchmarkOf(name: string): Promise<Benchmark> {
  return (await MODULES[name]!() as Record<string, Benchmark>)[name]!;
}

/** The names of the benchmarks that a list of benchmarks and sections stands for; without one, of all. */
export function chosen(list: string | undefined): string[] {
  const sections = Object.keys(SECTIONS).filter((name) => !ON_REQUEST.includes(name));
  const names = (list?.split(",") ?? sections).flatMap((name) => SECTIONS[name] ?? [name]);
  for (const name of names) {
    if (!Object.hasOwn(MODULES, name)) {
      throw new Error(`Cannot run ${name}: there is no such benchmark`);
    }
  }
  return names;
}
