import { type InsertOptions, type Row, toInsertMessage } from "../../../writer/client/insert.ts";
import { toTransactionMessage } from "../../../writer/client/steps.ts";
import type {
  ExecuteResult,
  IdempotencyKey,
  InsertMessage,
} from "../../../writer/protocol/write_message.ts";
import { assertEquals, assertMatch } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { Random } from "../../support/random.ts";
import { execute, openStore, type TestStore } from "./store_fixture.ts";

const schema = `
  CREATE TABLE city (name TEXT NOT NULL, n INTEGER CHECK (n > 0));
  CREATE TABLE street (name TEXT);`;

const KEYS = "SELECT key FROM idempotency_keys ORDER BY id";

/** Rows under a key: of a task, where one is named. */
function keyed(
  table: string,
  rows: readonly Row[],
  key: Partial<IdempotencyKey>,
  options?: InsertOptions,
): InsertMessage {
  const message = toInsertMessage(table, rows, options);
  message.idempotencyKey = { key: "a", part: 0, task: null, run: null, ...key };
  return message;
}

function cities(store: TestStore): unknown[] {
  return store.column("SELECT name FROM city ORDER BY rowid");
}

for (const driver of DRIVERS) {
  Deno.test(`Store.commit() writes rows under a key once, and acknowledges the others (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const first = keyed("city", [["Oslo", 1], ["Bergen", 2]], { key: "page 1" });
    assertEquals(store.commit(first), { results: [], failures: [] });
    assertEquals(store.commit(first), { results: [], failures: [] });
    // Whatever is sent under it.
    store.write(keyed("city", [["Moss", 1]], { key: "page 1" }));
    store.write(keyed("city", [["Hamar", 1]], { key: "page 2" }));
    assertEquals(cities(store), ["Oslo", "Bergen", "Hamar"]);
    assertEquals(store.store.rows, 3);
    const rows = store.all("SELECT * FROM idempotency_keys").map(({ written_at, ...row }) => {
      assertMatch(`${written_at}`, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      return row;
    });
    const row = { task_id: 0, run_id: null, table_name: "city", part: 0 };
    assertEquals(rows, [{ id: 1, ...row, key: "page 1" }, { id: 2, ...row, key: "page 2" }]);
  });

  Deno.test(`Store.commit() takes a table's name in another case for the same table (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    store.write(keyed("City", [["Oslo", 1]], {}));
    store.write(keyed("street", [["Storgata"]], {}));
    for (const table of ["City", "city", "CITY"]) {
      store.write(keyed(table, [["Moss", 1]], {}));
      store.write(keyed(table, [["of task 1", 1]], { task: 1, run: 1 }));
    }
    store.write(keyed("STREET", [["Kirkegata"]], {}));
    assertEquals(cities(store), ["Oslo", "of task 1"]);
    assertEquals(store.column("SELECT name FROM street"), ["Storgata"]);
    assertEquals(store.column("SELECT table_name FROM idempotency_keys ORDER BY id"), [
      "City",
      "street",
      "City",
    ]);
  });

  Deno.test(`Store.commit() takes a key for its task, its table and its part (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const messages = [
      keyed("city", [["of no task", 1]], {}),
      keyed("city", [["of task 1", 1]], { task: 1, run: 1 }),
      keyed("city", [["of task 2", 1]], { task: 2, run: 1 }),
      keyed("city", [["part 1", 1]], { task: 2, run: 1, part: 1 }),
      keyed("street", [["of another table"]], { task: 2, run: 1 }),
      toTransactionMessage([{ table: "street", rows: [["of a transaction"]] }]),
    ];
    Object.assign(messages[5]!, { idempotencyKey: { key: "a", part: 0, task: 2, run: 1 } });
    for (let i = 0; i < 2; i++) assertEquals(store.commit(...messages).failures, []);
    assertEquals(cities(store), ["of no task", "of task 1", "of task 2", "part 1"]);
    assertEquals(store.column("SELECT name FROM street"), ["of another table", "of a transaction"]);
  });

  Deno.test(`Store.commit() writes a key once that comes twice in a batch, among others (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { results, failures } = store.commit(
      toInsertMessage("city", [["before", 1]]),
      keyed("city", [["first", 1], ["second", 2]], {}),
      toInsertMessage("city", [["between", 1]]),
      keyed("city", [["again", 1]], {}),
      execute("SELECT count(*) AS n FROM city"),
      keyed("city", [["and again", 1]], {}),
      keyed("city", [["another", 1]], { key: "b" }),
      toInsertMessage("city", [["after", 1]]),
    );
    assertEquals(failures, []);
    // What follows sees all that came before.
    const [[index, result]] = results as [[number, ExecuteResult]];
    assertEquals([index, result.rows[0]!.n], [4, 4]);
    assertEquals(cities(store), ["before", "first", "second", "between", "another", "after"]);
  });

  Deno.test(`Store.commit() keeps no key of rows that were refused (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const bad = keyed("city", [["good row", 1], ["bad row", 0]], {});
    const { failures } = store.commit(
      toInsertMessage("city", [["before", 1]]),
      bad,
      // The batch is tried in halves: this one must not be taken for written by the try before.
      keyed("city", [["other", 1]], { key: "b" }),
      keyed("city", [["second try", 1]], {}),
      keyed("city", [["third try", 1]], {}),
    );
    assertEquals(failures.map(([index]) => index), [1]);
    assertEquals(cities(store), ["before", "other", "second try"]);
    assertEquals(store.column(KEYS), ["b", "a"]);
    assertEquals(store.commit(bad).failures, []);
    assertEquals(cities(store).length, 3);
  });

  Deno.test(`Store.commit() does the steps of a transaction under a key once, or none (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    store.write(toInsertMessage("city", [["Oslo", 1]]));
    const update = { sql: "UPDATE city SET n = n + ?", params: [1] };
    const bad = toTransactionMessage([update, { table: "city", rows: [["bad", 0]] }], {
      idempotencyKey: "grow",
    });
    assertEquals(store.commit(bad).failures.length, 1);
    assertEquals(store.column(KEYS), []);
    const steps = [update, { table: "street", rows: [["Storgata"]], idempotencyKey: "inner" }];
    const good = toTransactionMessage(steps, { idempotencyKey: "grow" });
    const [done] = store.write(good) as [{ changes: number }, undefined];
    assertEquals(done.changes, 1);
    assertEquals(store.write(good), [undefined, undefined]);
    // A step with a key of its own is passed over by itself.
    store.write(toTransactionMessage(steps));
    assertEquals(store.column("SELECT n FROM city"), [3]);
    assertEquals(store.column("SELECT name FROM street"), ["Storgata"]);
    assertEquals(store.column(KEYS), ["grow", "inner"]);
  });

  Deno.test(`Store.commit() takes no key where no row would be written (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    store.write(toTransactionMessage([{ table: "city", rows: [], idempotencyKey: "a" }]));
    store.commit(keyed("city", [], {}, { columns: ["name", "n"] }));
    assertEquals(store.column(KEYS), []);
    store.write(keyed("city", [["Oslo", 1]], {}));
    assertEquals(cities(store), ["Oslo"]);
  });

  Deno.test(`Store.commit() distinguishes hostile keys (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const long = "é".repeat(1_000_000);
    const keys = [
      ..." |a\0b|a\0c|a|a\0|\0|\ud83d\ude00|\ud83d\ude01|e\u0301|\u00e9|'; DROP TABLE city; --|A|1|1.0|NULL"
        .split("|"),
      long,
      long + "a",
      // Not the second part of "a".
      "a#1",
      "a 1",
    ];
    const messages = keys.map((key, i) => keyed("city", [[`${i}`, 1]], { key }));
    for (let i = 0; i < 2; i++) assertEquals(store.commit(...messages).failures, []);
    assertEquals(cities(store), keys.map((_, i) => `${i}`));
  });

  Deno.test(`Store.commit() loses nothing and doubles nothing, whatever is sent again (${driver})`, async () => {
    const random = new Random(20_261_122);
    using store = await openStore({ driver, schema });
    const pages = Array.from({ length: 60 }, (_, page) => ({
      rows: Array.from({ length: 1 + random.below(120) }, (_, row) => [`${page}.${row}`, 1]),
      fails: 0,
    }));
    let sent = 0;
    while (pages.some(({ fails }) => fails < 3)) {
      // Batches of pages, some of them for the second time, some with a row that is refused.
      const batch = Array.from({ length: 1 + random.below(12) }, () => random.below(pages.length));
      const messages = batch.map((page) => {
        const { rows, fails } = pages[page]!;
        pages[page]!.fails++;
        sent++;
        const bad = fails < 2 && random.below(3) === 0;
        return keyed("city", bad ? [...rows, ["bad", 0]] : rows, { key: `page ${page}` });
      });
      store.commit(...messages);
    }
    for (const [page, { rows }] of pages.entries()) {
      store.write(keyed("city", rows, { key: `page ${page}` }));
    }
    assertEquals(sent > 180, true);
    const expected = pages.flatMap(({ rows }) => rows.map(([name]) => name)).sort();
    assertEquals(cities(store).toSorted(), expected);
    assertEquals(store.column(KEYS).length, 60);
  });
}
