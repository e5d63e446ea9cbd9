import { assert, assertEquals } from "./assert.ts";
import { runExample } from "./example_run.ts";
import { readValues } from "./read.ts";
import { tempFolder } from "./temp.ts";

/** What two processors are to gain at least; they gain about 1.8 when they have nothing else to do. */
const SPEED_UP = 1.2;

Deno.test("examples/cpu_pool.ts is faster on the pool, with the same result", async () => {
  using folder = tempFolder();
  const printed = await runExample("cpu_pool.ts", { cwd: folder.path });
  const db = folder.file("primes.db");
  // A sieve finds as many.
  const below = new Uint8Array(16_000_000);
  let primes = 0;
  for (let n = 2; n < below.length; n++) {
    if (below[n]) continue;
    primes++;
    for (let multiple = n * n; multiple < below.length; multiple += n) below[multiple] = 1;
  }
  assertEquals(await readValues(db, "SELECT sum(primes) FROM primes"), [[primes]]);
  assertEquals(await readValues(db, "SELECT name, done FROM pipeline_runs ORDER BY id"), [
    ["one thread", 16],
    ["pool", 16],
  ]);
  const speedUp = Number(printed.match(/([\d.]+) times as fast/)?.[1]);
  assert(speedUp > 0, printed);
  const busy = Deno.loadavg()[0]! > navigator.hardwareConcurrency * 0.75;
  if (busy || navigator.hardwareConcurrency < 2) {
    console.log(`${speedUp} times as fast on the pool of a busy machine`);
  } else assert(speedUp >= SPEED_UP, printed);
});
