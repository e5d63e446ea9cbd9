import { toInsertMessage } from "../../../writer/client/insert.ts";
import type { RunStarted } from "../../../writer/protocol/run_message.ts";
import type { QueueTasksMessage } from "../../../writer/protocol/task_message.ts";
import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { openLoop } from "../../support/one_thread.ts";
import { Receiver } from "../../support/receiver.ts";
import { AT, end, LATER, news, queue, start, startRun } from "../worker/store_fixture.ts";

function rows(count: number, task: number): WriteMessage {
  return { ...toInsertMessage("n", Array.from({ length: count }, (_, i) => [i])), task };
}

Deno.test("BatchSender.update() folds the news of a task that have not left yet", async () => {
  using receiver = new Receiver();
  const { batchSender } = receiver;
  batchSender.update(start(1, 7));
  for (let i = 1; i <= 1_000; i++) {
    batchSender.update(news(1, 7, { progress: i / 1_000 }));
    if (i === 500) batchSender.update(news(1, 8, { progress: 0.5 }));
  }
  batchSender.update(end(1, 7, "done", { result: "1" }));
  assertEquals(await receiver.nextMessages(), [
    {
      ...start(1, 7),
      ...news(1, 7, { progress: 1 }),
      ...end(1, 7, "done", { result: "1" }),
    },
    news(1, 8, { progress: 0.5 }),
  ]);
});

Deno.test("BatchSender.update() moves no news across rows of the task, or past its end", async () => {
  using receiver = new Receiver();
  const { batchSender } = receiver;
  batchSender.update(news(1, 7, { progress: 0.1 }));
  batchSender.post(rows(1, 7));
  batchSender.update(news(1, 7, { progress: 0.2 }));
  batchSender.post(rows(2, 8));
  batchSender.update(news(1, 7, { progress: 0.3 }));
  void batchSender.requestUpdate(end(1, 7)).catch(() => {});
  batchSender.update(news(1, 7, { progress: 0.4 }));
  batchSender.update(end(1, 7, "error"));
  batchSender.update(start(1, 7));
  assertEquals(await receiver.nextMessages(), [
    news(1, 7, { progress: 0.1 }),
    rows(1, 7),
    news(1, 7, { progress: 0.3 }),
    rows(2, 8),
    end(1, 7),
    end(1, 7, "error", { progress: 0.4 }),
    start(1, 7),
  ]);
});

Deno.test("BatchSender.update() moves no news of a task to before it was queued again or ended", async () => {
  using receiver = new Receiver();
  const { batchSender } = receiver;
  const requeue: WriteMessage = { kind: "requeue_tasks", run: 1, ids: [7] };
  const endTasks: WriteMessage = {
    kind: "end_tasks",
    run: 1,
    ids: [8],
    status: "error",
    message: "Lost",
    finishedAt: LATER,
  };
  for (const id of [7, 8, 9]) batchSender.update(start(1, id));
  batchSender.post(requeue);
  batchSender.post(endTasks);
  for (const id of [7, 8, 9]) batchSender.update(end(1, id, "cancelled"));
  assertEquals(await receiver.nextMessages(), [
    start(1, 7),
    start(1, 8),
    { ...start(1, 9), ...end(1, 9, "cancelled") },
    requeue,
    endTasks,
    end(1, 7, "cancelled"),
    end(1, 8, "cancelled"),
  ]);
});

Deno.test("BatchSender.update() loses nothing between sender and database", async () => {
  using writer = await openLoop();
  const { batchSender } = writer;
  const { run } = await batchSender.request(startRun(2)) as RunStarted;
  batchSender.post(queue(run, [1, 2]));
  batchSender.update(start(run, 1));
  batchSender.update(start(run, 2));
  for (let i = 1; i <= 1_000; i++) batchSender.update(news(run, 2, { progress: i / 4_000 }));
  batchSender.update(end(run, 1));
  await batchSender.flushed();
  const columns = "status, progress, started_at, finished_at";
  const read = writer.connection.prepare(`SELECT ${columns} FROM task_runs`).all();
  assertEquals(read.map((row) => ({ ...row })), [
    { status: "done", progress: 1, started_at: AT, finished_at: LATER },
    { status: "running", progress: 0.25, started_at: AT, finished_at: null },
  ]);
  assertEquals(writer.failures, []);
});

