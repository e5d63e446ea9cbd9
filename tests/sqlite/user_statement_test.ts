import { connectReadOnly } from "../../db.ts";
import { SqliteWriter } from "../../mod.ts";
import { checkUserStatement } from "../../sqlite/user_statement.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";

const REFUSED = [
  "PRAGMA query_only=ON",
  "pragma main . locking_mode (EXCLUSIVE)",
  "PRAGMA hard_heap_limit=1",
  "PRAGMA max_page_count = 1",
  'PRAGMA "query_only" = 1',
  "PRAGMA [foreign_keys]=OFF",
  "/* hidden */ -- and again\n ; PRAGMA/**/synchronous/**/=/**/OFF",
  "EXPLAIN PRAGMA query_only=ON",
  "EXPLAIN QUERY PLAN PRAGMA query_only=ON",
  "PRAGMA wal_checkpoint",
  "PRAGMA wal_checkpoint(TRUNCATE)",
  "PRAGMA defer_foreign_keys=ON",
  "PRAGMA writable_schema=ON",
  "PRAGMA no_such_setting=1",
  "ATTACH 'other.db' AS other",
  "DETACH other",
  "VACUUM",
  "VACUUM INTO 'copy.db'",
  "BEGIN",
  ";; COMMIT",
  "EXPLAIN ROLLBACK",
];

Deno.test("checkUserStatement() refuses what would change the connection for others", () => {
  for (const sql of REFUSED) {
    assertThrows(() => checkUserStatement(sql), TypeError, "Cannot execute ");
  }
});

Deno.test("checkUserStatement() lets pass what reads, and what a statement may write", () => {
  for (
    const sql of [
      "PRAGMA query_only",
      "PRAGMA table_info(t)",
      "PRAGMA main.table_xinfo=t;",
      "PRAGMA user_version=3",
      "PRAGMA application_id(7)",
      "PRAGMA optimize",
      "PRAGMA incremental_vacuum(10)",
      "PRAGMA integrity_check(5)",
      "CREATE TABLE pragma (a)",
    ]
  ) assert(checkUserStatement(sql), sql);
  for (
    const sql of [
      "SELECT 1",
      "WITH x AS (SELECT 1) SELECT * FROM x",
      "INSERT INTO t VALUES ('PRAGMA query_only=ON')",
      "-- PRAGMA query_only=ON\nUPDATE t SET a = 1",
      "EXPLAIN QUERY PLAN SELECT 1",
      "",
    ]
  ) assert(!checkUserStatement(sql) || sql === "", sql);
});

for (const driver of DRIVERS) {
  const open = (db: string) =>
    SqliteWriter.open({ db, driver, schema: "CREATE TABLE t (n INTEGER, tag TEXT)" });

  const shadows = [
    "CREATE TEMP TABLE t(n)",
    "CREATE TEMPORARY TABLE IF NOT EXISTS T(n)",
    "CREATE TABLE temp.t(n)",
    'CREATE TABLE "temp"."t" AS SELECT 1 AS n',
    "CREATE VIRTUAL TABLE temp.t USING fts5(n)",
    "CREATE TEMP VIEW t AS SELECT 1 AS n, 2 AS tag",
    "CREATE TEMP TABLE task_runs(id)",
    "CREATE TEMP TRIGGER gone BEFORE INSERT ON main.t BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TEMP TRIGGER gone BEFORE UPDATE ON task_runs BEGIN SELECT RAISE(IGNORE); END",
  ];
  for (const sql of shadows) {
    Deno.test(`no row is lost to ${sql} (${driver})`, async () => {
      using folder = tempFolder();
      await using writer = await open(folder.file("etl.db"));
      const insert = (n: number) => writer.insert("t", [[n, "x"]]);
      const sent = [
        insert(1),
        assertRejects(() => writer.execute(sql), TypeError, "TEMP"),
        insert(2),
        assertRejects(() => writer.transaction([{ sql }]), TypeError, "TEMP"),
        insert(3),
      ];
      await Promise.all(sent);
      await insert(4);
      using reader = await connectReadOnly(folder.file("etl.db"), { driver });
      assertEquals(reader.prepare("SELECT n FROM t ORDER BY n").all().map(({ n }) => n), [
        1,
        2,
        3,
        4,
      ]);
    });
  }

  Deno.test(`a TEMP table of another name works, until a table of that name is made (${driver})`, async () => {
    using folder = tempFolder();
    await using writer = await open(folder.file("etl.db"));
    await writer.execute("CREATE TEMP TABLE staging (n)");
    await writer.execute("INSERT INTO staging VALUES (1)");
    await writer.execute("INSERT INTO t (n) SELECT n FROM staging");
    await assertRejects(() => writer.execute("CREATE TABLE main.staging (n)"), TypeError, "TEMP");
    await assertRejects(
      () => writer.execute("ALTER TABLE temp.staging RENAME TO t"),
      TypeError,
      "TEMP",
    );
    await writer.execute("DROP TABLE staging");
    await writer.execute("CREATE TABLE staging (n)");
    assertEquals((await writer.execute("SELECT n FROM t")).rows[0]!.n, 1);
  });

  Deno.test(`a PRAGMA of a task changes nothing for others (${driver})`, async () => {
    using folder = tempFolder();
    await using writer = await open(folder.file("etl.db"));
    for (const sql of REFUSED) {
      await assertRejects(() => writer.execute(sql), TypeError, "Cannot execute");
      await writer.insert("t", [[1, sql]]);
    }
    using reader = await connectReadOnly(folder.file("etl.db"), { driver });
    assertEquals(reader.prepare("SELECT count(*) AS n FROM t").get()!.n, REFUSED.length);
  });
}
