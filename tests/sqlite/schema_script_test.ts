import { connectReadOnly, SqliteError } from "../../db.ts";
import { runPipeline, SqliteWriter, type WriterOptions } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";

/** What `.dump` of the sqlite3 shell prints of tables, a trigger, and a full-text index. */
const DUMP = `PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE book(id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES author(id), title TEXT CHECK(length(title) > 0));
INSERT INTO book VALUES(1,1,'Notes; PRAGMA x');
CREATE TABLE author(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO author VALUES(1,'Ada');
PRAGMA writable_schema=ON;
INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','page','page',0,'CREATE VIRTUAL TABLE page using fts5(body)');
CREATE TABLE IF NOT EXISTS 'page_data'(id INTEGER PRIMARY KEY, block BLOB);
INSERT INTO page_data VALUES(1,X'0204');
INSERT INTO page_data VALUES(10,X'000000000101010001010101');
INSERT INTO page_data VALUES(137438953473,X'0000002005306c616e6402020301037365610102030103746865010202010202040908');
CREATE TABLE IF NOT EXISTS 'page_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
INSERT INTO page_idx VALUES(1,X'',2);
CREATE TABLE IF NOT EXISTS 'page_content'(id INTEGER PRIMARY KEY, c0);
INSERT INTO page_content VALUES(1,'the sea');
INSERT INTO page_content VALUES(2,'the land');
CREATE TABLE IF NOT EXISTS 'page_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
INSERT INTO page_docsize VALUES(1,X'02');
INSERT INTO page_docsize VALUES(2,X'02');
CREATE TABLE IF NOT EXISTS 'page_config'(k PRIMARY KEY, v) WITHOUT ROWID;
INSERT INTO page_config VALUES('version',4);
CREATE TABLE log(what);
CREATE TRIGGER book_added AFTER INSERT ON book BEGIN INSERT INTO log VALUES('added; ' || CASE WHEN new.id > 1 THEN new.title END); END;
PRAGMA writable_schema=OFF;
COMMIT;
`;

/** The settings of the writer that a script may have changed. */
const SETTINGS = [
  "foreign_keys",
  "synchronous",
  "journal_mode",
  "locking_mode",
  "wal_autocheckpoint",
  "journal_size_limit",
  "ignore_check_constraints",
  "query_only",
  "recursive_triggers",
  "writable_schema",
  "read_uncommitted",
  "legacy_alter_table",
  "busy_timeout",
] as const;

async function readSettings(writer: SqliteWriter): Promise<Record<string, unknown>> {
  const settings: Record<string, unknown> = {};
  for (const name of SETTINGS) {
    const { rows } = await writer.execute(`PRAGMA ${name}`);
    settings[name] = Object.values(rows[0]!)[0];
  }
  return settings;
}