Deno.test("BatchSender.progress() folds as update() does", async () => {
  using receiver = new Receiver();
  const { batchSender } = receiver;
  batchSender.update(start(1, 7));
  for (let i = 1; i <= 1_000; i++) {
    batchSender.progress(1, 7, i / 1_000, i === 3 ? "third" : undefined);
  }
  batchSender.post(rows(1, 7));
  batchSender.progress(1, 7, 0.5);
  batchSender.progress(1, 8, 0.25, "quarter");
  batchSender.progress(1, 7, 0.75, "more");
  assertEquals(await receiver.nextMessages(), [
    { ...start(1, 7), ...news(1, 7, { progress: 1, message: "third" }) },
    rows(1, 7),
    news(1, 7, { progress: 0.75, message: "more" }),
    news(1, 8, { progress: 0.25, message: "quarter" }),
  ]);
});

Deno.test("BatchSender reports when a task sent its last update while it ran, whatever follows", async () => {
  using writer = await openLoop({ schema: "CREATE TABLE n (value)" });
  const { batchSender } = writer;
  const { run } = await batchSender.request(startRun(1_001)) as RunStarted;
  batchSender.post(queue(run, Array.from({ length: 1_001 }, (_, i) => i + 1)));
  await batchSender.flushed();
  const before = new Date().toISOString();
  for (let id = 1; id <= 1_001; id++) {
    batchSender.update(start(run, id));
    batchSender.progress(run, id, 0.5);
    if (id % 100 === 0) batchSender.post(rows(1, id));
  }
  await batchSender.flushed();
  assertEquals(writer.failures, []);
  const times = writer.column("SELECT updated_at FROM task_runs WHERE progress=0.5");
  assertEquals(times.length, 1_001);
  for (const at of times) assert(typeof at === "string" && at >= before, `${at}`);
});

Deno.test("BatchSender.postLate() sends new tasks with their news, or before anything else", async () => {
  using receiver = new Receiver();
  const { batchSender } = receiver;
  const queued = (...ids: number[]) => queue(1, ids) as QueueTasksMessage;
  batchSender.postLate(queued(1, 2, 3));
  batchSender.postLate(queued(4, 5));
  batchSender.queueUpTo(2);
  batchSender.update(end(1, 2));
  batchSender.update(end(1, 1));
  assertEquals((await receiver.next()).messages, [queued(1, 2), end(1, 2), end(1, 1)]);
  batchSender.queueUpTo(4);
  batchSender.update(end(1, 4));
  // These are news of a task that is still late.
  batchSender.update(end(1, 5));
  assertEquals((await receiver.next()).messages, [
    ...[queued(3), queued(4), end(1, 4), queued(5), end(1, 5)],
  ]);
  batchSender.postLate(queued(6));
  batchSender.flushNow();
  assertEquals((await receiver.next()).messages, [queued(6)]);
});

Deno.test("BatchSender.withdraw() takes back the news of a task's whole life while they are the last", async () => {
  using receiver = new Receiver();
  const { batchSender } = receiver;
  const whole = (id: number) => {
    batchSender.update(start(1, id));
    batchSender.update(end(1, id));
  };
  whole(1);
  assertEquals(batchSender.withdraw(1)?.status, "done");
  whole(2);
  whole(3);
  assertEquals([batchSender.withdraw(2), batchSender.withdraw(1)], [undefined, undefined]);
  assertEquals(batchSender.withdraw(3)?.id, 3);
  batchSender.update(start(1, 4));
  assertEquals(batchSender.withdraw(4), undefined);
  const { messages } = await receiver.next();
  assertEquals(messages.map((message) => message.kind === "task_update" && message.id), [2, 4]);
});
