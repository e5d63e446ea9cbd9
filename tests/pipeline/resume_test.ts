import { type PipelineOptions, runPipeline, SqliteWriter, type TaskContext } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { connect } from "../../db.ts";
import { readRow, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

interface Item {
  key: string;
  fails?: boolean;
}

const keyed = (...keys: string[]): Item[] => keys.map((key) => ({ key }));

const TASKS = "SELECT id, key, status, progress FROM task_runs ORDER BY id";
const RUNS =
  "SELECT id, status, resumed, queued, running, done, error, cancelled FROM pipeline_runs";
const ROWS = "SELECT key FROM row ORDER BY rowid";

/** Options of a pipeline that writes one row for each item, unless that fails. */
function writing(db: string | SqliteWriter, ran: string[] = []): PipelineOptions<Item> {
  return {
    db,
    ...(typeof db === "string" ? { schema: "CREATE TABLE IF NOT EXISTS row (key TEXT)" } : {}),
    atomic: true,
    workers: 1,
    resume: true,
    async run({ key, fails }, task) {
      ran.push(key);
      await task.insert("row", [{ key }]);
      task.progress(0.5, "half");
      if (fails) throw new Error(`${key} failed`);
      return key;
    },
  };
}

Deno.test("resume continues the last run: what is done stays, the rest runs again", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const first = await runPipeline(
    [{ key: "a" }, { key: "b", fails: true }, { key: "c" }],
    writing(db),
  );
  assertEquals([first.runId, first.status, first.counts.done], [1, "error", 2]);
  const { started_at } = await readRow(db, "SELECT started_at FROM pipeline_runs");

  const ran: string[] = [];
  const second = await runPipeline(keyed("a", "b", "c", "d"), writing(db, ran));
  assertEquals(ran, ["b", "d"]);
  assertEquals([second.runId, second.status], [1, "done"]);
  assertEquals(second.counts, { queued: 0, running: 0, done: 4, error: 0, cancelled: 0, total: 4 });
  assertEquals(await readValues(db, TASKS), [
    [1, "a", "done", 1],
    [2, "b", "done", 1],
    [3, "c", "done", 1],
    [4, "d", "done", 1],
  ]);
  assertEquals(await readValues(db, RUNS), [[1, "done", 1, 0, 0, 4, 0, 0]]);
  assertEquals((await readValues(db, ROWS)).flat(), ["a", "c", "b", "d"]);
  assertEquals((await readRow(db, "SELECT * FROM pipeline_runs")).started_at, started_at);
  const { error, message, result } = await readRow(db, "SELECT * FROM task_runs WHERE id=2");
  assertEquals([error, message, result], [null, "half", '"b"']);
  const attempts = "SELECT attempt, status, started_at, error FROM task_attempts WHERE task_id=2";
  const [[attempt, status, started, why]] = await readValues(db, attempts) as [string[]];
  assertEquals([attempt as unknown, status], [1, "error"]);
  assert(started! < `${(await readRow(db, "SELECT * FROM task_runs WHERE id=2")).started_at}`);
  assertMatch(why!, /b failed/);
  assertEquals(await readValues(db, "SELECT count(*) FROM task_attempts"), [[1]]);
});

Deno.test("resume begins a new run when there is nothing to continue", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  for (const expected of [1, 2]) {
    const { runId, status, counts } = await runPipeline(keyed("a", "b"), writing(db));
    assertEquals([runId, status, counts.done], [expected, "done", 2]);
  }
  const named = { ...writing(db), name: "other" };
  assertEquals((await runPipeline([{ key: "a", fails: true }], writing(db))).runId, 3);
  assertEquals((await runPipeline(keyed("a"), named)).runId, 4);
  assertEquals((await runPipeline(keyed("a"), writing(db))).runId, 3);
});

Deno.test("resume by id continues that run, also when it is done", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline([{ key: "a", fails: true }, { key: "b" }], writing(db));
  await runPipeline([{ key: "c", fails: true }], { ...writing(db), resume: false });
  const ran: string[] = [];
  for (let i = 0; i < 2; i++) {
    const report = await runPipeline(keyed("a", "b"), { ...writing(db, ran), resume: 1 });
    assertEquals([report.runId, report.status, report.counts.done], [1, "done", 2]);
  }
  assertEquals(ran, ["a"]);
  const missing = { ...writing(db), resume: 99 };
  await assertRejects(() => runPipeline(keyed("a"), missing), RangeError, "no such run");
  const renamed = { ...writing(db), resume: 1, name: "b" };
  await assertRejects(() => runPipeline(keyed("a"), renamed), RangeError, 'a run of "pipeline"');
  assertEquals((await readValues(db, RUNS)).length, 2);
});

