/**
 * Bytes that are not what was written: of the database, of its WAL, of the WAL's index.
 *
 * @module
 */
import { classifyError, connect, type Connection, walCheckpoint } from "../../db.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import {
  assertFailed,
  assertKept,
  assertResumes,
  printFault,
  Victim,
  type VictimOptions,
} from "../support/faulted.ts";
import { variantTest } from "../support/long_form.ts";
import { Random } from "../support/random.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

/** Bytes of a page, as SQLite makes them by default. */
const PAGE = 4096;

/** Bytes of a WAL's header, and of the header of each page in it. */
const [WAL_HEADER, FRAME_HEADER] = [32, 24];

const random = new Random(20260101);

/** What the suite damages; SQLite and our watch of the WAL find the others in the same way. */
const IN_SUITE = [
  "header",
  "page of the rows",
  "cut off",
  "WAL cut in a page",
  "missing index of the WAL",
];

/** Overwrites a part of a file. */
function scribble(path: string, from: number, bytes: number): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(from, Deno.SeekMode.Start);
  file.writeSync(Uint8Array.from({ length: bytes }, () => random.below(256)));
}

function sizeOf(path: string): number {
  return Deno.statSync(path).size;
}

/** A database that a pipeline was killed over, and what it had acknowledged. */
async function killed(options: VictimOptions): Promise<string[]> {
  await using child = Victim.held(options);
  await child.more(300);
  child.kill("SIGKILL");
  await child.end();
  child.release();
  return child.acknowledged;
}

/** Stops a child between two commits, with all that it has committed in the database file. */
async function stopBetweenCommits(child: Victim, other: Connection): Promise<void> {
  for (;;) {
    child.kill("SIGSTOP");
    try {
      if (!walCheckpoint(other, "TRUNCATE").busy) return;
    } catch (error) {
      if (classifyError(error) !== "busy") throw error;
    }
    child.kill("SIGCONT");
    await child.more(1);
  }
}

