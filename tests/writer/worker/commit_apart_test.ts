/**
 * A bad message fails alone, and the others of its batch have the fate that they would have had without it, foreign
 * keys that are deferred included.
 *
 * @module
 */
import fc from "fast-check";
import type { DriverName } from "../../../db.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { check } from "../../support/property.ts";
import { end, execute, openStore, queue, start } from "./store_fixture.ts";

/** Random batches in the suite. */
const RUNS = 40;

/** Makes tables whose rows refer to each other, in three forms that SQLite keeps apart. */
const FORMS = {
  rowid: `CREATE TABLE n (
    id INTEGER PRIMARY KEY, name NOT NULL, parent REFERENCES n DEFERRABLE INITIALLY DEFERRED)`,
  "WITHOUT ROWID": `CREATE TABLE n (
    id INTEGER PRIMARY KEY, name NOT NULL, parent INTEGER,
    FOREIGN KEY (parent) REFERENCES n(id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID`,
  composite: `CREATE TABLE n (
    id INTEGER, name NOT NULL, parent INTEGER, one INTEGER DEFAULT 1,
    PRIMARY KEY (one, id),
    FOREIGN KEY (one, parent) REFERENCES n DEFERRABLE INITIALLY DEFERRED)`,
};

const node = (id: number, parent: number | null, name: string | null = "x"): WriteMessage =>
  toInsertMessage("n", [{ id, parent, name }]);

async function failuresOf(
  driver: DriverName,
  schema: string,
  messages: WriteMessage[],
): Promise<{ failed: number[]; ids: unknown[] }> {
  using store = await openStore({ driver, schema });
  const { failures } = store.commit(...messages);
  return {
    failed: failures.map(([index]) => index),
    ids: store.column("SELECT id FROM n ORDER BY id"),
  };
}