for (const driver of DRIVERS) {
  const open = (db: string, options: Partial<WriterOptions> = {}) =>
    SqliteWriter.open({ db, driver, ...options });

  Deno.test(`a dump of the sqlite3 shell loads as schema, and foreign keys hold after it (${driver})`, async () => {
    using folder = tempFolder();
    await using writer = await open(folder.file("etl.db"), { schema: DUMP });
    await assertRejects(
      () => writer.insert("book", [{ id: 2, author: 99, title: "Orphan" }]),
      SqliteError,
      "FOREIGN KEY",
    );
    await assertRejects(
      () => writer.insert("book", [{ id: 3, author: 1, title: "" }]),
      SqliteError,
      "CHECK",
    );
    await writer.insert("book", [{ id: 4, author: 1, title: "Second" }]);
    await writer.insert("page", [["the moon"]]);
    using reader = await connectReadOnly(folder.file("etl.db"), { driver });
    assertEquals(
      reader.prepare("SELECT body FROM page WHERE page MATCH 'the' ORDER BY rowid").all()
        .map(({ body }) => body),
      ["the sea", "the land", "the moon"],
    );
    assertEquals(reader.prepare("SELECT what FROM log").all().map(({ what }) => what), [
      "added; Second",
    ]);
    assertEquals(reader.prepare("PRAGMA integrity_check").get(), {
      __proto__: null,
      integrity_check: "ok",
    });
  });

  const changes = [
    "PRAGMA synchronous=OFF",
    "PRAGMA main.synchronous(0)",
    "PRAGMA locking_mode=EXCLUSIVE; CREATE TABLE x (a)",
    "PRAGMA journal_mode=DELETE",
    "PRAGMA journal_mode=OFF",
    "PRAGMA busy_timeout=0",
    "PRAGMA query_only=ON",
    "/* off */ PRAGMA foreign_keys = 0;; PRAGMA ignore_check_constraints=1",
    "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=0",
    "PRAGMA recursive_triggers=ON; PRAGMA legacy_alter_table=ON; PRAGMA read_uncommitted=1",
    "PRAGMA writable_schema=ON",
  ];
  for (const schema of changes) {
    Deno.test(`the settings hold after the schema ${schema} (${driver})`, async () => {
      using folder = tempFolder();
      const options = { synchronous: "full", busyTimeoutMs: 1234 } as const;
      await using untouched = await open(folder.file("a.db"), options);
      await using writer = await open(folder.file("b.db"), { ...options, schema });
      assertEquals(await readSettings(writer), await readSettings(untouched));
      assertEquals((await readSettings(writer)).synchronous, 2);
      // Another connection reads while the writer is open.
      await writer.execute("CREATE TABLE seen (a)");
      using reader = await connectReadOnly(folder.file("b.db"), { driver });
      assert(reader.prepare("SELECT 1 FROM sqlite_schema WHERE name='seen'").get());
    });
  }

  Deno.test(`a run works after a schema that changes how columns are called (${driver})`, async () => {
    using folder = tempFolder();
    const { status } = await runPipeline([1], {
      db: folder.file("etl.db"),
      driver,
      schema: "PRAGMA full_column_names=ON; PRAGMA short_column_names=OFF",
      run: () => {},
    });
    assertEquals(status, "done");
  });

  const ignored = [
    ["PRAGMA auto_vacuum=INCREMENTAL", "auto_vacuum stays 0", "VACUUM"],
    ["PRAGMA auto_vacuum = FULL; CREATE TABLE t (a)", "auto_vacuum stays 0", "VACUUM"],
    ["PRAGMA page_size=8192", "page_size stays 4096", "journal_mode=DELETE"],
    ["PRAGMA encoding='UTF-16'", "encoding stays UTF-8", "Before the first run"],
    ["BEGIN; PRAGMA foreign_keys=OFF; COMMIT", "foreign_keys stays 1", "before BEGIN"],
    ["PRAGMA hard_heap_limit=1000", "whole process", "Leave it out"],
    ["PRAGMA main.max_page_count(9)", "stop at that length", "Leave it out"],
  ] as const;
  for (const [schema, reason, way] of ignored) {
    Deno.test(`the schema ${schema} is refused with the way that works (${driver})`, async () => {
      using folder = tempFolder();
      const error = await assertRejects(
        () => open(folder.file("etl.db"), { schema }),
        TypeError,
        reason,
      );
      assert(error.message.includes(way), error.message);
    });
  }

  Deno.test(`a schema that was loaded already is named in the error (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const [tables] = DUMP.split("PRAGMA writable_schema=ON");
    const index = DUMP.slice(tables!.length, DUMP.indexOf("CREATE TABLE log"));
    const fullText = `BEGIN; ${index} PRAGMA writable_schema=OFF; COMMIT;`;
    for (
      const [schema, reason] of [
        [fullText, "UNIQUE constraint failed: page_data.id"],
        [DUMP, "already exists"],
        ["CREATE TABLE IF NOT EXISTS n (a); ALTER TABLE n ADD COLUMN b", "uplicate column name: b"],
      ] as const
    ) {
      const file = db + reason.length;
      await (await open(file, { schema })).close();
      const { message } = await assertRejects(() => open(file, { schema }), SqliteError, reason);
      assertMatch(
        message,
        /^Cannot run the schema: .* is there already\. Leave out what was loaded/s,
      );
      await (await open(file)).close();
    }
    // Rows that are wrong by themselves are not reported as existing.
    const schema = "CREATE TABLE u (a PRIMARY KEY); INSERT INTO u VALUES (1), (1)";
    const { message } = await assertRejects(() => open(db, { schema }), SqliteError);
    assertEquals(message, "UNIQUE constraint failed: u.a");
  });

  Deno.test(`a schema that forbids itself to write is named in the error (${driver})`, async () => {
    using folder = tempFolder();
    await assertRejects(
      () => open(folder.file("etl.db"), { schema: "PRAGMA query_only=ON; CREATE TABLE t (a)" }),
      SqliteError,
      "etl.db: PRAGMA query_only is on in this connection",
    );
  });

  Deno.test(`a writer that is open names the schema that it cannot run (${driver})`, async () => {
    await using writer = await open(":memory:", { schema: "CREATE TABLE t (a)" });
    for (
      const [schema, reason] of [
        ["BEGIN; COMMIT", "BEGIN: transactions are the writer's. Pass the schema where"],
        [
          "PRAGMA query_only=ON",
          "hold for all of them. Pass the schema where the writer is opened",
        ],
        ["CREATE TABLE t (a)", "is there already"],
      ] as const
    ) {
      const { message } = await assertRejects(
        () => runPipeline([1], { db: writer, schema, run: () => {} }),
        Error,
        reason,
      );
      assertMatch(message, /^Cannot run the schema/);
    }
  });

  Deno.test(`a schema that is not SQL is refused (${driver})`, async () => {
    await using writer = await open(":memory:");
    for (const schema of [5, ["CREATE TABLE t (a)", null], { sql: "" }]) {
      const wrong = { schema: schema as never };
      await assertRejects(() => open(":memory:", wrong), TypeError, "for schema, got");
      await assertRejects(
        () => runPipeline([1], { db: writer, ...wrong, run: () => {} }),
        TypeError,
        "expected SQL, or an array of it",
      );
    }
  });

  Deno.test(`a schema may ask for what the file has (${driver})`, async () => {
    using folder = tempFolder();
    const schema = "PRAGMA encoding='UTF-8'; PRAGMA page_size=4096; PRAGMA auto_vacuum=NONE;" +
      "PRAGMA foreign_keys=ON; PRAGMA user_version=7; PRAGMA user_version";
    await using writer = await open(folder.file("etl.db"), { schema });
    assertEquals((await writer.execute("PRAGMA user_version")).rows[0]!.user_version, 7);
  });

  Deno.test(`a schema whose TEMP table hides a table of the file is refused (${driver})`, async () => {
    using folder = tempFolder();
    for (const temp of ["CREATE TEMP VIEW Task_Runs AS SELECT 1", "CREATE TABLE temp.t(a)"]) {
      const schema = `CREATE TABLE IF NOT EXISTS main.t(a); ${temp}`;
      await assertRejects(() => open(folder.file("etl.db"), { schema }), TypeError, "TEMP");
    }
  });

  Deno.test(`ATTACH in a schema works, or is refused with the flags that it takes (${driver})`, async () => {
    using folder = tempFolder();
    const schema = [`ATTACH '${folder.file("more.db")}' AS more`, "CREATE TABLE more.t(a)"];
    const attach = () => open(folder.file("etl.db"), { schema });
    if (driver === "builtin" && Deno.permissions.querySync({ name: "net" }).state !== "granted") {
      const { message } = await assertRejects(attach, SqliteError);
      assertMatch(message, /with -A/);
      return;
    }
    await using writer = await attach();
    await writer.execute("INSERT INTO more.t VALUES (1)");
    assertEquals((await writer.execute("SELECT count(*) AS n FROM more.t")).rows[0]!.n, 1);
  });
}
