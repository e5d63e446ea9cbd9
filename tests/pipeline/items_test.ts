import { runPipeline, SqliteError } from "../../mod.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const TASKS = "SELECT id, name, status FROM task_runs ORDER BY id";
const RUNS = "SELECT status, done, queued + running, cancelled, last_task_id FROM pipeline_runs";

Deno.test("runPipeline() runs what a generator yielded before it threw, then rejects", async () => {
  function* broken() {
    yield* ["a", "b", "c"];
    throw new RangeError("Page 4 is missing");
  }
  async function* brokenLater() {
    yield* broken();
  }
  for (const items of [broken(), brokenLater()]) {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const run = () => Promise.resolve();
    await assertRejects(
      () => runPipeline<string>(items, { db, run, workers: 2 }),
      RangeError,
      "Page 4 is missing",
    );
    const done = ["a", "b", "c"].map((name, i) => [i + 1, name, "done"]);
    assertEquals(await readValues(db, TASKS), done);
    assertEquals(await readValues(db, RUNS), [["error", 3, 0, 0, 3]]);
  }
});

Deno.test("runPipeline() rejects with the error of a generator's finally", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const controller = new AbortController();
  function* items() {
    try {
      for (;;) yield 1;
    } finally {
      // deno-lint-ignore no-unsafe-finally
      throw new Error("Cannot close the source");
    }
  }
  await assertRejects(
    () => runPipeline(items(), { db, signal: controller.signal, run: () => controller.abort() }),
    Error,
    "Cannot close the source",
  );
  assertEquals(await readValues(db, "SELECT status, queued + running FROM pipeline_runs"), [
    ["error", 0],
  ]);
});

Deno.test("runPipeline() starts a task as soon as an async generator yields its item", async () => {
  const ran: number[] = [];
  let done = Promise.withResolvers<void>();
  async function* slow() {
    for (let n = 1; n <= 5; n++) {
      yield n;
      await done.promise;
      done = Promise.withResolvers();
    }
  }
  const report = await runPipeline(slow(), {
    db: ":memory:",
    workers: 3,
    run(n) {
      ran.push(n);
      done.resolve();
    },
  });
  assertEquals(ran, [1, 2, 3, 4, 5]);
  assertEquals(report.counts.done, 5);
});

Deno.test("runPipeline() does not read a generator to its end when it is stopped", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const controller = new AbortController();
  let closed = false;
  let pulled = 0;
  function* endless() {
    try {
      for (;;) yield pulled++;
    } finally {
      closed = true;
    }
  }
  const report = await runPipeline(endless(), {
    db,
    signal: controller.signal,
    run: () => controller.abort(),
  });
  assert(closed);
  assertEquals(report.status, "cancelled");
  assertEquals(report.counts.total, pulled);
  const { done, cancelled } = report.counts;
  assertEquals(await readValues(db, RUNS), [["cancelled", done, 0, cancelled, pulled]]);
});

Deno.test("runPipeline() queues no tasks of a generator any more once it is stopped", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const controller = new AbortController();
  async function* items() {
    // More than the ids that are reserved at first, and then none for ever.
    for (let n = 0; n < 1_500; n++) yield { n };
    await new Promise(() => {});
  }
  const report = await runPipeline(items(), {
    db,
    signal: controller.signal,
    taskId({ n }) {
      // Just before more ids are reserved.
      if (n === 1_000) controller.abort();
      return undefined;
    },
    run: () => {},
  });
  const { cancelled, done } = report.counts;
  assertEquals(await readValues(db, RUNS), [["cancelled", done, 0, cancelled, 1_000]]);
  const queued = "SELECT count(*) FROM task_runs WHERE status IN ('queued', 'running')";
  assertEquals(await readValues(db, queued), [[0]]);
});

