import { DependencyGraph } from "../../../pipeline/scheduler/dependencies.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";

const SEED = 20_261_122;
const GRAPHS = 200;

/** A graph by the keys that each key needs. */
function graphOf(needs: Record<string, string[]>): DependencyGraph {
  const keys = Object.keys(needs);
  return new DependencyGraph(keys, (task) => needs[keys[task]!]);
}

/** A random graph without circles, its tasks in random order. */
function randomNeeds(random: Random): Record<string, string[]> {
  const size = random.below(30);
  const order = Array.from({ length: size }, (_, i) => `k${i}`);
  const shuffled = order.map((key) => [random.next(), key] as const).sort().map(([, key]) => key);
  const needs: Record<string, string[]> = {};
  for (const key of order) {
    const earlier = shuffled.slice(0, shuffled.indexOf(key));
    const count = earlier.length ? random.below(4) : 0;
    needs[key] = Array.from({ length: count }, () => random.pick(earlier));
  }
  return needs;
}

/** Random graphs without circles, each with its seed, and what else that seed gives. */
function* randomGraphs() {
  for (let seed = SEED; seed < SEED + GRAPHS; seed++) {
    const random = new Random(seed);
    const needs = randomNeeds(random);
    yield { seed, random, needs, keys: Object.keys(needs), graph: graphOf(needs) };
  }
}

Deno.test("DependencyGraph lets each task start once, after all that it needs", () => {
  for (const { seed, random, needs, keys, graph } of randomGraphs()) {
    const ready = graph.roots;
    const started = new Set(ready);
    const done = new Set<string>();
    while (ready.length > 0) {
      const [task] = ready.splice(random.below(ready.length), 1) as [number];
      done.add(keys[task]!);
      for (const next of graph.done(task)) {
        assert(!started.has(next), `${keys[next]} starts once, seed ${seed}`);
        assert(needs[keys[next]!]!.every((key) => done.has(key)), `seed ${seed}`);
        started.add(next);
        ready.push(next);
      }
    }
    assertEquals(done.size, keys.length, `seed ${seed}`);
  }
});

Deno.test("DependencyGraph.blockDownstream() returns whatever needs a task that fails, each once, and no other", () => {
  for (const { seed, random, needs, keys, graph } of randomGraphs()) {
    const ready = graph.roots;
    const lost = new Set<number>();
    const failed = new Set<string>();
    const done = new Set<string>();
    while (ready.length > 0) {
      const [task] = ready.splice(random.below(ready.length), 1) as [number];
      if (random.below(5)) {
        done.add(keys[task]!);
        ready.push(...graph.done(task));
        continue;
      }
      failed.add(keys[task]!);
      for (const next of graph.blockDownstream(task).blocked) {
        assert(!lost.has(next), `dropped once, seed ${seed}`);
        lost.add(next);
      }
    }
    const cannot = new Set(failed);
    for (let size = -1; size !== cannot.size;) {
      size = cannot.size;
      for (const key of keys) if (needs[key]!.some((need) => cannot.has(need))) cannot.add(key);
    }
    const expected = [...cannot].filter((key) => !failed.has(key)).sort();
    assertEquals([...lost].map((task) => keys[task]!).sort(), expected, `seed ${seed}`);
    assertEquals(done.size + failed.size + lost.size, keys.length, `seed ${seed}`);
  }
});

Deno.test("DependencyGraph refuses circles and names one, whatever is around it", () => {
  for (const { seed, random, needs } of randomGraphs()) {
    const length = 1 + random.below(5);
    const circle = Array.from({ length }, (_, i) => `c${i}`);
    circle.forEach((key, i) => needs[key] = [circle[(i + 1) % length]!]);
    // Others lead into it and out of it.
    for (const key of Object.keys(needs)) if (random.below(8) === 0) needs[key]!.push("c0");
    const { message } = assertThrows(() => graphOf(needs), TypeError, "wait for each other");
    const path = message.slice(message.indexOf(": ") + 2).split(" → ")
      .map((key) => JSON.parse(key));
    assert(path.length > 1 && path[0] === path.at(-1), message);
    for (let i = 1; i < path.length; i++) {
      assert(needs[path[i - 1]!]!.includes(path[i]!), `${message}, seed ${seed}`);
    }
  }
});

