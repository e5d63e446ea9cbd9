import type { TaskStatus } from "../../../internal/task_status.ts";
import { assertEquals, assertMatch } from "../../support/assert.ts";
import { AT, end, execute, LATER, news, openStore, start } from "./store_fixture.ts";
import { DRIVERS } from "../../support/drivers.ts";

for (const driver of DRIVERS) {
  Deno.test(`TaskUpdateStore.fold() keeps start and end of a task that share a batch (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [id] } = store.startRun(1);
    store.commit(
      start(run, id!),
      news(run, id!, { progress: 0.5, message: "half", updatedAt: AT }),
      end(run, id!, "done", { result: '{"rows":3}' }),
    );
    assertEquals({ ...store.task(id!)! }, {
      id: id!,
      name: `task ${id}`,
      status: "done",
      progress: 1,
      message: "half",
      started_at: AT,
      finished_at: LATER,
      result: '{"rows":3}',
      run_id: run,
      key: null,
      error: null,
      updated_at: AT,
      input: null,
      added_by: null,
      own_status: "done",
      rewritten_as: null,
      version: null,
      stage: null,
      tags: null,
      wakes_at: null,
      wrote: null,
      worker: null,
    });
    store.expectCounts(run, { done: 1 });
  });

  Deno.test(`TaskUpdateStore.fold() takes a start that its sender has folded into the end (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids } = store.startRun(3);
    const ends: TaskStatus[] = ["done", "error", "cancelled"];
    store.commit(...ends.map((status, i) => end(run, ids[i]!, status, { startedAt: AT })));
    for (const [i, status] of ends.entries()) {
      const task = store.task(ids[i]!)!;
      assertEquals([task.status, task.started_at, task.finished_at], [status, AT, LATER]);
    }
    store.expectCounts(run, { done: 1, error: 1, cancelled: 1 });
  });

  Deno.test(`TaskUpdateStore.fold() writes the last of a thousand reports of progress (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [id] } = store.startRun(1);
    const reports = Array.from({ length: 1_000 }, (_, i) => {
      const fields = { progress: (i + 1) / 2_000, updatedAt: LATER };
      return news(run, id!, i === 3 ? { ...fields, message: "third" } : fields);
    });
    store.commit(start(run, id!), ...reports);
    const task = store.task(id!)!;
    assertEquals([task.status, task.progress, task.message], ["running", 0.5, "third"]);
    assertEquals([task.started_at, task.updated_at], [AT, LATER]);
  });

  Deno.test(`TaskUpdateStore.fold() writes the news of many tasks of every shape (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids } = store.startRun(500);
    store.commit(...ids.filter((_, i) => i % 2).map((id) => start(run, id)));
    const messages = ids.flatMap((id, i) => [
      ...(i % 2 ? [] : [start(run, id)]),
      ...(i % 3 ? [news(run, id, { progress: 0.25, updatedAt: AT })] : []),
      ...(i % 5 ? [news(run, id, { message: `m${id}` })] : []),
      ...(i % 7 ? [end(run, id, i % 11 ? "done" : "error", { error: `e${id}` })] : []),
    ]);
    assertEquals(store.commit(...messages).failures, []);
    for (const [i, id] of ids.entries()) {
      const task = store.task(id)!;
      const status = i % 7 ? i % 11 ? "done" : "error" : "running";
      assertEquals([task.status, task.started_at], [status, AT]);
      assertEquals(task.progress, status === "done" ? 1 : i % 3 ? 0.25 : 0);
      assertEquals(task.message, i % 5 ? `m${id}` : null);
      assertEquals([task.error, task.finished_at], i % 7 ? [`e${id}`, LATER] : [null, null]);
    }
    assertEquals(store.counts(run).kept, store.counts(run).counted);
  });

  Deno.test(`TaskUpdateStore.update() refuses an illegal move and names task and status (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [a, b, c] } = store.startRun(3);
    store.commit(start(run, a!), end(run, a!), start(run, b!));
    const { failures } = store.commit(
      start(run, a!),
      end(run, a!, "error"),
      start(run, b!),
      news(run, c!, { progress: 0.5 }),
      end(run, c!, "done"),
      news(run, b!, { status: "paused" as TaskStatus }),
      news(run, b!, { status: "queued" }),
      news(run, 4_711, { progress: 0.5 }),
      end(run, 4_712, "done", { startedAt: AT }),
      news(run, b!, { progress: 0.5 }),
    );
    const why = failures.map(([index, { message, code }]) => [index, message, code]);
    assertEquals(why.slice(0, 7), [
      [0, `Cannot set task ${a} to running: it is done`, "constraint"],
      [1, `Cannot set task ${a} to error: it is done`, "constraint"],
      [2, `Cannot set task ${b} to running: it is running`, "constraint"],
      [3, `Cannot report progress of task ${c}: it is queued`, "constraint"],
      [4, `Cannot set task ${c} to done: it is queued`, "constraint"],
      [5, `Cannot set task ${b} to paused: it is running`, "constraint"],
      [6, `Cannot set task ${b} to queued: it is running`, "constraint"],
    ]);
    assertMatch(failures[7]![1].message, /task 4711: there is no such task/);
    assertMatch(failures[8]![1].message, /task 4712: there is no such task/);
    assertEquals(failures.length, 9);
    assertEquals([store.task(a!)!.status, store.task(b!)!.progress], ["done", 0.5]);
    store.expectCounts(run, { queued: 1, running: 1, done: 1 });
  });

  Deno.test(`TaskUpdateStore.update() continues tasks that another writer has started (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [a, b] } = store.startRun(2);
    store.write(execute("UPDATE task_runs SET status='running', own_status='running'"));
    store.write(execute("UPDATE pipeline_runs SET queued=0, running=2"));
    assertEquals(store.commit(news(run, a!, { progress: 0.5 }), end(run, b!)).failures, []);
    assertEquals([store.task(a!)!.progress, store.task(b!)!.status], [0.5, "done"]);
    store.expectCounts(run, { running: 1, done: 1 });
  });

  Deno.test(`TaskUpdateStore.update() refuses the news of another run's task (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [id] } = store.startRun(1);
    const other = store.startRun(0).run;
    const { failures } = store.commit(start(other, id!));
    assertEquals(failures.map(([index]) => index), [0]);
    store.expectCounts(run, { queued: 1 });
    store.expectCounts(other, {});
  });
}
