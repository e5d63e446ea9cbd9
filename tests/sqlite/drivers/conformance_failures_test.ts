import {
  classifyError,
  connect,
  connectReadOnly,
  SqliteError,
  type SqliteErrorCode,
} from "../../../db.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { tempFolder } from "../../support/temp.ts";

/** Runs what must fail and checks the code of the error and what its message names. */
function assertFails(body: () => unknown, code: SqliteErrorCode, ...texts: string[]): void {
  const error = assertThrows(body, SqliteError);
  assertEquals(error.code, code, error.message);
  assertEquals(classifyError(error), code);
  // The driver's own error, which a caller may hold, is classified too.
  assertEquals(classifyError(error.cause), code);
  for (const text of texts) assertStringIncludes(error.message, text);
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: a lock that another connection holds is "busy"`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using first = await connect(path, { driver });
    first.exec("CREATE TABLE v (a)");
    using second = await connect(path, { driver });
    second.exec("PRAGMA busy_timeout=1");
    const insert = second.prepare("INSERT INTO v VALUES (1)");
    const texts = ["Database is locked", path, "find who has it open"];
    first.transaction(() => {
      assertFails(() => second.exec("BEGIN IMMEDIATE"), "busy", ...texts);
      assertFails(() => second.transaction(() => {}), "busy", ...texts);
      assertFails(() => insert.run(), "busy", ...texts);
      assertFails(() => insert.get(), "busy", ...texts);
      assertFails(() => insert.all(), "busy", ...texts);
    });
    insert.run();
    assertEquals(first.prepare("SELECT count(*) AS n FROM v").get()!.n, 1);
  });

  Deno.test(`${driver}: what breaks a rule of a table is "constraint"`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec(`
      CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK (name <> ''));
      CREATE TABLE child (id REFERENCES parent(id));
      CREATE TABLE exact (n INTEGER) STRICT;
      INSERT INTO parent VALUES (1, 'a');`);
    for (
      const [sql, text] of [
        ["INSERT INTO parent VALUES (2, 'a')", "UNIQUE constraint failed: parent.name"],
        ["INSERT INTO parent VALUES (1, 'b')", "UNIQUE constraint failed: parent.id"],
        ["INSERT INTO parent VALUES (2, NULL)", "NOT NULL constraint failed: parent.name"],
        ["INSERT INTO parent VALUES (2, '')", "CHECK constraint failed: name <> ''"],
        ["INSERT INTO child VALUES (9)", "FOREIGN KEY constraint failed"],
        ["INSERT INTO exact VALUES ('x')", "annot store TEXT value in INTEGER column exact.n"],
        ["INSERT INTO parent VALUES ('x', 'b')", "atatype mismatch"],
      ] as const
    ) {
      assertFails(() => connection.exec(sql), "constraint", text);
      assertFails(() => connection.prepare(sql).run(), "constraint", text);
    }
  });

  Deno.test(`${driver}: a write through a reader is "read-only"`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using writer = await connect(path, { driver });
    writer.exec("CREATE TABLE v (a)");
    using reader = await connectReadOnly(path, { driver });
    const texts = ["Attempt to write a readonly database", path, "check the permissions"];
    assertFails(() => reader.exec("INSERT INTO v VALUES (1)"), "read-only", ...texts);
    assertFails(() => reader.prepare("DELETE FROM v").run(), "read-only", ...texts);
    assertFails(
      () => reader.transaction(() => reader.exec("CREATE TABLE w (a)")),
      "read-only",
      ...texts,
    );
  });

  Deno.test(`${driver}: a disk without space is "full", and earlier rows stay`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using connection = await connect(path, { driver });
    connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES ('kept'); PRAGMA max_page_count=10");
    const insert = connection.prepare("INSERT INTO v VALUES (?)");
    assertFails(
      () => connection.transaction(() => insert.run(new Uint8Array(100_000))),
      "full",
      "Database or disk is full",
      path,
      "free space",
    );
    assertEquals(connection.inTransaction, false);
    insert.run("small");
    const rows = connection.prepare("SELECT a FROM v").all();
    assertEquals(rows.map(({ a }) => a), ["kept", "small"]);
  });

  Deno.test(`${driver}: damaged pages are "corrupt"`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    {
      using connection = await connect(path, { driver, wal: false });
      connection.exec(`CREATE TABLE v (a);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<20000)
        INSERT INTO v SELECT i || ' is a row of some length' FROM n`);
    }
    using file = await Deno.open(path, { write: true });
    await file.seek(3 * 4096, Deno.SeekMode.Start);
    await file.write(new Uint8Array(20 * 4096).fill(0xa5));
    using connection = await connect(path, { driver, wal: false });
    assertFails(
      () => connection.prepare("SELECT sum(length(a)) FROM v").get(),
      "corrupt",
      "Database disk image is malformed",
      path,
      "restore a backup or run .recover",
    );
  });

  Deno.test(`${driver}: a file of another kind is "not-a-database"`, async () => {
    using folder = tempFolder();
    const path = folder.file("notes.txt");
    await Deno.writeTextFile(path, "These are notes, and no database.\n".repeat(500));
    for (const open of [connect, connectReadOnly]) {
      const error = await assertRejects(() => open(path, { driver }), SqliteError, path);
      assertEquals(error.code, "not-a-database");
      for (const text of ["choose another path", "the file was not changed"]) {
        assertStringIncludes(error.message, text);
      }
    }
  });

  Deno.test(`${driver}: a message that only sounds like a failure of the database is "other"`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec(`
      CREATE TABLE v (a);
      CREATE TRIGGER refuse BEFORE DELETE ON v BEGIN SELECT RAISE(ABORT, 'not today'); END;
      INSERT INTO v VALUES (1);`);
    for (
      const [sql, text] of [
        ["SELECT json_extract('{', '$.a')", "alformed JSON"],
        ["SELECT readonly FROM v", "o such column: readonly"],
        ['SELECT * FROM "database is locked"', "o such table: database is locked"],
        ["SELEC", "syntax error"],
        ["DELETE FROM v", "ot today"],
      ] as const
    ) {
      assertFails(() => connection.prepare(sql).all(), "other", text);
    }
  });

  Deno.test(`${driver}: a statement in the way of its own connection is "other", not "busy"`, async () => {
    using folder = tempFolder();
    using connection = await connect(folder.file("etl.db"), { driver });
    connection.transaction(() => {
      connection.exec("CREATE TABLE v (a)");
      assertFails(
        () => connection.exec("PRAGMA wal_checkpoint"),
        "other",
        "Database table is locked",
        "run it outside of it",
      );
    });
  });

  Deno.test(`${driver}: Connection cannot be sent to another thread, and the error names the reason`, async () => {
    using connection = await connect(":memory:", { driver });
    const { port1, port2 } = new MessageChannel();
    for (const send of [() => structuredClone(connection), () => port1.postMessage(connection)]) {
      const error = assertThrows(send, DOMException);
      assertEquals(error.name, "DataCloneError");
      assertStringIncludes(error.message, "belongs to the thread that opened it");
    }
    port1.close();
    port2.close();
    assert(connection.prepare("SELECT 1").get());
  });
}
