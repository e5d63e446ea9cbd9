import { connect, connectReadOnly } from "../../../db.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { openLoop } from "../../support/one_thread.ts";
import { execute } from "./store_fixture.ts";
import { tempFolder } from "../../support/temp.ts";

const schema = "CREATE TABLE n (value INTEGER); CREATE INDEX n_value ON n(value)";

function rows(count: number) {
  return toInsertMessage("n", Array.from({ length: count }, (_, i) => [i]));
}

function size(file: string): number {
  try {
    return Deno.statSync(file).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

for (const driver of DRIVERS) {
  Deno.test(`WriterLoop.close() writes what has arrived and empties the WAL (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    using writer = await openLoop({ driver, db, schema });
    await writer.batchSender.request(rows(5_000));
    assert(size(`${db}-wal`) > 0);
    assert((writer.loop.stats().walBytes ?? 0) > 0);
    const checkpoint = writer.close();
    assertEquals(checkpoint.busy, false);
    assertEquals(checkpoint.log, checkpoint.checkpointed);
    assertEquals(size(`${db}-wal`), 0);
    using reader = await connectReadOnly(db, { driver });
    assertEquals(reader.prepare("SELECT count(*) AS n FROM n").get()!.n, 5_000);
    assertThrows(() => writer.connection.exec("SELECT 1"), Error, "it is closed");
  });

  Deno.test(`WriterLoop.close() lets SQLite gather what its planner needs (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    using writer = await openLoop({ driver, db, schema });
    await writer.batchSender.request(rows(5_000));
    // PRAGMA optimize looks at tables whose indexes were asked for.
    await writer.batchSender.request(execute("SELECT * FROM n WHERE value=5"));
    writer.close();
    using reader = await connectReadOnly(db, { driver });
    const stats = reader.prepare("SELECT idx, stat FROM sqlite_stat1 WHERE tbl='n'").all();
    assertEquals(stats.map((row) => row.idx), ["n_value"]);
  });

  Deno.test(`WriterLoop.close() reports a reader that keeps the WAL from being emptied (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    using writer = await openLoop({ driver, db, schema });
    await writer.batchSender.request(rows(10));
    using reader = await connectReadOnly(db, { driver });
    reader.exec("BEGIN");
    assertEquals(reader.prepare("SELECT count(*) AS n FROM n").get()!.n, 10);
    await writer.batchSender.request(rows(1_000));
    const before = performance.now();
    const { busy, log, checkpointed } = writer.close();
    assertEquals(busy, true);
    assert(checkpointed < log, `${checkpointed} of ${log} pages`);
    assert(performance.now() - before < 50_000, "it waited for the reader as for a writer");
    assertEquals(reader.prepare("SELECT count(*) AS n FROM n").get()!.n, 10);
    reader.exec("COMMIT");
    assertEquals(reader.prepare("SELECT count(*) AS n FROM n").get()!.n, 1_010);
  });

  Deno.test(`WriterLoop.close() loses nothing while another writes to the file (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    using writer = await openLoop({ driver, db, schema });
    await writer.batchSender.request(rows(5_000));
    await writer.batchSender.request(execute("SELECT * FROM n WHERE value=5"));
    using other = await connect(db, { driver });
    other.transaction(() => {
      other.exec("INSERT INTO n VALUES (-1)");
      assertEquals(writer.close().busy, true);
    });
    assertEquals(other.prepare("SELECT count(*) AS n FROM n").get()!.n, 5_001);
  });

  Deno.test(`WriterLoop.close() closes a database without a WAL (${driver})`, async () => {
    using writer = await openLoop({ driver, schema });
    await writer.batchSender.request(rows(10));
    assertEquals(writer.close(), { busy: false, log: -1, checkpointed: -1 });
  });
}
