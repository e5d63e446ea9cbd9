import type { AddTasksMessage } from "../../../writer/protocol/task_message.ts";
import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assertEquals, assertStringIncludes } from "../../support/assert.ts";
import {
  AT,
  cancelQueued,
  end,
  LATER,
  news,
  openStore,
  queue,
  retry,
  start,
} from "./store_fixture.ts";
import { DRIVERS } from "../../support/drivers.ts";

for (const driver of DRIVERS) {
  Deno.test(`TaskStore.queue() writes tasks as queued, any number of them (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids } = store.startRun(237);
    store.expectCounts(run, { queued: 237 });
    assertEquals(store.column("SELECT id FROM task_runs ORDER BY id"), ids);
    const [first] = store.all("SELECT * FROM task_runs ORDER BY id");
    assertEquals({ ...first }, {
      id: ids[0],
      name: `task ${ids[0]}`,
      status: "queued",
      progress: 0,
      message: null,
      started_at: null,
      finished_at: null,
      result: null,
      run_id: run,
      key: null,
      error: null,
      updated_at: null,
      input: null,
      added_by: null,
      own_status: "queued",
      rewritten_as: null,
      version: null,
      stage: null,
      tags: null,
      wakes_at: null,
      wrote: null,
      worker: null,
    });
    store.write({ kind: "queue_tasks", run, ids: [9_000], names: ["ø"], keys: ["k"] });
    assertEquals([store.task(9_000)!.name, store.task(9_000)!.key], ["ø", "k"]);
    store.write(queue(run, []));
    store.expectCounts(run, { queued: 238 });
  });

  Deno.test(`TaskStore.queue() refuses an id that is taken, by name (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [taken] } = store.startRun(1);
    const other = store.startRun(0).run;
    for (const before of [0, 4, 137]) {
      const ids = [...Array(before).keys()].map((i) => 10_000 + i);
      const { failures } = store.commit(queue(other, [...ids, taken!]), queue(other, [20_000]));
      assertEquals(failures.map(([index, { code }]) => [index, code]), [[0, "constraint"]]);
      assertStringIncludes(failures[0]![1].message, `Cannot queue task ${taken}: run ${run} has`);
      store.connection.exec("DELETE FROM task_runs WHERE id=20000");
      store.connection.exec(`UPDATE pipeline_runs SET queued=0 WHERE id=${other}`);
      store.expectCounts(other, {});
    }
    const { failures } = store.commit(queue(other, [30_000, 30_001, 30_000]));
    assertEquals(failures.map(([index, { code }]) => [index, code]), [[0, "constraint"]]);
    store.expectCounts(other, {});
  });

  Deno.test(`TaskStore.retry() keeps the attempt and queues the task in one commit (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [id, lost] } = store.startRun(2);
    store.commit(start(run, id!), news(run, id!, { progress: 0.5 }), retry(run, id!, "Wait"));
    // Of this one not even the start was reported.
    const { attempt, ...again } = retry(run, lost!, "Wait");
    store.write({ ...again, attempt: { ...attempt!, startedAt: AT } });
    store.expectCounts(run, { queued: 2 });
    const { status, progress, message, started_at, finished_at } = store.task(id!)!;
    assertEquals([status, progress, message, started_at, finished_at], [
      "queued",
      0,
      "Wait",
      null,
      null,
    ]);
    store.commit(start(run, id!), retry(run, id!, "Wait more"), start(run, id!));
    store.expectCounts(run, { queued: 1, running: 1 });
    const attempts = store.all("SELECT * FROM task_attempts ORDER BY task_id, attempt");
    assertEquals(attempts.map(({ task_id, attempt }) => [task_id, attempt]), [
      [id, 1],
      [id, 2],
      [lost, 1],
    ]);
    for (const { id: _, task_id: __, attempt: ___, ...row } of attempts) {
      assertEquals(row, {
        run_id: run,
        status: "error",
        started_at: AT,
        finished_at: LATER,
        error: "Error: Not yet",
        worker: null,
      });
    }
  });

  Deno.test(`TaskStore.retry() refuses tasks that have ended or are another run's (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [id, other] } = store.startRun(2);
    store.commit(start(run, id!), end(run, id!, "error"));
    for (const [asked, task] of [[run, id!], [run + 1, other!], [run, 999]] as const) {
      const { failures } = store.commit(retry(asked, task, "Wait"));
      assertEquals(failures.map(([, { message }]) => message), [
        `Cannot retry task ${task}: it does not run in run ${asked}`,
      ]);
    }
    store.expectCounts(run, { error: 1, queued: 1 });
    assertEquals(store.column("SELECT count(*) FROM task_attempts"), [0]);
  });

  Deno.test(`TaskStore.retry() forgets that rows of the attempt were refused (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [id] } = store.startRun(1);
    const sql = "INSERT INTO nowhere VALUES (1)";
    store.commit(start(run, id!), { kind: "execute", sql, params: [], task: id! });
    store.write(retry(run, id!, "Wait"));
    assertEquals(store.commit(start(run, id!), end(run, id!, "done")).failures, []);
    store.expectCounts(run, { done: 1 });
  });

  Deno.test(`TaskEndStore.end() cancels what was never started (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [a, b, c] } = store.startRun(4);
    const other = store.startRun(1);
    const { results, failures } = store.commit(
      start(run, a!),
      start(run, b!),
      end(run, b!),
      cancelQueued(run, "Stopped"),
      start(run, c!),
    );
    assertEquals(results, [[3, { ended: 2, found: [] }]]);
    assertEquals(failures.map(([index, { message }]) => [index, message]), [
      [4, `Cannot set task ${c} to running: it is cancelled`],
    ]);
    const { status, message, started_at, finished_at } = store.task(c!)!;
    assertEquals([status, message, started_at, finished_at], ["cancelled", "Stopped", null, LATER]);
    store.expectCounts(run, { running: 1, done: 1, cancelled: 2 });
    store.expectCounts(other.run, { queued: 1 });
    assertEquals(
      store.write(cancelQueued(run, "Again")),
      { ended: 0, found: [] },
    );
    store.expectCounts(run, { running: 1, done: 1, cancelled: 2 });
  });
}

