import type { ExecutorEvents, OfferedTask } from "../../../pipeline/executor/executor.ts";
import {
  type ExecutorOptions,
  MainThreadExecutor,
} from "../../../pipeline/executor/main_thread_executor.ts";
import type { TaskFunction } from "../../../pipeline/executor/task_module.ts";
import { LiveTask } from "../../../pipeline/scheduler/live_task.ts";
import { assertEquals } from "../../support/assert.ts";
import { openLoop } from "../../support/one_thread.ts";

/** What an executor does with two tasks, over a real writer in this thread; resolves when both are answered. */
async function eventsOf(
  work: TaskFunction<string>,
  options: Partial<ExecutorOptions> = {},
): Promise<{ events: string[]; free: number[] }> {
  using writer = await openLoop();
  const { batchSender } = writer;
  const { signal } = new AbortController();
  const environment = { run: null, batchSender, atomic: false, signal };
  using executor = new MainThreadExecutor(work, {
    environment,
    slots: 2,
    observer: undefined,
    ...options,
  });
  const events: string[] = [];
  const both = Promise.withResolvers<void>();
  let answers = 0;
  const answer = (event: string) => {
    events.push(event);
    if (++answers === 2) both.resolve();
  };
  const listener: ExecutorEvents<string> = {
    ready: () => {},
    started: ({ item }) => void events.push(`${item} started`),
    ended: ({ item }, { status }) => answer(`${item} ${status}`),
    lost: ({ item }, { error }) => answer(`${item} lost: ${error!.message}`),
    returned: () => {},
    orphaned: () => {},
    failed: ({ message }) => void events.push(`failed: ${message}`),
  };
  await executor.start(listener);
  const free = [executor.free];
  for (const [i, item] of ["a", "b"].entries()) {
    const identity = { id: i + 1, name: item, key: null };
    executor.offer(new LiveTask(identity, { item }) as OfferedTask<string>);
    free.push(executor.free);
    events.push(`${item} offered`);
  }
  await both.promise;
  free.push(executor.free);
  return { events, free };
}

Deno.test("MainThreadExecutor answers each task after it was offered, and frees its slot", async () => {
  const { events, free } = await eventsOf((item) => {
    if (item === "b") throw new Error("Broken");
  });
  assertEquals(events.slice(0, 4), ["a started", "a offered", "b started", "b offered"]);
  assertEquals(events.slice(4), ["a done", "b error"]);
  assertEquals(free, [2, 1, 0, 2]);
});

Deno.test("MainThreadExecutor loses a task that could not be started, and gives the reason", async () => {
  const { events } = await eventsOf(() => {}, {
    observer: {
      within() {
        throw new Error("No span");
      },
    } as ExecutorOptions["observer"],
  });
  assertEquals(events, [
    "a offered",
    "b offered",
    "failed: No span",
    "a lost: No span",
    "failed: No span",
    "b lost: No span",
  ]);
});
