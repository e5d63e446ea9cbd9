import { IdSet } from "../../../pipeline/scheduler/id_set.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("IdSet knows what was added and not taken out, near and far", () => {
  const ids = new IdSet();
  for (const id of [0, 1, 7, 8, 8_191, 8_192, 1_000_000, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    assert(!ids.has(id), `${id}`);
    assertEquals([ids.add(id), ids.add(id), ids.has(id)], [true, false, true], `${id}`);
    ids.delete(id);
    assertEquals([ids.has(id), ids.add(id)], [false, true], `${id}`);
  }
  assert(!ids.has(2) && !ids.has(2 ** 40 + 1));
});

Deno.test("IdSet takes little for ids that are far apart", () => {
  const before = Deno.memoryUsage();
  const ids = new IdSet();
  for (let i = 1; i <= 100_000; i++) ids.add(i * 10_000);
  const after = Deno.memoryUsage();
  assert(ids.has(10_000) && !ids.has(10_001));
  const bytes = after.external - before.external + after.heapTotal - before.heapTotal;
  assert(bytes < 30e6, `${bytes} bytes`);
});
