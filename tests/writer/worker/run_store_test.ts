import type { StartRunMessage } from "../../../writer/protocol/run_message.ts";
import { ProcessLock } from "../../../writer/worker/process_lock.ts";
import { recoverRuns } from "../../../writer/worker/recovery.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import { assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { AT, end, execute, LATER, news, openStore, start, startRun } from "./store_fixture.ts";
import { DRIVERS } from "../../support/drivers.ts";

for (const driver of DRIVERS) {
  Deno.test(`RunStore.start() writes a run that is running (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run } = store.startRun();
    const row = store.all("SELECT * FROM pipeline_runs")[0]!;
    assertEquals([row.id, row.name, row.status, row.workers], [run, "test", "running", 1]);
    assertEquals([row.started_at, row.finished_at], [AT, null]);
    assertEquals([row.driver, row.sqlite_version], [driver, store.connection.sqliteVersion]);
    store.expectCounts(run, {});
  });

  Deno.test(`RunStore.flush() keeps the counts when a message of the batch fails (${driver})`, async () => {
    using store = await openStore({ driver, schema: "CREATE TABLE t (x NOT NULL)" });
    const { run, ids: [a, b, c] } = store.startRun(3);
    const bad = toInsertMessage("t", [{ x: null }]);
    store.commit(start(run, a!), bad, start(run, b!), start(run, a!), end(run, b!), bad);
    store.expectCounts(run, { queued: 1, running: 1, done: 1 });
    store.commit(end(run, a!, "error"), bad, start(run, c!));
    store.expectCounts(run, { running: 1, done: 1, error: 1 });
  });

  Deno.test(`RunStore.flush() keeps the counts when a trigger refuses a move (${driver})`, async () => {
    using store = await openStore({
      driver,
      schema: `CREATE TRIGGER keep BEFORE UPDATE OF status ON task_runs WHEN new.message='refuse'
               BEGIN SELECT RAISE(ABORT, 'refused'); END`,
    });
    const { run, ids: [a, b] } = store.startRun(2);
    store.commit(start(run, a!), start(run, b!));
    const { failures } = store.commit(
      end(run, a!, "done", { message: "refuse" }),
      end(run, b!),
    );
    assertEquals(failures.map(([index]) => index), [0]);
    assertStringIncludes(failures[0]![1].message.toLowerCase(), "refused");
    store.expectCounts(run, { running: 1, done: 1 });
    assertEquals(store.commit(end(run, a!, "error")).failures, []);
    store.expectCounts(run, { error: 1, done: 1 });
  });

  Deno.test(`RunStore.flush() keeps the counts of several runs apart (${driver})`, async () => {
    using store = await openStore({ driver });
    const one = store.startRun(2);
    const two = store.startRun(2);
    store.commit(
      start(one.run, one.ids[0]!),
      start(two.run, two.ids[0]!),
      end(two.run, two.ids[0]!),
      start(two.run, two.ids[1]!),
    );
    store.expectCounts(one.run, { queued: 1, running: 1 });
    store.expectCounts(two.run, { running: 1, done: 1 });
  });

  Deno.test(`RunStore.flush() writes the writer's health with the counts (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [id] } = store.startRun(1);
    store.store.health = [17, 42, 1.5, 4_096, AT, LATER];
    store.commit(start(run, id!));
    const row = store.all("SELECT * FROM pipeline_runs WHERE id=?", run)[0]!;
    assertEquals([row.queue_depth, row.batch_rows, row.commit_p99_ms], [17, 42, 1.5]);
    assertEquals([row.wal_bytes, row.checkpointed_at, row.wal_held_since], [4_096, AT, LATER]);
  });

  Deno.test(`RunStore.flush() lets later statements see the news before them (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [id] } = store.startRun(1);
    const { results } = store.commit(
      start(run, id!),
      news(run, id!, { progress: 0.5 }),
      execute("SELECT status, progress FROM task_runs"),
      end(run, id!),
      execute("SELECT status, progress FROM task_runs"),
    );
    const seen = results.map(([, result]) =>
      (result as { rows: Record<string, unknown>[] }).rows.map((row) => ({ ...row }))
    );
    assertEquals(seen, [
      [{ status: "running", progress: 0.5 }],
      [{ status: "done", progress: 1 }],
    ]);
  });

  Deno.test(`RunStore.finish() ends a run after its tasks (${driver})`, async () => {
    using store = await openStore({ driver });
    const { run, ids: [id] } = store.startRun(1);
    store.commit(
      start(run, id!),
      end(run, id!),
      { kind: "finish_run", run, status: "done", finishedAt: LATER },
    );
    const row = store.all("SELECT * FROM pipeline_runs WHERE id=?", run)[0]!;
    assertEquals([row.status, row.finished_at], ["done", LATER]);
    store.expectCounts(run, { done: 1 });
  });

  Deno.test(`RunStore.start() is undone with the transaction it is part of (${driver})`, async () => {
    using store = await openStore({ driver, schema: "CREATE TABLE t (x NOT NULL)" });
    const bad = toInsertMessage("t", [{ x: null }]);
    const { failures } = store.commit({ kind: "transaction", messages: [startRun(5), bad] });
    assertEquals(failures.length, 1);
    assertEquals(store.column("SELECT count(*) FROM pipeline_runs"), [0]);
  });
}

/** Tables of which a file may have millions of rows. */
const WHOLE_TABLE =
  /^SCAN (pipeline_runs|task_runs|run_requests|run_samples)\b(?! USING INDEX idx_pipeline_runs_running)/;

/** The last runs that have ended: twenty of them. */
const FEW_ROWS = /LIMIT 20\)/;

Deno.test("runs begin, end and are recovered without a look at every run or task of the file", async () => {
  using store = await openStore();
  const { connection } = store;
  const seen = new Set<string>();
  const prepare = connection.prepare.bind(connection);
  connection.prepare = (sql) => {
    seen.add(sql);
    return prepare(sql);
  };
  using lock = ProcessLock.of(connection.path, AT);
  recoverRuns(connection, lock);
  const begun = startRun(1) as StartRunMessage;
  store.write({ ...begun, alone: true });
  store.write({ ...begun, resume: { key: "night" } });
  const { run, ids: [a] } = store.startRun(1);
  store.commit(start(run, a!), end(run, a!));
  store.write({ kind: "finish_run", run, status: "done", finishedAt: LATER });
  const scans = [...seen].filter((sql) => /^\s*(SELECT|UPDATE|INSERT|DELETE|WITH)/.test(sql))
    .filter((sql) => !FEW_ROWS.test(sql))
    .filter((sql) =>
      prepare(`EXPLAIN QUERY PLAN ${sql.replaceAll(/\?\d*/g, "1")}`).all()
        .some(({ detail }) => WHOLE_TABLE.test(`${detail}`))
    );
  assertEquals(scans, []);
  assertEquals([...seen].filter((sql) => sql.includes("FROM pipeline_runs")).length > 5, true);
});