Deno.test("runPipeline() refuses an id of an earlier run and keeps that run's row", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const run = () => {};
  const taskId = ({ id }: { id: number }) => id;
  await runPipeline([{ id: 5, name: "first" }], { db, run, taskId });
  for (const items of [[{ id: 6 }, { id: 5 }], [{ id: 6 }, { id: 5 }].values()]) {
    const error = await assertRejects(
      () => runPipeline(items, { db, run, taskId }),
      SqliteError,
      "Cannot queue task 5: run 1 has a task of that id",
    );
    assertEquals(error.code, "constraint");
  }
  assertEquals(await readValues(db, TASKS), [[5, "first", "done"]]);
  assertEquals((await readValues(db, RUNS)).map(([status]) => status), ["done", "error", "error"]);
});

Deno.test("runPipeline() refuses an id that a generator yields twice", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const run = () => {};
  const taskId = ({ id }: { id: number }) => id;
  await assertRejects(
    () => runPipeline([{ id: 3 }, { id: 3 }].values(), { db, run, taskId }),
    TypeError,
    "two items with the id 3",
  );
  function* farApart() {
    for (let id = 1; id <= 1_500; id++) yield { id: id === 1_400 ? 1 : id };
  }
  const error = "Cannot queue task 1: run 2 has a task of that id";
  await assertRejects(() => runPipeline(farApart(), { db, run, taskId }), SqliteError, error);
  const counted = "SELECT count(*), sum(status='done'), count(DISTINCT id) FROM task_runs";
  const [[rows, done, ids]] = await readValues(db, counted) as [[number, number, number]];
  assertEquals([rows, ids], [done, done]);
  assert(rows >= 16 && rows < 1_400, `${rows} tasks were written`);
});

Deno.test("runPipeline() refuses bad ids and never writes a row for them", async () => {
  for (const id of [0, -1, 1.5, NaN, 2 ** 53 - 1]) {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const options = { db, run: () => {}, taskId: () => id };
    await assertRejects(() => runPipeline([{}], options), RangeError, "the id");
    await assertRejects(() => runPipeline([{}].values(), options), RangeError, "the id");
    assertEquals(await readValues(db, TASKS), []);
  }
});

Deno.test("items of equal ids run night after night, and beside those of another pipeline", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const run = () => {};
  const odd = [0, -1, 1.5, 2 ** 53 - 2, 2 ** 53, NaN];
  const items = [...odd, 1, 2].map((id) => ({ id, name: `item ${id}` }));
  for (const name of ["first", "second", "first"]) {
    for (const given of [items, items.values()]) {
      const { status, counts } = await runPipeline(given, { db, name, run });
      assertEquals([status, counts.done], ["done", items.length]);
    }
  }
  assertEquals(
    await readValues(db, "SELECT key, count(*), max(id) < 100 FROM task_runs GROUP BY key"),
    items.map(({ id }) => [String(id), 6, 1] as const).sort(([a], [b]) => a < b ? -1 : 1)
      .map((row) => [...row]),
  );
});

Deno.test("an id that a user chose does not use up the numbers of the file", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const run = () => {};
  for (const id of [2 ** 53 - 2, 2 ** 52, 2 ** 52 - 1]) {
    await runPipeline([{}], { db, run, taskId: () => id });
    for (const items of [["a", "b"], ["c"].values()]) {
      assertEquals((await runPipeline(items, { db, run })).status, "done");
    }
  }
  const counted = "SELECT count(*), count(DISTINCT id) FROM task_runs";
  assertEquals(await readValues(db, counted), [[12, 12]]);
});

Deno.test("a key is text or a number; an object is refused, and asked for as text", async () => {
  const key = { country: "no" };
  for (const items of [[{ key }], [{ key }].values()]) {
    await assertRejects(
      () => runPipeline(items, { db: ":memory:", run: () => {} }),
      TypeError,
      'Cannot use the key { country: "no" } of item 0: a key is text or a number. Pass taskKey',
    );
  }
});

