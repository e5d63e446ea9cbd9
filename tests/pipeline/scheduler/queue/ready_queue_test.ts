import { LiveTask } from "../../../../pipeline/scheduler/live_task.ts";
import {
  hasOrder,
  type QueueOptions,
  ReadyQueue,
} from "../../../../pipeline/scheduler/queue/ready_queue.ts";
import type { IdentifiedItem } from "../../../../pipeline/scheduler/task_identity.ts";
import { assert, assertEquals, assertThrows } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";

const SEED = 20_261_122;

interface Item {
  priority: number;
  tags?: string[];
}

function task<T>(id: number, item: T): LiveTask<T> {
  return new LiveTask({ id, name: `${id}`, key: null }, { item });
}

/** A queue to which tasks are pushed, without a source. */
function queueOf<T>(order: QueueOptions<T> = {}, clock?: () => number): ReadyQueue<T> {
  const source = { take: () => undefined };
  return new ReadyQueue({
    source,
    order,
    ahead: 0,
    admit: () => undefined,
    wake() {},
    refuse() {},
    clock,
  });
}

const priority = (item: Item) => item.priority;
const tags = (item: Item) => item.tags;

Deno.test("ReadyQueue.take() takes greater priorities first, and the same in their order", () => {
  const queue = queueOf<Item>({ priority });
  [0, 5, -1, 5, 0].forEach((priority, id) => queue.push(task(id, { priority })));
  queue.requeue(task(9, { priority: 0 }));
  queue.requeue(task(8, { priority: 0 }));
  assertEquals(queue.size, 7);
  const ids = Array.from({ length: 8 }, () => queue.take()?.id);
  assertEquals(ids, [1, 3, 9, 8, 0, 4, 2, undefined]);
  assertEquals(queue.size, 0);
});

Deno.test("ReadyQueue.take() passes over tasks whose tags have no room", () => {
  const queue = queueOf<Item>({ priority, tags, limits: { api: 1, disk: 2, "*": Infinity } });
  const [one, two, three, four] = [
    task(1, { priority: 3, tags: ["api"] }),
    task(2, { priority: 3, tags: ["api", "disk"] }),
    task(3, { priority: 2, tags: ["disk"] }),
    task(4, { priority: 1, tags: ["other"] }),
  ];
  for (const each of [one, two, three, four]) queue.push(each);
  assertEquals([1, 2, 3].map(() => queue.take()?.id), [1, 3, 4]);
  assertEquals([queue.take(), queue.size], [undefined, 1]);
  queue.release(three);
  assertEquals(queue.take(), undefined);
  queue.release(one);
  queue.release(one);
  assertEquals(queue.take()?.id, 2);
  queue.push(task(5, { priority: 0, tags: ["api", "api"] }));
  assertEquals(queue.take(), undefined);
  queue.release(two);
  assertEquals(queue.take()?.id, 5);
});

Deno.test("ReadyQueue never exceeds a limit, and takes what a search of all would", () => {
  const limits = { a: 1, b: 2, c: 3 };
  for (let seed = SEED; seed < SEED + 100; seed++) {
    const random = new Random(seed);
    const queue = queueOf<Item>({ priority, tags, limits: { ...limits, "*": Infinity } });
    const waiting: LiveTask<Item>[] = [];
    const running: LiveTask<Item>[] = [];
    const used = (tag: string) => running.filter(({ item }) => item.tags!.includes(tag)).length;
    const fits = ({ item }: LiveTask<Item>) =>
      Object.entries(limits).every(([tag, most]) => !item.tags!.includes(tag) || used(tag) < most);
    for (let id = 1; id <= 200; id++) {
      const action = random.below(4);
      if (action < 2) {
        const own = ["a", "b", "c", "d"].filter(() => random.below(2));
        const added = task(id, { priority: random.below(3), tags: own });
        queue.push(added);
        waiting.push(added);
      } else if (action === 2 && running.length > 0) {
        queue.release(running.splice(random.below(running.length), 1)[0]!);
      } else {
        const most = Math.max(...waiting.filter(fits).map(({ item }) => item.priority));
        const expected = waiting.find((one) => fits(one) && one.item.priority === most);
        const popped = queue.take();
        assertEquals(popped?.id, expected?.id, `seed ${seed}`);
        if (!popped) continue;
        waiting.splice(waiting.indexOf(popped), 1);
        running.push(popped);
      }
      assertEquals(queue.size, waiting.length);
    }
  }
});

Deno.test("ReadyQueue.push() refuses priorities that are not numbers and tags that are not an array", () => {
  const bad = { priority: () => NaN };
  assertThrows(() => queueOf<Item>(bad).push(task(1, { priority: 0 })), TypeError, "priority NaN");
  const text = { tags: () => "api" as unknown as string[], limits: { api: 1 } };
  assertThrows(() => queueOf<Item>(text).push(task(1, { priority: 0 })), TypeError, 'tags "api"');
});

