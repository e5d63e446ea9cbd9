/**
 * Peak memory and speed of 1,000,000 streamed no-op tasks, in a process of their own.
 *
 * @module
 */
import { runPipeline } from "../mod.ts";
import { alternate, benchFolder, type Benchmark } from "./measure.ts";

function* count(tasks: number): Generator<number> {
  for (let i = 0; i < tasks; i++) yield i;
}

/** Resident memory of this process in MiB, sampled while it runs. */
export function sampleMemory(): Disposable & { peakMiB: number } {
  const sample = () =>
    sampler.peakMiB = Math.max(sampler.peakMiB, Deno.memoryUsage().rss / 2 ** 20);
  const timer = setInterval(sample, 20);
  const sampler = { peakMiB: 0, [Symbol.dispose]: () => clearInterval(timer) };
  return sampler;
}

async function stream(file: string, tasks: number): Promise<number> {
  const options = { db: file, driver: "builtin", workers: 2, run: () => {} } as const;
  const { elapsedMs, counts } = await runPipeline(count(tasks), options);
  if (counts.done !== tasks) throw new Error(`Only ${counts.done} of ${tasks} tasks are done`);
  return tasks / elapsedMs * 1000;
}

export const streamedMemory: Benchmark = async (scale) => {
  using folder = benchFolder();
  const { small } = await alternate(5, { small: () => stream(folder.file(), 10_000 * scale) });
  const tasks = 1_000_000 * scale;
  using memory = sampleMemory();
  const speed = await stream(folder.file(), tasks);
  const name = `${tasks.toLocaleString("en")} streamed no-op tasks`;
  return [
    { name: `${name}, peak memory`, value: memory.peakMiB, unit: "MiB", atMost: 250 },
    {
      name,
      value: speed,
      unit: "tasks/s",
      baseline: { name: "10,000 streamed", value: small },
      atLeast: 0.8,
    },
  ];
};
