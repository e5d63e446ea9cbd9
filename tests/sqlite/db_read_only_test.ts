import { connect, connectReadOnly, SqliteError } from "../../db.ts";
import { assertEquals, assertRejects, assertThrows } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { namesIn } from "../support/names_in.ts";
import { tempFolder } from "../support/temp.ts";

for (const driver of DRIVERS) {
  for (const wal of [true, false]) {
    Deno.test(`${driver}: connectReadOnly() sees each commit at once with wal: ${wal}`, async () => {
      using folder = tempFolder();
      const path = folder.file("etl.db");
      using writer = await connect(path, { wal, driver });
      writer.exec("CREATE TABLE v (a)");
      using reader = await connectReadOnly(path, { driver });
      const insert = writer.prepare("INSERT INTO v VALUES (?)");
      const count = reader.prepare("SELECT count(*) AS n FROM v");
      const version = reader.prepare("PRAGMA data_version");
      let before = version.get()!.data_version;
      for (let n = 1; n <= 100; n++) {
        insert.run(n);
        assertEquals(count.get()!.n, n);
        const after = version.get()!.data_version;
        assertEquals(after === before, false);
        before = after;
      }
      assertEquals(version.get()!.data_version, before);
    });

    Deno.test(`${driver}: connectReadOnly() refuses writes with wal: ${wal}`, async () => {
      using folder = tempFolder();
      const path = folder.file("etl.db");
      using writer = await connect(path, { wal, driver });
      writer.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1)");
      using reader = await connectReadOnly(path, { driver });
      for (
        const sql of [
          "INSERT INTO v VALUES (2)",
          "UPDATE v SET a=2",
          "DELETE FROM v",
          "DROP TABLE v",
          "CREATE TABLE w (a)",
          "PRAGMA user_version=7",
          "PRAGMA query_only=0; INSERT INTO v VALUES (3)",
        ]
      ) {
        const error = assertThrows(() => reader.exec(sql), SqliteError);
        assertEquals(error.code, "read-only", `${sql}: ${error.message}`);
      }
      assertEquals(writer.prepare("SELECT a FROM v").all().map(({ a }) => a), [1]);
      assertEquals(writer.prepare("PRAGMA user_version").get()!.user_version, 0);
    });
  }

  Deno.test(`${driver}: connectReadOnly() never holds up the writer`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using writer = await connect(path, { driver });
    writer.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1); PRAGMA busy_timeout=1");
    using reader = await connectReadOnly(path, { driver });
    reader.exec("BEGIN");
    reader.prepare("SELECT a FROM v").all();
    writer.exec("INSERT INTO v VALUES (2)");
    writer.transaction(() => assertEquals(reader.prepare("SELECT a FROM v").all().length, 1));
  });

  Deno.test(`${driver}: connectReadOnly() refuses a missing file and makes none`, async () => {
    using folder = tempFolder();
    for (const path of [folder.file("etl.db"), folder.file("no/etl.db")]) {
      await assertRejects(
        () => connectReadOnly(path, { driver }),
        SqliteError,
        `Cannot open ${path}: there is no such file`,
      );
    }
    assertEquals(namesIn(folder.path), []);
  });

  Deno.test(`${driver}: connectReadOnly() refuses a folder and a file of another kind`, async () => {
    using folder = tempFolder();
    await assertRejects(() => connectReadOnly(folder.path, { driver }), SqliteError, "a folder");
    const path = folder.file("data.csv");
    const text = "id,name\n1,Oslo\n".repeat(1000);
    await Deno.writeTextFile(path, text);
    const error = await assertRejects(() => connectReadOnly(path, { driver }), SqliteError, path);
    assertEquals(error.code, "not-a-database");
    assertEquals(await Deno.readTextFile(path), text);
    assertEquals(namesIn(folder.path), ["data.csv"]);
  });

  Deno.test(`${driver}: connectReadOnly() refuses :memory:, which no other connection could fill`, async () => {
    await assertRejects(
      () => connectReadOnly(":memory:", { driver }),
      TypeError,
      "Cannot read :memory:",
    );
  });

  Deno.test(`${driver}: connectReadOnly() opens a file: URL`, async () => {
    using folder = tempFolder();
    const url = new URL(`file://${folder.file("a b.db")}`);
    {
      using writer = await connect(url, { driver });
      writer.exec("CREATE TABLE v (a)");
    }
    using reader = await connectReadOnly(url, { driver });
    assertEquals(reader.path, folder.file("a b.db"));
    assertEquals(reader.prepare("SELECT a FROM v").all(), []);
  });

  Deno.test(`${driver}: connectReadOnly() continues reading when the writer has closed`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    const writer = await connect(path, { driver });
    writer.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1)");
    using reader = await connectReadOnly(path, { driver });
    writer.close();
    assertEquals(reader.prepare("SELECT a FROM v").get()!.a, 1);
    using next = await connect(path, { driver });
    next.exec("INSERT INTO v VALUES (2)");
    assertEquals(reader.prepare("SELECT count(*) AS n FROM v").get()!.n, 2);
  });
}
