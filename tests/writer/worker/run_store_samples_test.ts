import { assert, assertEquals } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { end, LATER, openStore, start, type TestStore } from "./store_fixture.ts";

function samples(store: TestStore, run: number): number[][] {
  return store.all(
    `SELECT queued, running, done, error, cancelled FROM run_samples WHERE run_id=? ORDER BY id`,
    run,
  ).map((row) => Object.values(row) as number[]);
}

for (const driver of DRIVERS) {
  Deno.test(`RunStore.flush() samples the first counts and the last (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids } = store.startRun(100);
    for (const id of ids) store.commit(start(run, id), end(run, id, id % 2 ? "done" : "error"));
    store.write({ kind: "finish_run", run, status: "error", finishedAt: LATER });
    const all = samples(store, run);
    assertEquals(all[0], [100, 0, 0, 0, 0]);
    assertEquals(all.at(-1), [0, 0, 50, 50, 0]);
    // Ten a second at the most, however many commits there are.
    assert(all.length < 50, `${all.length} samples of 100 commits`);
  });

  Deno.test(`RunStore.flush() keeps no sample of what is rolled back (${driver})`, async () => {
    using store = await openStore({
      driver,
      schema: `CREATE TRIGGER keep BEFORE INSERT ON task_runs WHEN new.name='bad'
               BEGIN SELECT RAISE(ABORT, 'refused'); END`,
    });
    const { run, firstId } = store.startRun();
    const { failures } = store.commit(
      { kind: "queue_tasks", run, ids: [firstId], names: ["bad"], keys: [null] },
      { kind: "finish_run", run, status: "done", finishedAt: LATER },
    );
    assertEquals(failures.map(([index]) => index), [0]);
    assertEquals(samples(store, run), [[0, 0, 0, 0, 0]]);
  });
}
