import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import { TaskSource } from "../../../pipeline/scheduler/task_source.ts";
import type { IdentifiedItem, IdentityOptions } from "../../../pipeline/scheduler/task_identity.ts";
import { clientOf, SqliteWriter } from "../../../writer/client/sqlite_writer.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
import { readRows } from "../../support/read.ts";
import { tempFolder } from "../../support/temp.ts";

type Items<T> = Iterable<T> | AsyncIterable<T>;

/** A feed whose tasks are not written, open from id 1 on. */
async function openFeed<T>(items: Items<T>, options: IdentityOptions<T> = {}) {
  const feed = new TaskSource(items, options);
  await feed.open(1);
  return feed;
}

async function takeAll<T>(feed: TaskSource<T>): Promise<IdentifiedItem<T>[]> {
  const tasks: IdentifiedItem<T>[] = [];
  for (let task = await feed.take(); task; task = await feed.take()) tasks.push(task);
  return tasks;
}

async function identities<T>(items: Items<T>, options?: IdentityOptions<T>) {
  const tasks = await takeAll(await openFeed(items, options));
  return tasks.map(({ id, name, key }) => [id, name, key]);
}

function* numbers(count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield i;
}

Deno.test("TaskSource() refuses what is not an iterable of items", () => {
  for (const items of ["abc", null, undefined, 5, {}, () => [], numbers, Promise.resolve([])]) {
    assertThrows(
      () => new TaskSource(items as Iterable<never>, {}),
      TypeError,
      "Cannot run the items",
    );
  }
});

Deno.test("take() gives every item of any iterable once, in order", async () => {
  const items = Array.from({ length: 2_500 }, (_, i) => i);
  async function* asynchronous() {
    yield* items;
  }
  const sources = [items, new Set(items), numbers(2_500), asynchronous(), Uint16Array.from(items)];
  for (const source of sources) {
    const tasks = await takeAll(await openFeed(source as Items<number>));
    assertEquals(tasks.map(({ item }) => item), items);
    assertEquals(tasks.map(({ id }) => id), items.map((i) => i + 1));
  }
  const map = await takeAll(await openFeed(new Map([["a", 1]])));
  assertEquals(map.map(({ item }) => item), [["a", 1]]);
});

Deno.test("take() derives name and key from the item", async () => {
  const items = [
    { name: "Ünïcode 🧵", key: "k" },
    { name: "", key: 7 },
    { id: "order-9" },
    { name: null, key: null },
    "text",
    "x".repeat(300),
    3.5,
    null,
    undefined,
    { name: "'; DROP TABLE task_runs; --" },
    { id: -1.5 },
    "y".repeat(1_001),
  ];
  assertEquals(await identities<unknown>(items), [
    [1, "Ünïcode 🧵", "k"],
    [2, "", "7"],
    [3, "order-9", "order-9"],
    [4, "task 4", null],
    [5, "text", "text"],
    [6, "x".repeat(200), "x".repeat(300)],
    [7, "3.5", "3.5"],
    [8, "task 8", null],
    [9, "task 9", null],
    [10, "'; DROP TABLE task_runs; --", null],
    [11, "-1.5", "-1.5"],
    [12, "y".repeat(200), null],
  ]);
});

Deno.test("take() asks the options for id, name and key", async () => {
  const items = [{ id: -1, name: "own", key: "own" }, { id: -2, name: "own", key: "own" }];
  const options: IdentityOptions<typeof items[number]> = {
    taskId: (_, index) => index === 0 ? 40 : undefined,
    taskName: ({ id }, index) => index === 0 ? `item ${id}` : undefined,
    taskKey: ({ id }, index) => index === 0 ? `key ${id}` : undefined,
  };
  assertEquals(await identities(items, options), [[40, "item -1", "key -1"], [1, "task 1", null]]);
});

Deno.test("take() gives free ids to the items between those for which one was chosen", async () => {
  const items = [{}, { id: 2 }, {}, { id: 1 }, { id: 900 }, {}];
  const ids = (await identities<{ id?: number }>(items, { taskId: ({ id }) => id })).map(([id]) =>
    id
  );
  assertEquals(ids, [3, 2, 4, 1, 900, 5]);
});

Deno.test("TaskSource() refuses ids that are not positive whole numbers, and two that are equal", () => {
  for (const id of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(
      () => new TaskSource([{ id }], { taskId: ({ id }) => id }),
      RangeError,
      "taskId returns a whole number from 1 to",
    );
  }
  for (const id of ["1", null, 1n]) {
    const taskId = () => id as unknown as number;
    assertThrows(() => new TaskSource([1], { taskId }), RangeError, "Cannot give item 0 the id");
  }
  assertThrows(() => new TaskSource([1, 2], { taskId: () => 7 }), TypeError, "the id 7");
});

Deno.test("TaskSource() keeps the items it was given when the array changes", async () => {
  const items = [1, 2];
  const feed = await openFeed(items);
  items.push(3);
  assertEquals((await takeAll(feed)).map(({ item }) => item), [1, 2]);
  assertEquals(feed.count, 2);
});

