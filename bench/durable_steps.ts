/**
 * Durable steps: many tasks with a few steps each, of which each waits for its commit; against a commit for each message
 * of a task.
 *
 * @module
 */
import { runPipeline, SqliteWriter } from "../mod.ts";
import { commitEachMessage } from "./baselines.ts";
import { alternate, benchFolder, type Benchmark } from "./measure.ts";

const WORKERS = 200;
const STEPS = 4;

export const durableSteps: Benchmark = async (scale) => {
  using folder = benchFolder();
  const tasks = 10_000 * scale;
  const items = Array.from({ length: tasks }, (_, i) => i);
  const speed = async () => {
    await using writer = await SqliteWriter.open({ db: folder.file(), driver: "builtin" });
    const { elapsedMs } = await runPipeline(items, {
      db: writer,
      workers: WORKERS,
      async run(n, task) {
        for (let i = 0; i < STEPS; i++) await task.step(`step ${i}`, () => n + i);
      },
    });
    return tasks * STEPS / elapsedMs * 1000;
  };
  const { commits, steps } = await alternate(5, {
    commits: () => commitEachMessage(folder.file(), tasks, STEPS - 2),
    steps: () => speed(),
  });
  const name = `${tasks.toLocaleString("en")} tasks of ${STEPS} durable steps`;
  const unit = "steps/s";
  return [
    { name, value: steps, unit, baseline: { name: "commits", value: commits } },
    { name, value: steps, unit, atLeast: 20_000 },
  ];
};
