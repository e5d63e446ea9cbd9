import { connect, SqliteError } from "../../../../db.ts";
import { BatchSender } from "../../../../writer/client/batch_sender.ts";
import { toInsertMessage } from "../../../../writer/client/insert.ts";
import { isAttachRefused } from "../../../../sqlite/explain.ts";
import { WriterLoop } from "../../../../writer/worker/writer_loop.ts";
import { FileWatch } from "../../../../writer/worker/files/file_watch.ts";
import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../../support/assert.ts";
// Loads the FFI driver's library before the first test, which would otherwise seem to leak it.
import "../../../support/drivers.ts";
import { tempFolder } from "../../../support/temp.ts";

/** A database that is open, and its watch. */
async function open(db: string, wal = true, isContent = false) {
  const connection = await connect(db, { wal });
  connection.exec("CREATE TABLE n (value); CREATE TABLE pipeline_runs (id)");
  const files = new FileWatch(db, isContent ? connection : undefined);
  const close = () => {
    files[Symbol.dispose]();
    connection.close();
  };
  return { connection, files, [Symbol.dispose]: close };
}

function assertMoved(files: FileWatch, ...words: string[]): void {
  const error = assertThrows(() => files.check(), SqliteError);
  assertEquals(error.code, "moved");
  for (const part of words) assertStringIncludes(error.message, part);
}

Deno.test("FileWatch.check() reports nothing about files that others read, checkpoint and copy", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  using opened = await open(db);
  {
    using other = await connect(db);
    other.exec("INSERT INTO n VALUES (1); PRAGMA wal_checkpoint(TRUNCATE)");
  }
  Deno.copyFileSync(db, folder.file("copy.db"));
  opened.files.check();
  opened.connection.exec("INSERT INTO n VALUES (2)");
  opened.files.check();
  new FileWatch(":memory:").check();
});

for (
  const [name, fault, ...words] of [
    ["removed", (db: string) => Deno.removeSync(db), "removed or moved"],
    ["moved", (db: string) => Deno.renameSync(db, `${db}-other`), "removed or moved"],
    ["replaced", (db: string) => {
      Deno.copyFileSync(db, `${db}-other`);
      Deno.renameSync(`${db}-other`, db);
    }, "was replaced by another"],
    ["without its WAL", (db: string) => Deno.removeSync(`${db}-wal`), "etl.db-wal was removed"],
    ["without its index", (db: string) => Deno.removeSync(`${db}-shm`), "etl.db-shm was removed"],
  ] as const
) {
  Deno.test(`FileWatch.check() finds that a database is ${name}`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    using opened = await open(db);
    opened.files.check();
    fault(db);
    assertMoved(opened.files, `Cannot write ${db}: `, "resume the run", ...words);
  });
}

Deno.test("FileWatch.check() finds that a database without a WAL is gone", async () => {
  using folder = tempFolder();
  using opened = await open(folder.file("etl.db"), false);
  opened.files.check();
  Deno.removeSync(folder.file("etl.db"));
  assertMoved(opened.files, "removed or moved");
});

const FILLED =
  `INSERT INTO n WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 200)
  SELECT hex(randomblob(500)) FROM c`;

/** Makes a database of a number of tables, and of 50 pages. */
async function makeOther(db: string, tables: number): Promise<void> {
  using other = await connect(db, { wal: false });
  other.exec("CREATE TABLE n (value)");
  for (let i = 1; i < tables; i++) other.exec(`CREATE TABLE other${i} (value)`);
  other.exec(FILLED);
}

Deno.test("FileWatch.check() finds that a file without a WAL is another database", async () => {
  for (const tables of [1, 9]) {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await makeOther(folder.file("other.db"), tables);
    using opened = await open(db, false, true);
    opened.files.check();
    Deno.copyFileSync(folder.file("other.db"), db);
    // A schema of a greater number is only seen through once SQLite has missed a table.
    const look = { isSuspect: tables > 1 };
    const error = assertThrows(() => opened.files.check(look), SqliteError);
    assertEquals(error.code, "corrupt");
    assertStringIncludes(error.message, "Cannot trust");
    assertStringIncludes(error.message, "it is another database now");
    assertThrows(() => opened.files.check(), SqliteError, "it is another database now");
  }
});