Deno.test("hasOrder() is true when tasks are held back or sorted", () => {
  assert(!hasOrder({}) && !hasOrder({ tags, limits: {} }) && !hasOrder({ tags }));
  assert(hasOrder({ priority }) && hasOrder({ tags, limits: { a: 1 } }));
});

Deno.test("ReadyQueue starts no more of a tag than its rate, whatever starts late, and none later than it may", () => {
  for (let seed = SEED; seed < SEED + 100; seed++) {
    const random = new Random(seed);
    const limits = {
      a: { rate: 1 + random.below(4), intervalMs: 10 + random.below(50) },
      b: { rate: 1 + random.below(3), intervalMs: 10 + random.below(50), concurrency: 2 },
      c: 3,
    };
    let now = 0;
    const queue = queueOf<Item>({ priority, tags, limits }, () => now);
    const waiting: LiveTask<Item>[] = [];
    const taken: LiveTask<Item>[] = [];
    const startedAt = new Map<number, number>();
    const starts: Record<string, number[]> = { a: [], b: [] };
    const start = (one: LiveTask<Item>) => {
      if (startedAt.has(one.id)) return;
      startedAt.set(one.id, now);
      queue.start(one);
      for (const tag of one.item.tags!) starts[tag]?.push(now);
    };
    const has = (tag: string) => ({ item }: LiveTask<Item>) => item.tags!.includes(tag);
    /** Whether a tag lets a task start, computed from all that was started and not from places. */
    const allows = (tag: string): boolean => {
      const limit = limits[tag as keyof typeof limits];
      const { rate, intervalMs, concurrency } = typeof limit === "object"
        ? { concurrency: Infinity, ...limit }
        : { rate: Infinity, intervalMs: 0, concurrency: limit };
      const recent = (starts[tag] ?? []).filter((at) => at > now - intervalMs).length;
      const under = taken.filter((one) => has(tag)(one) && !startedAt.has(one.id)).length;
      return taken.filter(has(tag)).length < concurrency && recent + under < rate;
    };
    const fits = ({ item }: LiveTask<Item>) => item.tags!.every(allows);
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
        queue.release(ended!);
      } else if (action === 3) {
        // In the order in which they were given out, so that places open as a search of all would have it.
        const late = taken.find((one) => !startedAt.has(one.id));
        if (late) start(late);
      } else {
        const popped = queue.take();
        if (!popped) {
          const wait = queue.waitMs;
          assert(wait > 0, `seed ${seed}: none was given out, and none is awaited`);
          continue;
        }
        assert(fits(popped), `seed ${seed}: task ${popped.id} was given out too early`);
        waiting.splice(waiting.indexOf(popped), 1);
        taken.push(popped);
      }
      assertEquals(queue.size, waiting.length);
    }
    queue.close();
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

Deno.test("ReadyQueue.waitMs returns when the next task may start", () => {
  let now = 100;
  const limits = { api: { rate: 2, intervalMs: 50 }, disk: { rate: 1, intervalMs: 500 }, one: 1 };
  const queue = queueOf<Item>({ priority, tags, limits }, () => now);
  const start = () => {
    const taken = queue.take();
    if (taken) queue.start(taken);
    return taken?.id;
  };
  assertEquals(queue.waitMs, Infinity);
  for (let id = 1; id <= 4; id++) queue.push(task(id, { priority: 0, tags: ["api"] }));
  queue.push(task(5, { priority: 9, tags: ["api", "disk"] }));
  queue.push(task(6, { priority: 1, tags: ["api", "disk"] }));
  const seven = task(7, { priority: 8, tags: ["one"] });
  queue.push(seven);
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
  queue.release(seven);
  assertEquals(queue.take()?.id, 8);
  queue.close();
});

Deno.test("ReadyQueue holds a place for a task that was taken and has not begun", () => {
  let now = 0;
  const queue = queueOf<Item>({ tags, limits: { api: { rate: 1, intervalMs: 10 } } }, () => now);
  const all = [1, 2, 3].map((id) => task(id, { priority: 0, tags: ["api"] }));
  for (const each of all) queue.push(each);
  assertEquals(queue.take()?.id, 1);
  now = 1_000;
  assertEquals([queue.take(), queue.waitMs], [undefined, Infinity]);
  assert(queue.start(all[0]!));
  assert(!queue.start(all[0]!), "it begins once");
  now = 1_009;
  assertEquals([queue.take(), queue.waitMs], [undefined, 1]);
  now = 1_010;
  assertEquals(queue.take()?.id, 2);
  // It never begins: its place is counted from here.
  queue.release(all[1]!);
  now = 1_019;
  assertEquals(queue.take(), undefined);
  now = 1_020;
  assertEquals(queue.take()?.id, 3);
  queue.close();
});

/** What a source gives: a task, late when that is a promise. */
type Given = (number | Promise<number | undefined>)[];

/** A queue over a source, how often it woke its caller, and what it admitted. */
function queueOver(given: Given, order: QueueOptions<number> = {}, refused: number[] = []) {
  const woken = { times: 0, next: Promise.withResolvers<void>() };
  const identified = (id: number): IdentifiedItem<number> => ({
    id,
    name: `${id}`,
    key: null,
    item: id,
  });
  const source = {
    take: () => {
      const next = given.shift();
      if (next instanceof Promise) return next.then((id) => id === undefined ? id : identified(id));
      return next === undefined ? undefined : identified(next);
    },
  };
  const queue = new ReadyQueue<number>({
    source,
    order,
    ahead: Infinity,
    whole: order.priority !== undefined,
    admit: (one) => refused.includes(one.id) ? undefined : task(one.id, one.item),
    refuse() {},
    wake() {
      woken.times++;
      woken.next.resolve();
      woken.next = Promise.withResolvers();
    },
  });
  return { queue, woken };
}

Deno.test("ReadyQueue.take() gives the source's tasks as they are asked for, and is drained after the last", () => {
  const given: Given = [1, 2];
  const { queue } = queueOver(given);
  assertEquals([queue.take()?.id, given.length], [1, 1]);
  assert(!queue.isDrained(), "another will come");
  assertEquals([queue.take()?.id, queue.take()], [2, undefined]);
  assert(queue.isDrained());
});

Deno.test("ReadyQueue.take() passes over tasks that are not admitted", () => {
  const { queue } = queueOver([1, 2, 3, 4], {}, [1, 2, 4]);
  assertEquals(queue.take()?.id, 3);
  assertEquals(queue.take(), undefined);
  assert(queue.isDrained());
});

Deno.test("ReadyQueue.requeue() puts a task before the source's others", () => {
  const { queue } = queueOver([1, 2]);
  const first = queue.take()!;
  first.phase = "offered";
  queue.requeue(first);
  assert(!queue.isDrained());
  assertEquals([queue.take(), queue.take()?.id], [first, 2]);
});

Deno.test("ReadyQueue.take() gives no task that was held or has ended since it was added", () => {
  const queue = queueOf<Item>({ tags, limits: { api: 1 } });
  const all = [1, 2, 3].map((id) => task(id, { priority: 0, tags: ["api"] }));
  for (const each of all) queue.push(each);
  all[0]!.phase = "held";
  all[1]!.phase = "ended";
  assertEquals([queue.take(), queue.size], [all[2], 0]);
  // It is queued once, wherever it stands.
  queue.release(all[2]!);
  queue.push(all[0]!);
  queue.push(all[0]!);
  assertEquals([queue.size, queue.take(), queue.take()], [1, all[0], undefined]);
});

Deno.test("ReadyQueue wakes its caller for a task that the source gives late, and loses none", async () => {
  const late = Promise.withResolvers<number | undefined>();
  const { queue, woken } = queueOver([1, late.promise]);
  const first = queue.take()!;
  assertEquals(queue.take(), undefined);
  assert(!queue.isDrained(), "one is on its way");
  queue.requeue(first);
  assertEquals(queue.take(), first);
  const { promise } = woken.next;
  late.resolve(2);
  await promise;
  assertEquals([queue.take()?.id, queue.take(), woken.times], [2, undefined, 1]);
});

Deno.test("ReadyQueue.take() throws what the source failed with, and what cannot be put in order", async () => {
  const { queue, woken } = queueOver([Promise.reject(new RangeError("Broken"))]);
  const { promise } = woken.next;
  assertEquals(queue.take(), undefined);
  await promise;
  assertThrows(() => queue.take(), RangeError, "Broken");

  const bad = queueOver([1], { priority: () => NaN }).queue;
  assertThrows(() => bad.take(), TypeError, "priority NaN");
});

Deno.test("ReadyQueue.take() waits for all tasks where they are sorted, without a timer", async () => {
  const late = Promise.withResolvers<number | undefined>();
  const { queue, woken } = queueOver([1, late.promise], { priority: (item) => item });
  const { promise } = woken.next;
  // A timer that was set would be found by the sanitizer, because the test does not wait for it.
  assertEquals(queue.take(), undefined);
  late.resolve(2);
  await promise;
  assertEquals([queue.take()?.id, queue.take()?.id], [2, 1]);
});

Deno.test("ReadyQueue wakes its caller when the rate of a tag allows another start", async () => {
  const limits = { api: { rate: 1, intervalMs: 30 } };
  const { queue, woken } = queueOver([1, 2], { tags: () => ["api"], limits });
  queue.start(queue.take()!);
  const { promise } = woken.next;
  assertEquals(queue.take(), undefined);
  await promise;
  assertEquals(queue.take()?.id, 2);
});
