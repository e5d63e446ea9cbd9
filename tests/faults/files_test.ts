/**
 * Files that are taken away from under a pipeline: the folder, the database, its WAL and its index.
 *
 * @module
 */
import { connect, SqliteError } from "../../db.ts";
import { SqliteWriter } from "../../writer/client/sqlite_writer.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { assertFailed, assertKept, assertResumes, printFault, Victim } from "../support/faulted.ts";
import { variantTest } from "../support/long_form.ts";
import { namesIn } from "../support/names_in.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

/** Milliseconds after which the writer must have seen it, on a machine that does other things, too. */
const NOTICED_MS = 20_000;

/** What the suite takes away; the writer finds the others with the same look. */
const IN_SUITE = ["the folder is removed", "the database is moved", "the WAL is removed"];

/** The files of one test: the database is in a folder of its own. */
function files() {
  const folder = tempFolder();
  Deno.mkdirSync(folder.file("data"));
  const db = folder.file("data/etl.db");
  return { folder, db, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

for (const driver of DRIVERS) {
  for (
    const [fault, strike, words, kept] of [
      ["the folder is removed", (db) => Deno.removeSync(folderOf(db), { recursive: true }), [
        "the file was removed or moved",
      ], undefined],
      ["the folder is moved", (db) => Deno.renameSync(folderOf(db), `${folderOf(db)}2`), [
        "the file was removed or moved",
      ], (db) => `${folderOf(db)}2/etl.db`],
      ["the database is removed", (db) => Deno.removeSync(db), [
        "the file was removed or moved",
      ], undefined],
      ["the database is moved", (db) => Deno.renameSync(db, `${db}-moved`), [
        "the file was removed or moved",
      ], (db) => `${db}-moved`],
      ["the WAL is removed", (db) => Deno.removeSync(`${db}-wal`), [
        "etl.db-wal was removed or moved",
      ], (db) => db],
      ["the index is removed", (db) => Deno.removeSync(`${db}-shm`), [
        "etl.db-shm was removed or moved",
      ], (db) => db],
    ] as [string, (db: string) => void, string[], ((db: string) => string) | undefined][]
  ) {
    variantTest(IN_SUITE.includes(fault))(
      `${driver}: ${fault} under a pipeline, which ends with an error that names it`,
      async () => {
        using all = files();
        const { db, folder } = all;
        const options = { db, driver, folder: folder.path };
        await using child = Victim.held(options);
        await child.more(200);
        child.mark();
        strike(db);
        const ending = await child.end();
        printFault(fault, options, child, ending);
        assertFailed(ending, "SqliteError", `Cannot write ${db}: `, "resume the run", ...words);
        assert(ending.ms < NOTICED_MS, `${ending.ms} ms`);
        child.release();
        if (!kept) {
          // What is gone is gone: nothing stands in its place that could be taken for it.
          assertThrows(() => Deno.statSync(db), Deno.errors.NotFound);
          return;
        }
        await assertKept(kept(db), child.acknowledged);
        await assertResumes({ ...options, db: kept(db) }, child.acknowledged);
      },
    );
  }

  Deno.test(`${driver}: another database takes the place of one under a pipeline, and stays as it is`, async () => {
    using all = files();
    const { db, folder } = all;
    {
      using other = await connect(folder.file("other.db"), { driver });
      other.exec("CREATE TABLE n (value); INSERT INTO n VALUES (42)");
    }
    const options = { db, driver, folder: folder.path };
    await using child = Victim.held(options);
    await child.more(200);
    child.mark();
    // A second name, so that the first file can be looked at.
    Deno.linkSync(db, folder.file("data/first.db"));
    Deno.renameSync(folder.file("other.db"), db);
    const ending = await child.end();
    printFault("the database is replaced", options, child, ending);
    assertFailed(ending, `Cannot write ${db}: the file was replaced by another`, "resume the run");
    child.release();
    assertEquals(await readValues(db, "PRAGMA integrity_check"), [["ok"]]);
    assertEquals(await readValues(db, "SELECT name FROM sqlite_schema"), [["n"]]);
    assertEquals(await readValues(db, "SELECT value FROM n"), [[42]]);
    const first = folder.file("data/first.db");
    await assertKept(first, child.acknowledged);
    await assertResumes({ ...options, db: first }, child.acknowledged);
  });

  Deno.test(`${driver}: a writer that stays open refuses writes that would be lost, and so does its end`, async () => {
    using all = files();
    const { db } = all;
    const schema = "CREATE TABLE n (value)";
    const writer = await SqliteWriter.open({ db, driver, schema });
    await writer.insert("n", [[1]]);
    Deno.renameSync(db, `${db}-moved`);
    // It looks now and then only.
    const refused = async () => {
      for (;;) await writer.insert("n", [[2]]);
    };
    for (const call of [refused, refused, () => writer.close()]) {
      const error = await assertRejects(call, SqliteError);
      assertEquals(error.code, "moved");
      assertStringIncludes(error.message, `Cannot write ${db}: the file was removed or moved`);
    }
    Deno.renameSync(`${db}-moved`, db);
    assertEquals(await readValues(db, "SELECT value FROM n WHERE value = 1"), [[1]]);
  });

  Deno.test(`${driver}: a file that is taken away just before the end is not a success`, async () => {
    using all = files();
    const { db, folder } = all;
    const options = { db, driver, folder: folder.path, tasks: 2 };
    await using child = Victim.held(options);
    await child.more(50);
    // Nothing is written between the removal and the end of the last task.
    child.kill("SIGSTOP");
    Deno.removeSync(db);
    child.release();
    child.kill("SIGCONT");
    assertFailed(await child.end(), `Cannot write ${db}: the file was removed or moved`);
    assertEquals(namesIn(folderOf(db)).includes("etl.db"), false);
  });
}

function folderOf(db: string): string {
  return db.slice(0, db.lastIndexOf("/"));
}
