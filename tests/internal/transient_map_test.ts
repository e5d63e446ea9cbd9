/**
 * A map whose entries soon leave: it is a map, and keeps nothing of those that have left.
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { TransientMap } from "../../internal/transient_map.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Random } from "../support/random.ts";

Deno.test("a map whose entries come and go has what a Map has, in its order", () => {
  const random = new Random(1);
  const [map, expected] = [new TransientMap<number, number>(), new Map<number, number>()];
  for (let n = 0; n < 20_000; n++) {
    const key = n - random.below(100);
    if (random.below(2) === 0) {
      map.set(key, n);
      expected.set(key, n);
    } else {
      assertEquals(map.delete(key), expected.delete(key));
    }
    assertEquals([map.size, map.get(key), map.has(key)], [
      expected.size,
      expected.get(key),
      expected.has(key),
    ]);
  }
  assertEquals([...map.values()], [...expected.values()]);
  map.clear();
  assertEquals([map.size, ...map.values()], [0]);
});

Deno.test("memory does not grow with what passes through a map that became old", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const map = new TransientMap<number, unknown>();
  const pass = (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      map.set(n, new Array(100).fill(n));
      map.delete(n - 512);
    }
  };
  pass(0, 1_000);
  collect();
  const before = Deno.memoryUsage().heapUsed;
  pass(1_000, 60_000);
  const grown = (Deno.memoryUsage().heapUsed - before) / 2 ** 20;
  // Some 50 MiB have passed, of which a plain map keeps 34.
  assert(grown < 20, `${grown} MiB`);
});
