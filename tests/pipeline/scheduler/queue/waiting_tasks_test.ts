import { LiveTask } from "../../../../pipeline/scheduler/live_task.ts";
import { ReadyQueue } from "../../../../pipeline/scheduler/queue/ready_queue.ts";
import { assert, assertEquals } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";

const SEED = 20_261_127;

interface Item {
  priority: number;
  tags: string[];
}

function task(id: number, item: Item, stage?: string): LiveTask<Item> {
  return new LiveTask({ id, name: `${id}`, key: null }, { item, stage });
}

interface Staged {
  limits: Record<string, number>;
  hasRoom?: (stage: string) => boolean;
}

function queueOf({ limits, hasRoom }: Staged): ReadyQueue<Item> {
  return new ReadyQueue<Item>({
    source: { take: () => undefined },
    order: {
      priority: ({ priority }) => priority,
      tags: ({ tags }) => tags,
      limits: { ...limits, "*": Infinity },
    },
    ahead: 0,
    admit: () => undefined,
    refuse() {},
    wake() {},
    hasRoom,
  });
}

Deno.test("WaitingTasks gives what a search of all would, with stages, limits and tasks that are cancelled", () => {
  for (let seed = SEED; seed < SEED + 150; seed++) {
    const random = new Random(seed);
    const limits = { a: 1, b: 2, c: 3 };
    const slots: Record<string, number> = { fetch: 3, parse: 1, load: 2 };
    const stages = Object.keys(slots);
    let running: LiveTask<Item>[] = [];
    let waiting: LiveTask<Item>[] = [];
    const hasRoom = (stage: string) =>
      running.filter((one) => one.stage === stage).length < slots[stage]!;
    const queue = queueOf({ limits, hasRoom });
    const fits = ({ item, stage }: LiveTask<Item>) =>
      hasRoom(stage!) &&
      Object.entries(limits).every(([tag, most]) =>
        !item.tags.includes(tag) ||
        running.filter((one) => one.item.tags.includes(tag)).length < most
      );
    const first = () => {
      const fitting = waiting.filter(fits);
      const most = Math.max(...fitting.map(({ item }) => item.priority));
      return fitting.find(({ item }) => item.priority === most);
    };
    for (let id = 1; id <= 300; id++) {
      const action = random.below(8);
      const some = waiting[random.below(waiting.length || 1)];
      if (action < 3) {
        const tags = ["a", "b", "c", "d"].filter(() => random.below(3) === 0);
        const stage = stages[random.below(stages.length)]!;
        const added = task(id, { priority: random.below(3), tags }, stage);
        queue.push(added);
        waiting.push(added);
      } else if (action === 3 && some) {
        some.phase = "held";
        waiting = waiting.filter((one) => one !== some);
        if (random.below(3)) continue;
        // It could not be cancelled, and keeps its place where nothing has come by that.
        const isKept = some.order !== 0;
        queue.push(some);
        waiting.push(some);
        if (isKept) waiting.sort((one, other) => one.order - other.order);
      } else if (action < 6 && running.length > 0) {
        const [ended] = running.splice(random.below(running.length), 1);
        queue.release(ended!);
      } else {
        const expected = first();
        const taken = queue.take();
        assertEquals(taken?.id, expected?.id, `seed ${seed}`);
        if (!taken) continue;
        waiting = waiting.filter((one) => one !== taken);
        running.push(taken);
      }
    }
    assertEquals(queue.isDrained(), waiting.length === 0, `seed ${seed}`);
    for (const { phase } of waiting) assertEquals(phase, "ready");
    // Whatever is left comes when all have ended that were taken.
    while (waiting.length > 0) {
      for (const one of running) queue.release(one);
      running = [];
      const taken = queue.take();
      assert(taken, `seed ${seed}: ${waiting.length} are never given`);
      waiting = waiting.filter((one) => one !== taken);
      running.push(taken);
    }
    assert(queue.isDrained());
  }
});

/** How often priorities are looked at for each take of a task, with three tasks of each of a number of hosts. */
function looksPerTake(hosts: number): number {
  const limits = Object.fromEntries(Array.from({ length: hosts }, (_, i) => [`host ${i}`, 1]));
  const queue = queueOf({ limits: { all: 16, ...limits } });
  let looks = 0;
  for (let id = 0; id < 3 * hosts; id++) {
    const added = task(id, { priority: 0, tags: ["all", `host ${id % hosts}`] });
    Object.defineProperty(added, "priority", { get: () => (looks++, 0), set() {} });
    queue.push(added);
  }
  looks = 0;
  const running: LiveTask<Item>[] = [];
  let taken = 0;
  while (taken < 3 * hosts) {
    const next = queue.take();
    if (next) {
      running.push(next);
      taken++;
    } else queue.release(running.shift()!);
  }
  return looks / taken;
}

Deno.test("WaitingTasks.take() does not look at each of many hosts", () => {
  const [few, many] = [looksPerTake(50), looksPerTake(2_000)];
  // 40 times as many: the logarithm is not twice as large.
  assert(many < 4 * few, `${few} looks a take, then ${many}`);
});
