/**
 * What a pool of Workers brings for work that keeps a processor busy: the primes of `examples/cpu_pool.ts`, against
 * the same work on one thread.
 *
 * @module
 */
import { countPrimes } from "../examples/cpu_pool.ts";
import { runPipeline, type TaskModule } from "../mod.ts";
import { alternate, benchFolder, type Benchmark } from "./measure.ts";

const TASKS = 16;

/** Numbers of a task. */
const SIZE = 1_000_000;

export const cpuPool: Benchmark = async (scale) => {
  using folder = benchFolder();
  const items = Array.from(
    { length: TASKS },
    (_, i) => ({ start: i * SIZE * scale, size: SIZE * scale }),
  );
  const speed = async (run: typeof countPrimes | TaskModule) => {
    const { elapsedMs } = await runPipeline(items, {
      db: folder.file(),
      driver: "builtin",
      schema: "CREATE TABLE primes (start INTEGER PRIMARY KEY, primes INTEGER)",
      run,
    });
    return TASKS / elapsedMs * 1_000;
  };
  const module = import.meta.resolve("../examples/cpu_pool.ts");
  const { alone, pool } = await alternate(5, {
    alone: () => speed(countPrimes),
    pool: () => speed({ module, export: "countPrimes" }),
  });
  return [{
    name: `${TASKS} tasks that keep a processor busy, pool`,
    value: pool,
    unit: "tasks/s",
    baseline: { name: "one thread", value: alone },
    atLeast: Math.min(1.2, navigator.hardwareConcurrency),
  }];
};
