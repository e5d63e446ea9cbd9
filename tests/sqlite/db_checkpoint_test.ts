import { type CheckpointMode, connect, connectReadOnly, walCheckpoint } from "../../db.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";

const MODES: CheckpointMode[] = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"];

for (const driver of DRIVERS) {
  for (const mode of [undefined, ...MODES]) {
    Deno.test(`${driver}: walCheckpoint() copies the WAL in mode ${mode ?? "by default"}`, async () => {
      using folder = tempFolder();
      const path = folder.file("etl.db");
      using connection = await connect(path, { driver });
      connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (zeroblob(50000))");
      const walBytes = () => Deno.statSync(path + "-wal").size;
      const before = walBytes();
      const result = walCheckpoint(connection, mode);
      if (mode === undefined || mode === "TRUNCATE") {
        assertEquals(result, { busy: false, log: 0, checkpointed: 0 });
        assertEquals(walBytes(), 0);
      } else {
        assert(result.log > 10);
        assertEquals(result, { busy: false, log: result.log, checkpointed: result.log });
        assertEquals(walBytes(), before);
      }
      // The database file alone has everything now.
      await Deno.copyFile(path, folder.file("copy.db"));
      using copy = await connect(folder.file("copy.db"), { wal: false, driver });
      assertEquals(copy.prepare("SELECT length(a) AS n FROM v").get()!.n, 50_000);
    });

    Deno.test(`${driver}: walCheckpoint() commits first what is open in mode ${mode ?? "by default"}`, async () => {
      using folder = tempFolder();
      const path = folder.file("etl.db");
      using connection = await connect(path, { driver });
      using reader = await connectReadOnly(path, { driver });
      connection.exec("CREATE TABLE v (a); BEGIN; INSERT INTO v VALUES (1); SAVEPOINT s");
      assertEquals(reader.prepare("SELECT count(*) AS n FROM v").get()!.n, 0);
      assertEquals(walCheckpoint(connection, mode).busy, false);
      assertEquals(connection.inTransaction, false);
      assertEquals(reader.prepare("SELECT count(*) AS n FROM v").get()!.n, 1);
    });
  }

  Deno.test(`${driver}: walCheckpoint() reports that a reader's snapshot kept it from finishing`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using connection = await connect(path, { driver });
    connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1); PRAGMA busy_timeout=1");
    using reader = await connectReadOnly(path, { driver });
    reader.exec("BEGIN");
    reader.prepare("SELECT a FROM v").all();
    connection.exec("INSERT INTO v VALUES (2)");
    for (const mode of ["FULL", "RESTART", "TRUNCATE"] as const) {
      const { busy, log, checkpointed } = walCheckpoint(connection, mode);
      assertEquals(busy, true, mode);
      assert(log > checkpointed, mode);
    }
    const passive = walCheckpoint(connection, "PASSIVE");
    assertEquals(passive.busy, false);
    assert(passive.log > passive.checkpointed);
    reader.exec("COMMIT");
    assertEquals(walCheckpoint(connection), { busy: false, log: 0, checkpointed: 0 });
    assertEquals(connection.prepare("SELECT a FROM v").all().map(({ a }) => a), [1, 2]);
  });

  Deno.test(`${driver}: walCheckpoint() waits for waitMs, and only this once`, async () => {
    using folder = tempFolder();
    const path = folder.file("etl.db");
    using connection = await connect(path, { driver, busyTimeoutMs: 123_456 });
    connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1)");
    using reader = await connectReadOnly(path, { driver });
    reader.exec("BEGIN");
    reader.prepare("SELECT a FROM v").all();
    connection.exec("INSERT INTO v VALUES (2)");
    const before = performance.now();
    assertEquals(walCheckpoint(connection, "TRUNCATE", { waitMs: 5 }).busy, true);
    assert(performance.now() - before < 60_000);
    const timeout = () => connection.prepare("PRAGMA busy_timeout").get()!.timeout;
    assertEquals(timeout(), 123_456);
    for (const waitMs of [-1, 0.5, NaN, "5" as unknown as number]) {
      assertThrows(
        () => walCheckpoint(connection, "PASSIVE", { waitMs }),
        RangeError,
        "an integer ≥ 0 for waitMs",
      );
    }
    reader.exec("COMMIT");
    assertEquals(walCheckpoint(connection, "TRUNCATE", { waitMs: 0 }).busy, false);
    assertEquals(timeout(), 123_456);
  });

  for (const [where, wal] of [["etl.db", false], [":memory:", true]] as const) {
    Deno.test(`${driver}: walCheckpoint() has nothing to do without a WAL, as in ${where}`, async () => {
      using folder = tempFolder();
      const path = where === ":memory:" ? where : folder.file(where);
      using connection = await connect(path, { wal, driver });
      connection.exec("CREATE TABLE v (a)");
      for (const mode of MODES) {
        assertEquals(walCheckpoint(connection, mode), { busy: false, log: -1, checkpointed: -1 });
      }
    });
  }

  Deno.test(`${driver}: walCheckpoint() refuses any other mode and commits nothing for it`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a); BEGIN; INSERT INTO v VALUES (1)");
    for (
      const mode of [
        "",
        "truncate",
        "FULL ",
        "NOOP",
        "TRUNCATE); DROP TABLE v; --",
        null,
        0,
        ["FULL"],
        { toString: () => "FULL" },
      ]
    ) {
      assertThrows(
        () => walCheckpoint(connection, mode as CheckpointMode),
        TypeError,
        'expected "PASSIVE" or "FULL" or "RESTART" or "TRUNCATE" for mode, got ',
      );
    }
    assertEquals(connection.inTransaction, true);
    assertEquals(connection.prepare("SELECT count(*) AS n FROM v").get()!.n, 1);
  });

  Deno.test(`${driver}: walCheckpoint() rejects a connection that is closed`, async () => {
    const connection = await connect(":memory:", { driver });
    connection.close();
    assertThrows(() => walCheckpoint(connection), Error, "it is closed");
  });
}
