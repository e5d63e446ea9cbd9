import type { IdentifiedItem } from "../../../pipeline/scheduler/task_identity.ts";
import { hasOrder, TaskQueue } from "../../../pipeline/scheduler/task_queue.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";

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

Deno.test("hasOrder() is true when tasks are to be held back or put in order", () => {
  assert(!hasOrder({}) && !hasOrder({ tags, limits: {} }) && !hasOrder({ tags }));
  assert(hasOrder({ priority }) && hasOrder({ tags, limits: { a: 1 } }));
});

Deno.test("TaskQueue starts no more of a tag than its rate, whatever starts late, and none later than it may", () => {
  for (let seed = SEED; seed < SEED + 100; seed++) {
    const random = new Random(seed);
    const limits = {
      a: { rate: 1 + random.below(4), intervalMs: 10 + random.below(50) },
      b: { rate: 1 + random.below(3), intervalMs: 10 + random.below(50), concurrency: 2 },
      c: 3,
    };
    let now = 0;
    const queue = new TaskQueue<Item>({ priority, tags, limits }, { clock: () => now });
    const waiting: IdentifiedItem<Item>[] = [];
    const taken: IdentifiedItem<Item>[] = [];
    const startedAt = new Map<number, number>();
    const starts: Record<string, number[]> = { a: [], b: [] };
    const start = (one: IdentifiedItem<Item>) => {
      if (startedAt.has(one.id)) return;
      startedAt.set(one.id, now);
      queue.start(one.id);
      for (const tag of one.item.tags!) starts[tag]?.push(now);
    };
    const has = (tag: string) => ({ item }: IdentifiedItem<Item>) => item.tags!.includes(tag);
    /** Whether a tag lets a task start, told by all that was started and not by places. */
    const allows = (tag: string): boolean => {
      const limit = limits[tag as keyof typeof limits];
      const { rate, intervalMs, concurrency } = typeof limit === "object"
        ? { concurrency: Infinity, ...limit }
        : { rate: Infinity, intervalMs: 0, concurrency: limit };
      const recent = (starts[tag] ?? []).filter((at) => at > now - intervalMs).length;
      const under = taken.filter((one) => has(tag)(one) && !startedAt.has(one.id)).length;
      return taken.filter(has(tag)).length < concurrency && recent + under < rate;
    };
    const fits = ({ item }: IdentifiedItem<Item>) => item.tags!.every(allows);
    for (let id = 1; id <= 300; id++) {
      now += random.below(8);
      const action = random.below(5);
      if (action < 2) {
        const own = ["a", "b", "c"].filter(() => random.below(2));
        const added = task(id, { priority: random.below(3), tags: own });
        queue.push(added);
        waiting.push(added);
      } else if (action === 2 && taken.length > 0) {
        const [ended] = taken.splice(random.below(taken.length), 1);
        start(ended!);
        queue.release(ended!.id);
      } else if (action === 3) {
        // In the order in which they were given out, so that places open as a search of all would have it.
        const late = taken.find((one) => !startedAt.has(one.id));
        if (late) start(late);
      } else {
        const popped = queue.pop();
        if (!popped) {
          const wait = queue.waitMs;
          assert(wait > 0, `seed ${seed}: none was given out, and none is to be waited for`);
          continue;
        }
        assert(fits(popped), `seed ${seed}: task ${popped.id} was given out too early`);
        waiting.splice(waiting.indexOf(popped), 1);
        taken.push(popped);
      }
      assertEquals(queue.size, waiting.length);
    }
    for (const tag of ["a", "b"] as const) {
      const { rate, intervalMs } = limits[tag];
      starts[tag]!.forEach((at, i) => {
        const earlier = starts[tag]![i - rate] ?? -Infinity;
        assert(
          at - earlier >= intervalMs,
          `seed ${seed}: ${rate + 1} starts of ${tag} in ${at - earlier}`,
        );
      });
    }
  }
});

Deno.test("TaskQueue.waitMs tells when the next task may start", () => {
  let now = 100;
  const limits = { api: { rate: 2, intervalMs: 50 }, disk: { rate: 1, intervalMs: 500 }, one: 1 };
  const queue = new TaskQueue<Item>({ priority, tags, limits }, { clock: () => now });
  const start = () => {
    const taken = queue.pop();
    if (taken) queue.start(taken.id);
    return taken?.id;
  };
  assertEquals(queue.waitMs, Infinity);
  for (let id = 1; id <= 4; id++) queue.push(task(id, { priority: 0, tags: ["api"] }));
  queue.push(task(5, { priority: 9, tags: ["api", "disk"] }));
  queue.push(task(6, { priority: 1, tags: ["api", "disk"] }));
  queue.push(task(7, { priority: 8, tags: ["one"] }));
  queue.push(task(8, { priority: 0, tags: ["one"] }));
  assertEquals([start(), start(), start()], [5, 7, 1]);
  assertEquals([start(), queue.waitMs], [undefined, 50]);
  now = 149;
  assertEquals([start(), queue.waitMs], [undefined, 1]);
  now = 150;
  // The disk is closed until 600, so those of a lesser priority overtake.
  assertEquals([start(), start(), start()], [2, 3, undefined]);
  now = 600;
  assertEquals([start(), start(), start()], [6, 4, undefined]);
  assertEquals([queue.waitMs, queue.size], [Infinity, 1]);
  queue.release(7);
  assertEquals(queue.pop()?.id, 8);
});

Deno.test("TaskQueue holds a place for a task that was taken and has not begun", () => {
  let now = 0;
  const queue = new TaskQueue<Item>(
    { tags, limits: { api: { rate: 1, intervalMs: 10 } } },
    { clock: () => now },
  );
  for (const id of [1, 2, 3]) queue.push(task(id, { priority: 0, tags: ["api"] }));
  assertEquals(queue.pop()?.id, 1);
  now = 1_000;
  assertEquals([queue.pop(), queue.waitMs], [undefined, Infinity]);
  assert(queue.start(1));
  assert(!queue.start(1), "it begins once");
  now = 1_009;
  assertEquals([queue.pop(), queue.waitMs], [undefined, 1]);
  now = 1_010;
  assertEquals(queue.pop()?.id, 2);
  // It never begins: its place is counted from here.
  queue.release(2);
  now = 1_019;
  assertEquals(queue.pop(), undefined);
  now = 1_020;
  assertEquals(queue.pop()?.id, 3);
});
