import { connect } from "../../../db.ts";
import { type Row, toInsertMessage } from "../../../writer/client/insert.ts";
import type { InsertMessage, WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assert, assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { end, execute, openStore, start } from "./store_fixture.ts";
import { tempFolder } from "../../support/temp.ts";

const schema = "CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT UNIQUE)";

function insert(table: string, rows: readonly Row[], task?: number): InsertMessage {
  const message = toInsertMessage(table, rows);
  if (task !== undefined) message.task = task;
  return message;
}

/** Rows that need about this number of pages of 4 KiB. */
function pages(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => ({ id: 1_000 + i, name: `${i}`.repeat(3_000) }));
}

for (const driver of DRIVERS) {
  Deno.test(`Store.commit() lets no message end the transaction of others (${driver})`, async () => {
    using store = await openStore({
      driver,
      schema: schema + `;
        CREATE TABLE guarded (x);
        CREATE TRIGGER guard BEFORE INSERT ON guarded WHEN new.x < 0
        BEGIN SELECT RAISE(ROLLBACK, 'below zero'); END`,
    });
    const { run, ids: [a, b] } = store.startRun(2);
    store.commit(start(run, a!), start(run, b!), insert("city", [{ id: 1, name: "Oslo" }]));
    const { failures } = store.commit(
      insert("city", [{ id: 2, name: "Rome" }]),
      execute("INSERT OR ROLLBACK INTO city VALUES (3, 'Oslo')"),
      end(run, a!),
      insert("guarded", [{ x: 1 }, { x: -1 }]),
      insert("guarded", [{ x: 2 }]),
      execute("INSERT OR ROLLBACK INTO city VALUES (4, 'Oslo')"),
      { kind: "transaction", messages: [end(run, b!), insert("guarded", [{ x: -2 }])] },
      insert("city", [{ id: 5, name: "Paris" }]),
    );
    assertEquals(failures.map(([index]) => index), [1, 3, 5, 6]);
    assertStringIncludes(failures[0]![1].message, "UNIQUE constraint failed");
    assertStringIncludes(failures[1]![1].message.toLowerCase(), "below zero");
    assertEquals(store.column("SELECT id FROM city ORDER BY id"), [1, 2, 5]);
    assertEquals(store.column("SELECT x FROM guarded"), [2]);
    assertEquals([store.task(a!)!.status, store.task(b!)!.status], ["done", "running"]);
    const { kept, counted } = store.counts(run);
    assertEquals(kept, counted);
  });

  Deno.test(`Store.commit() fails a task whose message ended the transaction (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { run, ids: [id] } = store.startRun(1);
    const bad: WriteMessage = {
      kind: "execute",
      sql: "INSERT OR ROLLBACK INTO city VALUES (1, 'x'), (1, 'y')",
      params: [],
      task: id!,
    };
    const { failures } = store.commit(start(run, id!), bad, end(run, id!));
    assertEquals(failures.map(([index]) => index), [1, 2]);
    assertEquals(store.task(id!)!.status, "error");
  });

  Deno.test(`Store.commit() fails one message for a foreign key that is checked late (${driver})`, async () => {
    using store = await openStore({
      driver,
      schema: schema + `;
        CREATE TABLE street (city INTEGER REFERENCES city(id) DEFERRABLE INITIALLY DEFERRED)`,
    });
    // Checked when the transaction ends: a child may come before its parent.
    const { failures: none } = store.commit({
      kind: "transaction",
      messages: [insert("street", [{ city: 1 }]), insert("city", [{ id: 1, name: "Oslo" }])],
    });
    assertEquals(none, []);
    const { failures } = store.commit(
      insert("city", [{ id: 2, name: "Rome" }]),
      insert("street", [{ city: 99 }]),
      insert("street", [{ city: 2 }]),
    );
    assertEquals(failures.map(([index, { code }]) => [index, code]), [[1, "constraint"]]);
    assertEquals(store.column("SELECT city FROM street ORDER BY city"), [1, 2]);
  });

  Deno.test(`Store.commit() fails with "full" what the disk cannot hold, and keeps the rest (${driver})`, async () => {
    using folder = tempFolder();
    using store = await openStore({ driver, schema, db: folder.file("etl.db") });
    store.write(insert("city", [{ id: 1, name: "Oslo" }]));
    const used = store.column("PRAGMA page_count")[0] as number;
    store.connection.exec(`PRAGMA max_page_count=${used + 20}`);
    const { results, failures } = store.commit(
      insert("city", pages(200)),
      insert("city", pages(100)),
    );
    assertEquals(results, []);
    assertEquals(failures.map(([index, { code }]) => [index, code]), [[0, "full"], [1, "full"]]);
    assertEquals(store.connection.inTransaction, false);
    assertEquals(store.column("SELECT id FROM city"), [1]);
    // There is room again.
    store.connection.exec("PRAGMA max_page_count=1000000");
    assertEquals(store.commit(insert("city", pages(200))).failures, []);
    assertEquals(store.column("SELECT count(*) FROM city"), [201]);
  });

  Deno.test(`Store.commit() makes a full disk an error of the task whose rows it lost (${driver})`, async () => {
    using folder = tempFolder();
    using store = await openStore({ driver, schema, db: folder.file("etl.db") });
    // SQLite takes back the statement for many rows, and the whole transaction for one.
    const large = [pages(200), [{ id: 1, name: "x".repeat(1_000_000) }]];
    const { run, ids } = store.startRun(large.length);
    for (const [i, rows] of large.entries()) {
      const id = ids[i]!;
      store.commit(start(run, id));
      const used = store.column("PRAGMA page_count")[0] as number;
      store.connection.exec(`PRAGMA max_page_count=${used + 20}`);
      const lost = store.commit(insert("city", rows, id)).failures;
      assertEquals(lost.map(([index, { code }]) => [index, code]), [[0, "full"]]);
      // Its end needs no page more, or another program has freed space.
      store.connection.exec("PRAGMA max_page_count=1000000");
      const { failures } = store.commit(end(run, id));
      assertEquals(failures.map(([index, { code }]) => [index, code]), [[0, "full"]]);
      assertEquals(store.task(id)!.status, "error");
    }
    assertEquals(store.counts(run).kept, store.counts(run).counted);
  });

  Deno.test(`Store.commit() fails every message with "busy" while another writer holds the lock (${driver})`, async () => {
    using folder = tempFolder();
    using store = await openStore({ driver, schema, db: folder.file("etl.db") });
    using other = await connect(folder.file("etl.db"), { driver });
    const { run, ids: [id] } = store.startRun(1);
    store.connection.exec("PRAGMA busy_timeout=20");
    other.exec("BEGIN IMMEDIATE");
    const { failures } = store.commit(start(run, id!), insert("city", [{ id: 1, name: "Oslo" }]));
    assertEquals(failures.map(([index, { code }]) => [index, code]), [[0, "busy"], [1, "busy"]]);
    assert(failures[0]![1].message.includes(folder.file("etl.db")));
    other.exec("ROLLBACK");
    assertEquals(store.commit(start(run, id!), insert("city", [[1, "Oslo"]])).failures, []);
    assertEquals(store.counts(run).kept.running, 1);
  });
}