Deno.test("resume takes up tasks that were cancelled, and those that were never begun", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const stop = new AbortController();
  const stopped = await runPipeline(keyed("a", "b", "c"), {
    ...writing(db),
    signal: stop.signal,
    run: ({ key }, task) => {
      if (key === "b") {
        stop.abort();
        task.signal.throwIfAborted();
      }
    },
  });
  assertEquals([stopped.status, stopped.counts.cancelled], ["cancelled", 2]);
  const ran: string[] = [];
  const report = await runPipeline(keyed("a", "b", "c"), writing(db, ran));
  assertEquals([report.runId, report.status, report.counts.done], [1, "done", 3]);
  assertEquals(ran, ["b", "c"]);
});

Deno.test("tasks whose items are gone are cancelled, whether they were queued or had failed", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline([{ key: "a", fails: true }, ...keyed("b", "c")], {
    ...writing(db),
    failFast: true,
  });
  {
    // As a process that was killed leaves them.
    using connection = await connect(db);
    connection.exec("UPDATE task_runs SET status='queued' WHERE key='b'");
    connection.exec("UPDATE pipeline_runs SET queued=1, cancelled=cancelled-1");
  }
  const report = await runPipeline(keyed("c"), writing(db));
  assertEquals(report.status, "done");
  assertEquals(report.counts, { queued: 0, running: 0, done: 1, error: 0, cancelled: 2, total: 3 });
  const messages = "SELECT message FROM task_runs WHERE key<>'c' ORDER BY key";
  for (const [message] of await readValues(db, messages)) {
    assertMatch(String(message), /no item has its key/);
  }
});

Deno.test("resume takes items from a generator, and knows those of many chunks", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  function* items(fails: (n: number) => boolean) {
    for (let n = 0; n < 3_500; n++) yield { key: `k${n}`, fails: fails(n) };
  }
  const first = await runPipeline(items((n) => n % 7 === 0), writing(db));
  assertEquals([first.counts.done, first.counts.error], [3_000, 500]);
  const ran: string[] = [];
  const second = await runPipeline(items(() => false), writing(db, ran));
  assertEquals([second.runId, second.status, second.counts.done], [1, "done", 3_500]);
  assertEquals(ran.length, 500);
  assertEquals(await readValues(db, "SELECT count(*), count(DISTINCT key) FROM row"), [
    [3_500, 3_500],
  ]);
  assertEquals(await readValues(db, "SELECT count(*) FROM task_runs"), [[3_500]]);
});

Deno.test("resume keeps ids that were chosen, and gives free ones to the others", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = [{ key: "a", id: 7 }, { key: "b" }, { key: "c", id: 20 }];
  for (const fails of [true, false]) {
    const taskId = ({ id }: { id?: number }) => id;
    await runPipeline(items.map((item) => ({ ...item, fails })), { ...writing(db), taskId });
    const ids = (await readValues(db, "SELECT key, id FROM task_runs ORDER BY key")).map(String);
    assertEquals([ids[0], ids[2]], ["a,7", "c,20"]);
    assertEquals(ids.length, 3);
  }
  assertEquals(await readValues(db, "SELECT DISTINCT status FROM task_runs"), [["done"]]);
});

Deno.test("resume works with a pool and with a writer that is open", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using writer = await SqliteWriter.open({ db, schema: "CREATE TABLE row (id, text)" });
  const module = new URL("../fixtures/tasks.ts", import.meta.url);
  const options: PipelineOptions<string> = {
    db: writer,
    resume: true,
    atomic: true,
    taskKey: (item) => item.split(" ")[0]!,
    run: { module, export: "fail" },
  };
  const first = await runPipeline(["a fine", "throw"], options);
  assertEquals([first.counts.done, first.counts.error], [1, 1]);
  const again = await runPipeline(["a fine", "throw"], options);
  assertEquals([again.runId, again.counts.done, again.counts.error], [1, 1, 1]);
  const fixed = { ...options, taskKey: (item: string) => item === "fine" ? "throw" : "a" };
  const last = await runPipeline(["x", "fine"], fixed);
  assertEquals([last.runId, last.status, last.counts.done], [1, "done", 2]);
});

Deno.test("resume refuses a run that is running", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const running = runPipeline(keyed("a"), {
    ...writing(db),
    async run() {
      begun.resolve();
      await release.promise;
    },
  });
  await begun.promise;
  for (const resume of [true, 1]) {
    const again = { ...writing(db), resume };
    await assertRejects(() => runPipeline(keyed("a"), again), Error, "run 1: it is running");
  }
  release.resolve();
  assertEquals((await running).status, "done");
  assertEquals(await readValues(db, RUNS), [[1, "done", null, 0, 0, 1, 0, 0]]);
  {
    using connection = await connect(db);
    connection.exec("UPDATE pipeline_runs SET status='running', owner=NULL");
  }
  const again = { ...writing(db), resume: 1 };
  await assertRejects(() => runPipeline(keyed("a"), again), Error, "set its status");
});

