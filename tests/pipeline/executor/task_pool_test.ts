import type { IdentifiedItem } from "../../../pipeline/scheduler/task_identity.ts";
import { TaskPool } from "../../../pipeline/executor/task_pool.ts";
import { SqliteWriter } from "../../../writer/client/sqlite_writer.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../support/assert.ts";
import { readValues } from "../../support/read.ts";
import { tempFolder } from "../../support/temp.ts";

const module = new URL("../../fixtures/tasks.ts", import.meta.url);

/** A pool of one export of the fixture, whose tasks have no status, over a writer of its own. */
async function openPool(db: string, name: string, controller = new AbortController()) {
  const writer = await SqliteWriter.open({
    db,
    storeTaskStatus: false,
    schema: "CREATE TABLE IF NOT EXISTS row (task INTEGER, text TEXT NOT NULL)",
  });
  const { signal } = controller;
  const attach = () => writer.attach();
  const pool = new TaskPool({ module, export: name }, {
    run: null,
    atomic: false,
    signal,
    attach,
    lose: () => {},
    cut: () => {},
    giveUp: () => {},
  });
  return {
    pool,
    controller,
    async [Symbol.asyncDispose]() {
      pool[Symbol.dispose]();
      await writer.close();
    },
  };
}

function taskOf(id: number, item: unknown): IdentifiedItem<unknown> {
  return { id, name: String(item), key: null, item };
}

Deno.test("run() resolves when the slot is free, with a promise of the outcome", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using opened = await openPool(db, "fail");
  const { pool } = opened;
  await pool.start(1);
  const outcomes = [];
  for (const [id, item] of [[1, "fine"], [2, "throw"], [3, "row"]] as const) {
    outcomes.push((await pool.run(0, taskOf(id, item))).pending);
  }
  const [fine, thrown, refused] = await Promise.all(outcomes);
  assertEquals(fine, { status: "done", error: undefined });
  assertEquals([thrown!.status, thrown!.error!.name], ["error", "RangeError"]);
  assertEquals([refused!.status, refused!.error!.code], ["error", "constraint"]);
  await pool.finish();
  assertEquals(await readValues(db, "SELECT * FROM row"), [[1, "fine"], [2, "throw"], [3, "row"]]);
});

Deno.test("start() ends when it is stopped just as a Worker says that it listens", async () => {
  using folder = tempFolder();
  const controller = new AbortController();
  await using opened = await openPool(folder.file("a.db"), "fail", controller);
  const RealWorker = globalThis.Worker;
  // Messages of two ports may be told before either is acted upon.
  globalThis.Worker = class extends RealWorker {
    override set onmessage(handler: (event: MessageEvent) => void) {
      super.onmessage = (event) => {
        handler(event);
        controller.abort();
      };
    }
  };
  try {
    const started = opened.pool.start(1);
    globalThis.Worker = RealWorker;
    await started;
  } finally {
    globalThis.Worker = RealWorker;
  }
  await opened.pool.finish();
});

Deno.test("finish() leaves nothing attached to the writer", async () => {
  const { port1, port2 } = new MessageChannel();
  const detached = Promise.withResolvers<void>();
  port2.onmessage = ({ data }) => data.kind === "detach" && detached.resolve();
  using pool = new TaskPool({ module, export: "default" }, {
    run: null,
    atomic: false,
    signal: new AbortController().signal,
    attach: () => port1,
    lose: () => {},
    cut: () => {},
    giveUp: () => {},
  });
  await pool.start(1);
  await (await pool.run(0, taskOf(1, "quiet"))).pending;
  await pool.finish();
  await detached.promise;
  port2.close();
});

Deno.test("finish() waits for what tasks have sent, and for no Worker that died", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "fail");
  const { pool } = opened;
  await pool.start(2);
  const [died, fine] = await Promise.all([
    pool.run(0, taskOf(1, "timer")),
    pool.run(1, taskOf(2, "fine")),
  ]);
  const { status, error, unwritten } = await died.pending;
  assertEquals([status, error!.name, unwritten], ["error", "TaskWorkerDiedError", undefined]);
  assertEquals((await fine.pending).status, "done");
  await pool.finish();
});

Deno.test("dispose() fails the tasks that run, and those that come", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "untilAborted");
  const { pool } = opened;
  await pool.start(1);
  const running = pool.run(0, taskOf(1, "heeds"));
  pool[Symbol.dispose]();
  pool[Symbol.dispose]();
  const { status, error, unwritten } = await (await running).pending;
  assertEquals([status, error!.name, unwritten], ["error", "TaskWorkerDiedError", true]);
  await pool.finish();
});

Deno.test("an abort reaches tasks that run and Workers that start later", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "untilAborted");
  const { pool, controller } = opened;
  await pool.start(2);
  const running = [pool.run(0, taskOf(1, "heeds")), pool.run(1, taskOf(2, "finishes"))];
  controller.abort(new DOMException("Enough", "AbortError"));
  const [heeds, finishes] = await Promise.all(running.map(async (task) => (await task).pending));
  assertEquals([heeds!.status, heeds!.error!.name, heeds!.error!.message], [
    "cancelled",
    "AbortError",
    "Enough",
  ]);
  assertEquals(finishes!.status, "done");
  const late = await (await pool.run(0, taskOf(3, "heeds"))).pending;
  assertEquals(late.status, "cancelled");
});

Deno.test("start() ends without an error when it is aborted while Workers load", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "echo");
  const { pool, controller } = opened;
  const starting = pool.start(2);
  controller.abort(new Error("Enough"));
  await starting;
  const { status, unwritten } = await (await pool.run(0, taskOf(1, "x"))).pending;
  assertEquals([status, unwritten], ["cancelled", true]);
});

Deno.test("start() rejects when one Worker cannot load, and the others can be ended", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "nothing");
  const error = await assertRejects(() => opened.pool.start(3), Error, "Cannot load the task from");
  assertMatch(error.message, /fixtures\/tasks\.ts: .*its export "nothing" is missing/);
  assert(error.cause instanceof TypeError);
});

Deno.test("run() refuses an item that cannot be cloned, and the Worker goes on", async () => {
  using folder = tempFolder();
  await using opened = await openPool(folder.file("a.db"), "default");
  const { pool } = opened;
  await pool.start(1);
  const refused = await (await pool.run(0, taskOf(1, () => {}))).pending;
  assertEquals([refused.status, refused.unwritten], ["error", true]);
  assertMatch(refused.error!.message, /^Cannot send the item of task 1 /);
  assertEquals((await (await pool.run(0, taskOf(2, 2))).pending).status, "done");
});
