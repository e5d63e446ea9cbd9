/**
 * `pipeloom demo`: the demonstration of the Python original. Tasks of twenty steps with short waits of random
 * length, so that there is something to look at.
 *
 * @module
 */
import type { Command } from "commander";
import { definePipeline } from "../../pipeline/define_pipeline.ts";
import type { TaskContext } from "../../pipeline/executor/task_context.ts";
import type { ExitCode } from "../terminal/exit_code.ts";
import {
  dashboardOption,
  dbOption,
  driverOption,
  examples,
  jsonOption,
  quietTasksOption,
  wholeNumber,
  workersOption,
} from "../options.ts";
import { runAndReport, type RunAndReportOptions } from "../run_and_report.ts";

/** Steps of a task. */
const STEPS = 20;

/** Longest wait of a step in milliseconds, and the shortest. */
const WAIT_MS = { min: 20, max: 120 };

/** Options of the command. */
export interface DemoOptions extends RunAndReportOptions {
  /** How many tasks. */
  tasks: number;
  /** Whether the database has a WAL. */
  wal: boolean;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return command
    .description(
      `Run a demo pipeline whose tasks wait through ${STEPS} steps. Watch it with ` +
        `"pipeloom status --watch" in another terminal.`,
    )
    .option("-n, --tasks <n>", "number of tasks", wholeNumber(0), 20)
    .addOption(workersOption().default(4))
    .addOption(dbOption())
    .addOption(driverOption())
    .option("--no-wal", "a database without a WAL: readers and the writer wait for each other")
    .addOption(quietTasksOption())
    .addOption(dashboardOption())
    .addOption(jsonOption("the report"))
    .addHelpText(
      "after",
      examples(["demo", "20 tasks"], ["demo -n 200 -w 16 --dashboard", "more, with the dashboard"]),
    );
}

/** Does it. */
export async function run(options: DemoOptions): Promise<ExitCode> {
  const demo = definePipeline({
    name: "demo",
    wal: options.wal,
    items: Array.from({ length: options.tasks }, (_, i) => i + 1),
    taskName: (n) => `task-${n}`,
    run: work,
  });
  return await runAndReport(demo, {}, options);
}

async function work(_: number, task: TaskContext): Promise<{ steps: number; waitedMs: number }> {
  let waitedMs = 0;
  for (let step = 1; step <= STEPS; step++) {
    const ms = Math.round(WAIT_MS.min + Math.random() * (WAIT_MS.max - WAIT_MS.min));
    await wait(ms, task.signal);
    waitedMs += ms;
    task.progress(step, STEPS, `step ${step} of ${STEPS}`);
  }
  task.log(`waited ${waitedMs} ms in all`);
  return { steps: STEPS, waitedMs };
}

/** Waits, or throws the signal's reason. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
