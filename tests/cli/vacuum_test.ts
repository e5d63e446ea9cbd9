import { connect, connectReadOnly, vacuum } from "../../db.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";
import { runCli } from "./cli_terminal.ts";

/** A file of a few MB of which nearly all is free. */
async function wasteful(db: string, wal: boolean): Promise<void> {
  using connection = await connect(db, { wal });
  connection.exec(`CREATE TABLE v (a); INSERT INTO v VALUES ('kept');
    WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000)
      INSERT INTO v SELECT hex(randomblob(500)) FROM c;
    DELETE FROM v WHERE a <> 'kept'`);
}

for (
  const [wal, flags] of [[true, "the usual flags"], [false, "the usual flags"], [
    true,
    "-A",
  ]] as const
) {
  Deno.test(`vacuum gives the space back and keeps the journal, wal: ${wal}, with ${flags}`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await wasteful(db, wal);
    const { size } = await Deno.stat(db);
    const { code, out, err } = await runCli(["vacuum", "--db", "etl.db"], {
      folder: folder.path,
      ...(flags === "-A" ? { permissions: [flags] } : {}),
    });
    assertEquals([code, err], [0, ""]);
    assertMatch(out, /^etl\.db: \d\.\d MiB before, [\d.]+ KiB now\n$/);
    assert((await Deno.stat(db)).size < size / 100);
    using reader = await connectReadOnly(db);
    assertEquals(reader.prepare("SELECT a FROM v").all().map(({ a }) => a), ["kept"]);
    const { journal_mode } = reader.prepare("PRAGMA journal_mode").get()!;
    assertEquals(journal_mode, wal ? "wal" : "delete");
  });
}

Deno.test("vacuum of a file that needs what only another program has names it", async () => {
  using folder = tempFolder();
  for (const [part, sql] of [["collation", "name COLLATE NOCASE"], ["function", "lower(name)"]]) {
    const db = folder.file(`${part}.db`);
    {
      using connection = await connect(db);
      connection.setDefensive(false);
      connection.exec(`CREATE TABLE other (name TEXT); CREATE INDEX by_name ON other (${sql});
        INSERT INTO other VALUES ('a'); PRAGMA writable_schema=ON; UPDATE sqlite_schema
        SET sql=replace(replace(sql, 'NOCASE', 'missing'), 'lower', 'missing') WHERE name='by_name'`);
    }
    const { message } = await assertRejects(() => vacuum(db), Error, "the data is whole");
    assertMatch(message, /^No such (collation sequence|function): missing/);
    using reader = await connectReadOnly(db);
    assertEquals(reader.prepare("SELECT name FROM other").get()!.name, "a");
  }
});

Deno.test("vacuum names a file that is not there", async () => {
  using folder = tempFolder();
  const missing = await runCli(["vacuum", "--db", "no.db"], { folder: folder.path });
  assertMatch(missing.err, /no such file/);
});

for (const driver of DRIVERS) {
  Deno.test(`${driver}: vacuum() refuses what is not there, and never creates it`, async () => {
    using folder = tempFolder();
    await assertRejects(() => vacuum(folder.file("no.db"), { driver }), Error, "no such file");
    await assertRejects(() => vacuum(":memory:", { driver }), TypeError, "pass a path");
  });
}
