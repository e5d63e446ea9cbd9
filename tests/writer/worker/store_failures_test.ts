import { type Row, toInsertMessage } from "../../../writer/client/insert.ts";
import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assertEquals, assertMatch } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import {
  end,
  execute,
  openStore,
  queue,
  start,
  startRun,
  type TestStore,
} from "./store_fixture.ts";

const schema = `
  CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE street (
    name TEXT,
    city INTEGER NOT NULL REFERENCES city(id),
    length REAL CHECK (length > 0)
  );`;

function insert(table: string, rows: readonly Row[], task?: number): WriteMessage {
  const message = toInsertMessage(table, rows);
  if (task !== undefined) message.task = task;
  return message;
}

/** Commits the messages between good ones, and expects just them to fail, with these words. */
function expectFailures(store: TestStore, bad: [WriteMessage, RegExp][]): void {
  const messages: WriteMessage[] = [];
  const expected: number[] = [];
  let id = 100;
  for (const [message] of bad) {
    messages.push(insert("city", [{ id, name: `city ${id}` }]));
    expected.push(messages.length);
    messages.push(message, execute("INSERT INTO city VALUES (?, ?)", ++id, `city ${id}`));
    id++;
  }
  const { results, failures } = store.commit(...messages);
  assertEquals(failures.map(([index]) => index), expected);
  failures.forEach(([, { message }], i) => assertMatch(message, bad[i]![1]));
  assertEquals(results.map(([index]) => index), expected.map((index) => index + 1));
  const ids = Array.from({ length: id - 100 }, (_, i) => 100 + i);
  assertEquals(store.column("SELECT id FROM city WHERE id >= 100 ORDER BY id"), ids);
}

for (const driver of DRIVERS) {
  Deno.test(`Store.commit() fails a bad message and no other (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    expectFailures(store, [
      [insert("nowhere", [{ a: 1 }]), /no such table: nowhere/i],
      [insert("city", [{ id: 1, title: "x" }]), /no column named title/i],
      [insert("city", [{ id: 1, name: null }]), /NOT NULL constraint failed: city\.name/i],
      [insert("city", [{ id: 1, name: "city 100" }]), /UNIQUE constraint failed: city\.name/i],
      [insert("city", [{ id: 100, name: "x" }]), /UNIQUE constraint failed: city\.id/i],
      [insert("city", [["x", "y"]]), /datatype mismatch/i],
      [insert("city", [[1, "a", "b"]]), /has 2 columns but 3 values/i],
      [insert("street", [{ city: 12345 }]), /FOREIGN KEY constraint failed/i],
      [insert("street", [{ city: 100, length: -1 }]), /CHECK constraint failed/i],
      [execute("INSERT INTO nowhere VALUES (1)"), /no such table: nowhere/i],
      [execute("NONSENSE"), /syntax error/i],
      [execute("DELETE FROM city WHERE id=?"), /.+/],
      [
        execute("PRAGMA wal_checkpoint"),
        /^Cannot execute PRAGMA wal_checkpoint: .+ writer\.checkpoint\(\)/,
      ],
      [{ kind: "nonsense" } as unknown as WriteMessage, /unknown kind.*nonsense/i],
    ]);
  });

  Deno.test(`Store.commit() distinguishes constraints and other errors by code (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { failures } = store.commit(
      insert("city", [{ id: 1, name: null }]),
      insert("nowhere", [{ a: 1 }]),
    );
    assertEquals(failures.map(([, { name, code }]) => [name, code]), [
      ["SqliteError", "constraint"],
      ["SqliteError", "other"],
    ]);
  });

  Deno.test(`Store.commit() writes all rows of a message, or none (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    // The bad row stands behind those that a statement of 100 rows has written.
    const rows = Array.from({ length: 250 }, (_, i) => ({ id: i, name: `city ${i % 249}` }));
    assertEquals(store.commit(insert("city", rows)).failures.length, 1);
    assertEquals(store.store.rows, 0);
    const { failures } = store.commit(
      insert("city", rows.slice(0, 120)),
      insert("city", rows.slice(110)),
      insert("city", rows.slice(120, 249)),
    );
    assertEquals(failures.map(([index]) => index), [1]);
    assertEquals(store.column("SELECT count(*) FROM city"), [249]);
    assertEquals(store.store.rows, 249);
  });

  Deno.test(`Store.commit() writes all steps of a transaction, or none (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const messages: WriteMessage[] = [
      insert("city", [{ id: 1, name: "Oslo" }]),
      execute("UPDATE city SET name='Bergen' RETURNING name"),
    ];
    const { results } = store.commit({ kind: "transaction", messages });
    const done = results[0]![1] as unknown[];
    assertEquals(done.length, 2);
    assertEquals(done[0], undefined);
    for (const step of [execute("INSERT INTO city VALUES (1, 'x')"), execute("COMMIT")]) {
      const outer: WriteMessage = {
        kind: "transaction",
        messages: [
          execute("DELETE FROM city"),
          { kind: "transaction", messages: [insert("city", [{ id: 5, name: "Rome" }]), step] },
        ],
      };
      const { failures } = store.commit(
        insert("city", [{ id: 7, name: "Paris" }]),
        step.kind === "execute" && step.sql === "COMMIT" ? outer : {
          kind: "transaction",
          messages: [insert("city", [{ id: 8, name: "Lima" }]), step],
        },
        execute("DELETE FROM city WHERE id=7"),
      );
      assertEquals(failures.map(([index]) => index), [1]);
      assertEquals(store.column("SELECT name FROM city"), ["Bergen"]);
    }
    // The first row, and twice the one that was deleted again.
    assertEquals(store.store.rows, 3);
  });

  Deno.test(`Store.commit() takes back the moves of a transaction that fails (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { run, ids: [a, b, c] } = store.startRun(3);
    store.commit(start(run, a!), start(run, b!));
    const bad = insert("city", [{ id: 1, name: null }]);
    const { failures } = store.commit(
      end(run, a!),
      { kind: "transaction", messages: [end(run, b!), start(run, c!), bad] },
      end(run, b!, "error"),
      start(run, c!),
    );
    assertEquals(failures.map(([index]) => index), [1]);
    const { kept, counted } = store.counts(run);
    assertEquals(kept, counted);
    assertEquals(kept, { queued: 0, running: 1, done: 1, error: 1, cancelled: 0 });
  });

  Deno.test(`Store.commit() keeps no status without its tables, and writes rows (${driver})`, async () => {
    using store = await openStore({ driver, schema, storeTaskStatus: false });
    const { failures } = store.commit(
      insert("city", [{ id: 1, name: "Oslo" }], 1),
      startRun(1),
      queue(1, [1]),
      insert("city", [{ id: 2, name: "Rome" }], 1),
    );
    assertEquals(failures.map(([index]) => index), [1, 2]);
    assertEquals(store.column("SELECT count(*) FROM city"), [2]);
    const tables = "SELECT name FROM sqlite_schema WHERE type='table' ORDER BY name";
    assertEquals(store.column(tables), ["city", "street"]);
  });
}