Deno.test("take() serves every caller that waits for the same items", async () => {
  const feed = await openFeed(numbers(3));
  const taken = await Promise.all([feed.take(), feed.take(), feed.take(), feed.take()]);
  assertEquals(taken.map((task) => task?.item), [0, 1, 2, undefined]);
});

Deno.test("take() reads a generator at most 1,000 items ahead", async () => {
  let pulled = 0;
  function* endless() {
    for (;;) yield pulled++;
  }
  const feed = await openFeed(endless());
  for (let i = 0; i < 3_000; i++) {
    assertEquals((await feed.take())!.item, i);
    assert(pulled - i <= 1_000, `${pulled} items were read when ${i + 1} were taken`);
  }
  await feed.stop();
});

Deno.test("take() gives an item of an async generator without waiting for the next", async () => {
  const next = Promise.withResolvers<void>();
  async function* slow() {
    yield "first";
    await next.promise;
    yield "second";
  }
  const feed = await openFeed(slow());
  assertEquals((await feed.take())!.item, "first");
  const waiting = feed.take();
  next.resolve();
  assertEquals((await waiting)!.item, "second");
  assertEquals(await feed.take(), undefined);
});

Deno.test("take() gives what came before the items failed, then ends with the failure", async () => {
  function* broken() {
    yield* [1, 2];
    throw new RangeError("Page 3 is missing");
  }
  async function* brokenLater() {
    yield* [1, 2];
    // deno-lint-ignore no-throw-literal
    throw "a string";
  }
  for (const [items, message] of [[broken(), "Page 3 is missing"], [brokenLater(), "a string"]]) {
    const feed = await openFeed(items as Items<number>);
    assertEquals((await takeAll(feed)).map(({ item }) => item), [1, 2]);
    assertEquals(feed.failure?.message, message as string);
    await feed.stop();
  }
});

Deno.test("take() ends with the failure of an identity, and the iterator is closed", async () => {
  let closed = false;
  function* items() {
    try {
      for (const id of [1, 2, -3, 4]) yield { id };
    } finally {
      closed = true;
    }
  }
  const feed = await openFeed(items(), { taskId: ({ id }: { id: number }) => id });
  assertEquals((await takeAll(feed)).map(({ id }) => id), [1, 2]);
  assert(feed.failure instanceof RangeError);
  await feed.stop();
  assert(closed);
});

Deno.test("halt() wakes who waits for a generator that yields no more", async () => {
  const reached = Promise.withResolvers<void>();
  async function* stuck() {
    yield 1;
    reached.resolve();
    await new Promise(() => {});
  }
  const feed = await openFeed(stuck());
  await feed.take();
  const waiting = [feed.take(), feed.take()];
  await reached.promise;
  feed.halt();
  assertEquals(await Promise.all(waiting), [undefined, undefined]);
  assertEquals(feed.take(), undefined);
  await feed.stop();
});

Deno.test("stop() drops what is ready, runs the generator's finally and reports its error", async () => {
  function* items() {
    try {
      yield* numbers(Infinity);
    } finally {
      // deno-lint-ignore no-unsafe-finally
      throw new Error("Cannot close the source");
    }
  }
  const feed = await openFeed(items());
  assertEquals((await feed.take())!.item, 0);
  await assertRejects(() => feed.stop(), Error, "Cannot close the source");
  assertEquals(feed.take(), undefined);
});

Deno.test("open() queues all known items in bulk, in order", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using writer = await SqliteWriter.open({ db });
  const started = await clientOf(writer).request({
    kind: "start_run",
    name: "test",
    workers: 1,
    startedAt: "2026-01-02T03:04:05.678Z",
    reserve: 2_500,
  });
  const { run, firstId } = started;
  const kinds: WriteMessage["kind"][] = [];
  const batchSender = clientOf(writer).sender(() => {});
  const post = batchSender.post.bind(batchSender);
  batchSender.post = (message) => {
    kinds.push(message.kind);
    post(message);
  };
  const feed = new TaskSource(Array.from({ length: 2_500 }, (_, i) => `item ${i}`), {});
  await feed.open(firstId, { run, batchSender, confirm: true });
  const rows = await readRows(db, "SELECT id, name, status, run_id FROM task_runs ORDER BY id");
  assertEquals(rows.length, 2_500);
  assertEquals(rows[2_499], { id: 2_500, name: "item 2499", status: "queued", run_id: run });
  assert(rows.every(({ status }) => status === "queued"));
  assertEquals(kinds, ["queue_tasks", "queue_tasks", "queue_tasks"]);
});

Deno.test("take() writes a task of a generator before it gives it out when that is asked for", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using writer = await SqliteWriter.open({ db });
  const message = {
    kind: "start_run",
    name: "t",
    workers: 1,
    startedAt: "",
    reserve: 1_000,
  } as const;
  const { run, firstId } = await clientOf(writer).request(message);
  const feed = new TaskSource([1, 2].values(), {});
  const batchSender = clientOf(writer).sender(() => {});
  await feed.open(firstId, { run, batchSender, confirm: true });
  assertEquals(await readRows(db, "SELECT id FROM task_runs"), []);
  await feed.take();
  assertEquals(await readRows(db, "SELECT id FROM task_runs"), [{ id: 1 }, { id: 2 }]);
});
