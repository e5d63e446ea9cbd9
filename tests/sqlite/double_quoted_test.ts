import { connect, connectReadOnly, SqliteError } from "../../db.ts";
import { SqliteWriter } from "../../mod.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";

/** As the sqlite3 shell and Python take it. */
const SCHEMA = `CREATE TABLE t (a);
  CREATE TABLE log (what);
  CREATE TRIGGER t_added AFTER INSERT ON t BEGIN INSERT INTO log VALUES ("added"); END;
  CREATE VIEW named AS SELECT a, "sea" AS name FROM t`;

for (const driver of DRIVERS) {
  Deno.test(`${driver}: a text in double quotes is a text in triggers, views and statements`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    {
      using connection = await connect(db, { driver });
      connection.exec(SCHEMA);
    }
    {
      await using writer = await SqliteWriter.open({ db, driver });
      await writer.insert("t", [[1]]);
      await writer.execute(`UPDATE t SET a = 2 WHERE "x" = 'x'`);
    }
    using reader = await connectReadOnly(db, { driver });
    assertEquals(reader.prepare("SELECT what FROM log").get()!.what, "added");
    assertEquals({ ...reader.prepare("SELECT * FROM named").get() }, { a: 2, name: "sea" });
  });

  Deno.test(`${driver}: doubleQuotedLiterals false finds a misspelled column, or names the driver that can`, async () => {
    const options = { driver, doubleQuotedLiterals: false };
    if (driver === "ffi") {
      await assertRejects(() => connect(":memory:", options), SqliteError, "builtin");
      return;
    }
    await using writer = await SqliteWriter.open({
      db: ":memory:",
      schema: "CREATE TABLE t (a)",
      ...options,
    });
    await assertRejects(
      () => writer.execute('UPDATE t SET a = "b"'),
      SqliteError,
      "No such column",
    );
  });
}
