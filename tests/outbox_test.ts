import { SqliteError, toErrorData, WriterClosedError, WriterDiedError } from "../errors.ts";
import { toInsertMessage } from "../insert.ts";
import type { Batch, PortReply, RunStarted, WriteMessage } from "../messages.ts";
import { type FailureListener, Outbox } from "../outbox.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "./assert.ts";
import { openLoop } from "./one_thread.ts";
import { AT, end, LATER, news, queue, start, startRun } from "./store_fixture.ts";

/** The writer's end of an outbox's port, played by the test: batches are answered when it says so. */
class Receiver implements Disposable {
  readonly outbox: Outbox;
  readonly #port: MessagePort;
  readonly #arrived: Batch[] = [];
  readonly #waiting: ((batch: Batch) => void)[] = [];

  constructor(listener: FailureListener = () => {}) {
    const { port1, port2 } = new MessageChannel();
    this.outbox = new Outbox(port1, listener);
    this.#port = port2;
    port2.onmessage = ({ data }) => {
      const waiting = this.#waiting.shift();
      if (waiting) waiting(data);
      else this.#arrived.push(data);
    };
  }

  async next(): Promise<Batch> {
    return this.#arrived.shift() ?? await new Promise((resolve) => this.#waiting.push(resolve));
  }

  reply(reply: PortReply): void {
    this.#port.postMessage(reply);
  }

  acknowledge({ seq }: Batch): void {
    this.reply({ kind: "ack", seq, results: [], failures: [] });
  }

  [Symbol.dispose](): void {
    this.outbox.fail(new WriterClosedError("The test is over"));
    this.#port.close();
  }
}

function rows(count: number, task?: number): WriteMessage {
  const message = toInsertMessage("n", Array.from({ length: count }, (_, i) => [i]));
  if (task !== undefined) message.task = task;
  return message;
}

Deno.test("Outbox.post() collects what is sent in one go into one batch", async () => {
  using receiver = new Receiver();
  const messages = Array.from({ length: 20 }, (_, i) => news(1, i, { progress: i / 20 }));
  for (const message of messages) receiver.outbox.post(message);
  assertEquals((await receiver.next()).messages, messages);
});

Deno.test("Outbox.post() lets no batch grow past a bound, and keeps the order", async () => {
  using receiver = new Receiver();
  for (let id = 0; id < 5_000; id++) receiver.outbox.post(start(1, id));
  let next = 0;
  while (next < 5_000) {
    const { messages } = await receiver.next();
    assert(messages.length <= 2_000, `a batch of ${messages.length}`);
    for (const message of messages) assertEquals(message, start(1, next++));
  }
});

Deno.test("Outbox.post() sends a message for which nobody waits, too", async () => {
  using receiver = new Receiver();
  receiver.outbox.post(rows(1));
  assertEquals((await receiver.next()).messages, [rows(1)]);
});

Deno.test("Outbox.request() sends at once when nothing is under way, else with what follows", async () => {
  using receiver = new Receiver();
  const { outbox } = receiver;
  const first = outbox.request(rows(1));
  const batch = await receiver.next();
  const later = [outbox.request(rows(2)), outbox.request(rows(3))];
  receiver.acknowledge(batch);
  await first;
  const second = await receiver.next();
  assertEquals(second.messages, [rows(2), rows(3)]);
  receiver.reply({ kind: "ack", seq: second.seq, results: [[1, 7]], failures: [] });
  assertEquals(await Promise.all(later), [undefined, 7]);
});

Deno.test("Outbox.request() rejects with the class and code of its own failure only", async () => {
  using receiver = new Receiver();
  const error = toErrorData(new SqliteError("UNIQUE constraint failed", "constraint"));
  const sent = [1, 2, 3].map((n) => receiver.outbox.request(rows(n)));
  const { seq } = await receiver.next();
  receiver.reply({ kind: "ack", seq, results: [], failures: [[1, error]] });
  await Promise.all([sent[0], sent[2]]);
  const failure = await assertRejects(() => sent[1]!, SqliteError, "UNIQUE");
  assertEquals(failure.code, "constraint");
});

