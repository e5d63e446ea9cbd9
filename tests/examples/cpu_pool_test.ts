import { assertEquals, assertMatch } from "../support/assert.ts";
import { runExample } from "../support/example_run.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

/** Numbers of each of its 16 tasks: a few, because how much faster the pool is, the benchmarks measure. */
const SIZE = 50_000;

Deno.test("examples/cpu_pool.ts has the same result on one thread and on the pool", async () => {
  using folder = tempFolder();
  const printed = await runExample("cpu_pool.ts", { cwd: folder.path, args: [`${SIZE}`] });
  assertMatch(printed, /^One thread [\d.]+ s, pool [\d.]+ s\n[\d.]+ times as fast\n$/);
  const db = folder.file("primes.db");
  // A sieve finds as many.
  const below = new Uint8Array(16 * SIZE);
  let primes = 0;
  for (let n = 2; n < below.length; n++) {
    if (below[n]) continue;
    primes++;
    for (let multiple = n * n; multiple < below.length; multiple += n) below[multiple] = 1;
  }
  // The rows are those of the pool, which wrote over those of the one thread.
  assertEquals(await readValues(db, "SELECT sum(primes) FROM primes"), [[primes]]);
  const results = "SELECT run_id, count(*), sum(CAST(result AS INTEGER)) FROM task_runs GROUP BY 1";
  assertEquals(await readValues(db, results), [[1, 16, primes], [2, 16, primes]]);
  assertEquals(await readValues(db, "SELECT name, done FROM pipeline_runs"), [
    ["one thread", 16],
    ["pool", 16],
  ]);
});
