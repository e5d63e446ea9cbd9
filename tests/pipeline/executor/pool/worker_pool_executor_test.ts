import type { ExecutorEvents } from "../../../../pipeline/executor/executor.ts";
import type { TaskOutcome } from "../../../../pipeline/executor/task_runner.ts";
import { GivenTasks } from "../../../../pipeline/executor/pool/given_tasks.ts";
import { GivenState, TaskBoard } from "../../../../pipeline/executor/pool/task_board.ts";
import { WorkerPoolExecutor } from "../../../../pipeline/executor/pool/worker_pool_executor.ts";
import { LiveTask } from "../../../../pipeline/scheduler/live_task.ts";
import type { TaskUpdateMessage } from "../../../../writer/protocol/task_message.ts";
import { newsOf } from "../../../../writer/protocol/task_news.ts";
import { clientOf, SqliteWriter } from "../../../../writer/client/sqlite_writer.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../../support/assert.ts";
import { readValues } from "../../../support/read.ts";
import { until } from "../../../support/until.ts";
import { tempFolder } from "../../../support/temp.ts";

const module = new URL("../../../fixtures/tasks.ts", import.meta.url);

/** A pool of one export of the fixture, whose tasks have no status, over a writer of its own. */
async function openPool(
  db: string,
  name: string,
  {
    controller = new AbortController(),
    slots = 1,
    graceMs = 5_000,
    loadMs = 300_000,
    port,
    prefetches = false,
    source = module,
  }: {
    controller?: AbortController;
    slots?: number;
    graceMs?: number;
    loadMs?: number;
    port?: MessagePort;
    prefetches?: boolean;
    source?: string | URL;
  } = {},
) {
  const writer = await SqliteWriter.open({
    db,
    storeTaskStatus: false,
    schema: "CREATE TABLE IF NOT EXISTS row (task INTEGER, text TEXT NOT NULL)",
  });
  const client = clientOf(writer);
  const batchSender = client.sender(() => {});
  const { signal } = controller;
  const pool = new WorkerPoolExecutor<unknown>({
    module: { module: source, export: name },
    environment: { run: null, batchSender, atomic: false, signal },
    slots,
    observer: undefined,
    graceMs,
    loadMs,
    reportsStarts: !prefetches,
    prefetches,
    prints: false,
    attach: (sender) => port ?? client.attach(sender),
    disconnect: () => {},
    onClosed: () => ({ [Symbol.dispose]() {} }),
  });
  const outcomes = new Map<number, PromiseWithResolvers<TaskOutcome>>();
  const events: string[] = [];
  const listener: ExecutorEvents<unknown> = {
    ready: () => events.push("ready"),
    started: ({ id }) => events.push(`started ${id}`),
    ended({ id }, outcome) {
      events.push(`ended ${id}`);
      outcomes.get(id)!.resolve(outcome);
    },
    lost({ id }, outcome) {
      events.push(`lost ${id}`);
      outcomes.get(id)!.resolve(outcome);
    },
    returned: ({ id }) => events.push(`returned ${id}`),
    orphaned: (tasks) => events.push(`orphaned ${tasks.map(({ id }) => id)}`),
    failed: (error) => events.push(`failed ${error.message}`),
  };
  return {
    pool,
    controller,
    events,
    start: () => pool.start(listener),
    /** Offers a task and resolves with its outcome. */
    run: (task: LiveTask<unknown>) => {
      const outcome = Promise.withResolvers<TaskOutcome>();
      outcomes.set(task.id, outcome);
      pool.offer(task);
      return outcome.promise;
    },
    async [Symbol.asyncDispose]() {
      pool[Symbol.dispose]();
      await writer.close();
    },
  };
}

function taskOf(id: number, item: unknown): LiveTask<unknown> {
  return new LiveTask({ id, name: String(item), key: null }, { item });
}

