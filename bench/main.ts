/**
 * Runs the benchmarks, each in a process of its own, and prints one table. `--quick` runs each at a
 * hundredth of its size, to see that none is broken; its figures mean nothing. `--only` names one of them, and
 * `--peers` a folder in which other engines are installed.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { addedTasks } from "./added_tasks.ts";
import { coldStart } from "./cold_start.ts";
import { cpuPool } from "./cpu_pool.ts";
import { dashboardAnswers } from "./dashboard_answers.ts";
import { dashboardCost } from "./dashboard_cost.ts";
import { dashboardLatency } from "./dashboard_latency.ts";
import { durableSteps } from "./durable_steps.ts";
import { heldReader } from "./held_reader.ts";
import { type Benchmark, format, type Measurement } from "./measure.ts";
import { streamedMemory } from "./memory.ts";
import { natsTasks } from "./nats.ts";
import { noopTasks } from "./noop_tasks.ts";
import { pageLoad } from "./page_load.ts";
import { peers } from "./peers.ts";
import { poolTasks } from "./pool_tasks.ts";
import { progressCost } from "./progress_cost.ts";
import { resumedRun } from "./resume.ts";
import { rowsThroughWriter } from "./rows.ts";
import { statusMessages } from "./status_messages.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    peers: { type: "string" },
  },
});

const BENCHMARKS: Record<string, Benchmark> = {
  coldStart,
  statusMessages,
  noopTasks,
  rowsThroughWriter,
  heldReader,
  streamedMemory,
  cpuPool,
  poolTasks,
  resumedRun,
  durableSteps,
  addedTasks,
  natsTasks,
  progressCost,
  dashboardCost,
  dashboardLatency,
  dashboardAnswers,
  pageLoad,
  // Other engines, where they are installed.
  ...(values.peers === undefined ? {} : { peers: peers(values.peers) }),
};

if (values.only) {
  const measurements = await BENCHMARKS[values.only]!(values.quick ? 0.01 : 1);
  for (const measurement of measurements) console.log(JSON.stringify(measurement));
} else {
  const { cpu, cores } = machine();
  console.log(`Deno ${Deno.version.deno}, ${Deno.build.target}, ${cpu}, ${cores} cores\n`);
  console.log("| What | pipeloom | Baseline | Ratio | Target |\n|---|---|---|---|---|");
  for (const name of Object.keys(BENCHMARKS)) await runInChild(name);
}

async function runInChild(name: string): Promise<void> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-ffi",
      "--allow-sys",
      "--allow-net",
      "--allow-run",
      import.meta.filename!,
      `--only=${name}`,
      ...(values.quick ? ["--quick"] : []),
      ...(values.peers === undefined ? [] : [`--peers=${values.peers}`]),
    ],
    stderr: "inherit",
  }).output();
  for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
    if (line.startsWith("{")) console.log(format(JSON.parse(line) as Measurement));
    else console.error(line);
  }
  if (code !== 0) throw new Error(`Benchmark ${name} failed with exit code ${code}`);
}

function machine(): { cpu: string; cores: number } {
  let cpu = "unknown CPU";
  try {
    cpu = /^model name\s*:\s*(.+)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? cpu;
  } catch {
    // Not Linux: the name is only for the table's heading.
  }
  return { cpu, cores: navigator.hardwareConcurrency };
}
