import fc from "fast-check";
import { Heap } from "../../../../pipeline/scheduler/queue/heap.ts";
import { assertEquals } from "../../../support/assert.ts";
import { check } from "../../../support/property.ts";

Deno.test("Heap.pop() takes the first of its entries, as sorting would", async () => {
  // A number is pushed, null pops.
  const steps = fc.array(fc.option(fc.nat(20), { freq: 2 }), { maxLength: 100, size: "max" });
  await check(steps, (steps) => {
    const heap = new Heap<number>((a, b) => a < b);
    let model: number[] = [];
    for (const value of steps) {
      if (value === null) {
        assertEquals([heap.first, heap.pop()], [model[0], model.shift()]);
      } else {
        heap.push(value);
        model = [...model, value].sort((a, b) => a - b);
      }
    }
    while (model.length > 0) assertEquals(heap.pop(), model.shift());
    assertEquals([heap.first, heap.pop()], [undefined, undefined]);
  }, { runs: 200 });
});
