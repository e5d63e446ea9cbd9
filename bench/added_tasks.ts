/**
 * Tasks that are added by tasks, against the same tasks as items of the run; and the memory that ten times as many take.
 *
 * @module
 */
import { runPipeline, SqliteWriter } from "../mod.ts";
import { sampleMemory } from "./memory.ts";
import { alternate, benchFolder, type Benchmark } from "./measure.ts";

/** As many as by default: what several tasks add at once shares commits. */
const WORKERS = 16;

/** Tasks that each adding task adds. */
const EACH = 1_000;

interface Page {
  key: string;
  adds?: number;
}

/** The tasks from this number on. */
const pages = (first: number, length: number): Page[] =>
  Array.from({ length }, (_, i) => ({ key: `page ${first + i}` }));

export const addedTasks: Benchmark = async (scale) => {
  using folder = benchFolder();
  const speed = async (items: Page[], tasks: number, storeItems = false) => {
    await using writer = await SqliteWriter.open({ db: folder.file(), driver: "builtin" });
    const { elapsedMs, counts } = await runPipeline(items, {
      db: writer,
      workers: WORKERS,
      storeItems,
      run: async ({ adds }, task) => {
        if (adds !== undefined) await task.add(pages(adds, EACH));
      },
    });
    if (counts.done < tasks) throw new Error(`Only ${counts.done} of ${tasks} tasks are done`);
    return tasks / elapsedMs * 1000;
  };
  const tasks = 100_000 * scale;
  const adding = (tasks: number) =>
    Array.from({ length: tasks / EACH }, (_, i) => ({ key: `list ${i}`, adds: i * EACH }));
  const peakOf = async (tasks: number) => {
    using memory = sampleMemory();
    await speed(adding(tasks), tasks);
    return memory.peakMiB;
  };
  const few = await peakOf(tasks);
  const many = await peakOf(10 * tasks);
  const { items, stored, added } = await alternate(5, {
    items: () => speed(pages(0, tasks), tasks),
    stored: () => speed(pages(0, tasks), tasks, true),
    added: () => speed(adding(tasks), tasks),
  });
  const name = `${tasks.toLocaleString("en")} tasks that tasks add`;
  const unit = "tasks/s";
  return [
    { name, value: added, unit, baseline: { name: "as items", value: items }, atLeast: 0.6 },
    { name, value: added, unit, baseline: { name: "as stored items", value: stored } },
    {
      name: `${(10 * tasks).toLocaleString("en")} tasks that tasks add, peak memory`,
      value: many,
      unit: "MiB",
      baseline: { name: "a tenth of them", value: few },
      atMost: 2.5,
    },
  ];
};
