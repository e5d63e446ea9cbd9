import type { RunStarted } from "../../../writer/protocol/run_message.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { end, execute, LATER, openStore, queue, start, startRun } from "./store_fixture.ts";
import { tempFolder } from "../../support/temp.ts";

for (const driver of DRIVERS) {
  Deno.test(`RunStore.reserveIds() gives two writers of one file ids of their own (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    using first = await openStore({ driver, db });
    using second = await openStore({ driver, db });
    const taken = new Set<number>();
    const runs = new Set<number>();
    const take = (from: number, count: number) => {
      for (let id = from; id < from + count; id++) {
        assert(!taken.has(id), `task ${id} was given twice`);
        taken.add(id);
      }
    };
    for (let round = 0; round < 5; round++) {
      for (const store of [first, second]) {
        const { run, firstId } = store.write(startRun(10)) as RunStarted;
        assert(!runs.has(run), `run ${run} was given twice`);
        runs.add(run);
        take(firstId, 10);
        for (const [other, count] of [[first, 3], [second, 4], [store, 1]] as const) {
          take(other.write({ kind: "reserve_ids", run, count }) as number, count);
        }
      }
    }
    assertEquals(taken.size, 5 * 2 * 18);
  });

  Deno.test(`RunStore.reserveIds() goes past every id that a task has (${driver})`, async () => {
    using store = await openStore({ driver });
    store.write(execute("INSERT INTO task_runs (id,name,status) VALUES (77,'old','done')"));
    const { run, firstId } = store.write(startRun(2)) as RunStarted;
    assertEquals(firstId, 78);
    // A task with an id of the user's own choice.
    store.write(queue(run, [500]));
    assertEquals(store.write({ kind: "reserve_ids", run, count: 1 }), 501);
    assertEquals((store.write(startRun(0)) as RunStarted).firstId, 502);
  });

  Deno.test(`RunStore.reserveIds() goes past every id that a key is kept of (${driver})`, async () => {
    using store = await openStore({ driver, schema: "CREATE TABLE city (name TEXT)" });
    const load = (run: number, task: number) => {
      const insert = toInsertMessage("city", [["Oslo"]]);
      insert.idempotencyKey = { key: "page 1", part: 0, task, run };
      store.write(insert);
    };
    const { run, firstId } = store.write(startRun(1)) as RunStarted;
    load(run, firstId);
    // A user begins again by hand, and forgets the keys.
    store.connection.exec("DELETE FROM city; DELETE FROM task_runs; DELETE FROM pipeline_runs");
    const next = store.write(startRun(1)) as RunStarted;
    load(next.run, next.firstId);
    assertEquals(store.column("SELECT name FROM city"), ["Oslo"]);
  });

  Deno.test(`RunStore.reserveIds() numbers tasks below an id that was chosen, however large (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run } = store.startRun(0);
    store.write(queue(run, [2 ** 53 - 2]));
    const ask = (count: number) => store.write({ kind: "reserve_ids", run, count });
    assertEquals([ask(10), ask(3)], [1, 11]);
    const other = store.write(startRun(5)) as RunStarted;
    assertEquals([other.firstId, ask(1)], [14, 19]);
    // Its range is reserved no more, and its one task is far above.
    store.write({ kind: "finish_run", run, status: "done", finishedAt: LATER });
    store.write({ kind: "finish_run", run: other.run, status: "done", finishedAt: LATER });
    assertEquals((store.write(startRun(1)) as RunStarted).firstId, 1);
    // Numbers end only where all below are used.
    store.write(queue(run, [2 ** 52 - 1]));
    const last = store.write(startRun(10)) as RunStarted;
    assertEquals(last.firstId, 2 ** 52);
    store.write(queue(last.run, [2 ** 52]));
    store.write({ kind: "finish_run", run: last.run, status: "done", finishedAt: LATER });
    assertEquals((store.write(startRun(1)) as RunStarted).firstId, 2 ** 52 + 10);
    assertThrows(() => ask(2 ** 53 - 2 ** 52), Error, "ids are used up");
  });

  Deno.test(`RunStore.finish() gives back the ids that no task has (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, firstId } = store.write(startRun(1_000)) as RunStarted;
    store.commit(queue(run, [firstId, firstId + 1]), start(run, firstId), end(run, firstId));
    store.write({ kind: "finish_run", run, status: "done", finishedAt: LATER });
    const range = "SELECT first_task_id, last_task_id FROM pipeline_runs WHERE id=?";
    assertEquals(Object.values(store.all(range, run)[0]!), [firstId, firstId + 1]);
    assertEquals((store.write(startRun(1)) as RunStarted).firstId, firstId + 2);
    const none = store.write(startRun(1_000)) as RunStarted;
    store.write({ kind: "finish_run", run: none.run, status: "done", finishedAt: LATER });
    assertEquals((store.write(startRun(1)) as RunStarted).firstId, firstId + 3);
  });

  Deno.test(`RunStore.finish() keeps the ids that a later run has reserved (${driver})`, async () => {
    using store = await openStore({ driver });
    const one = store.write(startRun(10)) as RunStarted;
    const two = store.write(startRun(10)) as RunStarted;
    store.write(queue(one.run, [one.firstId]));
    store.write({ kind: "finish_run", run: one.run, status: "done", finishedAt: LATER });
    const three = store.write(startRun(10)) as RunStarted;
    assertEquals(three.firstId, two.firstId + 10);
    assertEquals(store.commit(queue(two.run, [two.firstId])).failures, []);
  });

  Deno.test(`RunStore.start() finds ids beside a run whose rows were deleted (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [id] } = store.startRun(1);
    store.commit(start(run, id!));
    store.write(execute("DELETE FROM task_runs"));
    store.write(execute("DELETE FROM pipeline_runs"));
    // The same id again, which the writer last saw running.
    const again = store.startRun(1);
    assertEquals(again.ids, [id!]);
    assertEquals(store.commit(start(again.run, id!), end(again.run, id!)).failures, []);
    assertEquals(store.task(id!)!.status, "done");
    const { kept, counted } = store.counts(again.run);
    assertEquals(kept, counted);
  });
}
