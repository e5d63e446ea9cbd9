import { Timer } from "../../../writer/worker/timer.ts";
import { connectReadOnly } from "../../../db.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import type { Ack, Answer } from "../../../writer/protocol/sender_port.ts";
import type { ExecuteResult, WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { type OneThread, openLoop, RawPort } from "../../support/one_thread.ts";
import { execute, start, startRun } from "./store_fixture.ts";
import { tempFolder } from "../../support/temp.ts";

const schema = "CREATE TABLE n (sender TEXT, value INTEGER CHECK (value >= 0))";

function row(sender: string, value: number): WriteMessage {
  return toInsertMessage("n", [[sender, value]]);
}

/** Posts a batch and lets the loop take what has arrived. */
function post(writer: OneThread, port: RawPort, seq: number, messages: unknown[]): void {
  port.postBatch(seq, messages);
  writer.loop.drain();
}

/** Expects an ack of this batch, and returns which of its messages failed. */
async function failed(port: RawPort, seq: number): Promise<number[]> {
  const ack = await port.next() as Ack;
  assertEquals([ack.kind, ack.seq], ["ack", seq]);
  return ack.failures.map(([index]) => index);
}

for (const driver of DRIVERS) {
  Deno.test(`WriterLoop acknowledges a batch when a second connection sees it (${driver})`, async () => {
    using folder = tempFolder();
    using writer = await openLoop({ driver, db: folder.file("etl.db"), schema });
    using reader = await connectReadOnly(folder.file("etl.db"), { driver });
    const count = reader.prepare("SELECT count(*) AS n FROM n");
    const port = writer.port();
    for (let seq = 0; seq < 5; seq++) {
      post(writer, port, seq, [row("a", seq), row("a", seq)]);
      assertEquals(await failed(port, seq), []);
      assertEquals(count.get()!.n, 2 * (seq + 1));
    }
  });

  Deno.test(`WriterLoop writes a batch in one transaction (${driver})`, async () => {
    using folder = tempFolder();
    using writer = await openLoop({ driver, db: folder.file("etl.db"), schema });
    using reader = await connectReadOnly(folder.file("etl.db"), { driver });
    const version = () => reader.prepare("PRAGMA data_version").get()!.data_version;
    const port = writer.port();
    const versions = new Set([version()]);
    const commits = writer.loop.stats().commits;
    for (const bad of [0, 1]) {
      const messages = Array.from({ length: 200 }, (_, i) => row("a", i === 7 && bad ? -1 : i));
      post(writer, port, bad, messages);
      assertEquals(await failed(port, bad), bad ? [7] : []);
      versions.add(version());
    }
    assertEquals(writer.loop.stats().commits - commits, 2);
    assertEquals(versions.size, 3);
  });

  Deno.test(`WriterLoop groups what has arrived, up to a bound of rows (${driver})`, async () => {
    using writer = await openLoop({ driver, schema });
    const port = writer.port();
    for (let seq = 0; seq < 60; seq++) {
      port.postBatch(seq, [row("a", seq), row("a", seq)]);
    }
    for (let seq = 0; seq < 60; seq++) assertEquals(await failed(port, seq), []);
    const small = writer.loop.stats().commits;
    assert(small < 60, `${small} transactions for 60 batches that arrived together`);
    const rows = Array.from({ length: 1_000 }, (_, i) => ["b", i]);
    for (let seq = 0; seq < 60; seq++) {
      port.postBatch(seq, [toInsertMessage("n", rows)]);
    }
    for (let seq = 0; seq < 60; seq++) assertEquals(await failed(port, seq), []);
    const large = writer.loop.stats().commits - small;
    assert(large >= 4, `60,000 rows in ${large} transactions`);
    assertEquals(writer.column("SELECT count(*) FROM n"), [60_120]);
  });

  Deno.test(`WriterLoop keeps the order of each of its senders (${driver})`, async () => {
    using writer = await openLoop({ driver, schema });
    const senders = { a: writer.batchSender, b: writer.sender(), c: writer.sender() };
    const waiting: Promise<unknown>[] = [];
    // More than a batch holds, now one by one, now in a heap, and some that are refused.
    for (let value = 0; value < 3_500; value++) {
      for (const [name, batchSender] of Object.entries(senders)) {
        if (value % 250 === 0) waiting.push(batchSender.request(row(name, value)));
        else batchSender.post(row(name, value));
        if (value % 500 === 3) batchSender.post(row(name, -1));
      }
      if (value % 900 === 0) await waiting.at(-1);
    }
    await Promise.all(Object.values(senders).map((batchSender) => batchSender.flushed()));
    await Promise.all(waiting);
    for (const name of Object.keys(senders)) {
      const sql = `SELECT value FROM n WHERE sender='${name}' ORDER BY rowid`;
      assertEquals(writer.column(sql), Array.from({ length: 3_500 }, (_, value) => value));
    }
    assertEquals(writer.failures.length, 3 * 7);
  });

  Deno.test(`WriterLoop answers each sender for its own messages (${driver})`, async () => {
    using writer = await openLoop({ driver, schema });
    const ports = [writer.port(), writer.port(), writer.port()];
    const bad = [[], [0, 2], [1]];
    for (let seq = 0; seq < 10; seq++) {
      ports.forEach((port, p) => {
        const messages = [0, 1, 2].map((i) => row(`${p}`, bad[p]!.includes(i) ? -1 : i));
        port.postBatch(seq, [...messages, execute(`SELECT ${p} AS p`)]);
      });
    }
    for (let seq = 0; seq < 10; seq++) {
      for (const [p, port] of ports.entries()) {
        const { results, failures } = await port.next() as Ack;
        assertEquals(failures.map(([index]) => index), bad[p]!);
        const values = results.map((
          [index, result],
        ) => [index, (result as ExecuteResult).rows[0]!.p]);
        assertEquals(values, [[3, p]]);
      }
    }
  });

  Deno.test(`WriterLoop answers a request of unknown kind with an error (${driver})`, async () => {
    using writer = await openLoop({ driver, schema });
    const port = writer.port();
    port.post({ kind: "nonsense", seq: 7 });
    const { kind, seq, error } = await port.next() as Answer;
    assertEquals([kind, seq, error!.name], ["answer", 7, "TypeError"]);
    assertMatch(error!.message, /unknown kind.*nonsense/s);
    post(writer, port, 8, [row("a", 1), { kind: "nonsense" }, row("a", 2)]);
    assertEquals(await failed(port, 8), [1]);
    assertEquals(writer.column("SELECT value FROM n"), [1, 2]);
  });

  Deno.test(`WriterLoop counts what it has done (${driver})`, async () => {
    using writer = await openLoop({ driver, schema });
    const before = writer.loop.stats();
    assertEquals([before.commits, before.messages, before.rows, before.failures], [0, 0, 0, 0]);
    assertEquals([before.driver, before.walBytes, before.checkpointedAt], [driver, null, null]);
    assertEquals(before.sqliteVersion, writer.column("SELECT sqlite_version()")[0]);
    const port = writer.port();
    const rows = Array.from({ length: 30 }, (_, i) => ["a", i]);
    post(writer, port, 0, [toInsertMessage("n", rows), row("a", -1), execute("SELECT 1")]);
    assertEquals(await failed(port, 0), [1]);
    const after = writer.loop.stats();
    assertEquals([after.commits, after.messages, after.rows, after.failures], [1, 2, 30, 1]);
    assertEquals(after.queueDepth, 0);
    assert(after.batchRows >= 31 && Number.isInteger(after.batchRows), `${after.batchRows}`);
    assert(after.commitMs.p50 > 0 && after.commitMs.p99 >= after.commitMs.p50);
  });

  Deno.test(`WriterLoop writes its health into the run (${driver})`, async () => {
    using folder = tempFolder();
    using writer = await openLoop({ driver, db: folder.file("etl.db") });
    const { run } = await writer.batchSender.request(startRun(1)) as { run: number };
    writer.batchSender.post({ kind: "queue_tasks", run, ids: [1], names: ["a"], keys: [null] });
    writer.batchSender.update(start(run, 1));
    await writer.batchSender.flushed();
    const [health] = writer.connection.prepare("SELECT * FROM pipeline_runs").all();
    assert((health!.wal_bytes as number) > 0);
    assertEquals(health!.queue_depth, 0);
    assert(typeof health!.commit_p99_ms === "number");
  });
}

Deno.test("WriterLoop survives invalid messages, and answers them", async () => {
  using writer = await openLoop({ schema });
  const port = writer.port();
  const broken: unknown[] = [
    { kind: "insert", table: "n" },
    { kind: "insert", table: "n", columns: null, values: [1], width: 0 },
    { kind: "insert", columns: 5, values: {}, width: "x" },
    { kind: "transaction" },
    { kind: "transaction", messages: [{ kind: "transaction", messages: [7] }] },
    { kind: "execute" },
    { kind: "execute", sql: { toString: "x" }, params: 5 },
    { kind: "statement" },
    { kind: "queue_tasks", run: 1 },
    { kind: "task_update" },
    {},
    "text",
    7,
    null,
    undefined,
  ];
  const messages = broken.flatMap((message, i) => [row("a", i), message]);
  post(writer, port, 0, [...messages, row("a", broken.length)]);
  assertEquals(await failed(port, 0), broken.map((_, i) => 2 * i + 1));
  const values = Array.from({ length: broken.length + 1 }, (_, i) => i);
  assertEquals(writer.column("SELECT value FROM n ORDER BY rowid"), values);
});

Deno.test("WriterLoop takes nothing from a sender that was cut off before its port came", async () => {
  using writer = await openLoop({ schema });
  const port = writer.port();
  port.post({ kind: "query", seq: 1, query: { kind: "disconnect", sender: 7 } });
  assertEquals((await port.next()).kind, "answer");
  const { port1, port2 } = new MessageChannel();
  writer.loop.attach(port2, 7);
  const late = new RawPort(port1);
  late.postBatch(1, [row("late", 1)]);
  for (let seq = 1; seq <= 3; seq++) {
    port.postBatch(seq, [row("in time", seq)]);
    await failed(port, seq);
  }
  assertEquals(writer.column("SELECT DISTINCT sender FROM n"), ["in time"]);
  late.close();
});

Deno.test("Timer calls once when its time is over, and never when it was stopped", async () => {
  const calls: string[] = [];
  // It keeps no thread alive by itself.
  const alive = setInterval(() => {}, 1_000);
  new Timer(1, () => calls.push("stopped")).stop();
  await new Promise<void>((resolve) => {
    new Timer(2, () => calls.push("first"));
    new Timer(30, resolve);
  });
  clearInterval(alive);
  assertEquals(calls, ["first"]);
});