Deno.test("runPipeline() rejects with what an identity option throws", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const taskName = (_: number, index: number) => {
    if (index === 2) throw new Error("This item has no name");
    return `item ${index}`;
  };
  const run = () => {};
  await assertRejects(() => runPipeline([1, 2, 3], { db, run, taskName }), Error, "has no name");
  assertEquals(await readValues(db, TASKS), []);
  await assertRejects(
    () => runPipeline([1, 2, 3].values(), { db, run, taskName }),
    Error,
    "has no name",
  );
  assertEquals(await readValues(db, TASKS), [[1, "item 0", "done"], [2, "item 1", "done"]]);
});

Deno.test("runPipeline() stores any name as it is", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const names = [
    "",
    " ",
    "Zoë 🧵 日本語 \u202e",
    "'); DELETE FROM task_runs; --",
    '<script>alert("x")</script>',
    "line\nbreak\ttab \u001b[31m",
    "%s ? :name @x $1",
    "x".repeat(1_000_000),
  ];
  const report = await runPipeline(names.map((name) => ({ name, key: name })), {
    db,
    name: names.join(),
    run: ({ name }, task) => assertEquals(task.name, name),
  });
  assertEquals(report.counts.done, names.length);
  assertEquals(
    await readValues(db, "SELECT name, key FROM task_runs ORDER BY id"),
    names.map((name) => [name, name]),
  );
  assertEquals(await readValues(db, "SELECT name FROM pipeline_runs"), [[names.join()]]);
});

Deno.test("runPipeline() hands opaque items over untouched", async () => {
  const items = [null, undefined, NaN, Symbol("s"), () => 1, new Map(), Promise.resolve(1), [1]];
  const got: unknown[] = [];
  await runPipeline<unknown>(items, {
    db: ":memory:",
    workers: 1,
    run: (item) => void got.push(item),
  });
  assert(items.every((item, i) => Object.is(item, got[i])));
});

Deno.test("runPipeline() rejects a name or key that is not a text, and dependencies that are not a list", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const refuses = (options: object, message: string) =>
    assertRejects(() => runPipeline([1, 2], { db, run: () => {}, ...options }), TypeError, message);
  const later = (what: unknown) => () => Promise.resolve(what);
  await refuses({ taskKey: later("a") }, 'Cannot use Promise { "a" } for item 0: taskKey returns');
  await refuses({ taskName: () => ({}) }, "Cannot use {} for item 0: taskName returns text");
  const taskKey = (n: number) => `k${n}`;
  for (const [dependsOn, shown] of [[later([]), "Promise { [] }"], [() => "k1", '"k1"']] as const) {
    await refuses({ taskKey, dependsOn }, `Cannot let "k1" depend on ${shown}: dependsOn returns`);
  }
  assertEquals((await runPipeline([1], { db, run: () => {}, taskKey })).counts.done, 1);
});

Deno.test("items that heed what stops the run are not a failure; an error of their own is one", async () => {
  async function* until(stop: AbortController, own?: Error) {
    yield 1;
    stop.abort();
    if (own) throw own;
    stop.signal.throwIfAborted();
  }
  const start = (own?: Error) => {
    const stop = new AbortController();
    return runPipeline(until(stop, own), { db: ":memory:", signal: stop.signal, run: () => {} });
  };
  assertEquals((await start()).status, "cancelled");
  assertEquals((await start(new DOMException("fetch", "AbortError"))).status, "cancelled");
  await assertRejects(() => start(new Error("A bug")), Error, "A bug");
});

Deno.test("an iterator that returns no object is refused: it would never end", async () => {
  const options = { db: ":memory:", run: () => {} };
  const sync = { [Symbol.iterator]: () => ({ next: () => 5 as never }) };
  const later = { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(null as never) }) };
  for (const [items, what] of [[sync, "5"], [later, "null"]] as const) {
    const running = runPipeline<unknown>(items, options);
    await assertRejects(() => running, TypeError, `their iterator returned ${what}, not`);
  }
});

Deno.test("an item whose name is an object is called by its key or its number", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = [{ name: { first: "Ann" } }, { name: { first: "Bob" }, key: "b" }];
  await runPipeline(items, { db, run: () => {} });
  const names = await readValues(db, "SELECT name FROM task_runs ORDER BY id");
  assertEquals(names, [["task 1"], ["b"]]);
});
