import { assertEquals } from "../../support/assert.ts";
import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import type { RunStarted } from "../../../writer/protocol/run_message.ts";
import { writeTarget } from "../../../sqlite/statement_effect.ts";
import { DRIVERS } from "../../support/drivers.ts";
import {
  AT,
  end,
  execute,
  openStore,
  retry,
  start,
  startRun,
  type TestStore,
} from "./store_fixture.ts";

const SCHEMA = `
  CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE picky (n INTEGER UNIQUE ON CONFLICT IGNORE);
  CREATE TABLE "a ""b"".c" (n);
  CREATE TABLE copy (n);
  CREATE TRIGGER copies AFTER INSERT ON city BEGIN INSERT INTO copy VALUES (new.id); END;
  CREATE VIEW cities AS SELECT name FROM city;
  CREATE TRIGGER into_view INSTEAD OF INSERT ON cities BEGIN INSERT INTO city (name) VALUES (new.name); END;`;

/** Rows of one column for a table. */
function rows(task: number | undefined, table: string, ...values: (number | null)[]): WriteMessage {
  return { kind: "insert", table, columns: null, values, width: 1, task };
}

function cities(task: number | undefined, ...ids: number[]): WriteMessage {
  const values = ids.flatMap((id) => [id, `city ${id}`]);
  return { kind: "insert", table: "city", columns: ["id", "name"], values, width: 2, task };
}

/** What each task is recorded to have written. */
function wrote(store: TestStore, ids: readonly number[]): unknown[] {
  return ids.map((id) => {
    const { wrote } = store.task(id)!;
    return wrote === null ? null : JSON.parse(wrote as string);
  });
}

function ofRuns(store: TestStore): unknown[] {
  return store.all(
    "SELECT run_id,table_name,inserted,upserted,updated,deleted FROM run_rows ORDER BY id",
  ).map((row) => Object.values(row));
}

for (const driver of DRIVERS) {
  Deno.test(`RowCounts.add() counts the rows of tasks and runs in their commit (${driver})`, async () => {
    using store = await openStore({ driver, schema: SCHEMA });
    const { run, ids: [a, b, c] } = store.startRun(3) as { run: number; ids: number[] };
    const upsert = { ...cities(a, 1, 9), onConflict: ["id"] } as WriteMessage;
    const ignore = { ...cities(b, 1, 10), onConflict: ["id"], update: "ignore" } as WriteMessage;
    store.commit(
      start(run, a!),
      start(run, b!),
      cities(a, 1, 2, 3),
      cities(b, 4),
      cities(undefined, 5),
    );
    assertEquals(wrote(store, [a!, b!, c!]), [
      { city: { inserted: 3 } },
      { city: { inserted: 1 } },
      null,
    ]);
    assertEquals(ofRuns(store), [[run, "city", 4, 0, 0, 0]]);
    store.commit(
      upsert,
      ignore,
      rows(b, 'a "b".c', 1, 2),
      { ...execute("UPDATE CITY SET name='x' WHERE id<3"), by: a! } as WriteMessage,
      {
        ...execute("WITH d(i) AS (SELECT 4) DELETE FROM main.[city] WHERE id IN d"),
        by: a!,
      } as WriteMessage,
      {
        kind: "transaction",
        by: c!,
        messages: [cities(undefined, 20), start(run, c!), end(run, c!)],
      },
      end(run, b!),
    );
    assertEquals(wrote(store, [a!, b!, c!]), [
      { city: { inserted: 3, upserted: 2, updated: 2, deleted: 1 } },
      { city: { inserted: 2 }, 'a "b".c': { inserted: 2 } },
      { city: { inserted: 1 } },
    ]);
    assertEquals(ofRuns(store), [[run, "city", 6, 2, 2, 1], [run, 'a "b".c', 2, 0, 0, 0]]);
    assertEquals(store.column("SELECT count(*) FROM city"), [7]);
  });
}

for (const driver of DRIVERS) {
  Deno.test(`RowCounts.add() counts each task's rows where a table does not take all (${driver})`, async () => {
    using store = await openStore({ driver, schema: SCHEMA });
    const { run, ids } = store.startRun(4);
    for (const [first, last] of [[ids[0]!, ids[1]!], [ids[2]!, ids[3]!]] as const) {
      const { failures } = store.commit(
        ...[first, last].flatMap((id) => [start(run, id), rows(id, "picky", 1, id * 10, 1)]),
        ...[first, last].map((id) => ({ ...rows(id, "cities", id) })),
        ...[first, last].map((id) => end(run, id)),
      );
      assertEquals(failures, []);
    }
    const inserted = (n: number) => ({ picky: { inserted: n } });
    assertEquals(wrote(store, ids), [inserted(2), inserted(1), inserted(1), inserted(1)]);
    assertEquals(ofRuns(store), [[run, "picky", 5, 0, 0, 0], [run, "cities", 0, 0, 0, 0]]);
  });
}

