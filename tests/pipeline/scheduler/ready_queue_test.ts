import type { IdentifiedItem } from "../../../pipeline/scheduler/task_identity.ts";
import { TaskQueue } from "../../../pipeline/scheduler/task_queue.ts";
import { ReadyQueue } from "../../../pipeline/scheduler/ready_queue.ts";
import { assert, assertEquals } from "../../support/assert.ts";

function task(id: number): IdentifiedItem<number> {
  return { id, name: `${id}`, key: null, item: id };
}

/** A source that gives what it is told to, late when that is a promise. */
function lineOf(given: (number | Promise<number | undefined>)[]) {
  const stop = new AbortController();
  const source = {
    take: () => {
      const next = given.shift();
      if (next instanceof Promise) return next.then((id) => id === undefined ? id : task(id));
      return next === undefined ? undefined : task(next);
    },
  };
  return {
    line: new ReadyQueue({ source, queue: new TaskQueue(), ahead: 1, signal: stop.signal }),
    stop,
  };
}

Deno.test("ReadyQueue.take() gives the source's tasks, and ends when all have left", async () => {
  const { line } = lineOf([1, 2]);
  assertEquals([line.take(), line.take()], [task(1), task(2)]);
  const last = line.take();
  assert(last instanceof Promise);
  line.complete(task(1));
  line.complete(task(2));
  assertEquals(await last, undefined);
  assertEquals(line.take(), undefined);
});

Deno.test("ReadyQueue.comeBack() gives a task to one who waits, before the source's others", async () => {
  const { line } = lineOf([1]);
  line.take();
  const [first, second] = [line.take(), line.take()];
  line.requeue(task(1));
  assertEquals(await first, task(1));
  line.complete(task(1));
  assertEquals(await second, undefined);

  const other = lineOf([1, 2]).line;
  other.take();
  other.requeue(task(1));
  assertEquals([other.take(), other.take()], [task(1), task(2)]);
});

Deno.test("ReadyQueue.take() loses no task that the source gives late", async () => {
  const late = Promise.withResolvers<number | undefined>();
  const { line } = lineOf([1, late.promise]);
  line.take();
  const waiting = line.take();
  // Whoever asked for the late one is given this one.
  line.requeue(task(1));
  assertEquals(await waiting, task(1));
  late.resolve(2);
  assertEquals(await line.take(), task(2));
});

Deno.test("ReadyQueue.take() ends for all who wait when the signal is aborted", async () => {
  const { line, stop } = lineOf([1]);
  line.take();
  const waiting = [line.take(), line.take()];
  stop.abort();
  line.requeue(task(1));
  assertEquals(await Promise.all(waiting), [undefined, undefined]);
});

Deno.test("ReadyQueue.take() waits for all tasks where they are to be put in order, without a timer", async () => {
  const late = Promise.withResolvers<number | undefined>();
  const given = [1, late.promise];
  const source = {
    take: () => {
      const next = given.shift();
      if (next instanceof Promise) return next.then((id) => id === undefined ? id : task(id));
      return next === undefined ? undefined : task(next);
    },
  };
  const queue = new TaskQueue<number>({ priority: (item) => item });
  const { signal } = new AbortController();
  const line = new ReadyQueue({ source, queue, ahead: Infinity, whole: true, signal });
  const first = line.take();
  // A timer that was set would be found by the sanitizer, because the test does not wait for it.
  late.resolve(2);
  assertEquals(await first, task(2));
  assertEquals(line.take(), task(1));
});
