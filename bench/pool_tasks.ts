/**
 * No-op tasks on two Workers against the same tasks on the main thread, the start of the Workers included.
 *
 * @module
 */
import { runPipeline, SqliteWriter, type TaskFunction, type TaskModule } from "../mod.ts";
import { alternate, benchFolder, type Benchmark } from "./measure.ts";
import { nothing } from "./noop_module.ts";

const WORKERS = 2;

export const poolTasks: Benchmark = async (scale) => {
  using folder = benchFolder();
  const tasks = 100_000 * scale;
  const speed = async (run: TaskFunction<number> | TaskModule<number>) => {
    await using writer = await SqliteWriter.open({ db: folder.file(), driver: "builtin" });
    const items = Array.from({ length: tasks }, (_, i) => i);
    const { elapsedMs } = await runPipeline(items, { db: writer, workers: WORKERS, run });
    return tasks / elapsedMs * 1000;
  };
  const module = import.meta.resolve("./noop_module.ts");
  const { main, pool } = await alternate(5, {
    main: () => speed(nothing),
    pool: () => speed({ module, export: "nothing" }),
  });
  return [{
    name: `${tasks.toLocaleString("en")} no-op tasks, pool of ${WORKERS} Workers`,
    value: pool,
    unit: "tasks/s",
    baseline: { name: "main thread", value: main },
    atLeast: 0.8,
  }];
};
