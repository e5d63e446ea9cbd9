/**
 * How fast a run is resumed: of its tasks nine in ten are done, so they are recognized and left out; against a run of
 * as many tasks from the start.
 *
 * @module
 */
import { runPipeline, SqliteWriter } from "../mod.ts";
import { alternate, benchFolder, type Benchmark } from "./measure.ts";

export const resumedRun: Benchmark = async (scale) => {
  using folder = benchFolder();
  const tasks = 100_000 * scale;
  const items = Array.from({ length: tasks }, (_, i) => `item ${i}`);
  const speed = async (resume: boolean) => {
    await using writer = await SqliteWriter.open({ db: folder.file(), driver: "builtin" });
    const options = { db: writer, workers: 2, taskKey: (item: string) => item };
    if (resume) {
      const fails = (item: string) => {
        if (item.endsWith("0")) throw new Error("Not tonight");
      };
      await runPipeline(items, { ...options, name: "night", run: fails });
    }
    const { elapsedMs, counts } = await runPipeline(items, {
      ...options,
      name: "night",
      run: () => {},
      ...(resume ? { resume: true } : {}),
    });
    if (counts.done !== tasks) throw new Error(`Only ${counts.done} of ${tasks} tasks are done`);
    return tasks / elapsedMs * 1000;
  };
  const { fresh, resumed } = await alternate(5, {
    fresh: () => speed(false),
    resumed: () => speed(true),
  });
  return [{
    name: `${tasks.toLocaleString("en")} tasks resumed, nine in ten done`,
    value: resumed,
    unit: "tasks/s",
    baseline: { name: "from the start", value: fresh },
    atLeast: 1,
  }];
};
