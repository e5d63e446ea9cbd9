import { connect, type Connection, connectReadOnly } from "../../../../db.ts";
import { SqliteWriter } from "../../../../mod.ts";
import type { CheckpointBlocked } from "../../../../writer/protocol/writer_worker.ts";
import { Checkpointer } from "../../../../writer/worker/files/checkpointer.ts";
import { assert, assertEquals, assertRejects } from "../../../support/assert.ts";
import { DRIVERS } from "../../../support/drivers.ts";
import { openLoop } from "../../../support/one_thread.ts";
import { startRun } from "../store_fixture.ts";
import { tempFolder } from "../../../support/temp.ts";
import { until } from "../../../support/until.ts";

const MIB = 2 ** 20;

/** Milliseconds of a read that overlaps the next one: less than the quarter of a second that is promised. */
const READ_MS = 100;

/** Lets the WAL grow by half a mebibyte and a little more. */
function grow(connection: Connection, keeper: Checkpointer): void {
  connection.exec("INSERT INTO v VALUES (zeroblob(524288))");
  keeper.committed();
}

/** Begins a transaction that reads, and so keeps the database as it is now. */
function hold(reader: Connection): void {
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM v").get();
}

for (const driver of DRIVERS) {
  Deno.test(`Checkpointer copies what was committed, and leaves a short WAL as it is (${driver})`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using connection = await connect(path, { driver });
    connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (zeroblob(50000))");
    const keeper = new Checkpointer(connection, { lookMs: 1 });
    const { bytes } = keeper;
    assertEquals(keeper.copiedAt, null);
    keeper.committed();
    await until(() => keeper.copiedAt !== null);
    assertEquals([keeper.bytes, keeper.heldSince], [bytes, null]);
    // The database file alone has everything now.
    await Deno.copyFile(path, folder.file("copy.db"));
    using copy = await connect(folder.file("copy.db"), { wal: false, driver });
    assertEquals(copy.prepare("SELECT length(a) AS n FROM v").get()!.n, 50_000);
    keeper.stop();
  });

  Deno.test(`Checkpointer copies again and again, however little there is (${driver})`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using connection = await connect(path, { driver });
    connection.exec("CREATE TABLE v (a)");
    /** Rows that the database file has without its WAL. */
    const copied = async () => {
      await Deno.copyFile(path, folder.file("copy.db"));
      using copy = await connect(folder.file("copy.db"), { wal: false, driver });
      return copy.prepare("SELECT count(*) AS n FROM v").get()!.n;
    };
    const keeper = new Checkpointer(connection, { lookMs: 1, checkpointMs: 20 });
    for (const rows of [1, 2, 3]) {
      const last = keeper.copiedAt;
      connection.exec("INSERT INTO v VALUES (1)");
      keeper.committed();
      await until(() => keeper.copiedAt !== last);
      assertEquals(await copied(), rows);
    }
    keeper.stop();
  });

  Deno.test(`Checkpointer cuts a long WAL without readers (${driver})`, async () => {
    using folder = tempFolder();
    using connection = await connect(folder.file("etl.db"), { driver });
    connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (zeroblob(80000000))");
    const keeper = new Checkpointer(connection, { lookMs: 1 });
    assert(keeper.bytes! > 64 * MIB);
    keeper.committed();
    await until(() => keeper.bytes === 0);
    assertEquals(keeper.heldSince, null);
    keeper.stop();
  });

  Deno.test(`Checkpointer warns of a reader that holds the WAL, and again when it has doubled (${driver})`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using connection = await connect(path, { driver });
    connection.exec("CREATE TABLE v (a)");
    using reader = await connectReadOnly(path, { driver });
    hold(reader);
    const warnings: CheckpointBlocked[] = [];
    const states: (string | null)[] = [];
    const keeper = new Checkpointer(connection, {
      lookMs: 1,
      warnBytes: MIB,
      warn: (held) => warnings.push(held),
      changed: () => states.push(keeper.heldSince),
    });
    while (keeper.bytes! <= MIB) grow(connection, keeper);
    await until(() => warnings.length > 0);
    assertEquals(states, [warnings[0]!.since]);
    const { bytes } = warnings[0]!;
    assert(bytes > MIB);
    while (keeper.bytes! < 2 * bytes) grow(connection, keeper);
    await until(() => warnings.length > 1);
    assertEquals(warnings.map(({ since }) => since), [states[0]!, states[0]!]);
    assert(warnings[1]!.bytes >= 2 * bytes);
    const { n } = reader.prepare("SELECT count(*) AS n FROM v").get()!;
    assertEquals(n, 0, "the reader sees what it saw");

    reader.exec("COMMIT");
    await until(() => keeper.heldSince === null);
    assertEquals([keeper.bytes, states.length, states[1]], [0, 2, null]);
    // The next one that holds it is news again.
    hold(reader);
    while (keeper.bytes! <= MIB) grow(connection, keeper);
    await until(() => warnings.length > 2);
    assertEquals(warnings.length, 3);
    keeper.stop();
  });

  Deno.test(`Checkpointer blames no reader when another connection writes (${driver})`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using connection = await connect(path, { driver });
    connection.exec("CREATE TABLE v (a)");
    using other = await connect(path, { driver });
    const states: (string | null)[] = [];
    const keeper = new Checkpointer(connection, {
      lookMs: 1,
      warnBytes: MIB,
      changed: () => states.push(keeper.heldSince),
    });
    while (keeper.bytes! <= MIB) grow(connection, keeper);
    other.exec("BEGIN IMMEDIATE; INSERT INTO v VALUES (1)");
    await until(() => keeper.copiedAt !== null);
    assert(keeper.bytes! > MIB);
    other.exec("COMMIT");
    await until(() => keeper.bytes === 0);
    assertEquals(states, []);
    keeper.stop();
  });

  Deno.test(`readers whose reads overlap do not keep the WAL growing (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    // In a thread of its own, because it waits for these readers.
    await using writer = await SqliteWriter.open({
      db,
      driver,
      schema: "CREATE TABLE v (id INTEGER PRIMARY KEY, a)",
      walWarnBytes: MIB,
    });
    using one = await connectReadOnly(db, { driver });
    using two = await connectReadOnly(db, { driver });
    const size = () => Deno.statSync(`${db}-wal`).size;
    let largest = 0;
    let isCut = false;
    const writing = (async () => {
      for (let n = 0; !isCut; n++) {
        await writer.execute("INSERT OR REPLACE INTO v VALUES (1, randomblob(2000))");
        largest = Math.max(largest, size());
        isCut = largest > 2 * MIB && size() < MIB;
        assert(largest < 600 * MIB, "the WAL grows for ever");
      }
    })();
    // There is no moment without a reader, and hardly one in which nothing was committed since the read began.
    hold(one);
    for (let [next, last] = [two, one]; !isCut; [next, last] = [last, next]) {
      const pause = Promise.withResolvers<void>();
      const timer = setTimeout(pause.resolve, READ_MS);
      await Promise.race([pause.promise, writing]);
      clearTimeout(timer);
      hold(next);
      last.exec("COMMIT");
    }
    await writing;
  });

  Deno.test(`a reader that begins again at once does not keep the WAL growing (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await using writer = await SqliteWriter.open({
      db,
      driver,
      schema: "CREATE TABLE v (id INTEGER PRIMARY KEY, a)",
      walWarnBytes: MIB,
    });
    // Between two transactions another program has no pause, so the writer has to meet both of them.
    using reader = await connectReadOnly(db, { driver });
    hold(reader);
    let isCut = false;
    let largest = 0;
    let turns = 0;
    const writing = (async () => {
      while (!isCut) {
        await writer.execute("INSERT OR REPLACE INTO v VALUES (1, randomblob(2000))");
        assert(turns < 40, "the reader has begun again and again");
        const { size } = Deno.statSync(`${db}-wal`);
        largest = Math.max(largest, size);
        isCut = largest > 2 * MIB && size < MIB;
      }
    })();
    const again = setInterval(() => {
      turns++;
      reader.exec("COMMIT");
      hold(reader);
    }, 2 * READ_MS);
    await writing.finally(() => clearInterval(again));
    reader.exec("COMMIT");
  });

  Deno.test(`WriterLoop writes into its runs that the WAL is held, even when nothing is committed (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const loop = { lookMs: 1, warnBytes: MIB };
    using writer = await openLoop({ driver, db, schema: "CREATE TABLE v (a)", loop });
    const { run } = await writer.batchSender.request(startRun(1)) as { run: number };
    writer.batchSender.post({ kind: "queue_tasks", run, ids: [1], names: ["a"], keys: [null] });
    using holder = await connectReadOnly(db, { driver });
    using reader = await connectReadOnly(db, { driver });
    const since = () =>
      reader.prepare("SELECT wal_held_since AS since FROM pipeline_runs").get()!.since;
    hold(holder);
    const sql = "INSERT INTO v VALUES (zeroblob(2097152))";
    await writer.batchSender.request({ kind: "execute", sql, params: [] });
    await until(() => since() !== null);
    assertEquals(writer.loop.stats().walHeldSince, since() as string);
    holder.exec("COMMIT");
    await until(() => since() === null);
    assertEquals(writer.loop.stats().walHeldSince, null);
  });
}

Deno.test("SqliteWriter.open() refuses a walWarnBytes that is not a number of bytes", async () => {
  using folder = tempFolder();
  const db = folder.file("none.db");
  for (const walWarnBytes of [0, -1, 1.5, NaN, "1" as unknown as number]) {
    await assertRejects(
      () => SqliteWriter.open({ db, walWarnBytes }),
      RangeError,
      "expected an integer ≥ 1 for walWarnBytes, got ",
    );
  }
  await assertRejects(() => Deno.stat(db), Deno.errors.NotFound);
  await using _ = await SqliteWriter.open({ db, walWarnBytes: Infinity });
});