Deno.test("of two that resume at once one continues, and the other is refused", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = Array.from({ length: 50 }, (_, n) => ({ key: `k${n}` }));
  const fails = items.map((item, n) => ({ ...item, fails: n % 2 === 0 }));
  assertEquals((await runPipeline(fails, writing(db))).counts.done, 25);
  const release = Promise.withResolvers<void>();
  const { run, ...options } = writing(db) as { run: (item: Item, task: TaskContext) => unknown };
  const both = [0, 1].map(() =>
    runPipeline(items, {
      ...options as PipelineOptions<Item>,
      async run(item, task) {
        await release.promise;
        return run(item, task);
      },
    })
  );
  // The one that is refused lets the other continue.
  for (const one of both) one.catch(() => release.resolve());
  const settled = await Promise.allSettled(both);
  assertEquals(settled.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const refused = settled.find(({ status }) => status === "rejected") as PromiseRejectedResult;
  assertMatch(refused.reason.message, /^Cannot resume run 1: it is running/);
  assertEquals(await readValues(db, RUNS), [[1, "done", 1, 0, 0, 50, 0, 0]]);
  assertEquals(await readValues(db, "SELECT count(*), count(DISTINCT key) FROM row"), [[50, 50]]);
});

Deno.test("resume needs a key for each item, and no key twice", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const loose = writing(db) as PipelineOptions<unknown>;
  await assertRejects(() => runPipeline([{ key: "a" }, {}], loose), TypeError, "item 1, which has");
  const twice = keyed("a", "b", "a");
  await assertRejects(() => runPipeline(twice, writing(db)), TypeError, 'of the key "a"');
  // Refused before anything was opened.
  await assertRejects(() => Deno.stat(db), Deno.errors.NotFound);
  await assertRejects(() => runPipeline([{}].values(), loose), TypeError, "item 0, which has");
  const streamed = writing(folder.file("b.db"));
  await assertRejects(() => runPipeline(twice.values(), streamed), TypeError, 'of the key "a"');

  for (const [item, text] of [[{}, "has no key"], [{ key: "a" }, 'have the key "a"']] as const) {
    const of = folder.file(`${text}.db`);
    const plain = { ...writing(of), resume: false, run: () => {} } as PipelineOptions<unknown>;
    await runPipeline([item, item], plain);
    const again = { ...writing(of), resume: 1 };
    await assertRejects(() => runPipeline(keyed("a"), again), TypeError, text);
    assertEquals(await readValues(of, "SELECT status FROM pipeline_runs"), [["done"]]);
  }
});

Deno.test("resume is true, false or an id, and needs the status of tasks", async () => {
  for (const resume of [0, -1, 1.5, NaN, "last" as never]) {
    const options = { ...writing(":memory:"), resume };
    await assertRejects(() => runPipeline(keyed("a"), options), TypeError, "for resume, got ");
  }
  const blind = { ...writing(":memory:"), storeTaskStatus: false };
  await assertRejects(() => runPipeline(keyed("a"), blind), TypeError, "storeTaskStatus");
  await using writer = await SqliteWriter.open({ db: ":memory:", storeTaskStatus: false });
  const shared = { ...writing(writer) };
  await assertRejects(() => runPipeline(keyed("a"), shared), TypeError, "storeTaskStatus");
});

Deno.test("a run in memory may be resumed with the writer that has it", async () => {
  await using writer = await SqliteWriter.open({
    db: ":memory:",
    schema: "CREATE TABLE row (key)",
  });
  await runPipeline([{ key: "a", fails: true }, { key: "b" }], writing(writer));
  const ran: string[] = [];
  const report = await runPipeline(keyed("a", "b"), writing(writer, ran));
  assertEquals([report.runId, report.status, ran], [1, "done", ["a"]]);
  assert(report.counts.total === 2);
});

Deno.test("resume of some tasks leaves the others as they are", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = ["a", "b", "c", "d", "e"];
  const ran: string[] = [];
  const options = {
    db,
    workers: 1,
    taskKey: (item: string) => item,
    dependsOn: (item: string) => item === "d" ? ["c"] : item === "e" ? ["d"] : [],
    run(item: string) {
      ran.push(item);
      if (ran.length <= 3 && item !== "a") throw new Error(`${item} failed`);
    },
  };
  assertEquals((await runPipeline(items, options)).status, "error");
  assertEquals(ran.splice(0), ["a", "b", "c"]);
  ran.length = 3;
  // Its own dependency and what depends on it run, too; the failure of b stays.
  const some = await runPipeline(items, { ...options, resume: { run: 1, tasks: [4] } });
  assertEquals(ran.slice(3), ["c", "d", "e"]);
  assertEquals([some.status, some.counts.done, some.counts.error], ["error", 4, 1]);
  const { message } = await readRow(db, "SELECT message FROM task_runs WHERE key='b'");
  assertMatch(`${message}`, /b failed/);
  const rest = await runPipeline(items, { ...options, resume: { run: 1, tasks: [2] } });
  assertEquals([rest.runId, rest.status, rest.counts.done], [1, "done", 5]);
  for (const tasks of [[0], [1.5], "2"]) {
    const resume = { run: 1, tasks } as { run: number; tasks: number[] };
    await assertRejects(() => runPipeline(items, { ...options, resume }), TypeError, "resume");
  }
});
