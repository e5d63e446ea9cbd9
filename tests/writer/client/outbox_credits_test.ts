import { WriterDiedError } from "../../../errors.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import type { CheckpointMode, CheckpointResult } from "../../../db.ts";
import type { WriterStats } from "../../../writer/protocol/sender_port.ts";
import type { InsertMessage, WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { openLoop } from "../../support/one_thread.ts";
import { execute } from "../worker/store_fixture.ts";

const schema = "CREATE TABLE n (value)";

function rows(count: number): InsertMessage {
  return toInsertMessage("n", Array.from({ length: count }, (_, i) => [i]));
}

Deno.test("Outbox.room() has room until too many rows are on their way, and again after them", async () => {
  using writer = await openLoop({ schema });
  const { outbox } = writer;
  let sent = 0;
  let room: Promise<void> | undefined;
  while (!(room = outbox.room())) {
    outbox.post(rows(100));
    sent += 100;
    assert(sent <= 100_000, "it never ran out of room");
  }
  assert(sent >= 1_000, `there was room for ${sent} rows only`);
  assertEquals(outbox.room(), room);
  await room;
  assert(outbox.room() === undefined);
  await outbox.drained();
  assertEquals(writer.column("SELECT count(*) FROM n"), [sent]);
});

Deno.test("Outbox.room() counts the bytes of large values, so that few of them are on their way", async () => {
  using writer = await openLoop({ schema: "CREATE TABLE file (content)" });
  const { outbox } = writer;
  for (const content of [new Uint8Array(8_000_000), "x".repeat(8_000_000)]) {
    let sent = 0;
    while (!outbox.room() && sent < 50) {
      outbox.post(toInsertMessage("file", [[content]]));
      sent++;
    }
    assertEquals(sent, 8);
    await outbox.drained();
    assert(outbox.room() === undefined);
  }
  assertEquals(writer.column("SELECT count(*) FROM file"), [16]);
});

Deno.test("Outbox.room() rejects when the writer dies", async () => {
  using writer = await openLoop({ schema });
  const { outbox } = writer;
  while (!outbox.room()) outbox.post(rows(500));
  const waiting = assertRejects(() => outbox.room()!, WriterDiedError);
  outbox.fail(new WriterDiedError("The writer died"));
  await waiting;
});

Deno.test("Outbox.drained() resolves when all that was sent is committed", async () => {
  using writer = await openLoop({ schema });
  const { outbox } = writer;
  await outbox.drained();
  for (let i = 0; i < 30; i++) outbox.post(rows(100));
  await outbox.drained();
  assertEquals(writer.column("SELECT count(*) FROM n"), [3_000]);
  await outbox.drained();
});

Deno.test("Outbox.drained() waits for what was sent before it, not for what comes after", async () => {
  using writer = await openLoop({ schema });
  const { outbox } = writer;
  let drained = false;
  let sent = 0;
  // Two that take turns, so that something is always under way.
  const busy = async () => {
    while (!drained && sent < 400) {
      sent++;
      await outbox.request(rows(1_500));
    }
  };
  const both = [busy(), busy()];
  void outbox.drained().then(() => drained = true);
  await Promise.all(both);
  assert(sent < 400, "it waited until everyone else had stopped");
});

Deno.test("Outbox.ask() is answered after all that was sent before it", async () => {
  using writer = await openLoop({ schema });
  const { outbox } = writer;
  for (let i = 0; i < 30; i++) outbox.post(rows(100));
  const stats = await outbox.ask((seq) => ({ kind: "stats", seq })) as WriterStats;
  assertEquals(stats.rows, 3_000);
  assertEquals(stats.messages, 30);
  const ask = (mode: CheckpointMode) => outbox.ask((seq) => ({ kind: "checkpoint", seq, mode }));
  assertEquals(((await ask("PASSIVE")) as CheckpointResult).busy, false);
  await assertRejects(() => ask("SOMETIMES" as CheckpointMode), TypeError, "SOMETIMES");
});

Deno.test("Outbox.request() fails what cannot be cloned, and nothing that travels with it", async () => {
  using writer = await openLoop({ schema });
  const { outbox } = writer;
  const uncloneable = { kind: "execute", sql: "SELECT ?", params: [() => 1] } as unknown;
  const sent = [
    outbox.request(execute("INSERT INTO n VALUES ('before')")),
    outbox.request(uncloneable as WriteMessage),
    outbox.request(execute("INSERT INTO n VALUES ('after')")),
  ];
  const outcomes = await Promise.allSettled(sent);
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assertEquals(writer.column("SELECT value FROM n ORDER BY rowid"), ["before", "after"]);
});

Deno.test("Outbox.request() fails a blob that was given away, and nothing that travels with it", async () => {
  using writer = await openLoop({ schema });
  const { outbox } = writer;
  const blob = new Uint8Array([1, 2, 3]);
  const sent = [
    outbox.request(toInsertMessage("n", [["before"]])),
    outbox.request(toInsertMessage("n", [[blob]])),
    outbox.request(toInsertMessage("n", [["after"]])),
  ];
  structuredClone(blob, { transfer: [blob.buffer] });
  const outcomes = await Promise.allSettled(sent);
  assertEquals([outcomes[0]!.status, outcomes[2]!.status], ["fulfilled", "fulfilled"]);
  // Either it was taken while it was whole, or its sender hears that it was not.
  const kept = writer.column("SELECT value FROM n WHERE typeof(value)='blob'");
  assertEquals(kept, outcomes[1]!.status === "fulfilled" ? [new Uint8Array([1, 2, 3])] : []);
});

Deno.test("Outbox.request() of a message that is none harms no other", async () => {
  using writer = await openLoop({ schema });
  const { outbox } = writer;
  const broken = [{ kind: "insert", table: "n" }, { kind: "transaction" }, { kind: "queue_tasks" }];
  for (const message of broken) {
    const refused = async () => await outbox.request(message as unknown as WriteMessage);
    await assertRejects(refused, Error);
    assertEquals(await outbox.request(rows(2)), undefined);
  }
  await outbox.drained();
  assertEquals(writer.column("SELECT count(*) FROM n"), [2 * broken.length]);
});