/** What a task adds in one call. */
function add(run: number, keys: readonly string[], item = (key: string) => key): AddTasksMessage {
  return {
    kind: "add_tasks",
    run,
    by: 1,
    tasks: keys.length,
    names: "[]",
    keys: JSON.stringify(keys),
    items: keys.map((key) => JSON.stringify(item(key))).join("\n"),
  };
}

Deno.test("what was added is read and queued as the file has it, whatever was undone before", async () => {
  using store = await openStore();
  const { run } = store.startRun(1);
  const undone = add(run, ["a", "b"]);
  const bad: WriteMessage = { kind: "execute", sql: "INSERT INTO missing VALUES (1)", params: [] };
  const { failures } = store.commit({ kind: "transaction", messages: [undone, bad] });
  assertEquals(failures.length, 1);
  assertEquals(store.write(add(run, ["b", "c", "b"])), 2);
  const [page] = store.store.addedPage({ kind: "added", run, after: 0 });
  assertEquals([page!.ids, page!.keys, page!.items], [2, '["b","c"]', '"b"\n"c"']);
  assertEquals(store.commit({ kind: "queue_added", run, upTo: 3 }).failures, []);
  assertEquals(store.column("SELECT name || key || input FROM task_runs WHERE id>1"), [
    'bb"b"',
    'cc"c"',
  ]);
});

Deno.test("what was added is whole when it is more than the writer keeps in memory", async () => {
  using store = await openStore();
  const { run } = store.startRun(1);
  const keys = ["a", "b", "c", "d"];
  for (const key of keys) store.write(add(run, [key], (key) => key.repeat(4_000_000)));
  const pages = store.store.addedPage({ kind: "added", run, after: 1 });
  assertEquals(
    pages.map(({ items }) => [items[1], items.length]),
    keys.map((key) => [key, 4_000_002]),
  );
  for (const _ of keys) assertEquals(store.write({ kind: "queue_added", run }), 1);
  assertEquals(store.write({ kind: "queue_added", run }), 0);
  const inputs = "SELECT key || length(input) FROM task_runs WHERE id>1 ORDER BY id";
  assertEquals(store.column(inputs), keys.map((key) => `${key}4000002`));
});