Deno.test("a pool takes as many tasks as it has free slots, and reports when there are more", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using opened = await openPool(db, "fail", { slots: 3 });
  const { pool, events } = opened;
  assertEquals(pool.free, 0);
  await opened.start();
  assertEquals(pool.free, 3);
  const running = [[1, "fine"], [2, "throw"], [3, "row"]] as const;
  const outcomes = running.map(([id, item]) => opened.run(taskOf(id, item)));
  assertEquals([pool.free, events.length], [0, 0]);
  const [fine, thrown, refused] = await Promise.all(outcomes);
  assertEquals(fine, { status: "done", error: undefined });
  assertEquals([thrown!.status, thrown!.error!.name], ["error", "RangeError"]);
  assertEquals([refused!.status, refused!.error!.code], ["error", "constraint"]);
  await pool.finish();
  assertEquals([pool.free, events.filter((event) => event === "ready").length], [3, 3]);
  for (const [id] of running) {
    assert(events.indexOf(`started ${id}`) < events.indexOf(`ended ${id}`), `${id}`);
  }
  const rows = await readValues(db, "SELECT * FROM row ORDER BY task");
  assertEquals(rows, [[1, "fine"], [2, "throw"], [3, "row"]]);
});

Deno.test("start() ends when it is stopped just as a Worker reports that it listens", async () => {
  using folder = tempFolder();
  const controller = new AbortController();
  await using opened = await openPool(folder.file("a.db"), "fail", { controller });
  const RealWorker = globalThis.Worker;
  // Messages of two ports may be delivered before either is acted upon.
  globalThis.Worker = class extends RealWorker {
    override set onmessage(handler: (event: MessageEvent) => void) {
      super.onmessage = (event) => {
        handler(event);
        controller.abort();
      };
    }
  };
  try {
    const started = opened.start();
    globalThis.Worker = RealWorker;
    await started;
  } finally {
    globalThis.Worker = RealWorker;
  }
  await opened.pool.finish();
});

Deno.test("finish() leaves nothing attached to the writer", async () => {
  using folder = tempFolder();
  const { port1, port2 } = new MessageChannel();
  const detached = Promise.withResolvers<void>();
  port2.onmessage = ({ data }) => data.kind === "detach" && detached.resolve();
  await using opened = await openPool(folder.file("a.db"), "default", { port: port1 });
  await opened.start();
  await opened.run(taskOf(1, "quiet"));
  await opened.pool.finish();
  await detached.promise;
  port2.close();
});

Deno.test("finish() waits for what tasks have sent, and for no Worker that died", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "fail", { slots: 2 });
  await opened.start();
  const [died, fine] = await Promise.all([
    opened.run(taskOf(1, "timer")),
    opened.run(taskOf(2, "fine")),
  ]);
  const { status, error, unwritten } = died;
  assertEquals([status, error!.name, unwritten], ["error", "TaskWorkerDiedError", undefined]);
  assertEquals(fine.status, "done");
  await opened.pool.finish();
});

Deno.test("dispose() fails the tasks that run", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "untilAborted");
  const { pool } = opened;
  await opened.start();
  const running = opened.run(taskOf(1, "heeds"));
  pool[Symbol.dispose]();
  pool[Symbol.dispose]();
  const { status, error, unwritten } = await running;
  assertEquals([status, error!.name, unwritten], ["error", "TaskWorkerDiedError", true]);
  await pool.finish();
});

Deno.test("an abort reaches tasks that run and Workers that start later", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "untilAborted", { slots: 3 });
  const { controller } = opened;
  await opened.start();
  const running = [opened.run(taskOf(1, "heeds")), opened.run(taskOf(2, "finishes"))];
  // Not before both have gone to their Workers.
  await undefined;
  controller.abort(new DOMException("Enough", "AbortError"));
  const [heeds, finishes] = await Promise.all(running);
  assertEquals([heeds!.status, heeds!.error!.name, heeds!.error!.message], [
    "cancelled",
    "AbortError",
    "Enough",
  ]);
  assertEquals(finishes!.status, "done");
  assertEquals((await opened.run(taskOf(3, "heeds"))).status, "cancelled");
});

Deno.test("start() ends without an error when it is aborted while Workers load", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "echo", { slots: 2 });
  const starting = opened.start();
  opened.controller.abort(new Error("Enough"));
  await starting;
  const { status, unwritten } = await opened.run(taskOf(1, "x"));
  assertEquals([status, unwritten], ["cancelled", true]);
});

Deno.test("start() rejects when one Worker cannot load, and the others can be ended", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "nothing", { slots: 3 });
  const error = await assertRejects(() => opened.start(), Error, "Cannot load the task from");
  assertMatch(error.message, /fixtures\/tasks\.ts: .*its export "nothing" is missing/);
  assert(error.cause instanceof TypeError);
});

