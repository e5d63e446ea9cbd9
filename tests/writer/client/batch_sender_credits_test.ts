import { WriterDiedError } from "../../../errors.ts";
import { BatchSender } from "../../../writer/client/batch_sender.ts";
import { windowFor } from "../../../writer/client/in_flight.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import type { CheckpointMode, CheckpointResult } from "../../../db.ts";
import type { InsertMessage, WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { openLoop } from "../../support/one_thread.ts";
import { execute } from "../worker/store_fixture.ts";

const schema = "CREATE TABLE n (value)";

function rows(count: number): InsertMessage {
  return toInsertMessage("n", Array.from({ length: count }, (_, i) => [i]));
}

Deno.test("BatchSender.room() has room until too many rows are on their way, and again after them", async () => {
  using writer = await openLoop({ schema });
  const { batchSender } = writer;
  let sent = 0;
  let room: Promise<void> | undefined;
  while (!(room = batchSender.ready())) {
    batchSender.post(rows(100));
    sent += 100;
    assert(sent <= 100_000, "it never ran out of room");
  }
  assert(sent >= 1_000, `there was room for ${sent} rows only`);
  assertEquals(batchSender.ready(), room);
  await room;
  assert(batchSender.ready() === undefined);
  await batchSender.flushed();
  assertEquals(writer.column("SELECT count(*) FROM n"), [sent]);
});

Deno.test("BatchSender.room() counts the bytes of large values, so that few of them are on their way", async () => {
  using writer = await openLoop({ schema: "CREATE TABLE file (content)" });
  const { batchSender } = writer;
  for (const content of [new Uint8Array(1_000_000), "x".repeat(1_000_000)]) {
    let sent = 0;
    while (!batchSender.ready() && sent < 50) {
      batchSender.post(toInsertMessage("file", [[content]]));
      sent++;
    }
    assertEquals(sent, 4);
    await batchSender.flushed();
    assert(batchSender.ready() === undefined);
  }
  assertEquals(writer.column("SELECT count(*) FROM file"), [8]);
});

Deno.test("large bytes are given back when they are sent, and are stored whole beside a bad message", async () => {
  using writer = await openLoop({ schema: "CREATE TABLE file (content NOT NULL)" });
  const { batchSender } = writer;
  const content = new Uint8Array(100_000).fill(7);
  const params = [new Uint8Array(100_000).fill(8)];
  const message = toInsertMessage("file", [[content]]);
  const statement = { kind: "execute", sql: "INSERT INTO file VALUES (?)", params } as const;
  batchSender.post(message);
  batchSender.post(toInsertMessage("file", [[null]]));
  batchSender.post({ kind: "transaction", messages: [statement] });
  await batchSender.flushed();
  const kept = [...message.values, ...statement.params].map((bytes) =>
    (bytes as Uint8Array).byteLength
  );
  assertEquals(kept, [0, 0]);
  assertEquals(content, new Uint8Array(100_000).fill(7));
  assertEquals(writer.column("SELECT content FROM file ORDER BY rowid"), [
    content,
    new Uint8Array(100_000).fill(8),
  ]);
});

Deno.test("BatchSender.room() rejects when the writer dies", async () => {
  using writer = await openLoop({ schema });
  const { batchSender } = writer;
  while (!batchSender.ready()) batchSender.post(rows(500));
  const waiting = assertRejects(() => batchSender.ready()!, WriterDiedError);
  batchSender.fail(new WriterDiedError("The writer died"));
  await waiting;
});

Deno.test("BatchSender.drained() resolves when all that was sent is committed", async () => {
  using writer = await openLoop({ schema });
  const { batchSender } = writer;
  await batchSender.flushed();
  for (let i = 0; i < 30; i++) batchSender.post(rows(100));
  await batchSender.flushed();
  assertEquals(writer.column("SELECT count(*) FROM n"), [3_000]);
  await batchSender.flushed();
});

Deno.test("BatchSender.drained() waits for what was sent before it, not for what comes after", async () => {
  using writer = await openLoop({ schema });
  const { batchSender } = writer;
  let drained = false;
  let sent = 0;
  // Two that take turns, so that something is always in flight.
  const busy = async () => {
    while (!drained && sent < 400) {
      sent++;
      await batchSender.request(rows(1_500));
    }
  };
  const both = [busy(), busy()];
  void batchSender.flushed().then(() => drained = true);
  await Promise.all(both);
  assert(sent < 400, "it waited until all others had stopped");
});

Deno.test("BatchSender.ask() is answered after all that was sent before it", async () => {
  using writer = await openLoop({ schema });
  const { batchSender } = writer;
  for (let i = 0; i < 30; i++) batchSender.post(rows(100));
  const stats = await batchSender.query({ kind: "stats" });
  assertEquals(stats.rows, 3_000);
  assertEquals(stats.messages, 30);
  const ask = (mode: CheckpointMode) => batchSender.query({ kind: "checkpoint", mode });
  assertEquals(((await ask("PASSIVE")) as CheckpointResult).busy, false);
  await assertRejects(() => ask("SOMETIMES" as CheckpointMode), TypeError, "SOMETIMES");
});

Deno.test("BatchSender.request() fails what cannot be cloned, and nothing that travels with it", async () => {
  using writer = await openLoop({ schema });
  const { batchSender } = writer;
  const uncloneable = { kind: "execute", sql: "SELECT ?", params: [() => 1] } as unknown;
  const sent = [
    batchSender.request(execute("INSERT INTO n VALUES ('before')")),
    batchSender.request(uncloneable as WriteMessage),
    batchSender.request(execute("INSERT INTO n VALUES ('after')")),
  ];
  const outcomes = await Promise.allSettled(sent);
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assertEquals(writer.column("SELECT value FROM n ORDER BY rowid"), ["before", "after"]);
});

Deno.test("BatchSender.request() fails what cannot be cloned beside large bytes, which are stored", async () => {
  using writer = await openLoop({ schema });
  const { batchSender } = writer;
  const bytes = new Uint8Array(100_000).fill(7);
  const uncloneable = {
    kind: "execute",
    sql: "SELECT ?",
    params: [new Uint8Array(100_000), () => 1],
  };
  const sent = [
    batchSender.request(toInsertMessage("n", [["before"], [bytes]])),
    batchSender.request(uncloneable as unknown as WriteMessage),
    batchSender.request({
      kind: "execute",
      sql: "INSERT INTO n VALUES (?)",
      params: [bytes.slice()],
    }),
  ];
  const outcomes = await Promise.allSettled(sent);
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assertEquals(bytes.byteLength, 100_000, "the caller keeps its own");
  assertEquals(writer.column("SELECT value FROM n ORDER BY rowid"), ["before", bytes, bytes]);
});

Deno.test("BatchSender has less on its way where many share the writer", () => {
  const roomOf = (senders: number) => {
    const { port1, port2 } = new MessageChannel();
    const batchSender = new BatchSender(port1, () => {}, { window: windowFor(senders) });
    let sent = 0;
    while (!batchSender.ready()) {
      batchSender.post(rows(1_000));
      sent++;
    }
    batchSender.fail(new WriterDiedError("The test is over"));
    port2.close();
    return sent;
  };
  assertEquals([1, 8, 16, 64, 1_000].map(roomOf), [8, 8, 4, 2, 2]);
});

Deno.test("BatchSender.request() fails a blob that was given away, and nothing that travels with it", async () => {
  using writer = await openLoop({ schema });
  const { batchSender } = writer;
  const blob = new Uint8Array([1, 2, 3]);
  const sent = [
    batchSender.request(toInsertMessage("n", [["before"]])),
    batchSender.request(toInsertMessage("n", [[blob]])),
    batchSender.request(toInsertMessage("n", [["after"]])),
  ];
  structuredClone(blob, { transfer: [blob.buffer] });
  const outcomes = await Promise.allSettled(sent);
  assertEquals([outcomes[0]!.status, outcomes[2]!.status], ["fulfilled", "fulfilled"]);
  // Either it was taken while it was whole, or its sender gets an error.
  const kept = writer.column("SELECT value FROM n WHERE typeof(value)='blob'");
  assertEquals(kept, outcomes[1]!.status === "fulfilled" ? [new Uint8Array([1, 2, 3])] : []);
});

Deno.test("BatchSender.request() of an invalid message harms no other", async () => {
  using writer = await openLoop({ schema });
  const { batchSender } = writer;
  const broken = [{ kind: "insert", table: "n" }, { kind: "transaction" }, { kind: "queue_tasks" }];
  for (const message of broken) {
    const refused = async () => await batchSender.request(message as unknown as WriteMessage);
    await assertRejects(refused, Error);
    assertEquals(await batchSender.request(rows(2)), undefined);
  }
  await batchSender.flushed();
  assertEquals(writer.column("SELECT count(*) FROM n"), [2 * broken.length]);
});
