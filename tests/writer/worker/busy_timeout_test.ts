import { connect, SqliteError } from "../../../db.ts";
import { BusyTimeout } from "../../../writer/worker/busy_timeout.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
// Loads the FFI driver's library before the first test, which would otherwise seem to leak it.
import "../../support/drivers.ts";
import { tempFolder } from "../../support/temp.ts";
import { SqliteWriter } from "../../../writer/client/sqlite_writer.ts";
import { runPipeline } from "../../../pipeline/run_pipeline.ts";

Deno.test("Patience.tried() makes waits short after one without success, and long after the next lock", async () => {
  using folder = tempFolder();
  using connection = await connect(folder.file("etl.db"), { busyTimeoutMs: 30_000 });
  const timeout = () => connection.prepare("PRAGMA busy_timeout").get()!.timeout;
  const patience = new BusyTimeout(connection);
  patience.tried(false);
  assertEquals(timeout(), 30_000);
  patience.tried(true);
  assertEquals(timeout(), 500);
  patience.tried(true);
  assertEquals(timeout(), 500);
  patience.tried(false);
  assertEquals(timeout(), 30_000);
  // Never longer than configured.
  patience.limit(60_000);
  assertEquals(timeout(), 30_000);
});

Deno.test("SqliteWriter waits for busyTimeoutMs, and once only", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const schema = "CREATE TABLE n (value)";
  const busyTimeoutMs = 2_000;
  await using writer = await SqliteWriter.open({ db, schema, busyTimeoutMs });
  using other = await connect(db);
  other.exec("BEGIN IMMEDIATE");
  const waits: number[] = [];
  for (let i = 0; i < 5; i++) {
    const begun = performance.now();
    const error = await assertRejects(() => writer.insert("n", [[1]]), SqliteError);
    assertEquals(error.code, "busy");
    waits.push(performance.now() - begun);
  }
  const [first, ...others] = waits;
  assert(first! >= busyTimeoutMs, `${waits}`);
  assert(others.reduce((sum, wait) => sum + wait) < others.length * busyTimeoutMs, `${waits}`);
  other.exec("ROLLBACK");
  assertEquals(await writer.insert("n", [[1]]), 1);
});

Deno.test("busyTimeoutMs is refused where it is not a time", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  for (const busyTimeoutMs of [-1, 0.5, NaN, Infinity, 2 ** 31, "5; DROP TABLE n" as never]) {
    const options = { db, busyTimeoutMs };
    for (
      const open of [
        () => connect(db, { busyTimeoutMs }),
        () => SqliteWriter.open(options),
        () => runPipeline([1], { ...options, run: () => {} }),
      ]
    ) {
      const error = await assertRejects(open, RangeError);
      assert(error.message.includes("busyTimeoutMs"), error.message);
    }
  }
  assertThrows(() => Deno.statSync(db), Deno.errors.NotFound);
  await using writer = await SqliteWriter.open({ db: ":memory:" });
  const twice = { db: writer, busyTimeoutMs: 5, run: () => {} };
  await assertRejects(() => runPipeline([1], twice), TypeError);
});