Deno.test("Outbox tells the listener of failures that nobody waits for, and of a task's", async () => {
  const heard: WriteMessage[] = [];
  using receiver = new Receiver((_, message) => heard.push(message));
  const { outbox } = receiver;
  outbox.post(rows(1));
  const waited = [outbox.request(rows(2)), outbox.request(rows(3, 5))];
  const { seq } = await receiver.next();
  const failures = [0, 1, 2].map((i): [number, ReturnType<typeof toErrorData>] => {
    return [i, toErrorData(new Error("no"))];
  });
  receiver.reply({ kind: "ack", seq, results: [], failures });
  for (const promise of waited) await assertRejects(() => promise, Error, "no");
  assertEquals(heard, [rows(1), rows(3, 5)]);
});

Deno.test("Outbox.update() folds the news of a task that have not left yet", async () => {
  using receiver = new Receiver();
  const { outbox } = receiver;
  outbox.update(start(1, 7));
  for (let i = 1; i <= 1_000; i++) {
    outbox.update(news(1, 7, { progress: i / 1_000, updatedAt: LATER }));
    if (i === 500) outbox.update(news(1, 8, { progress: 0.5, updatedAt: AT }));
  }
  outbox.update(end(1, 7, "done", { result: "1" }));
  const { messages } = await receiver.next();
  assertEquals(messages, [
    {
      ...start(1, 7),
      ...news(1, 7, { progress: 1, updatedAt: LATER }),
      ...end(1, 7, "done", { result: "1" }),
    },
    news(1, 8, { progress: 0.5, updatedAt: AT }),
  ]);
});

Deno.test("Outbox.update() moves no news across rows of the task, or past its end", async () => {
  using receiver = new Receiver();
  const { outbox } = receiver;
  outbox.update(news(1, 7, { progress: 0.1 }));
  outbox.post(rows(1, 7));
  outbox.update(news(1, 7, { progress: 0.2 }));
  outbox.post(rows(2, 8));
  outbox.update(news(1, 7, { progress: 0.3 }));
  void outbox.requestUpdate(end(1, 7)).catch(() => {});
  outbox.update(news(1, 7, { progress: 0.4 }));
  outbox.update(end(1, 7, "error"));
  outbox.update(start(1, 7));
  assertEquals((await receiver.next()).messages, [
    news(1, 7, { progress: 0.1 }),
    rows(1, 7),
    news(1, 7, { progress: 0.3 }),
    rows(2, 8),
    end(1, 7),
    end(1, 7, "error", { progress: 0.4 }),
    start(1, 7),
  ]);
});

Deno.test("Outbox.update() loses nothing between sender and database", async () => {
  using writer = await openLoop();
  const { outbox } = writer;
  const { run } = await outbox.request(startRun(2)) as RunStarted;
  outbox.post(queue(run, [1, 2]));
  outbox.update(start(run, 1));
  outbox.update(start(run, 2));
  for (let i = 1; i <= 1_000; i++) outbox.update(news(run, 2, { progress: i / 4_000 }));
  outbox.update(end(run, 1));
  await outbox.drained();
  const columns = "status, progress, started_at, finished_at";
  assertEquals(writer.connection.prepare(`SELECT ${columns} FROM task_runs`).all(), [
    { status: "done", progress: 1, started_at: AT, finished_at: LATER },
    { status: "running", progress: 0.25, started_at: AT, finished_at: null },
  ]);
  assertEquals(writer.failures, []);
});

Deno.test("Outbox.fail() tells everyone who waits, and everyone who comes later", async () => {
  using receiver = new Receiver();
  const { outbox } = receiver;
  const waiting: Promise<unknown>[] = [outbox.request(rows(9_000))];
  await receiver.next();
  waiting.push(outbox.request(rows(1)), outbox.room()!, outbox.drained());
  waiting.push(outbox.ask((seq) => ({ kind: "stats", seq })), outbox.requestUpdate(end(1, 1)));
  const outcomes = Promise.allSettled(waiting);
  outbox.fail(new WriterDiedError("The writer died"));
  for (const outcome of await outcomes) {
    assert(outcome.status === "rejected");
    assert(outcome.reason instanceof WriterDiedError);
  }
  outbox.fail(new Error("Not this one"));
  await assertRejects(() => outbox.request(rows(1)), WriterDiedError);
  await assertRejects(() => outbox.ask((seq) => ({ kind: "stats", seq })), WriterDiedError);
  await assertRejects(() => outbox.drained(), WriterDiedError);
  assertThrows(() => outbox.post(rows(1)), WriterDiedError);
  assertThrows(() => outbox.update(start(1, 1)), WriterDiedError);
});
