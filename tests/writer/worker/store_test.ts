import type { SqlValue } from "../../../db.ts";
import { type InsertOptions, type Row, toInsertMessage } from "../../../writer/client/insert.ts";
import type { ExecuteResult, InsertMessage } from "../../../writer/protocol/write_message.ts";
import { assertEquals, assertMatch } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { openStore } from "./store_fixture.ts";

function insert(table: string, rows: readonly Row[], options?: InsertOptions): InsertMessage {
  return toInsertMessage(table, rows, options);
}

for (const driver of DRIVERS) {
  const schema = "CREATE TABLE city (name TEXT PRIMARY KEY, size INTEGER, note TEXT DEFAULT 'new')";

  Deno.test(`Store.commit() writes the rows of many messages in their order (${driver})`, async () => {
    using store = await openStore({ driver, schema: "CREATE TABLE n (value INTEGER)" });
    // Each remainder of the statements of 100, 10 and 1 rows, and shapes that cannot share one.
    const messages = [1, 9, 10, 11, 99, 100, 101, 257].map((count, m) => {
      const rows = Array.from({ length: count }, (_, i) => [m * 1_000 + i]);
      return insert("n", rows, m % 3 === 0 ? { columns: ["value"] } : {});
    });
    assertEquals(store.commit(...messages), { results: [], failures: [] });
    const sent = messages.flatMap(({ values }) => [...values]);
    assertEquals(store.column("SELECT value FROM n ORDER BY rowid"), sent);
    assertEquals(store.store.rows, sent.length);
  });

  Deno.test(`Store.commit() splits rows that are too wide for one statement (${driver})`, async () => {
    const columns = Array.from({ length: 400 }, (_, i) => `c${i}`);
    using store = await openStore({ driver, schema: `CREATE TABLE wide (${columns.join()})` });
    const rows = Array.from({ length: 120 }, (_, r) => columns.map((_, c) => r * 10_000 + c));
    store.write(insert("wide", rows));
    const read = store.all("SELECT * FROM wide ORDER BY rowid").map((row) => Object.values(row));
    assertEquals(read, rows);
  });

  Deno.test(`Store.commit() keeps every kind of value (${driver})`, async () => {
    using store = await openStore({ driver, schema: "CREATE TABLE v (id INTEGER PRIMARY KEY, x)" });
    const long = "long ✓ ".repeat(300_000);
    const binary = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
    const values: SqlValue[] = [
      null,
      "",
      "Ærø 東京 🚲 \u202e'\"; --",
      long,
      0,
      -1.5,
      Number.MAX_SAFE_INTEGER,
      2n ** 62n,
      -(2n ** 63n),
      new Uint8Array(),
      binary,
    ];
    store.write(insert("v", values.map((x, i) => [i + 1, x])));
    assertEquals(store.column("SELECT x FROM v ORDER BY id"), values);
  });

  Deno.test(`Store.commit() takes any name of a table and column for a name only (${driver})`, async () => {
    const names = ['a"b', "x; DROP TABLE city; --", "東京 🚲", "select", " ", "it's", "[brackets]"];
    const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`);
    const tables = quoted.map((table) => `CREATE TABLE ${table} (${quoted.join(", ")});`).join("");
    using store = await openStore({ driver, schema: tables + schema });
    for (const table of names) {
      const row = Object.fromEntries(names.map((column) => [column, column]));
      const update = { onConflict: undefined, update: "ignore" } as const;
      assertEquals(store.commit(insert(table, [row], update)).failures, []);
    }
    for (const table of quoted) {
      assertEquals(
        store.all(`SELECT * FROM ${table}`).map((row) => Object.values(row)),
        [names],
      );
    }
    assertEquals(store.column("SELECT count(*) FROM city"), [0]);
  });

  Deno.test(`Store.commit() updates the other columns of a row that conflicts (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    store.write(insert("city", [{ name: "Oslo", size: 1, note: "old" }]));
    store.write(insert("city", [{ name: "Oslo", size: 2 }, { name: "Rome", size: 3 }], {
      onConflict: ["name"],
    }));
    assertEquals(store.all("SELECT * FROM city ORDER BY name").map((row) => ({ ...row })), [
      { name: "Oslo", size: 2, note: "old" },
      { name: "Rome", size: 3, note: "new" },
    ]);
  });

  Deno.test(`Store.commit() updates only the columns that are named (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const rows = [{ name: "Oslo", size: 1, note: "a" }, { name: "Oslo", size: 2, note: "b" }];
    // Both in one message: the second conflicts with the first.
    store.write(insert("city", rows, { onConflict: ["name"], update: ["note"] }));
    assertEquals(store.all("SELECT * FROM city").map((row) => ({ ...row })), [
      { name: "Oslo", size: 1, note: "b" },
    ]);
  });

  Deno.test(`Store.commit() leaves a row that conflicts as it is with "ignore" (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    for (const onConflict of [["name"], undefined]) {
      for (const size of [1, 2]) {
        store.write(insert("city", [{ name: "Oslo", size }], { onConflict, update: "ignore" }));
      }
    }
    // All columns are part of the constraint: there is nothing to update.
    store.write(insert("city", [{ name: "Oslo" }], { onConflict: ["name"] }));
    assertEquals(store.column("SELECT size FROM city"), [1]);
  });

  Deno.test(`Store.commit() fills a table without naming columns, upserts included (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const upsert = { onConflict: ["name"], update: ["size"] };
    for (const size of [1, 2]) store.write(insert("city", [["Oslo", size, null]], upsert));
    assertEquals(store.all("SELECT * FROM city").map((row) => ({ ...row })), [
      { name: "Oslo", size: 2, note: null },
    ]);
  });

  Deno.test(`Store.commit() keeps the order of messages of different kinds (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { results, failures } = store.commit(
      insert("city", [{ name: "Oslo", size: 1 }]),
      { kind: "execute", sql: "UPDATE city SET size=size+10 RETURNING size", params: [] },
      insert("city", [{ name: "Rome", size: 2 }]),
      { kind: "execute", sql: "UPDATE city SET size=size+10 RETURNING size", params: [] },
    );
    assertEquals(failures, []);
    const sizes = results.map(([index, result]) => [
      index,
      (result as ExecuteResult).rows.map(({ size }) => size),
    ]);
    assertEquals(sizes, [[1, [11]], [3, [21, 12]]]);
  });

  Deno.test(`Store.commit() keeps neighbours of different shapes apart (${driver})`, async () => {
    using store = await openStore({ driver, schema: "CREATE TABLE pair (a UNIQUE, b)" });
    const { failures } = store.commit(
      insert("pair", [{ a: 1, b: 2 }]),
      insert("pair", [{ b: 4, a: 3 }]),
      insert("pair", [[5, 6]]),
      insert("pair", [[7, 8, 9, 10]]),
      insert("pair", [{ a: 1, b: 0 }], { update: "ignore" }),
      insert("pair", [{ a: 1, b: 0 }]),
      insert("pair", [{ a: 1, b: 9 }], { onConflict: ["a"] }),
      insert("pair", [{ a: 3, b: 0 }]),
      insert("pair", [{ a: 3, b: 0 }], { onConflict: ["a"], update: "ignore" }),
    );
    assertEquals(failures.map(([index]) => index), [3, 5, 7]);
    const pairs = store.all("SELECT a, b FROM pair ORDER BY a").map((row) => Object.values(row));
    assertEquals(pairs, [[1, 9], [3, 4], [5, 6]]);
  });

  Deno.test(`Store.commit() of nothing writes nothing (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const empty: InsertMessage = {
      kind: "insert",
      table: "city",
      columns: ["name"],
      values: [],
      width: 1,
    };
    assertEquals(store.commit(), { results: [], failures: [] });
    assertEquals(store.commit(empty), { results: [], failures: [] });
    assertEquals(store.column("SELECT count(*) FROM city"), [0]);
  });

  Deno.test(`Store.commit() refuses values that are not whole rows, and no other's (${driver})`, async () => {
    using store = await openStore({ driver, schema: "CREATE TABLE pair (a, b)" });
    const broken: InsertMessage = {
      kind: "insert",
      table: "pair",
      columns: ["a", "b"],
      values: [1, 2, 3],
      width: 2,
    };
    // Two of them together would make whole rows.
    const { failures } = store.commit(broken, broken, insert("pair", [{ a: "x", b: "y" }]));
    assertEquals(failures.map(([index]) => index), [0, 1]);
    assertMatch(failures[0]![1].message, /pair/);
    assertEquals(store.all("SELECT * FROM pair").map((row) => Object.values(row)), [["x", "y"]]);
  });
}
