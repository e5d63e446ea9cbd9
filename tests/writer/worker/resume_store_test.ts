import { assertEquals, assertThrows } from "../../support/assert.ts";
import type { RunStarted } from "../../../writer/protocol/run_message.ts";
import type { ResumeTasksMessage } from "../../../writer/protocol/task_message.ts";
import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { AT, end, execute, LATER, openStore, start, type TestStore } from "./store_fixture.ts";

function begin(store: TestStore, resume: true | number = true): RunStarted {
  const message: WriteMessage = {
    kind: "start_run",
    name: "test",
    workers: 1,
    startedAt: AT,
    reserve: 0,
    resume,
  };
  return store.write(message) as RunStarted;
}

function take(run: number, ...keys: string[]): ResumeTasksMessage {
  const none = keys.map(() => 0);
  return { kind: "resume_tasks", run, ids: none, names: keys.map(() => null), keys };
}

const finish = (run: number): WriteMessage => ({
  kind: "finish_run",
  run,
  status: "done",
  finishedAt: LATER,
});

for (const driver of DRIVERS) {
  Deno.test(`${driver}: matchKeys() gives new keys an id, and passes over what is done`, async () => {
    using store = await openStore({ driver });
    const { run } = begin(store);
    assertEquals(store.write(take(run, "a", "b", "c")), [1, 2, 3]);
    store.expectCounts(run, { queued: 3 });
    assertEquals(store.column("SELECT name FROM task_runs"), ["task 1", "task 2", "task 3"]);
    store.commit(
      start(run, 1),
      end(run, 1),
      start(run, 2),
      end(run, 2, "error", { message: "no" }),
    );
    // Never begun, like those of a process that died.
    assertEquals(store.write(finish(run)), {
      status: "error",
      counts: { queued: 1, running: 0, done: 1, error: 1, cancelled: 0 },
    });
    assertEquals(begin(store), { run, firstId: 4, resumed: true });
    assertEquals(store.write(take(run, "b", "d", "a")), [2, 4, -1]);
    assertEquals(store.write(take(run, "c")), [3]);
    store.expectCounts(run, { queued: 3, done: 1 });
    // What is taken up again goes the way of any task.
    store.commit(
      start(run, 2),
      end(run, 2),
      start(run, 3),
      end(run, 3),
      start(run, 4),
      end(run, 4),
    );
    store.expectCounts(run, { done: 4 });
    assertEquals(store.write(finish(run)), {
      status: "done",
      counts: { queued: 0, running: 0, done: 4, error: 0, cancelled: 0 },
    });
    assertEquals(store.column("SELECT name FROM temp.sqlite_schema WHERE type='table'"), []);
  });

  Deno.test(`${driver}: matchKeys() takes nothing of a message with a key that came before`, async () => {
    using store = await openStore({ driver, schema: "CREATE TABLE t (n)" });
    const { run } = begin(store);
    assertEquals(store.write(take(run, "a")), [1]);
    const { results, failures } = store.commit(
      execute("INSERT INTO t VALUES (1)"),
      take(run, "b", "a", "c"),
      take(run, "d", "d"),
      take(run, "e"),
    );
    assertEquals(failures.map(([index]) => index), [1, 2]);
    assertEquals(results.find(([index]) => index === 3)?.[1], [2]);
    assertEquals(store.column("SELECT n FROM t"), [1]);
    // What was undone may come again.
    assertEquals(store.write(take(run, "b", "c", "d")), [3, 4, 5]);
    store.expectCounts(run, { queued: 5 });
  });

  Deno.test(`${driver}: findRun() leaves a run as it was when it cannot be resumed`, async () => {
    using store = await openStore({ driver });
    const { run, ids } = store.startRun(1);
    store.commit(start(run, ids[0]!), end(run, ids[0]!, "error"));
    assertThrows(() => begin(store), Error, "it is running, and it has no owner");
    store.write(finish(run));
    const before = store.all("SELECT * FROM pipeline_runs");
    for (const resume of [true, run] as const) {
      assertThrows(() => begin(store, resume), Error, "its task 1 has no key");
    }
    assertEquals(store.all("SELECT * FROM pipeline_runs"), before);
  });
}
