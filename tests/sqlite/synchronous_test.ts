import { connect, type ConnectOptions } from "../../db.ts";
import { runPipeline, SqliteWriter } from "../../mod.ts";
import type { Synchronous } from "../../db.ts";
import { toInsertMessage } from "../../writer/client/insert.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { namesIn } from "../support/names_in.ts";
import { openLoop } from "../support/one_thread.ts";
import { tempFolder } from "../support/temp.ts";

/** The level that SQLite is set to: https://www.sqlite.org/pragma.html#pragma_synchronous */
const LEVELS: [ConnectOptions, number][] = [
  [{}, 1],
  [{ synchronous: "normal" }, 1],
  [{ synchronous: "full" }, 2],
  [{ synchronous: "normal", wal: false }, 1],
  [{ synchronous: "full", wal: false }, 3], // EXTRA: the folder is synced, too.
];

for (const driver of DRIVERS) {
  for (const [options, level] of LEVELS) {
    Deno.test(`${driver}: synchronous of a connection, a writer and a pipeline with ${Deno.inspect(options)}`, async () => {
      using folder = tempFolder();
      const db = folder.file("etl.db");
      {
        using connection = await connect(db, { ...options, driver });
        assertEquals(connection.prepare("PRAGMA synchronous").get()?.synchronous, level);
      }
      {
        await using writer = await SqliteWriter.open({ ...options, db, driver });
        const { rows } = await writer.execute("PRAGMA synchronous");
        assertEquals(rows, [{ synchronous: level }]);
      }
      let rows: unknown;
      await runPipeline([1], {
        ...options,
        db,
        driver,
        run: async (_, task) => ({ rows } = (await task.execute("PRAGMA synchronous"))!),
      });
      assertEquals(rows, [{ synchronous: level }]);
    });
  }
}

Deno.test("synchronous is refused where it is not a level, before anything is opened", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  for (const wrong of ["FULL", "off", "", 2, true, null, "normal; DROP TABLE n"]) {
    const synchronous = wrong as Synchronous;
    const message = `Cannot open the database: expected "normal" or "full" for synchronous, got ${
      Deno.inspect(wrong)
    }`;
    for (
      const open of [
        () => connect(db, { synchronous }),
        () => SqliteWriter.open({ db, synchronous }),
        () => runPipeline([1], { db, synchronous, run: () => {} }),
      ]
    ) await assertRejects(open, TypeError, message);
  }
  assertEquals(namesIn(folder.path), []);
  await using writer = await SqliteWriter.open({ db });
  await assertRejects(
    () => runPipeline([1], { db: writer, synchronous: "full", run: () => {} }),
    TypeError,
    "option synchronous belongs to the writer, which is open. Pass it to SqliteWriter.open",
  );
});

Deno.test("WriterLoop puts more rows into a commit that waits for the disk", async () => {
  const batches = 40;
  const commits = [];
  for (const syncs of [false, true]) {
    using writer = await openLoop({ schema: "CREATE TABLE n (value INTEGER)", loop: { syncs } });
    const port = writer.port();
    const rows = Array.from({ length: 1_000 }, (_, value) => [value]);
    const before = writer.loop.stats().commits;
    for (let seq = 0; seq < batches; seq++) {
      port.postBatch(seq, [toInsertMessage("n", rows)]);
    }
    for (let seq = 0; seq < batches; seq++) await port.next();
    commits.push(writer.loop.stats().commits - before);
    assertEquals(writer.column("SELECT count(*) FROM n"), [batches * 1_000]);
  }
  assertEquals(commits[0], batches);
  assert(commits[1]! <= batches / 2, `${commits}`);
});