Deno.test("FileWatch.check() finds that a file with a WAL has a length that SQLite did not give it", async () => {
  for (const isLonger of [true, false]) {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await makeOther(folder.file("other.db"), 1);
    using opened = await open(db, true, true);
    const { connection, files } = opened;
    // Of a run that is over at once, the first look is the last.
    if (isLonger) {
      connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      files.check();
    }
    // All pages are in the WAL, so that an integrity check would find nothing.
    connection.exec("UPDATE pipeline_runs SET id=1; INSERT INTO n VALUES (1)");
    if (isLonger) Deno.copyFileSync(folder.file("other.db"), db);
    else Deno.truncateSync(db);
    assertThrows(() => files.check(), SqliteError, "bytes, which SQLite did not make it");
  }
});

Deno.test("FileWatch.check() finds an older copy in place of a file that a checkpoint made longer", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  using opened = await open(db, true, true);
  const { connection, files } = opened;
  connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  Deno.copyFileSync(db, folder.file("older.db"));
  files.check();
  connection.exec(`${FILLED}; PRAGMA wal_checkpoint(TRUNCATE)`);
  files.noteSize();
  Deno.copyFileSync(folder.file("older.db"), db);
  assertThrows(() => files.check(), SqliteError, "bytes, which SQLite did not make it");
});

/** Makes a file shorter in another connection, if the flags of the tests allow it. */
async function vacuumBeside(db: string): Promise<void> {
  using other = await connect(db);
  try {
    other.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    if (!isAttachRefused(error)) throw error;
  }
}

Deno.test("FileWatch.check() trusts a file that SQLite itself makes shorter and longer", async () => {
  for (const mode of ["NONE", "FULL"]) {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    {
      using made = await connect(db, { wal: false });
      made.exec(`PRAGMA auto_vacuum=${mode}; CREATE TABLE first (a)`);
    }
    using opened = await open(db, true, true);
    const { connection, files } = opened;
    const truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
    for (
      const sql of [FILLED, "DELETE FROM n", FILLED, "DROP TABLE n; CREATE TABLE n (value)", FILLED]
    ) {
      connection.exec(`${sql}; ${truncate}`);
      if (mode === "NONE" && sql.startsWith("D")) {
        await vacuumBeside(db);
        // It has its old length again before it is looked at.
        connection.exec(FILLED);
      }
      files.check();
      files.check({ isLast: true, isSuspect: true });
    }
  }
});

Deno.test("FileWatch.check() knows a file by the name that it really has", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file("real"));
  Deno.symlinkSync(folder.file("real"), folder.file("link"));
  using opened = await open(folder.file("link/etl.db"));
  Deno.removeSync(folder.file("link"));
  opened.files.check();
  Deno.renameSync(folder.file("real"), folder.file("other"));
  assertMoved(opened.files, "link/etl.db", "removed or moved");
});

Deno.test("WriterLoop reports that a file without a WAL is gone, which SQLite calls read-only", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const connection = await connect(db, { wal: false });
  connection.exec("CREATE TABLE n (value)");
  const loop = new WriterLoop(connection);
  const { port1, port2 } = new MessageChannel();
  loop.attach(port1);
  const sender = new BatchSender(port2);
  const insert = () => sender.request(toInsertMessage("n", [[1]]));
  await insert();
  Deno.removeSync(db);
  const error = await assertRejects(insert, SqliteError, "the file was removed or moved");
  assertEquals(error.code, "moved");
  sender.close();
  assertThrows(() => loop.close(), SqliteError, "the file was removed or moved");
});
