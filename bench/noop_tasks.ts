/**
 * Tasks that do nothing, from the call of `runPipeline` with an open writer until the last commit: against a
 * commit for each start and end, and against `p-queue`, which stores nothing. What it takes to start the
 * Worker, to create the database and to close both is a line of its own.
 *
 * @module
 */
import PQueue from "p-queue";
import { runPipeline, SqliteWriter } from "../mod.ts";
import { commitEachMessage } from "./baselines.ts";
import { alternate, benchFolder, type Benchmark, type Measurement } from "./measure.ts";

const WORKERS = 2;

async function pQueue(tasks: number): Promise<number> {
  const begun = performance.now();
  const queue = new PQueue({ concurrency: WORKERS });
  for (let i = 0; i < tasks; i++) queue.add(async () => {});
  await queue.onIdle();
  return tasks / (performance.now() - begun) * 1000;
}

export const noopTasks: Benchmark = async (scale) => {
  using folder = benchFolder();
  const measurements: Measurement[] = [];
  for (const tasks of [10_000 * scale, 100_000 * scale]) {
    const { ours, baseline, queue } = await alternate(5, {
      baseline: () => commitEachMessage(folder.file(), 10_000 * scale, 0) / 2,
      queue: () => pQueue(tasks),
      ours: async () => {
        await using writer = await SqliteWriter.open({ db: folder.file(), driver: "builtin" });
        const { elapsedMs } = await runPipeline(Array.from({ length: tasks }, (_, i) => i), {
          db: writer,
          workers: WORKERS,
          run: () => {},
        });
        return tasks / elapsedMs * 1000;
      },
    });
    const name = `${tasks.toLocaleString("en")} no-op tasks`;
    const unit = "tasks/s";
    measurements.push(
      { name, value: ours, unit, baseline: { name: "commits", value: baseline }, atLeast: 6 },
      {
        name,
        value: ours,
        unit,
        baseline: { name: "p-queue", value: queue },
        // A small run is its start and its end.
        ...(tasks >= 100_000 ? { atLeast: 0.6 } : {}),
      },
    );
  }
  const { empty } = await alternate(9, {
    empty: async () =>
      (await runPipeline([], { db: folder.file(), driver: "builtin", run: () => {} })).elapsedMs,
  });
  measurements.push({ name: "Start and close, a new database", value: empty, unit: "ms" });
  return measurements;
};