for (const driver of DRIVERS) {
  Deno.test(`RowCounts.rolledBack() counts nothing of a message that failed (${driver})`, async () => {
    using store = await openStore({ driver, schema: SCHEMA });
    const { run, ids: [a, b] } = store.startRun(2) as { run: number; ids: number[] };
    const { failures } = store.commit(
      start(run, a!),
      start(run, b!),
      cities(a, 1),
      cities(b, 2, 1),
      cities(a, 3),
      end(run, a!),
      end(run, b!),
    );
    assertEquals(failures.map(([index]) => index), [3, 6]);
    assertEquals(wrote(store, [a!, b!]), [{ city: { inserted: 2 } }, null]);
    assertEquals(ofRuns(store), [[run, "city", 2, 0, 0, 0]]);
  });
}

for (const driver of DRIVERS) {
  Deno.test(`RowCounts continues the counts of a task that runs again (${driver})`, async () => {
    using store = await openStore({ driver, schema: SCHEMA });
    const { run, ids: [a, b] } = store.startRun(2) as { run: number; ids: number[] };
    store.commit(start(run, a!), cities(a, 1), start(run, b!), cities(b, 2));
    store.commit(retry(run, a!, "Not yet"), end(run, b!, "error"));
    store.commit(start(run, a!), cities(a, 3), end(run, a!, "error"));
    store.commit({ kind: "requeue_tasks", run, ids: [a!, b!] } as WriteMessage);
    store.commit(
      start(run, a!),
      cities(a, 4),
      start(run, b!),
      cities(b, 5),
      end(run, b!),
      end(run, a!),
    );
    assertEquals(wrote(store, [a!, b!]), [{ city: { inserted: 3 } }, { city: { inserted: 2 } }]);
    assertEquals(ofRuns(store), [[run, "city", 5, 0, 0, 0]]);
  });
}

for (const driver of DRIVERS) {
  Deno.test(`RowCounts continues the counts of a run that is resumed (${driver})`, async () => {
    using store = await openStore({ driver, schema: SCHEMA });
    const { run, ids: [id] } = store.startRun(1) as { run: number; ids: number[] };
    store.connection.exec("UPDATE task_runs SET key='k'");
    store.commit(start(run, id!), cities(id, 1), end(run, id!, "error"));
    store.write({ kind: "finish_run", run, status: "error", finishedAt: AT });
    const { resumed } = store.write({ ...startRun(0), resume: run } as WriteMessage) as RunStarted;
    assertEquals(resumed, true);
    store.write({ kind: "resume_tasks", run, ids: [0], names: ["k"], keys: ["k"] });
    store.commit(start(run, id!), { ...cities(id, 2), table: "CITY" } as WriteMessage);
    assertEquals(wrote(store, [id!]), [{ CITY: { inserted: 2 } }]);
    assertEquals(ofRuns(store), [[run, "city", 2, 0, 0, 0]]);
  });
}

Deno.test("writeTarget() names the table that a statement writes, and how", () => {
  const targets: [sql: string, table?: string, change?: string][] = [
    ["insert into t values (1)", "t", "inserted"],
    ['/* a */ INSERT OR IGNORE INTO main."T t" (a) VALUES (1)', "T t", "inserted"],
    ["REPLACE INTO t VALUES (1)", "t", "upserted"],
    ["INSERT OR REPLACE INTO t VALUES (1)", "t", "upserted"],
    ["INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a=2", "t", "upserted"],
    ["INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING RETURNING a", "t", "inserted"],
    ["INSERT INTO t SELECT 'on conflict do update'", "t", "inserted"],
    ["UPDATE OR FAIL [t x] AS u SET a=1", "t x", "updated"],
    ["DELETE FROM `t`", "t", "deleted"],
    ["WITH replace AS (SELECT 1), b(x) AS (VALUES (2)) UPDATE t SET a=1", "t", "updated"],
    ["WITH a AS (INSERT) SELECT 1"],
    ["CREATE TABLE t AS SELECT 1"],
    ["SELECT replace('a', 'b', 'c')"],
    ["insert"],
    [""],
  ];
  for (const [sql, table, change] of targets) {
    const expected = table === undefined ? undefined : { table, change };
    assertEquals(writeTarget(sql) as unknown, expected, sql);
  }
});
