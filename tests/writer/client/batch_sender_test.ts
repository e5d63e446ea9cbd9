import { SqliteError, toErrorData, WriterClosedError, WriterDiedError } from "../../../errors.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
import { openLoop } from "../../support/one_thread.ts";
import { Receiver } from "../../support/receiver.ts";
import { end, news, start } from "../worker/store_fixture.ts";

function rows(count: number, task?: number): WriteMessage {
  const message = toInsertMessage("n", Array.from({ length: count }, (_, i) => [i]));
  if (task !== undefined) message.task = task;
  return message;
}

Deno.test("BatchSender.post() collects what is sent in one go into one batch", async () => {
  using receiver = new Receiver();
  const messages = Array.from({ length: 20 }, (_, i) => news(1, i, { progress: i / 20 }));
  for (const message of messages) receiver.batchSender.post(message);
  assertEquals((await receiver.next()).messages, messages);
});

Deno.test("BatchSender.post() lets no batch grow past a bound, and keeps the order", async () => {
  using receiver = new Receiver();
  for (let id = 0; id < 5_000; id++) receiver.batchSender.post(start(1, id));
  let next = 0;
  while (next < 5_000) {
    const { messages } = await receiver.next();
    assert(messages.length <= 2_000, `a batch of ${messages.length}`);
    for (const message of messages) assertEquals(message, start(1, next++));
  }
});

Deno.test("BatchSender.post() sends a message that is not awaited, too", async () => {
  using receiver = new Receiver();
  receiver.batchSender.post(rows(1));
  assertEquals((await receiver.next()).messages, [rows(1)]);
});

Deno.test("BatchSender.post() sends added tasks that are queued with all of their news", async () => {
  using receiver = new Receiver();
  const { batchSender } = receiver;
  for (const first of [1, 1_001, 2_001]) {
    batchSender.post({ kind: "queue_added", run: 1, upTo: first + 999, tasks: 1_000 });
    // A query that does not depend on what was sent before parts nothing.
    batchSender.queryAhead({ kind: "stats" }).catch(() => {});
    for (let id = first; id < first + 1_000; id++) batchSender.post(end(1, id));
  }
  batchSender.flushNow();
  for (let batches = 0; batches < 3; batches++) {
    const { messages } = await receiver.next();
    assertEquals([messages[0]!.kind, messages.length], ["queue_added", 1_001]);
  }
});

Deno.test("BatchSender.request() sends at once when nothing is in flight, else with what follows", async () => {
  using receiver = new Receiver();
  const { batchSender } = receiver;
  const first = batchSender.request(rows(1));
  const batch = await receiver.next();
  const later = [batchSender.request(rows(2)), batchSender.request(rows(3))];
  receiver.acknowledge(batch);
  await first;
  const second = await receiver.next();
  assertEquals(second.messages, [rows(2), rows(3)]);
  receiver.reply({ kind: "ack", seq: second.seq, results: [[1, 7]], failures: [] });
  assertEquals(await Promise.all(later), [undefined, 7]);
});

Deno.test("BatchSender.request() rejects with the class and code of its own failure only", async () => {
  using receiver = new Receiver();
  const error = toErrorData(new SqliteError("UNIQUE constraint failed", "constraint"));
  const sent = [1, 2, 3].map((n) => receiver.batchSender.request(rows(n)));
  const { seq } = await receiver.next();
  receiver.reply({ kind: "ack", seq, results: [], failures: [[1, error]] });
  await Promise.all([sent[0], sent[2]]);
  const failure = await assertRejects(() => sent[1]!, SqliteError, "UNIQUE");
  assertEquals(failure.code, "constraint");
});

Deno.test("BatchSender informs the listener of failures that are not awaited, and of a task's", async () => {
  const received: unknown[] = [];
  using receiver = new Receiver(({ message }, task) => received.push([message, task]));
  const { batchSender } = receiver;
  batchSender.post(rows(1));
  const waited = [batchSender.request(rows(2)), batchSender.request(rows(3, 5))];
  const { seq } = await receiver.next();
  const failures = [0, 1, 2].map((i): [number, ReturnType<typeof toErrorData>] => {
    return [i, toErrorData(new Error(`no ${i}`))];
  });
  receiver.reply({ kind: "ack", seq, results: [], failures });
  for (const promise of waited) await assertRejects(() => promise, Error, "no");
  assertEquals(received, [["no 0", undefined], ["no 2", 5]]);
});

Deno.test("BatchSender.fail() rejects every waiting and every later call", async () => {
  using receiver = new Receiver();
  const { batchSender } = receiver;
  const waiting: Promise<unknown>[] = [batchSender.request(rows(9_000))];
  await receiver.next();
  waiting.push(batchSender.request(rows(1)), batchSender.ready()!, batchSender.flushed());
  waiting.push(
    batchSender.query({ kind: "stats" }),
    batchSender.requestUpdate(end(1, 1)),
  );
  const outcomes = Promise.allSettled(waiting);
  batchSender.fail(new WriterDiedError("The writer died"));
  for (const outcome of await outcomes) {
    assert(outcome.status === "rejected");
    assert(outcome.reason instanceof WriterDiedError);
  }
  batchSender.fail(new Error("Not this one"));
  await assertRejects(() => batchSender.request(rows(1)), WriterDiedError);
  await assertRejects(() => batchSender.query({ kind: "stats" }), WriterDiedError);
  await assertRejects(() => batchSender.flushed(), WriterDiedError);
  assertThrows(() => batchSender.post(rows(1)), WriterDiedError);
  assertThrows(() => batchSender.update(start(1, 1)), WriterDiedError);
});

Deno.test("BatchSender.fail() lets no listener trip over an answer that comes after it", async () => {
  using receiver = new Receiver();
  const { batchSender } = receiver;
  const first = batchSender.request(rows(1));
  batchSender.post(rows(2_000));
  const batches = [await receiver.next()];
  const second = batchSender.request(rows(2_000)).catch((error) => error);
  batches.push(await receiver.next());
  for (const batch of batches) receiver.acknowledge(batch);
  await first;
  batchSender.fail(new WriterDiedError("The writer died"));
  await second;
  // A message of its own comes later than those that are on their way.
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port2.onmessage = resolve;
    port1.postMessage("later");
  });
  port1.close();
  port2.close();
});

Deno.test("BatchSender.close() gives the port back, and what was sent is still written", async () => {
  using writer = await openLoop({ schema: "CREATE TABLE n (value)" });
  const sender = writer.sender();
  for (let i = 0; i < 30; i++) sender.post(rows(100));
  const waiting = sender.request(rows(1));
  sender.close();
  sender.close();
  await assertRejects(() => waiting, WriterClosedError);
  await assertRejects(() => sender.request(rows(1)), WriterClosedError);
  assertThrows(() => sender.post(rows(1)), WriterClosedError);
  // Another sender is answered after it.
  await writer.batchSender.request(rows(1));
  assertEquals(writer.column("SELECT count(*) FROM n"), [3_002]);
});
