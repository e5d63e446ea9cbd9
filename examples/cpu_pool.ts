/**
 * Work that keeps a processor busy, on a pool of Workers, against the same work on one thread. A pool gets
 * the module that exports the work instead of a function; here that is this file.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. examples/cpu_pool.ts
 * ```
 *
 * @module
 */
import { runPipeline, type TaskContext, type TaskModule } from "@pipeloom/pipeloom";

/** Numbers that a task looks at. */
export interface Range {
  start: number;
  size: number;
}

/** Counts the primes of a range, by trial division, and writes how many there are. */
export async function countPrimes({ start, size }: Range, task: TaskContext): Promise<number> {
  let primes = 0;
  for (let n = start; n < start + size; n++) {
    if (isPrime(n)) primes++;
    if (n % 20_000 === 0) task.progress(n - start, size);
  }
  await task.insert("primes", [{ start, primes }], { onConflict: ["start"] });
  return primes;
}

function isPrime(n: number): boolean {
  if (n < 4) return n > 1;
  if (n % 2 === 0 || n % 3 === 0) return false;
  for (let d = 5; d * d <= n; d += 6) {
    if (n % d === 0 || n % (d + 2) === 0) return false;
  }
  return true;
}

async function seconds(
  ranges: readonly Range[],
  run: typeof countPrimes | TaskModule,
): Promise<number> {
  const { elapsedMs } = await runPipeline(ranges, {
    db: "primes.db",
    name: typeof run === "function" ? "one thread" : "pool",
    schema: "CREATE TABLE IF NOT EXISTS primes (start INTEGER PRIMARY KEY, primes INTEGER)",
    progress: true,
    taskName: ({ start }) => `from ${start}`,
    run,
  });
  return elapsedMs / 1000;
}

if (import.meta.main) {
  // 16 ranges of a million numbers, or of as many as the argument names.
  const size = Number(Deno.args[0] ?? 1_000_000);
  const ranges = Array.from({ length: 16 }, (_, i) => ({ start: i * size, size }));
  const alone = await seconds(ranges, countPrimes);
  const pool = await seconds(ranges, { module: import.meta.url, export: "countPrimes" });
  console.log(`One thread ${alone.toFixed(2)} s, pool ${pool.toFixed(2)} s`);
  console.log(`${(alone / pool).toFixed(2)} times as fast`);
}
