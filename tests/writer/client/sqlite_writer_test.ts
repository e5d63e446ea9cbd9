import { connectReadOnly } from "../../../db.ts";
import { SqliteError } from "../../../errors.ts";
import type { Row } from "../../../writer/client/insert.ts";
import type { Step } from "../../../writer/client/steps.ts";
import type { ExecuteResult } from "../../../writer/protocol/write_message.ts";
import { clientOf, SqliteWriter } from "../../../writer/client/sqlite_writer.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { tempFolder } from "../../support/temp.ts";

const schema = "CREATE TABLE city (name TEXT PRIMARY KEY, size INTEGER)";

async function read(db: string, sql: string): Promise<unknown[][]> {
  using reader = await connectReadOnly(db, { driver: "builtin" });
  return reader.prepare(sql).all().map((row) => Object.values(row));
}

for (const driver of DRIVERS) {
  Deno.test(`SqliteWriter.open() returns a writer that takes messages at once (${driver})`, async () => {
    for (let i = 0; i < 5; i++) {
      await using writer = await SqliteWriter.open({ db: ":memory:", driver, schema });
      const sent = [writer.insert("city", [{ name: "Oslo" }]), writer.execute("SELECT 1 AS one")];
      assertEquals(await sent[0], 1);
      assertEquals((await writer.execute("SELECT name FROM city")).rows[0]!.name, "Oslo");
      await sent[1];
      assertEquals([writer.driver, writer.storeTaskStatus], [driver, true]);
      const version = (await writer.execute("SELECT sqlite_version() AS v")).rows[0]!.v;
      assertEquals(writer.sqliteVersion, version);
    }
  });
}

Deno.test("SqliteWriter.open() takes a path, a file: URL, and a folder that is not there yet", async () => {
  using folder = tempFolder();
  const path = folder.file("a/b/ø 100% #1.db");
  await using first = await SqliteWriter.open({ db: path, driver: "builtin", schema });
  await first.insert("city", [["Oslo", 1]]);
  await first.close();
  const url = new URL(`file://${folder.path}/a/b/`);
  const db = new URL(encodeURIComponent("ø 100% #1.db"), url);
  await using second = await SqliteWriter.open({ db, driver: "builtin" });
  assertEquals((await second.execute("SELECT name FROM city")).rows.length, 1);
});

Deno.test("SqliteWriter.open() creates nothing of its own with storeTaskStatus: false", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const options = { db, driver: "builtin", schema, storeTaskStatus: false } as const;
  await using writer = await SqliteWriter.open(options);
  assertEquals(writer.storeTaskStatus, false);
  await writer.insert("city", [["Oslo", 1]]);
  await writer.close();
  // What PRAGMA optimize gathers is SQLite's.
  const sql = "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'";
  assertEquals(await read(db, sql), [["city"]]);
  assertEquals(await read(db, "PRAGMA user_version"), [[0]]);
});

Deno.test("SqliteWriter.insert() takes arrays, iterables and asynchronous iterables", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:", driver: "builtin", schema });
  const rows = Array.from({ length: 2_500 }, (_, i): Row => ({ name: `city ${i}`, size: i }));
  async function* later() {
    yield* rows.slice(2_000);
  }
  assertEquals(await writer.insert("city", []), 0);
  assertEquals(await writer.insert("city", rows.slice(0, 500)), 500);
  assertEquals(await writer.insert("city", new Set(rows.slice(500, 2_000))), 1_500);
  assertEquals(await writer.insert("city", later()), 500);
  const { rows: [sum] } = await writer.execute("SELECT count(*) AS n, sum(size) AS s FROM city");
  assertEquals({ ...sum }, { n: 2_500, s: 2_499 * 2_500 / 2 });
});

Deno.test("SqliteWriter.insert() upserts", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:", driver: "builtin", schema });
  await writer.insert("city", [{ name: "Oslo", size: 1 }]);
  await assertRejects(() => writer.insert("city", [{ name: "Oslo", size: 2 }]), SqliteError);
  await writer.insert("city", [{ name: "Oslo", size: 3 }], { onConflict: ["name"] });
  await writer.insert("city", [{ name: "Oslo", size: 4 }], { update: "ignore" });
  await writer.insert("city", [["Oslo", 5]], { onConflict: ["name"], update: "ignore" });
  const { rows } = await writer.execute("SELECT * FROM city");
  assertEquals(rows.map((row) => ({ ...row })), [{ name: "Oslo", size: 3 }]);
});

