import { type PipelineOptions, runPipeline, startPipeline, type TaskContext } from "../../mod.ts";
import { connect } from "../../db.ts";
import { crawl } from "../fixtures/query_task.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { readRows, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

type Page = Parameters<typeof crawl>[0] & { key: string };

const schema = "CREATE TABLE IF NOT EXISTS page (url TEXT)";
const first: Page = { key: "/", url: "/", depth: 3 };
/** 1 + 3 + 9 + 27. */
const PAGES = 40;

const WAYS: Record<string, PipelineOptions<Page>["run"]> = {
  "on this thread": crawl,
  "in the pool": {
    module: new URL("../fixtures/query_task.ts", import.meta.url),
    export: "crawl",
  },
};

for (const [where, run] of Object.entries(WAYS)) {
  for (const atomic of [false, true]) {
    Deno.test(`tasks add tasks, ${where}${atomic ? ", atomic" : ""}`, async () => {
      using folder = tempFolder();
      const db = folder.file("a.db");
      const report = await runPipeline([first], { db, schema, workers: 3, atomic, run });
      assertEquals(report.failures, []);
      assertEquals([report.status, report.counts.total, report.counts.done], [
        "done",
        PAGES,
        PAGES,
      ]);
      const keys = await readValues(db, "SELECT count(*), count(DISTINCT key) FROM task_runs");
      assertEquals(keys, [[PAGES, PAGES]]);
      assertEquals(await readValues(db, "SELECT count(*) FROM page"), [[13]]);
      assertEquals(await readValues(db, "SELECT expected, done FROM pipeline_runs"), [
        [PAGES, PAGES],
      ]);
      // Atomic tasks learn nothing; of the others each page adds its three links.
      const results = await readValues(
        db,
        "SELECT result, count(*) FROM task_runs GROUP BY 1 ORDER BY 1",
      );
      assertEquals(results, atomic ? [[null, 13], ["0", 27]] : [["0", 27], ["3", 13]]);
      const [task] = await readRows(db, "SELECT * FROM task_runs WHERE key='//0'");
      assertEquals(JSON.parse(String(task!.input)), { key: "//0", url: "//0", depth: 2 });
      assertEquals([task!.added_by, task!.name], [1, "//0"]);
    });
  }

  Deno.test(`what tasks added runs after a resume, without what added it, ${where}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const options = { db, schema, workers: 2, resume: true };
    const stopped = await runPipeline([first], {
      ...options,
      failFast: true,
      run: async (page: Page, task: TaskContext) => {
        if (page.url === "//1/1") throw new Error("killed");
        return await crawl(page, task);
      },
    });
    assertEquals(stopped.status, "error");
    // The pages that were found are not among the items.
    const report = await runPipeline([first], { ...options, run });
    assertEquals([report.runId, report.status, report.failures], [1, "done", []]);
    const left = "SELECT status, count(*), count(DISTINCT key) FROM task_runs GROUP BY 1";
    assertEquals(await readValues(db, left), [["done", PAGES, PAGES]]);
    const again = await runPipeline([first], { ...options, resume: report.runId!, run });
    assertEquals([again.status, again.counts.done], ["done", PAGES]);
  });
}

Deno.test("what a process had listed when it died runs after a resume, once, beside what is added then", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const seen: string[] = [];
  const run = async (key: string, task: TaskContext) => {
    seen.push(key);
    if (key === "first") await task.add(["old", "new"]);
    if (key !== "new") throw new Error("killed");
  };
  const options = { db, workers: 1, resume: true, run };
  assertEquals((await runPipeline(["first"], options)).counts.error, 2);
  // As a kill leaves it: listed, acknowledged, and no row yet.
  {
    using connection = await connect(db);
    connection.exec(`INSERT INTO added_items (id, run_id, added_by, tasks, names, keys, items)
      VALUES (100, 1, 1, 2, '["b","c"]', '["b","c"]', '"b"' || char(10) || '"c"');
      UPDATE pipeline_runs SET last_task_id=101`);
  }
  seen.length = 0;
  const report = await runPipeline(["first"], {
    ...options,
    async run(key, task) {
      seen.push(key);
      if (key === "first") assertEquals(await task.add(["old", "b", "last"]), 1);
    },
  });
  assertEquals(seen.toSorted(), ["b", "c", "first", "last", "old"]);
  assertEquals([report.status, report.counts.done, report.counts.total], ["done", 6, 6]);
  const rows = "SELECT key, status, input, added_by FROM task_runs ORDER BY key";
  assertEquals(
    await readValues(db, rows),
    ["b", "c", "first", "last", "new", "old"].map((key) =>
      key === "first" ? [key, "done", null, null] : [key, "done", `"${key}"`, 1]
    ),
  );
  assertEquals(await readValues(db, "SELECT count(*) FROM added_items"), [[0]]);
  assertEquals(await readValues(db, "SELECT expected FROM pipeline_runs"), [[6]]);
});

Deno.test("what was added before a resume, and fails in it, runs once and stays failed", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const seen: string[] = [];
  let added = ["a", "b"];
  const run = async (key: string, task: TaskContext) => {
    seen.push(key);
    if (key === "first") await task.add(added);
    if (key !== "c") throw new Error("It fails");
  };
  const options = { db, workers: 1, resume: true, run };
  assertEquals((await runPipeline(["first"], options)).counts.error, 3);
  // As a kill leaves it, before they run.
  {
    using connection = await connect(db);
    connection.exec(
      `UPDATE task_runs SET status='queued', own_status='queued' WHERE key IN ('a','b');
      UPDATE pipeline_runs SET queued=2, error=1`,
    );
  }
  seen.length = 0;
  added = ["c"];
  const report = await runPipeline(["first"], options);
  assertEquals(seen.toSorted(), ["a", "b", "c", "first"]);
  assertEquals([report.counts.done, report.counts.error, report.counts.queued], [1, 3, 0]);
});

Deno.test("what is added after a task has looked at what it added before runs as well", async () => {
  const { counts } = await runPipeline(["first"], {
    db: ":memory:",
    workers: 1,
    async run(key, task) {
      if (key !== "first") return;
      await task.add(["a", "b"]);
      const found = await task.query("SELECT key FROM task_runs WHERE status='queued' ORDER BY id");
      assertEquals(found.map(({ key }) => key), ["a", "b"]);
      await task.add(["c"]);
    },
  });
  assertEquals([counts.done, counts.total], [4, 4]);
});

Deno.test("what was added is found by queries at once, by others when no task is wanted, and cancelled by its id", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const [added, gate] = [Promise.withResolvers<number>(), Promise.withResolvers<void>()];
  const pipeline = startPipeline(["first"], {
    db,
    workers: 1,
    async run(key, task) {
      if (key !== "first") return;
      await task.add(Array.from({ length: 2_500 }, (_, i) => `added ${i}`));
      const last = "SELECT id FROM task_runs WHERE key='added 2499' AND status='queued'";
      added.resolve(Number((await task.query(last))[0]?.id));
      await gate.promise;
    },
  });
  await pipeline.cancel(await added.promise);
  assertEquals(await pipeline.add(["a", "b", "added 7"]), 2);
  {
    using reader = await connect(db);
    const queued = reader.prepare("SELECT count(*) AS n FROM task_runs WHERE status='queued'");
    await until(() => queued.get()!.n === 2_501);
  }
  gate.resolve();
  const { counts } = await pipeline.finished;
  assertEquals([counts.done, counts.cancelled, counts.total], [2_502, 1, 2_503]);
});

Deno.test("names, keys, tags, priorities and limits of the pipeline hold for tasks that are added", async () => {
  const module = new URL("../fixtures/query_task.ts", import.meta.url);
  using folder = tempFolder();
  const db = folder.file("a.db");
  const options = {
    schema,
    workers: 2,
    taskKey: (page: Page) => page.url.toUpperCase(),
    taskName: (page: Page) => `page ${page.url}`,
    priority: (page: Page) => -page.depth,
    tags: (page: Page) => [`depth ${page.depth}`],
    limits: { "*": 1 },
  };
  const report = await runPipeline([first], { ...options, db, run: { module, export: "crawl" } });
  assertEquals([report.status, report.counts.done], ["done", PAGES]);
  const named = await readValues(db, "SELECT key, name FROM task_runs WHERE id=2");
  assertEquals(named, [["//0", "page //0"]]);
  const running: number[] = [0, 0, 0, 0];
  const main = await runPipeline([first], {
    ...options,
    db: ":memory:",
    async run(page, task) {
      if (++running[page.depth]! > 1) throw new Error("two at once");
      await crawl(page, task);
      running[page.depth]!--;
    },
  });
  assertEquals([main.status, main.counts.done], ["done", PAGES]);
});

Deno.test("the program adds items while the run is active, and no longer", async () => {
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const pipeline = startPipeline(["a"], {
    db: ":memory:",
    async run(item) {
      seen.push(item);
      if (item === "a") await gate.promise;
    },
  });
  assertEquals(await pipeline.add(["b", "a", "b", "c"]), 2);
  assertEquals(
    await pipeline.add((async function* () {
      yield "d";
    })()),
    1,
  );
  gate.resolve();
  const report = await pipeline.finished;
  assertEquals([report.counts.done, seen.sort()], [4, ["a", "b", "c", "d"]]);
  await assertRejects(() => pipeline.add(["e"]), Error, "the run has ended");
});

Deno.test("what cannot be added is refused by what is wrong with it", async () => {
  for (
    const [items, text] of [
      [[{ name: "a" }], "Cannot add item 0, which has no key"],
      [["a", undefined], "Cannot add item 1: it is undefined"],
      [[{ key: "a", tags: new Map() }], "Cannot store a Map in item 0.tags"],
      ["ab", 'Cannot add "ab": pass an array'],
      [7, "Cannot add 7: pass an array"],
      [[{ key: {} }], "a key is text or a number"],
    ] as [never, string][]
  ) {
    const report = await runPipeline(["x"], { db: ":memory:", run: (_, task) => task.add(items) });
    assertEquals(report.counts.total, 1, text);
    assertStringIncludes(report.failures[0]!.error.message, text);
  }
  const report = await runPipeline(["x"], {
    db: ":memory:",
    storeTaskStatus: false,
    run: (_, task) => task.add(["y"]),
  });
  assertStringIncludes(report.failures[0]!.error.message, "Set storeTaskStatus");
});

Deno.test("an added item that an option cannot take fails its task, and not the run", async () => {
  using folder = tempFolder();
  const refusing = (what: string) => (item: string) => {
    if (item === "bad") throw new Error(`No ${what}`);
    return undefined;
  };
  const db = folder.file("a.db");
  const cases: [string, Partial<PipelineOptions<string>>][] = [
    ["No tags", { tags: refusing("tags"), limits: { a: 1 } }],
    ["do not name it", { tags: (item) => item === "bad" ? ["aa"] : ["a"], limits: { a: 1 } }],
    ["the priority NaN", { priority: (item) => item === "bad" ? NaN : 1 }],
    ["the tags 5", { tags: (item) => (item === "bad" ? 5 : []) as string[] }],
    ["No options", { taskOptions: refusing("options") }],
    ["No version", { version: refusing("version") }],
  ];
  for (const [text, options] of cases) {
    const { counts, failures } = await runPipeline(["a"], {
      ...options,
      db,
      name: text,
      run: async (item, task) => item === "a" ? await task.add(["bad", "good"]) : item,
    });
    assertEquals([counts.done, counts.error], [2, 1], text);
    assertStringIncludes(failures[0]!.error.message, text);
  }
  const pipeline = startPipeline(["a"], {
    db,
    tags: refusing("tags"),
    limits: { a: 1 },
    dependsOn: (item) => item === "after" ? ["bad"] : [],
    async run(item, task) {
      if (item !== "a") return;
      await task.add(["bad", "after"]);
      while (!await pipeline.retry().catch(() => 0)) await task.flush();
    },
  });
  const { counts } = await pipeline.finished;
  assertEquals([counts.done, counts.error, counts.cancelled], [1, 1, 1], "retried, it fails again");
});

Deno.test("tasks that were added can be cancelled, fail, and run again", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let failures = 0;
  const pipeline = startPipeline<string>(["first"], {
    db,
    workers: 1,
    async run(item, task) {
      if (item === "first") {
        await task.add(["fails", "cancelled", "last"]);
        await pipeline.cancel(3);
        await pipeline.retry(3);
      }
      if (item === "fails" && failures++ === 0) throw new Error("once");
      if (item === "last") assertEquals(await pipeline.retry(), 1);
    },
  });
  const report = await pipeline.finished;
  const rows = await readValues(db, "SELECT name, status FROM task_runs ORDER BY id");
  assertEquals(
    rows,
    ["first", "fails", "cancelled", "last"].map((name) => [name, "done"]),
    report.status,
  );
});

Deno.test("a task that is stopped leaves what it added cancelled", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const stop = new AbortController();
  const report = await runPipeline(["a"], {
    db,
    workers: 1,
    signal: stop.signal,
    async run(_, task) {
      await task.add(Array.from({ length: 2_500 }, (_, i) => i));
      stop.abort();
    },
  });
  assertEquals([report.status, report.counts.done], ["cancelled", 1]);
  const counts = "SELECT status, count(*) FROM task_runs GROUP BY 1 ORDER BY 1";
  assertEquals(await readValues(db, counts), [["cancelled", 2_500], ["done", 1]]);
  const resumed = await runPipeline(["a"], { db, resume: true, run: () => {} });
  assertEquals([resumed.status, resumed.counts.done], ["done", 2_501]);
});

Deno.test("tasks that are added wait for those that they depend on, and read their results", async () => {
  interface Stage {
    key: string;
    needs?: string[];
    fails?: boolean;
  }
  using folder = tempFolder();
  const db = folder.file("a.db");
  const order: string[] = [];
  const added: Stage[] = [
    { key: "left" },
    { key: "right", needs: ["root"] },
    { key: "sum", needs: ["left", "right", "item"] },
    { key: "fails", fails: true },
    { key: "blocked", needs: ["fails"] },
    { key: "below", needs: ["blocked"] },
    { key: "unknown", needs: ["nowhere"] },
  ];
  const options = {
    db,
    workers: 2,
    resume: true,
    dependsOn: ({ needs }: Stage) => needs,
  };
  const items: Stage[] = [{ key: "root" }, { key: "item", needs: ["root"] }];
  const report = await runPipeline(items, {
    ...options,
    async run({ key, fails }, task) {
      order.push(key);
      if (key === "root") await task.add(added);
      if (fails) throw new Error("No");
      return (await task.resultsOf<number>()).size;
    },
  });
  assertEquals([report.counts.done, report.counts.error, report.counts.cancelled], [5, 2, 2]);
  assertEquals(order.indexOf("sum") > order.indexOf("right"), true);
  const rows = "SELECT key, status, result FROM task_runs ORDER BY id";
  assertEquals(await readValues(db, rows), [
    ["root", "done", "0"],
    ["item", "done", "1"],
    ["left", "done", "0"],
    ["right", "done", "1"],
    ["sum", "done", "3"],
    ["fails", "error", null],
    ["blocked", "cancelled", null],
    ["below", "cancelled", null],
    ["unknown", "error", null],
  ]);
  assertStringIncludes(
    report.failures.find(({ key }) => key === "unknown")!.error.message,
    'Cannot let "unknown" depend on "nowhere": no item has that key',
  );
  const again = await runPipeline(items, { ...options, run: () => "again" });
  assertEquals([again.runId, again.counts.done, again.counts.error], [1, 8, 1]);
});

Deno.test("tasks of one call, and of tasks that run at once, may depend on later ones; circles and keys that never come are errors", async () => {
  const order: string[] = [];
  // More than one message has, the first depends on the last.
  const many = Array.from({ length: 1_500 }, (_, i) => ({ key: `many ${i}` }));
  const added: { key: string; needs?: string[] }[] = [
    { key: "first", needs: ["second", "many 1499"] },
    { key: "of another", needs: ["late"] },
    { key: "a", needs: ["b"] },
    { key: "b", needs: ["a"] },
    { key: "below", needs: ["b"] },
    { key: "own", needs: ["own"] },
    { key: "astray", needs: ["nowhere"] },
    { key: "below astray", needs: ["astray"] },
    ...many,
    { key: "second" },
  ];
  const isAdded = Promise.withResolvers<void>();
  const report = await runPipeline<{ key: string; needs?: string[] }>([{ key: "root" }, {
    key: "other",
  }], {
    db: ":memory:",
    workers: 3,
    dependsOn: ({ needs }) => needs,
    async run({ key }, task) {
      order.push(key);
      if (key === "other") {
        await isAdded.promise;
        await task.add([{ key: "late" }]);
      }
      if (key !== "root") return;
      await task.add(added);
      isAdded.resolve();
    },
  });
  const { done, error, cancelled } = report.counts;
  assertEquals([done, error, cancelled], [1_506, 4, 2]);
  const at = (key: string) => order.indexOf(key);
  assertEquals(at("first") > Math.max(at("second"), at("many 1499")), true);
  assertEquals(at("of another") > at("late"), true);
  const errors = report.failures.map(({ key, error }) => [key, error.message]);
  assertEquals(errors.toSorted(), [
    ["a", 'Cannot run tasks that wait for each other: "a" → "b" → "a"'],
    ["astray", 'Cannot let "astray" depend on "nowhere": no item has that key'],
    ["b", 'Cannot run tasks that wait for each other: "a" → "b" → "a"'],
    ["own", 'Cannot run tasks that wait for each other: "own" → "own"'],
  ]);
});

Deno.test("an added task that was blocked runs once when what it depends on is retried", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let failures = 0;
  const ran: string[] = [];
  const pipeline = startPipeline<{ key: string; needs?: string[] }>([{ key: "first" }], {
    db,
    workers: 1,
    dependsOn: ({ needs }) => needs,
    async run({ key }, task) {
      ran.push(key);
      if (key === "first") {
        await task.add([{ key: "fails" }, { key: "blocked", needs: ["fails"] }, {
          key: "retries",
        }]);
      }
      if (key === "fails" && failures++ === 0) throw new Error("once");
      if (key === "retries") {
        assertEquals(await pipeline.retry(), 2);
        await task.add([{ key: "later", needs: ["blocked"] }]);
      }
    },
  });
  const report = await pipeline.finished;
  assertEquals([report.status, report.failures], ["done", []]);
  assertEquals(ran, ["first", "fails", "retries", "fails", "blocked", "later"]);
});

Deno.test("an item that is not queued yet is in the run: its key is not added again", async () => {
  // Half of a character is stored as what stands for none.
  const items = Array.from({ length: 5_000 }, (_, i) => i === 4_001 ? "\ud800" : `k${i}`);
  for (const atomic of [false, true]) {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const report = await runPipeline(items, {
      db,
      workers: 1,
      atomic,
      run: async (key, task) => {
        if (key !== "k0") return;
        await task.add(["k4000", "new"]);
        await task.add(["\ud800"]);
      },
    });
    assertEquals(report.counts.done, 5_001);
    const twice = "SELECT key FROM task_runs GROUP BY key HAVING count(*)>1";
    assertEquals(await readValues(db, twice), []);
  }
});

Deno.test("keys are the same for dependencies, results and added items, be they numbers or no whole text", async () => {
  type Keyed = { key: string | number };
  const keys = [1, "a\0b", "half \ud800"];
  const items: Keyed[] = keys.map((key) => ({ key }));
  items.push({ key: "all" });
  let added: number | undefined;
  const report = await runPipeline<Keyed>(items, {
    db: ":memory:",
    // A generator can be read once.
    dependsOn: ({ key }) =>
      (key === "late" ? keys.values() : key === "all" ? keys : []) as string[],
    async run({ key }, task) {
      if (key === 1) {
        added = await task.add([{ key: "1" }, { key: "half \udc00" }, { key: "late" }]);
      }
      if (key !== "all" && key !== "late") return key;
      return assertEquals(await Promise.all(keys.map((key) => task.resultOf(key))), keys);
    },
  });
  assertEquals(report.failures, []);
  assertEquals([report.counts.done, added], [5, 1], "two of these keys are in the run");
});