for (const driver of DRIVERS) {
  for (
    const [what, damage, ...words] of [
      ["header", (db) => scribble(db, 0, 100), "File is not a database", "restore a backup"],
      ["schema", (db) => scribble(db, 100, PAGE - 100), "alformed", "restore a backup"],
      [
        "page of every table",
        (db) => scribble(db, PAGE, sizeOf(db) - PAGE),
        "malformed",
        "restore a backup",
      ],
      ["page of the rows", (db, root) => scribble(db, (root - 1) * PAGE, PAGE), "malformed"],
      ["end, which is missing", (db) => Deno.truncateSync(db, 3 * PAGE), "malformed"],
    ] as [string, (db: string, root: number) => void, ...string[]][]
  ) {
    variantTest(IN_SUITE.includes(what))(
      `${driver}: a damaged ${what} is found and named; a run continues from a backup`,
      async () => {
        using folder = tempFolder();
        const db = folder.file("etl.db");
        const options: VictimOptions = { db, driver, folder: folder.path };
        const acknowledged = await killed(options);
        let root: number;
        {
          using other = await connect(db, { driver });
          walCheckpoint(other);
          root = Number(
            other.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'line'").get()!.rootpage,
          );
        }
        Deno.copyFileSync(db, folder.file("backup.db"));
        damage(db, root);
        await using child = new Victim(options);
        const ending = await child.end();
        printFault(`damaged ${what}`, options, child, ending);
        assertFailed(ending, "SqliteError", db, ...words);
        for (const end of ["-wal", "-shm"]) {
          await Deno.remove(db + end).catch(() => {});
        }
        Deno.copyFileSync(folder.file("backup.db"), db);
        await assertResumes(options, acknowledged);
      },
    );
  }

  Deno.test(`${driver}: pages that are damaged under a pipeline end it when it reads them`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const options: VictimOptions = { db, driver, folder: folder.path };
    await using child = Victim.held(options);
    await child.more(200);
    {
      using other = await connect(db, { driver, busyTimeoutMs: 0 });
      await stopBetweenCommits(child, other);
      Deno.copyFileSync(db, folder.file("backup.db"));
      scribble(db, PAGE, sizeOf(db) - PAGE);
      // What another has committed makes the writer read again what it had in its memory.
      other.exec("PRAGMA user_version=7");
      child.mark();
      child.kill("SIGCONT");
    }
    const ending = await child.end();
    printFault("pages damaged while it is open", options, child, ending);
    assertFailed(ending, "SqliteError", db, "malformed", "restore a backup");
    child.release();
    for (const end of ["-wal", "-shm"]) await Deno.remove(db + end).catch(() => {});
    Deno.copyFileSync(folder.file("backup.db"), db);
    await assertResumes(options, child.acknowledged.slice(0, 200));
  });

  for (
    const [what, damage] of [
      ["emptied", (db) => Deno.truncateSync(`${db}-wal`, 0)],
      // Before the page that was there when the writer looked last, whenever that was.
      ["cut off", (db) => Deno.truncateSync(`${db}-wal`, WAL_HEADER + FRAME_HEADER + PAGE)],
      ["written over", (db) => scribble(`${db}-wal`, 0, sizeOf(`${db}-wal`))],
    ] as [string, (db: string) => void][]
  ) {
    variantTest(IN_SUITE.includes(what))(
      `${driver}: a WAL that is ${what} under a pipeline ends it with an error that names it`,
      async () => {
        using folder = tempFolder();
        const db = folder.file("etl.db");
        const options: VictimOptions = { db, driver, folder: folder.path };
        // Slow enough that the WAL does not begin again meanwhile: then the fault could not be noticed.
        await using child = Victim.held({ ...options, tasks: 4, pauseMs: 25 });
        await child.more(60);
        child.kill("SIGSTOP");
        const before = child.acknowledged.length;
        for (const end of ["", "-wal"]) Deno.copyFileSync(db + end, folder.file(`backup.db${end}`));
        damage(db);
        child.mark();
        child.kill("SIGCONT");
        const ending = await child.end();
        printFault(`WAL ${what} while it is open`, options, child, ending);
        assertFailed(
          ending,
          "SqliteError",
          `Cannot trust ${db}: its WAL was cut off or written over`,
        );
        child.release();
        for (const end of ["-wal", "-shm"]) await Deno.remove(db + end).catch(() => {});
        for (const end of ["", "-wal"]) Deno.copyFileSync(folder.file(`backup.db${end}`), db + end);
        await assertResumes(options, child.acknowledged.slice(0, before));
      },
    );
  }

  for (
    const [what, damage, isKept] of [
      ["WAL of nothing", (db) => Deno.truncateSync(`${db}-wal`, 0), false],
      ["WAL cut in its header", (db) => Deno.truncateSync(`${db}-wal`, WAL_HEADER / 2), false],
      ["WAL cut in a page", (db) => Deno.truncateSync(`${db}-wal`, cut(db, 100)), false],
      ["WAL cut between pages", (db) => Deno.truncateSync(`${db}-wal`, cut(db, 0)), false],
      ["WAL with another header", (db) => scribble(`${db}-wal`, 0, WAL_HEADER), false],
      ["WAL with other bytes in a page", (db) => scribble(`${db}-wal`, cut(db, 99), 50), false],
      ["WAL with more behind it", (db) => scribble(`${db}-wal`, sizeOf(`${db}-wal`), 9_999), true],
      ["missing index of the WAL", (db) => Deno.removeSync(`${db}-shm`), true],
      ["index of the WAL that is another", (db) => scribble(`${db}-shm`, 0, 32_768), true],
    ] as [string, (db: string) => void, boolean][]
  ) {
    variantTest(IN_SUITE.includes(what))(
      `${driver}: after a crash, a ${what} leaves an earlier commit, whole, to continue from`,
      async () => {
        using folder = tempFolder();
        const db = folder.file("etl.db");
        const options: VictimOptions = { db, driver, folder: folder.path };
        const acknowledged = await killed(options);
        damage(db);
        const there = new Set(
          await readValues(db, "SELECT item || '.' || line FROM line")
            .then((rows) => rows.map(([name]) => `${name}`), (error) => {
              // Even the schema was in the WAL.
              if (!/No such table/i.test(error.message)) throw error;
              return [];
            }),
        );
        const kept = acknowledged.filter((name) => there.has(name));
        console.log(
          `${what} (${driver}): ${acknowledged.length} rows acknowledged, ` +
            `${acknowledged.length - kept.length} taken back by the damage`,
        );
        if (isKept) assertEquals(kept.length, acknowledged.length);
        // The first task writes one row after the other: the commits that are left are the first ones.
        const lines = [...there].filter((name) => name.startsWith("0.")).map((name) =>
          +name.slice(2)
        );
        assertEquals(Math.max(-1, ...lines), lines.length - 1);
        if (there.size > 0) await assertKept(db, kept);
        await assertResumes(options, kept);
      },
    );
  }
}

/** A place in the middle of a WAL: a number of bytes into a page with its header. */
function cut(db: string, bytes: number): number {
  const frames = Math.floor((sizeOf(`${db}-wal`) - WAL_HEADER) / (FRAME_HEADER + PAGE));
  assert(frames > 10, "The WAL has too few frames");
  return WAL_HEADER + Math.floor(frames / 2) * (FRAME_HEADER + PAGE) + bytes;
}
