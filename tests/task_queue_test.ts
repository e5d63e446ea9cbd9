import type { IdentifiedItem } from "../task_identity.ts";
import { checkLimits, hasOrder, TaskQueue } from "../task_queue.ts";
import { assert, assertEquals, assertThrows } from "./assert.ts";
import { Random } from "./random.ts";

const SEED = 20_261_122;

interface Item {
  priority: number;
  tags?: string[];
}

function task(id: number, item: Item): IdentifiedItem<Item> {
  return { id, name: `${id}`, key: null, item };
}

const priority = (item: Item) => item.priority;
const tags = (item: Item) => item.tags;

Deno.test("TaskQueue.pop() takes greater priorities first, and the same in their order", () => {
  const queue = new TaskQueue<Item>({ priority });
  [0, 5, -1, 5, 0].forEach((priority, id) => queue.push(task(id, { priority })));
  queue.push(task(9, { priority: 0 }), true);
  queue.push(task(8, { priority: 0 }), true);
  assertEquals(queue.size, 7);
  const ids = Array.from({ length: 8 }, () => queue.pop()?.id);
  assertEquals(ids, [1, 3, 9, 8, 0, 4, 2, undefined]);
  assertEquals(queue.size, 0);
});

Deno.test("TaskQueue.pop() passes over tasks whose tags have no room", () => {
  const queue = new TaskQueue<Item>({ priority, tags, limits: { api: 1, disk: 2 } });
  queue.push(task(1, { priority: 3, tags: ["api"] }));
  queue.push(task(2, { priority: 3, tags: ["api", "disk"] }));
  queue.push(task(3, { priority: 2, tags: ["disk"] }));
  queue.push(task(4, { priority: 1, tags: ["other"] }));
  assertEquals([1, 2, 3].map(() => queue.pop()?.id), [1, 3, 4]);
  assertEquals([queue.pop(), queue.size], [undefined, 1]);
  queue.release(3);
  assertEquals(queue.pop(), undefined);
  queue.release(1);
  queue.release(1);
  assertEquals(queue.pop()?.id, 2);
  queue.push(task(5, { priority: 0, tags: ["api", "api"] }));
  assertEquals(queue.pop(), undefined);
  queue.release(2);
  assertEquals(queue.pop()?.id, 5);
});

Deno.test("TaskQueue never exceeds a limit, and takes what a search of all would", () => {
  const limits = { a: 1, b: 2, c: 3 };
  for (let seed = SEED; seed < SEED + 100; seed++) {
    const random = new Random(seed);
    const queue = new TaskQueue<Item>({ priority, tags, limits });
    const waiting: IdentifiedItem<Item>[] = [];
    const running: IdentifiedItem<Item>[] = [];
    const used = (tag: string) => running.filter(({ item }) => item.tags!.includes(tag)).length;
    const fits = ({ item }: IdentifiedItem<Item>) =>
      Object.entries(limits).every(([tag, most]) => !item.tags!.includes(tag) || used(tag) < most);
    for (let id = 1; id <= 200; id++) {
      const action = random.below(4);
      if (action < 2) {
        const own = ["a", "b", "c", "d"].filter(() => random.below(2));
        const added = task(id, { priority: random.below(3), tags: own });
        queue.push(added);
        waiting.push(added);
      } else if (action === 2 && running.length > 0) {
        queue.release(running.splice(random.below(running.length), 1)[0]!.id);
      } else {
        const most = Math.max(...waiting.filter(fits).map(({ item }) => item.priority));
        const expected = waiting.find((one) => fits(one) && one.item.priority === most);
        const popped = queue.pop();
        assertEquals(popped?.id, expected?.id, `seed ${seed}`);
        if (!popped) continue;
        waiting.splice(waiting.indexOf(popped), 1);
        running.push(popped);
      }
      assertEquals(queue.size, waiting.length);
    }
  }
});

Deno.test("TaskQueue.push() refuses priorities that are no numbers and tags that are no array", () => {
  const bad = { priority: () => NaN };
  assertThrows(() => new TaskQueue(bad).push(task(1, { priority: 0 })), TypeError, "priority NaN");
  const text = { tags: () => "api" as unknown as string[], limits: { api: 1 } };
  assertThrows(() => new TaskQueue(text).push(task(1, { priority: 0 })), TypeError, 'tags "api"');
});

Deno.test("checkLimits() refuses limits that let nothing run, or that have no tags", () => {
  for (const api of [0, -1, 1.5, NaN]) {
    assertThrows(() => checkLimits({ tags, limits: { api } }), RangeError, 'Cannot limit "api" to');
  }
  assertThrows(() => checkLimits({ limits: { api: 1 } }), TypeError, "without tags");
  checkLimits({ tags });
});

Deno.test("hasOrder() is true when tasks are to be held back or put in order", () => {
  assert(!hasOrder({}) && !hasOrder({ tags, limits: {} }) && !hasOrder({ tags }));
  assert(hasOrder({ priority }) && hasOrder({ tags, limits: { a: 1 } }));
});
