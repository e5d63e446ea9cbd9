import { connectReadOnly } from "../../../db.ts";
import { WriterClosedError } from "../../../errors.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import type { BatchSender } from "../../../writer/client/batch_sender.ts";
import {
  clientOf,
  SqliteWriter,
  type WriterOptions,
} from "../../../writer/client/sqlite_writer.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
import { tempFolder } from "../../support/temp.ts";

const schema = "CREATE TABLE n (value INTEGER)";

function open(db = ":memory:", options: Partial<WriterOptions> = {}): Promise<SqliteWriter> {
  return SqliteWriter.open({ db, driver: "builtin", schema, ...options });
}

async function count(db: string): Promise<unknown> {
  using reader = await connectReadOnly(db, { driver: "builtin" });
  return reader.prepare("SELECT count(*) AS n FROM n").get()!.n;
}

function isEmpty(file: string): boolean {
  try {
    return Deno.statSync(file).size === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

Deno.test("SqliteWriter.close() writes what was sent before it and empties the WAL", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const writer = await open(db);
  const sent = Array.from({ length: 2_500 }, (_, i) => writer.insert("n", [[i]]));
  const stats = writer.stats();
  const closing = writer.close();
  assert(writer.close() === closing, "closing again is another promise");
  const checkpoint = await closing;
  assertEquals(checkpoint?.busy, false);
  assertEquals(await Promise.all(sent), sent.map(() => 1));
  assert((await stats).commits > 0);
  assert(isEmpty(`${db}-wal`), "the WAL is not empty");
  assertEquals(await count(db), 2_500);
  assertEquals(await writer.close(), checkpoint);
});

Deno.test("SqliteWriter.close() waits for a sender that is released meanwhile", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const writer = await open(db);
  const sender = clientOf(writer).sender(() => {});
  sender.post(toInsertMessage("n", [[1]]));
  const closing = writer.close();
  clientOf(writer).release(sender);
  assertEquals((await closing)?.busy, false);
  assertEquals(await count(db), 1);
});

Deno.test("SqliteWriter rejects use after close by name", async () => {
  const writer = await open();
  const closing = writer.close();
  const calls: (() => Promise<unknown>)[] = [
    () => writer.insert("n", [[1]]),
    () => writer.insert("n", []),
    () => writer.insert("n", new Set([[1]])),
    () => writer.execute("SELECT 1"),
    () => writer.send({ sql: "SELECT 1" }),
    () => writer.transaction([]),
    () => writer.flush(),
    () => writer.checkpoint(),
    () => writer.stats(),
  ];
  for (const closed of [false, true]) {
    for (const call of calls) {
      const error = await assertRejects(call, WriterClosedError, "the writer is closed");
      assertEquals(error.name, "WriterClosedError");
    }
    assertThrows(() => clientOf(writer).sender(() => {}), WriterClosedError);
    if (!closed) await closing;
  }
});

Deno.test("SqliteWriter closes when it goes out of scope, also after an error", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  let kept: SqliteWriter | undefined;
  const scope = async () => {
    await using writer = await open(db);
    kept = writer;
    void writer.insert("n", [[1]]);
    throw new EvalError("mine");
  };
  await assertRejects(scope, EvalError, "mine");
  await assertRejects(() => kept!.flush(), WriterClosedError);
  assert(isEmpty(`${db}-wal`), "the WAL is not empty");
  assertEquals(await count(db), 1);
});

Deno.test("SqliteWriter.close() reports a reader that keeps the WAL from being emptied", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const writer = await open(db);
  await writer.insert("n", [[1]]);
  using reader = await connectReadOnly(db, { driver: "builtin" });
  reader.exec("BEGIN");
  assertEquals(reader.prepare("SELECT count(*) AS n FROM n").get()!.n, 1);
  await writer.insert("n", [[2]]);
  assertEquals((await writer.close())?.busy, true);
  reader.exec("COMMIT");
  assertEquals(reader.prepare("SELECT count(*) AS n FROM n").get()!.n, 2);
});

Deno.test("SqliteWriter.close() ends a stream of rows that has no end, and rejects it", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const writer = await open(db);
  let i = 0;
  let ended = false;
  let stop = false;
  const first = Promise.withResolvers<void>();
  function* rows() {
    try {
      while (!stop) {
        if (i === 20_000) first.resolve();
        yield [i++];
      }
    } finally {
      ended = true;
    }
  }
  const stream = writer.insert("n", rows()).catch((error) => error);
  await first.promise;
  let late = false;
  // Only so that a writer that does not close fails this test instead of holding it up.
  const deadline = setTimeout(() => late = stop = true, 120_000);
  await writer.close();
  clearTimeout(deadline);
  assert(!late, "it waited for the stream");
  assert(await stream instanceof WriterClosedError);
  assert(ended, "the source was not asked to stop");
  // What was acknowledged is whole chunks from the beginning on.
  using reader = await connectReadOnly(db, { driver: "builtin" });
  const { n, last } = reader.prepare("SELECT count(*) AS n, max(value) AS last FROM n").get()!;
  assertEquals([Number(n) % 1_000, last], [0, Number(n) - 1]);
  assert(Number(n) >= 10_000);
});

Deno.test("SqliteWriter.close() writes what its other senders have sent, and answers them", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const writer = await open(db);
  const senders = [clientOf(writer).sender(() => {}), clientOf(writer).sender(() => {})];
  const rows = (from: number) =>
    toInsertMessage("n", Array.from({ length: 1_000 }, (_, i) => [from + i]));
  const sent = senders.flatMap((sender) => [0, 1, 2].map((i) => sender.request(rows(i * 1_000))));
  await writer.close();
  await Promise.all(sent);
  assertEquals(await count(db), 6_000);
  for (const sender of senders) {
    await assertRejects(() => sender.request(rows(0)), WriterClosedError);
  }
});

Deno.test("SqliteWriter.close() writes nothing whose sender gets an error", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const writer = await open(db);
  const message = toInsertMessage("n", Array.from({ length: 700 }, (_, i) => [i]));
  const begun = Promise.withResolvers<void>();
  let acknowledged = 0;
  // Several that run until they are asked to stop, so that something is always on its way.
  const endless = async (sender: BatchSender): Promise<unknown> => {
    try {
      while (acknowledged < 5_000) {
        await sender.request(message);
        if (++acknowledged === 50) begun.resolve();
      }
    } catch (error) {
      return error;
    }
    return new Error("It was never asked to stop");
  };
  const senders = [1, 2, 3].flatMap(() =>
    Array(5).fill(clientOf(writer).sender(() => {})).map(endless)
  );
  await begun.promise;
  await writer.close();
  for (const error of await Promise.all(senders)) assert(error instanceof WriterClosedError);
  assertEquals(await count(db), acknowledged * 700);
});

Deno.test("SqliteWriter.sender() gets its turn beside a sender that never pauses", async () => {
  await using writer = await open();
  let stop = false;
  function* rows() {
    for (let i = 0; !stop && i < 3_000_000; i++) yield [i];
  }
  const stream = writer.insert("n", rows());
  await writer.flush();
  // It is attached while the other is at work.
  const other = clientOf(writer).sender(() => {});
  for (let i = 0; i < 10; i++) await other.request(toInsertMessage("n", [[-1]]));
  stop = true;
  assert(await stream < 3_000_000, "it had to wait until the other had ended");
  clientOf(writer).release(other);
});
