/**
 * Status messages committed per second: 1,000 tasks with 100 progress calls each, from the call of
 * `runPipeline` with an open writer until the last commit, against a commit for each message.
 *
 * @module
 */
import { runPipeline, SqliteWriter } from "../mod.ts";
import { commitEachMessage } from "./baselines.ts";
import { alternate, benchFolder, type Benchmark } from "./measure.ts";

const PROGRESS = 100;

export const statusMessages: Benchmark = async (scale) => {
  using folder = benchFolder();
  const tasks = 1_000 * scale;
  const { ours, baseline } = await alternate(5, {
    baseline: () => commitEachMessage(folder.file(), tasks / 5, PROGRESS),
    ours: async () => {
      await using writer = await SqliteWriter.open({ db: folder.file(), driver: "builtin" });
      const { elapsedMs } = await runPipeline(Array.from({ length: tasks }, (_, i) => i), {
        db: writer,
        workers: 8,
        run(_item, task) {
          for (let i = 1; i <= PROGRESS; i++) task.progress(i, PROGRESS, "step");
        },
      });
      return tasks * (PROGRESS + 2) / elapsedMs * 1000;
    },
  });
  return [{
    name: `Status messages, ${tasks} tasks × ${PROGRESS} progress`,
    value: ours,
    unit: "messages/s",
    baseline: { name: "a commit for each", value: baseline },
    atLeast: 25,
  }];
};
