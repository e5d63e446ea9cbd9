import { Heap } from "../heap.ts";
import { assertEquals } from "./assert.ts";
import { Random } from "./random.ts";

Deno.test("Heap.pop() takes the first of what is there, as sorting would", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    const heap = new Heap<number>((a, b) => a < b);
    let model: number[] = [];
    for (let i = 0; i < 100; i++) {
      if (random.below(3)) {
        const value = random.below(20);
        heap.push(value);
        model = [...model, value].sort((a, b) => a - b);
      } else {
        assertEquals([heap.first, heap.pop()], [model[0], model.shift()], `seed ${seed}`);
      }
    }
    while (model.length > 0) assertEquals(heap.pop(), model.shift(), `seed ${seed}`);
    assertEquals([heap.first, heap.pop()], [undefined, undefined]);
  }
});