for (const driver of DRIVERS) {
  for (const [form, schema] of Object.entries(FORMS)) {
    Deno.test(`children and parents in one batch are not parted by a bad row (${form}, ${driver})`, async () => {
      const children = Array.from({ length: 20 }, (_, i) => node(100 + i, i + 1));
      const parents = Array.from({ length: 20 }, (_, i) => node(i + 1, null));
      const all = [...children, ...parents];
      const ids = [...parents.keys()].map((i) => i + 1);
      const expected = [...ids, ...[...children.keys()].map((i) => 100 + i)];
      assertEquals((await failuresOf(driver, schema, all)).failed, []);
      for (const at of [0, 7, 20, 33, 40]) {
        const messages = all.toSpliced(at, 0, node(99, null, null));
        assertEquals(await failuresOf(driver, schema, messages), { failed: [at], ids: expected });
        // An orphan is as bad as a row that is refused at once, and both may come together.
        const orphan = all.toSpliced(at, 0, node(98, 77));
        assertEquals(await failuresOf(driver, schema, orphan), { failed: [at], ids: expected });
        const both = messages.toSpliced(20, 0, node(98, 77));
        const failed = [at >= 20 ? at + 1 : at, 20].sort((a, b) => a - b);
        assertEquals(await failuresOf(driver, schema, both), { failed, ids: expected });
      }
    });

    Deno.test(`a random batch loses what is bad and what depends on it (${form}, ${driver})`, async () => {
      const sent = fc.record({
        id: fc.integer({ min: 1, max: 30 }),
        parent: fc.option(fc.integer({ min: 1, max: 32 })),
        isBad: fc.nat(11),
      });
      await check(fc.array(sent, { maxLength: 24, size: "max" }), async (nodes) => {
        const messages = nodes.map(({ id, parent, isBad }) =>
          node(id, parent, isBad === 0 ? null : "x")
        );
        // What fails takes along those that refer to it, until all that is left stands.
        let kept = nodes.map((_, i) => i);
        for (let before = -1; before !== kept.length;) {
          before = kept.length;
          kept = kept.filter((i) => nodes[i]!.isBad !== 0);
          const first = kept.filter((i, at) =>
            kept.findIndex((j) => nodes[j]!.id === nodes[i]!.id) === at
          );
          const ids = new Set(first.map((i) => nodes[i]!.id));
          const orphans = new Set(
            first.filter((i) => nodes[i]!.parent !== null && !ids.has(nodes[i]!.parent!)),
          );
          // Where an orphan is taken out, another row of its id has room.
          kept = orphans.size > 0 ? kept.filter((i) => !orphans.has(i)) : first;
        }
        const { failed } = await failuresOf(driver, schema, messages);
        assertEquals(failed, nodes.map((_, i) => i).filter((i) => !kept.includes(i)));
      }, { runs: RUNS });
    });
  }

  Deno.test(`a parent that is deleted from under its child fails, and nothing else (${driver})`, async () => {
    using store = await openStore({ driver, schema: FORMS.rowid });
    store.commit(node(1, null), node(2, 1), node(3, null));
    const { failures } = store.commit(
      execute("UPDATE n SET name='y' WHERE id=3"),
      execute("DELETE FROM n WHERE id=1"),
      node(4, 3),
      execute("DELETE FROM n WHERE id=2 AND name='nothing'"),
    );
    assertEquals(failures.map(([index]) => index), [1]);
    assertEquals(store.column("SELECT id || name FROM n ORDER BY id"), ["1x", "2x", "3y", "4x"]);
  });

  Deno.test(`orphans that were there before are blamed on no message (${driver})`, async () => {
    using store = await openStore({ driver, schema: FORMS.rowid });
    store.connection.exec("PRAGMA foreign_keys=OFF; INSERT INTO n VALUES (1, 'x', 50)");
    store.connection.exec("PRAGMA foreign_keys=ON");
    const { failures } = store.commit(node(2, 1), node(3, 60), node(4, 5), node(5, 1));
    assertEquals(failures.map(([index]) => index), [1]);
    assertEquals(store.column("SELECT id FROM n ORDER BY id"), [1, 2, 4, 5]);
  });

  Deno.test(`a statement that ends the transaction fails alone (${driver})`, async () => {
    const raising = "CREATE TABLE raising (a); CREATE TRIGGER no BEFORE INSERT ON raising " +
      "BEGIN SELECT RAISE(ROLLBACK, 'what it likes'); END;";
    using store = await openStore({ driver, schema: FORMS.rowid + ";" + raising });
    const messages = [
      node(10, 1),
      execute("INSERT OR ROLLBACK INTO n VALUES (10, 'x', NULL)"),
      execute("INSERT INTO raising VALUES (1)"),
      node(1, null),
      execute("INSERT OR ROLLBACK INTO n VALUES (1, 'x', NULL)"),
      node(11, 1, null),
      node(12, 99),
      node(13, 1),
    ];
    const { failures } = store.commit(...messages);
    assertEquals(failures.map(([index]) => index), [1, 2, 4, 5, 6]);
    assertEquals(store.column("SELECT id FROM n ORDER BY id"), [1, 10, 13]);
  });

  Deno.test(`a task whose row misses its parent at COMMIT does not become done (${driver})`, async () => {
    using store = await openStore({ driver, schema: FORMS.rowid });
    const { run, ids: [a, b] } = store.startRun(2);
    const from = (task: number, message: WriteMessage) => ({ ...message, task }) as WriteMessage;
    const { failures } = store.commit(
      start(run, a!),
      start(run, b!),
      from(a!, node(10, 99)),
      from(b!, node(11, 1)),
      from(b!, node(1, null)),
      end(run, a!),
      end(run, b!),
    );
    assertEquals(failures.map(([index]) => index), [2, 5]);
    store.expectCounts(run, { error: 1, done: 1 });
    assert(`${store.task(a!)!.message}`.includes("FOREIGN KEY constraint failed"));
    assertEquals(store.column("SELECT id FROM n ORDER BY id"), [1, 11]);
  });

  Deno.test(`what is taken back with a bad message is not counted (${driver})`, async () => {
    using store = await openStore({ driver, schema: FORMS.rowid });
    const { run, ids: [a, b, c] } = store.startRun(3);
    const messages: WriteMessage[] = [
      start(run, a!),
      { kind: "transaction", messages: [start(run, b!), queue(run, [90]), node(1, null, null)] },
      start(run, c!),
      { kind: "transaction", messages: [end(run, c!), node(2, 77)] },
      end(run, a!),
    ];
    const { failures } = store.commit(...messages);
    assertEquals(failures.map(([index]) => index), [1, 3]);
    store.expectCounts(run, { queued: 1, running: 1, done: 1 });
    assertEquals(store.commit(end(run, c!), start(run, b!)).failures, []);
    store.expectCounts(run, { running: 1, done: 2 });
  });
}