Deno.test("offer() refuses an item that cannot be cloned, and the Worker continues", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "default");
  await opened.start();
  const refused = await opened.run(taskOf(1, () => {}));
  assertEquals([refused.status, refused.unwritten], ["error", true]);
  assertMatch(refused.error!.message, /^Cannot send the item of task 1 /);
  // Its slot is free a moment after its end is reported.
  while (opened.pool.free === 0) await undefined;
  assertEquals((await opened.run(taskOf(2, 2))).status, "done");
});

Deno.test("a Worker has tasks at hand while they are quick, and gives back what waits behind a slow one", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "meet", { prefetches: true });
  const { pool, events } = opened;
  await opened.start();
  const quick = new SharedArrayBuffer(4);
  const slow = new SharedArrayBuffer(4);
  new Int32Array(quick)[0] = 1;
  let id = 0;
  // A Worker on a busy machine may need some time until its tasks are quick.
  while (pool.free < 3) await opened.run(taskOf(++id, quick));
  const blocked = opened.run(taskOf(++id, slow));
  opened.run(taskOf(id + 1, quick));
  opened.run(taskOf(id + 2, quick));
  await until(() => events.includes(`returned ${id + 2}`));
  assertEquals(events.slice(-2), [`returned ${id + 1}`, `returned ${id + 2}`]);
  assertEquals(pool.free, 0);
  const cell = new Int32Array(slow);
  Atomics.store(cell, 0, 2);
  Atomics.notify(cell, 0);
  assertEquals((await blocked).status, "done");
});

Deno.test("a Worker's tasks leave in their order, and those that have not begun can be taken back", () => {
  const given = new GivenTasks<number>();
  const worker = new TaskBoard(given.board.memory);
  const take = (...news: TaskUpdateMessage[]) =>
    given.shiftReturned(news).map(({ task, news }) => news ? [task.id, news.result] : task.id);
  // More than the board has room for at a time.
  for (let round = 0; round < 500; round++) {
    const tasks = [1, 2, 3, 4, 5].map((id) => new LiveTask<number>({ id, name: "", key: null }));
    const first = given.addAll(tasks);
    assert(worker.begin(first, 7) && given.isRunning && given.current === tasks[0]);
    assertEquals([take(), given.size], [[], 5]);
    assertEquals(given.takeBack(({ id }) => id === 1 || id === 3), [tasks[2]!]);
    assertEquals([worker.begin(first + 2, 7), worker.begin(first + 1, 8)], [false, true]);
    worker.end(first + 1, GivenState.done, 9);
    assertEquals([take(), given.current], [[], tasks[0]]);
    worker.end(first, GivenState.doneWithNews, 9);
    assertEquals([take(), take({ ...newsOf(1, 1), result: "7" }), given.current, given.isRunning], [
      ...[[], [[1, "7"], 2], tasks[3], false],
    ]);
    assertEquals([given.takeBack().map(({ id }) => id), given.size], [[4, 5], 0]);
  }
});

Deno.test("a module that never settles is given up after its time, on the first Worker and on a later one", async () => {
  using folder = tempFolder();
  const marker = JSON.stringify(folder.file("loaded"));
  // The first Worker dies in its task; the next one finds the marker.
  const later = `
    let again = true;
    try { Deno.statSync(${marker}); } catch { again = false; }
    if (again) await new Promise(() => {});
    Deno.writeTextFileSync(${marker}, "");
    export default () => new Promise(() => setTimeout(() => { throw new Error("dead"); }));`;
  await Deno.writeTextFile(folder.file("later.ts"), later);
  const options = { source: `file://${folder.file("later.ts")}`, loadMs: 500 };
  {
    await using own = await openPool(folder.file("a.db"), "default", options);
    await own.start();
    assertMatch((await own.run(taskOf(1, "a"))).error!.message, /dead/);
    await until(() => own.pool.free > 0);
    const lost = await own.run(taskOf(2, "b"));
    assertMatch(lost.error!.message, /^Cannot load the task .* has not loaded within 0\.5 s/);
    assertEquals(own.events.filter((event) => event.startsWith("failed")).length, 1);
  }
  await using own = await openPool(folder.file("b.db"), "default", options);
  await assertRejects(() => own.start(), Error, "has not loaded within 0.5 s");
});