Deno.test("DependencyGraph names the circle that there is", () => {
  const { message } = assertThrows(() => graphOf({ a: ["b"], b: ["c"], c: ["b"] }), TypeError);
  assertEquals(message, 'Cannot run tasks that wait for each other: "b" → "c" → "b"');
  assertThrows(() => graphOf({ a: ["a"] }), TypeError, '"a" → "a"');
});

Deno.test("DependencyGraph refuses keys that no task has, or two", () => {
  assertThrows(
    () => graphOf({ a: ["x"] }),
    TypeError,
    'let "a" depend on "x": no item has that key',
  );
  assertThrows(
    () => new DependencyGraph(["a", "a", null], (task) => task === 2 ? ["a"] : []),
    TypeError,
    'Cannot let item 2 depend on "a": two items have that key',
  );
  // Two of one key do no harm as long as no task needs them.
  assertEquals(new DependencyGraph(["a", "a", null], () => []).roots, [0, 1, 2]);
});

Deno.test("DependencyGraph takes a chain of a hundred thousand", () => {
  const length = 100_000;
  const keys = Array.from({ length }, (_, i) => `${i}`);
  const graph = new DependencyGraph(keys, (task) => task > 0 ? [`${task - 1}`] : undefined);
  assertEquals(graph.roots, [0]);
  assertEquals(graph.blockDownstream(0).blocked.length, length - 1);
});

Deno.test("DependencyGraph.unblock() brings back what nothing else keeps from being done", () => {
  for (const { seed, random, needs, keys, graph } of randomGraphs()) {
    const lost = new Set<number>();
    const isDropped = (task: number): boolean =>
      needs[keys[task]!]!.some((key) =>
        lost.has(keys.indexOf(key)) || isDropped(keys.indexOf(key))
      );
    for (let step = 0; step < 20 && keys.length > 0; step++) {
      const task = random.below(keys.length);
      const before = keys.map((_, task) => isDropped(task));
      const changed = lost.has(task) ? graph.unblock([task]) : graph.blockDownstream(task).blocked;
      if (!lost.delete(task)) lost.add(task);
      const after = keys.map((_, task) => isDropped(task));
      const expected = keys.flatMap((_, task) => before[task] === after[task] ? [] : [task]);
      assertEquals(changed.toSorted((a, b) => a - b), expected, `seed ${seed}`);
      assertEquals(keys.map((_, task) => graph.isBlocked(task)), after, `seed ${seed}`);
    }
  }
});

Deno.test("a patient task is released once when all that it depends on have ended, and blocks nothing", () => {
  for (const { seed, random, needs, keys } of randomGraphs()) {
    const patient = new Set(keys.flatMap((_, task) => random.below(2) ? [task] : []));
    const graph = new DependencyGraph(
      keys,
      (task) => needs[keys[task]!],
      (task) => patient.has(task),
    );
    const ready = graph.roots;
    const ended = new Map<number, "done" | "lost" | "blocked">();
    const needed = (task: number) => needs[keys[task]!]!.map((key) => ended.get(keys.indexOf(key)));
    while (ready.length > 0) {
      const [task] = ready.splice(random.below(ready.length), 1) as [number];
      assert(!ended.has(task), `once, seed ${seed}`);
      const isIn = (status: string | undefined) =>
        status && (patient.has(task) || status === "done");
      assert(needed(task).every(isIn), `its turn has come, seed ${seed}`);
      if (random.below(3)) {
        ended.set(task, "done");
        ready.push(...graph.done(task));
        continue;
      }
      ended.set(task, "lost");
      const { blocked, released } = graph.blockDownstream(task);
      for (const other of blocked) {
        assert(!patient.has(other) && !ended.has(other), `seed ${seed}`);
        ended.set(other, "blocked");
      }
      ready.push(...released);
    }
    assertEquals(ended.size, keys.length, `each has ended, seed ${seed}`);
  }
});
