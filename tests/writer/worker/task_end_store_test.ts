import type { ControlAction } from "../../../writer/protocol/control_message.ts";
import type { TasksEnded } from "../../../writer/protocol/task_message.ts";
import { RequestWatch } from "../../../writer/worker/request_watch.ts";
import { Store } from "../../../writer/worker/commit.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { news, openStore, type TestStore } from "./store_fixture.ts";

const AT = "2026-11-22T00:00:00.000Z";

function assertCounts(store: TestStore, run: number): void {
  const { kept, counted } = store.counts(run);
  assertEquals(kept, counted);
}

function ask(
  store: TestStore,
  run: number,
  taskId: number | null,
  action: ControlAction = "cancel",
) {
  return store.write({ kind: "request_control", action, run, taskId }) as number;
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: end_tasks cancels what is queued, and returns what it was`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [first, second] } = store.startRun(2);
    store.commit(news(run, second!, { status: "running", startedAt: AT }));
    const cancel = (id: number) =>
      (store.write({
        kind: "end_tasks",
        run,
        ids: [id],
        status: "cancelled",
        message: "No",
        finishedAt: AT,
      }) as TasksEnded).found[0];
    assertEquals(cancel(first!)?.status, "queued");
    assertEquals([store.task(first!)!.status, store.task(first!)!.message], ["cancelled", "No"]);
    assertEquals([cancel(first!)?.status, cancel(second!)?.status], ["cancelled", "running"]);
    assertEquals(cancel(99), null);
    assertCounts(store, run);
  });

  Deno.test(`${driver}: requeue_tasks queues what failed, keeps its attempt, and counts it`, async () => {
    using store = await openStore({ driver });
    const { run, ids } = store.startRun(4);
    for (const id of ids) store.commit(news(run, id, { status: "running", startedAt: AT }));
    store.commit(
      news(run, 1, { status: "error", finishedAt: AT, error: "E", message: "e" }),
      news(run, 2, { status: "cancelled", finishedAt: AT }),
      news(run, 3, { status: "done", finishedAt: AT }),
    );
    assertEquals(store.write({ kind: "requeue_tasks", run, ids }), [1, 2]);
    const { status, error, progress } = store.task(1)!;
    assertEquals([status, error, progress], ["queued", null, 0]);
    const attempts = "SELECT task_id, status, error FROM task_attempts ORDER BY id";
    assertEquals(store.all(attempts).map((row) => Object.values(row)), [
      [1, "error", "E"],
      [2, "cancelled", null],
    ]);
    assertEquals(store.column("SELECT retried FROM pipeline_runs"), [2]);
    assertCounts(store, run);
    // From here on it is as any other that is queued.
    store.commit(
      news(run, 1, { status: "running", startedAt: AT }),
      news(run, 1, { status: "done", finishedAt: AT }),
    );
    assertEquals(store.task(1)!.status, "done");
    assertCounts(store, run);
  });

  Deno.test(`${driver}: end_tasks ends what runs, where it is to, but nothing that has not ended`, async () => {
    using store = await openStore({ driver });
    const { run, ids } = store.startRun(3);
    store.commit(
      news(run, 1, { status: "running", startedAt: AT }),
      news(run, 2, { status: "running", startedAt: AT }),
      news(run, 2, { status: "done", finishedAt: AT }),
    );
    const lost = store.write({
      kind: "end_tasks",
      run,
      ids: [...ids, 99],
      running: true,
      status: "error",
      message: "Lost",
      error: "Lost",
      finishedAt: AT,
    }) as TasksEnded;
    assertEquals(lost.found.map((task) => task?.status), ["running", "done", "queued", undefined]);
    assertEquals(lost.ended, 2);
    const statuses = store.column("SELECT status FROM task_runs ORDER BY id");
    assertEquals([statuses, store.task(1)!.error], [["error", "done", "error"], "Lost"]);
    assertCounts(store, run);
  });

  Deno.test(`${driver}: a request is made once, of runs and tasks that there are`, async () => {
    using store = await openStore({ driver });
    const { run } = store.startRun(1);
    assertEquals([ask(store, run, 1), ask(store, run, 1), ask(store, run, null)], [1, 1, 2]);
    assertThrows(() => ask(store, 9, null), Error, "Cannot cancel run 9: there is no run 9");
    assertThrows(() => ask(store, run, 9), Error, "Cannot cancel task 9: run 1 has no task 9");
    store.write({ kind: "answer_control", request: 1, refused: true, answer: "No" });
    store.write({ kind: "answer_control", request: 1, refused: false, answer: "Yes" });
    assertEquals(ask(store, run, 1), 3);
    store.write({
      kind: "end_tasks",
      run,
      ids: "queued",
      status: "cancelled",
      message: "",
      finishedAt: AT,
    });
    store.write({ kind: "finish_run", run, status: "error", finishedAt: AT, stopped: true });
    const answers = "SELECT refused, answer FROM run_requests ORDER BY id";
    assertEquals(store.all(answers).map((row) => Object.values(row)), [
      [1, "No"],
      [0, "Cancelled"],
      [0, "Cancelled"],
    ]);
    assertThrows(
      () => ask(store, run, null, "retry"),
      Error,
      "Cannot retry the failed tasks of run 1: run 1 is error; to continue it, use pipeloom run <file>",
    );
  });
}

Deno.test("the end of a run answers what it did not come to", async () => {
  using store = await openStore();
  const { run } = store.startRun(1);
  ask(store, run, 1);
  ask(store, run, null);
  ask(store, run, 1, "retry");
  store.commit(
    news(run, 1, { status: "running", startedAt: AT }),
    news(run, 1, { status: "done", finishedAt: AT }),
  );
  store.write({ kind: "finish_run", run, status: "done", finishedAt: AT });
  assertEquals(store.column("SELECT refused || ' ' || answer FROM run_requests ORDER BY id"), [
    "1 It ended before that: done",
    "1 It ended before that: done",
    "1 The run ended before that",
  ]);
});

Deno.test("RequestWatch reports once what others ask of active runs, and nothing of others", async () => {
  using store = await openStore();
  const received: number[] = [];
  using watch = new RequestWatch(
    store.connection,
    (all) => received.push(...all.map(({ id }) => id)),
  );
  const watched = new Store(store.connection, { watch });
  const start = { kind: "start_run", name: "r", workers: 1, startedAt: AT, reserve: 1 } as const;
  const commit = (...messages: Parameters<Store["commit"]>[0]) => {
    watched.commit(messages);
    watch.deliverNew();
  };
  commit(start);
  commit(start);
  const cancel = { kind: "request_control", action: "cancel", run: 1, taskId: null } as const;
  commit(cancel);
  commit(cancel);
  assertEquals(received, [1]);
  commit({ ...cancel, action: "retry", own: true });
  commit({ ...cancel, run: 2 });
  assertEquals(received, [1, 3]);
  commit({ kind: "finish_run", run: 2, status: "done", finishedAt: AT });
  // The process that continues it was not asked.
  ask(store, 1, null, "retry");
  commit({ ...start, resume: 2 });
  assertEquals(received, [1, 3]);
});

Deno.test("RequestWatch forgets what is rolled back: the ids will be those of others", async () => {
  using store = await openStore();
  const received: number[] = [];
  using watch = new RequestWatch(
    store.connection,
    (all) => received.push(...all.map(({ id }) => id)),
  );
  const watched = new Store(store.connection, { watch });
  const start = { kind: "start_run", name: "r", workers: 1, startedAt: AT, reserve: 1 } as const;
  const cancel = { kind: "request_control", action: "cancel", run: 1, taskId: null } as const;
  const bad = { kind: "execute", sql: "INSERT INTO nowhere VALUES (1)", params: [] } as const;
  watched.commit([start]);
  const { failures } = watched.commit([
    { kind: "transaction", messages: [{ ...cancel, own: true }, start, bad] },
  ]);
  assertEquals(failures.length, 1);
  watched.commit([cancel]);
  watch.deliverNew();
  assertEquals(received, [1]);
});
