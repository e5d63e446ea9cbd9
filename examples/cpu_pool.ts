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

/** Numbers in a task. */
const SPAN = 1_000_000;

/** Counts the primes from `start` on, by trial division, and writes how many there are. */
export async function countPrimes(start: number, task: TaskContext): Promise<number> {
  let primes = 0;
  for (let n = start; n < start + SPAN; n++) {
    if (isPrime(n)) primes++;
    if (n % 20_000 === 0) task.progress(n - start, SPAN);
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

async function seconds(run: typeof countPrimes | TaskModule): Promise<number> {
  const { elapsedMs } = await runPipeline(Array.from({ length: 16 }, (_, i) => i * SPAN), {
    db: "primes.db",
    name: typeof run === "function" ? "one thread" : "pool",
    schema: "CREATE TABLE IF NOT EXISTS primes (start INTEGER PRIMARY KEY, primes INTEGER)",
    progress: true,
    taskName: (start) => `from ${start}`,
    run,
  });
  return elapsedMs / 1000;
}

if (import.meta.main) {
  const alone = await seconds(countPrimes);
  const pool = await seconds({ module: import.meta.url, export: "countPrimes" });
  console.log(`One thread ${alone.toFixed(2)} s, pool ${pool.toFixed(2)} s`);
  console.log(`${(alone / pool).toFixed(2)} times as fast`);
}
