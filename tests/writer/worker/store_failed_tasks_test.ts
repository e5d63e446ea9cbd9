import { type Row, toInsertMessage } from "../../../writer/client/insert.ts";
import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { end, LATER, openStore, start, startRun } from "./store_fixture.ts";

const schema = "CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT NOT NULL)";

function insert(table: string, rows: readonly Row[], task: number): WriteMessage {
  return { ...toInsertMessage(table, rows), task };
}

for (const driver of DRIVERS) {
  Deno.test(`Store.commit() turns the done of a task whose rows failed into an error (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { run, ids: [a, b, c] } = store.startRun(3);
    const bad = (task: number) => insert("city", [{ id: task, name: null }], task);
    const good = (task: number) => insert("city", [{ id: task, name: `${task}` }], task);
    // In one batch, over two batches, and one that is well.
    const first = store.commit(
      start(run, a!),
      start(run, b!),
      start(run, c!),
      bad(a!),
      good(c!),
      end(run, a!, "done", { result: "1" }),
      bad(b!),
    );
    const second = store.commit(end(run, b!, "done", { result: "1" }), end(run, c!));
    assertEquals(first.failures.map(([index]) => index), [3, 5, 6]);
    assertEquals(second.failures.map(([index]) => index), [0]);
    for (const [index, { message, code }] of [...first.failures, ...second.failures]) {
      assertStringIncludes(message, "NOT NULL constraint failed", String(index));
      assertEquals(code, "constraint");
    }
    for (const id of [a, b]) {
      const task = store.task(id!)!;
      assertEquals([task.status, task.result, task.progress], ["error", null, 0]);
      assertStringIncludes(String(task.message), "NOT NULL constraint failed");
      assertStringIncludes(String(task.error), "NOT NULL constraint failed");
    }
    assertEquals(store.task(c!)!.status, "done");
    assertEquals(store.counts(run).kept.error, 2);
  });

  Deno.test(`Store.commit() leaves other ends of a task whose rows failed as they are (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { run, ids: [a, b] } = store.startRun(2);
    store.commit(start(run, a!), start(run, b!), insert("nowhere", [{ x: 1 }], a!));
    store.commit(insert("nowhere", [{ x: 1 }], b!));
    const fields = { message: "mine", error: "stack" };
    assertEquals(
      store.commit(end(run, a!, "cancelled", fields), end(run, b!, "error", fields)).failures,
      [],
    );
    assertEquals(
      store.all("SELECT status, message, error FROM task_runs").map((row) => ({ ...row })),
      [{ status: "cancelled", ...fields }, { status: "error", ...fields }],
    );
  });

  Deno.test(`Store.commit() remembers a failure until the task has ended (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { run, ids: [id] } = store.startRun(1);
    // The end is refused, because the task has not begun: it does not settle what follows it.
    const first = store.commit(end(run, id!), insert("nowhere", [{ x: 1 }], id!));
    assertEquals(first.failures.map(([index]) => index), [0, 1]);
    const { failures } = store.commit(start(run, id!), end(run, id!));
    assertEquals(failures.map(([index]) => index), [1]);
    assertEquals(store.task(id!)!.status, "error");
  });

  Deno.test(`Store.commit() forgets the failure of an added task that a resumed run queues again (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { run } = store.startRun(0);
    const added = { tasks: 1, names: "[null]", keys: '["a"]', items: "1" };
    store.write({ kind: "add_tasks", run, by: 0, ...added });
    store.write({ kind: "queue_added", run });
    const [id] = store.column("SELECT id FROM task_runs") as [number];
    store.commit(start(run, id), insert("nowhere", [{ x: 1 }], id));
    const gone = { status: "error" as const, message: "gone", error: "Error: gone" };
    const at = { finishedAt: LATER };
    store.write({ kind: "end_tasks", run, ids: [id], running: true, ...gone, ...at });
    store.write({ kind: "finish_run", run, status: "error", ...at });
    store.write({ ...startRun(0), resume: run } as WriteMessage);
    store.write({ kind: "resume_added", run });
    assertEquals(store.commit(start(run, id), end(run, id)).failures, []);
    assertEquals(store.task(id)!.status, "done");
  });

  Deno.test(`Store.commit() informs the sender of a transaction that its task has failed (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { run, ids: [id] } = store.startRun(1);
    store.commit(start(run, id!), insert("nowhere", [{ x: 1 }], id!));
    const messages = [insert("city", [{ id: 1, name: "Oslo" }], id!), end(run, id!)];
    const { failures } = store.commit({ kind: "transaction", messages });
    assertEquals(failures.map(([index]) => index), [0]);
    // The receiver of a failure may count on it that nothing was written.
    assertEquals(store.column("SELECT count(*) FROM city"), [0]);
    assertEquals(store.task(id!)!.status === "done", false);
    const { kept, counted } = store.counts(run);
    assertEquals(kept, counted);
    assertEquals(store.commit(end(run, id!, "error")).failures, []);
  });
}
