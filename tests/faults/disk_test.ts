/**
 * A disk that is full, and a quota: while rows are written, while the WAL is copied, and when the writer closes.
 *
 * @module
 */
import { backup, connect, SqliteError } from "../../db.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import {
  assertFailed,
  assertKept,
  assertResumes,
  printFault,
  Victim,
  type VictimOptions,
} from "../support/faulted.ts";
import { IS_LONG } from "../support/long_form.ts";
import { namesIn } from "../support/names_in.ts";
import { readValues } from "../support/read.ts";
import { SmallDisk } from "../support/small_disk.ts";
import { tempFolder } from "../support/temp.ts";

/** More than the pipeline can need when there is room again. */
const ROOM_KIB = 400_000;

/**
 * Sizes of the disk in KiB: where the file cannot even be opened; where the WAL is full before it is copied (at
 * 1,000 pages, 4,000 KiB); where copying it fails, and it grows until nothing more fits.
 */
const SIZES = IS_LONG ? [60, 200, 700, 1500, 3000, 4100, 4500, 6000, 9000] : [60, 4500];

for (const driver of DRIVERS) {
  for (const wal of IS_LONG ? [true, false] : [true]) {
    for (const size of SIZES) {
      const name = `a disk of ${size} KiB${wal ? "" : " and no WAL"}`;
      Deno.test(`${driver}: ${name} is full: the error names it, and nothing is lost`, async () => {
        using folder = tempFolder();
        Deno.mkdirSync(folder.file("disk"));
        const db = folder.file("disk/etl.db");
        await using disk = await SmallDisk.mount(folder.file("disk"), size);
        if (!disk) return;
        const options: VictimOptions = { db, driver, folder: folder.path, wal };
        await using child = Victim.held({ ...options, size: 2_000 });
        const ending = await child.end();
        printFault(name, options, child, ending);
        assertFailed(ending, "SqliteError", db, "is full", "free space on the disk");
        // Readers find the rows on the disk that is still full.
        if (child.acknowledged.length > 0) await assertKept(db, child.acknowledged);
        await disk.grow(ROOM_KIB);
        child.release();
        await assertResumes(options, child.acknowledged);
      });
    }
  }

  Deno.test(`${driver}: a disk that is full when the writer closes: the error names it, all is there`, async () => {
    using folder = tempFolder();
    Deno.mkdirSync(folder.file("disk"));
    const db = folder.file("disk/etl.db");
    // The WAL fits on it, but not once more beside itself.
    await using disk = await SmallDisk.mount(folder.file("disk"), 6_000);
    if (!disk) return;
    const options: VictimOptions = { db, driver, folder: folder.path };
    await using child = new Victim({ ...options, tasks: 1, lines: 1, size: 3_500_000 });
    const ending = await child.end();
    printFault("full at close", options, child, ending);
    assertFailed(ending, "SqliteError", db, "is full", "free space on the disk");
    assertEquals(child.acknowledged, ["0.0"]);
    await disk.grow(ROOM_KIB);
    await assertKept(db, child.acknowledged);
    assertEquals(await readValues(db, "SELECT status, done FROM pipeline_runs"), [["done", 1]]);
  });

  Deno.test(`${driver}: a copy that the disk has no room for fails with that reason, and leaves nothing behind`, async () => {
    using folder = tempFolder();
    Deno.mkdirSync(folder.file("disk"));
    await using disk = await SmallDisk.mount(folder.file("disk"), 1_000);
    if (!disk) return;
    const db = folder.file("etl.db");
    using connection = await connect(db, { driver });
    connection.exec("CREATE TABLE n (value); INSERT INTO n VALUES (randomblob(5000000))");
    const copy = folder.file("disk/copy.db");
    const error = await assertRejects(() => backup(db, copy, { driver }), SqliteError);
    console.log(`copy to a full disk (${driver}): ${error.message.replaceAll(folder.path, "…")}`);
    assertEquals(error.code, "full");
    assertStringIncludes(error.message, copy);
    assertEquals(namesIn(folder.file("disk")), []);
    await disk.grow(ROOM_KIB);
    await backup(db, copy, { driver });
    assertEquals(await readValues(copy, "SELECT length(value) FROM n"), [[5_000_000]]);
  });

  Deno.test(`${driver}: a pool of Workers ends with a full disk, and nothing is lost`, async () => {
    using folder = tempFolder();
    Deno.mkdirSync(folder.file("disk"));
    const db = folder.file("disk/etl.db");
    await using disk = await SmallDisk.mount(folder.file("disk"), 1_500);
    if (!disk) return;
    const options: VictimOptions = { db, driver, folder: folder.path, pool: true, tasks: 150 };
    await using child = Victim.held({ ...options, size: 2_000 });
    const ending = await child.end();
    printFault("full, with a pool", options, child, ending);
    // It stops at the first failure, and does not start a Worker for each that follows.
    assert(ending.ms < 20_000, `${ending.ms} ms`);
    assertFailed(ending, "SqliteError", db, "is full", "free space on the disk");
    await assertKept(db, child.acknowledged);
    await disk.grow(ROOM_KIB);
    child.release();
    await assertResumes(options, child.acknowledged);
  });

  Deno.test(`${driver}: a limit of file size is named in the error, and nothing is lost`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const options: VictimOptions = { db, driver, folder: folder.path };
    // What a quota does, which needs no root: a write fails, and not because the disk is full.
    const prefix = ["bash", "-c", `trap "" XFSZ; ulimit -f 2000; exec "$@"`, "bash"];
    await using child = Victim.held({ ...options, size: 2_000, prefix });
    const ending = await child.end();
    printFault("limit of file size", options, child, ending);
    assertFailed(ending, "SqliteError", db, "Disk I/O error", "quotas and limits of file size");
    await assertKept(db, child.acknowledged);
    child.release();
    await assertResumes(options, child.acknowledged);
  });
}
