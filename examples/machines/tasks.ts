/**
 * What the workers run.
 *
 * @module
 */
import type { TaskContext } from "@pipeloom/pipeloom";

/** Numbers that a task looks at. */
export interface Range {
  start: number;
  size: number;
}

/** Counts the primes of a range, by trial division, and writes how many there are. */
export async function countPrimes({ start, size }: Range, task: TaskContext): Promise<void> {
  let primes = 0;
  for (let n = start; n < start + size; n++) {
    if (isPrime(n)) primes++;
  }
  await task.insert("primes", [{ start, primes }], { onConflict: ["start"] });
}

function isPrime(n: number): boolean {
  if (n < 4) return n > 1;
  for (let d = 2; d * d <= n; d++) {
    if (n % d === 0) return false;
  }
  return true;
}