Deno.test("SqliteWriter refuses a value that cannot be stored, at the call that sent it", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:", driver: "builtin", schema });
  const good = writer.insert("city", [["Oslo", 1]]);
  const bad: unknown[] = [() => 1, Symbol("x"), new Map(), new Date(NaN), 2n ** 64n];
  for (const value of bad) {
    const rows = [{ name: "a", size: 1 }, { name: "b", size: value }] as Row[];
    const error = await assertRejects(() => writer.insert("city", rows), Error);
    assertStringIncludes(error.message, "column size of city, row 1");
    const step = { sql: "SELECT ?, ?", params: [1, value] } as Step;
    for (const call of [() => writer.send(step), () => writer.transaction([step])]) {
      assertStringIncludes((await assertRejects(call, Error)).message, "parameter 2");
    }
  }
  for (const params of [{ name: "a" }, { ":name": "a" }, "a", null, 1, new Map([["name", 1]])]) {
    const sql = "SELECT :name";
    const named = params as unknown as [];
    for (
      const call of [
        () => writer.execute(sql, named),
        () => writer.query(sql, named),
        () => writer.send({ sql, params: named }),
        () => writer.transaction([{ statement: "named", params: named }]),
      ]
    ) await assertRejects(call, TypeError, "pass an array with a value for each parameter");
  }
  assertEquals(await good, 1);
  const { failures, messages } = await writer.stats();
  assertEquals([failures, messages], [0, 1]);
});

Deno.test("SqliteWriter.send() takes steps, registered statements and typed messages", async () => {
  const statements = { grow: "UPDATE city SET size=size+? RETURNING size" };
  const options = { db: ":memory:", driver: "builtin", schema, statements } as const;
  await using writer = await SqliteWriter.open(options);
  assertEquals(await writer.send({ table: "city", rows: [["Oslo", 1]] }), undefined);
  const grown = await writer.send({ statement: "grow", params: [41] });
  assertEquals((grown as ExecuteResult).rows[0]!.size, 42);
  const started = await clientOf(writer).request({
    kind: "start_run",
    name: "mine",
    workers: 1,
    startedAt: new Date(0).toISOString(),
    reserve: 3,
  });
  assertEquals(started, { run: 1, firstId: 1 });
  for (const name of ["toString", "__proto__", "shrink"]) {
    await assertRejects(() => writer.send({ statement: name }), TypeError, "register it");
  }
  for (const step of [{}, { sql: 5 }, { kind: "nonsense" }]) {
    await assertRejects(() => writer.send(step as unknown as Step), TypeError);
  }
});

Deno.test("SqliteWriter.transaction() writes all of its steps, or none", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:", driver: "builtin", schema });
  const results = await writer.transaction([
    { table: "city", rows: [["Oslo", 1], ["Rome", 2]] },
    { sql: "UPDATE city SET size=size+10" },
  ]);
  assertEquals([results[0], results[1]!.changes, results.length], [undefined, 2, 2]);
  assertEquals(await writer.transaction([]), []);
  const failing = [{ sql: "DELETE FROM city" }, { table: "city", rows: [["a", 1], ["a", 1]] }];
  await assertRejects(() => writer.transaction(failing), SqliteError, "UNIQUE");
  await assertRejects(() => writer.transaction([{ sql: "COMMIT" }]), TypeError, "COMMIT");
  assertEquals((await writer.execute("SELECT sum(size) AS s FROM city")).rows[0]!.s, 23);
});

Deno.test("SqliteWriter.execute() rejects with the class and code of the writer's error", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:", driver: "builtin", schema });
  const error = await assertRejects(() => writer.execute("SELECT * FROM nowhere"), SqliteError);
  assertEquals([error.name, error.code], ["SqliteError", "other"]);
  assertStringIncludes(error.message.toLowerCase(), "no such table: nowhere");
  const insert = "INSERT INTO city VALUES ('Oslo', 1), ('Oslo', 2)";
  assertEquals((await assertRejects(() => writer.execute(insert), SqliteError)).code, "constraint");
});

Deno.test("SqliteWriter.flush() resolves when a second connection sees all that was sent", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await using writer = await SqliteWriter.open({ db, driver: "builtin", schema });
  const sent = Array.from({ length: 3_000 }, (_, i) => writer.insert("city", [[`city ${i}`, i]]));
  await writer.flush();
  assertEquals(await read(db, "SELECT count(*) FROM city"), [[3_000]]);
  const { commits, rows, walBytes } = await writer.stats();
  assert(commits < 300, `${commits} transactions`);
  assertEquals(rows, 3_000);
  assert(walBytes! > 0);
  assertEquals((await writer.checkpoint()).busy, false);
  assertEquals((await writer.stats()).walBytes, 0);
  await Promise.all(sent);
});
