import { type PipelineOptions, runPipeline, SqliteWriter, type TaskContext } from "../../mod.ts";
import { versioned } from "../fixtures/query_task.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

type Work = Parameters<typeof versioned>[0];

const schema = "CREATE TABLE IF NOT EXISTS work (key TEXT, version TEXT)";
const WAYS: Record<string, PipelineOptions<Work>["run"]> = {
  "on this thread": versioned,
  "in the pool": {
    module: new URL("../fixtures/query_task.ts", import.meta.url),
    export: "versioned",
  },
};
const version = ({ version }: Work) => version;
const work = (versions: Record<string, string | undefined>): Work[] =>
  Object.entries(versions).map(([key, version]) => ({ key, version }));
const rows = (db: string) => readValues(db, "SELECT key, version FROM work ORDER BY 1, 2");
const tasksOf = (db: string, run: number | null) =>
  readValues(
    db,
    `SELECT key, status, message, result FROM task_runs WHERE run_id=${run} ORDER BY id`,
  );

for (const [where, run] of Object.entries(WAYS)) {
  for (const atomic of [false, true]) {
    Deno.test(`tasks of an unchanged version do not run, ${where}${atomic ? ", atomic" : ""}`, async () => {
      using folder = tempFolder();
      const db = folder.file("a.db");
      const options = { db, schema, workers: 2, atomic, run, version };
      const first = await runPipeline(work({ a: "1", b: "1", c: undefined }), options);
      assertEquals(first.counts, {
        queued: 0,
        running: 0,
        done: 3,
        error: 0,
        cancelled: 0,
        total: 3,
        unchanged: 0,
      });
      const second = await runPipeline(work({ a: "1", b: "2", c: undefined, d: "1" }), options);
      assertEquals([second.status, second.counts.done, second.counts.unchanged], ["done", 4, 1]);
      assertEquals((await tasksOf(db, second.runId))[0], [
        "a",
        "done",
        "unchanged since run 1",
        '"a 1"',
      ]);
      // A generator, and a version that was done before the last.
      const third = await runPipeline(
        (function* () {
          yield* work({ a: "1", b: "1", c: undefined, d: "1" });
        })(),
        options,
      );
      assertEquals([third.counts.done, third.counts.unchanged, third.counts.total], [4, 2, 4]);
      const since = (await tasksOf(db, third.runId)).map(([, , message]) => message);
      assertEquals(since, ["unchanged since run 1", null, null, "unchanged since run 2"]);
      assertEquals(await rows(db), [
        ["a", "1"],
        ["b", "1"],
        ["b", "1"],
        ["b", "2"],
        ["c", null],
        ["c", null],
        ["c", null],
        ["d", "1"],
      ]);
      assertEquals(
        await readValues(db, "SELECT done, queued, unchanged, expected FROM pipeline_runs"),
        [[3, 0, 0, 3], [4, 0, 1, 4], [4, 0, 2, 4]],
      );
      const other = await runPipeline(work({ a: "1" }), { ...options, name: "other" });
      assertEquals(other.counts.unchanged, 0);
    });
  }

  Deno.test(`dependents run if they are changed, and read the results of then, ${where}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const dependsOn = ({ reads }: Work) => reads ? [reads] : [];
    const options = { db, schema, workers: 2, run, version, dependsOn };
    const items = (last: string): Work[] => [
      { key: "a", version: "1" },
      { key: "b", version: "1", reads: "a" },
      { key: "c", version: last, reads: "b" },
      { key: "d", version: "1", reads: "c" },
    ];
    await runPipeline(items("1"), options);
    const { counts, runId, failures } = await runPipeline(items("2"), options);
    assertEquals(failures, []);
    assertEquals([counts.done, counts.unchanged], [4, 3]);
    const [, , c] = await tasksOf(db, runId);
    assertEquals(c, ["c", "done", null, '"c 2, b 1, a 1"']);
    const all = await runPipeline(items("2"), options);
    assertEquals([all.status, all.counts.done, all.counts.unchanged], ["done", 4, 4]);
  });

  Deno.test(`added tasks of an unchanged version do not run, ${where}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const dependsOn = ({ reads }: Work) => reads ? [reads] : [];
    const options = { db, schema, workers: 2, run, version, dependsOn };
    const list = (last: string): Work => ({
      key: "list",
      adds: [...work({ a: "1", b: last }), { key: "c", version: last, reads: "a" }],
    });
    await runPipeline([list("1")], options);
    const { counts, runId, failures } = await runPipeline([list("2")], options);
    assertEquals(failures, []);
    assertEquals([counts.done, counts.unchanged, counts.total], [4, 1, 4]);
    const tasks = (await tasksOf(db, runId)).map((
      [key, , message, result],
    ) => [key, message, result]);
    assertEquals(tasks.slice(1), [
      ["a", "unchanged since run 1", '"a 1"'],
      ["b", null, '"b 2"'],
      ["c", null, '"c 2, a 1"'],
    ]);
  });
}

Deno.test("a version counts when its task is done, not before, and in the run that is resumed", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let fails = true;
  const options = {
    db,
    schema,
    version,
    atomic: true,
    run: async (item: Work, task: TaskContext) => {
      await versioned(item, task);
      if (fails && item.key === "b") throw new Error("No");
    },
  };
  const items = work({ a: "1", b: "1" });
  await runPipeline(items, options);
  const again = await runPipeline(items, { ...options, retries: 1, retryDelayMs: 0 });
  assertEquals([again.status, again.counts.unchanged], ["error", 1]);
  fails = false;
  const resumed = await runPipeline([...items, ...work({ c: "1" })], { ...options, resume: true });
  assertEquals([resumed.runId, resumed.status, resumed.counts.unchanged], [2, "done", 1]);
  const last = await runPipeline([...items, ...work({ c: "1" })], { ...options, resume: true });
  assertEquals([last.runId, last.counts.done, last.counts.unchanged], [3, 3, 3]);
  const since = (await tasksOf(db, 3)).map(([, , message]) => message);
  assertEquals(since, ["unchanged since run 1", "unchanged since run 2", "unchanged since run 2"]);
  assertEquals(await rows(db), [["a", "1"], ["b", "1"], ["c", "1"]]);
});

Deno.test("what was added and done before a resume is read by what depends on it", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let fails = true;
  const options = {
    db,
    schema,
    version,
    resume: true,
    dependsOn: ({ reads }: Work) => reads ? [reads] : [],
    run: async (item: Work, task: TaskContext) => {
      if (fails && item.key === "b") throw new Error("No");
      return await versioned(item, task);
    },
  };
  const list: Work = { key: "list", adds: [{ key: "a" }, { key: "b", reads: "a" }] };
  assertEquals((await runPipeline([list], options)).status, "error");
  fails = false;
  const { status, failures } = await runPipeline([list], options);
  assertEquals([failures, status], [[], "done"]);
});

Deno.test("another cacheKey forgets all versions, and so does its return", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const unchanged: (number | undefined)[] = [];
  for (const cacheKey of ["1", "1", "2", "1", "1"]) {
    const { counts } = await runPipeline(work({ a: "1" }), {
      db,
      schema,
      version,
      cacheKey,
      run: versioned,
    });
    unchanged.push(counts.unchanged);
  }
  assertEquals(unchanged, [0, 1, 0, 0, 1]);
});

Deno.test("versions outlive a run that is pruned, and rows that another program has written over", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const options = { db, schema, version, run: versioned };
  await runPipeline(work({ a: "1" }), options);
  {
    await using writer = await SqliteWriter.open({ db });
    await writer.execute("UPDATE task_runs SET status='running', result='\"other\"'");
    await writer.execute("DELETE FROM task_runs");
    await writer.execute("DELETE FROM pipeline_runs");
    await writer.execute(
      "INSERT INTO pipeline_runs (id,name,status,started_at) VALUES (7,'x','done','')",
    );
  }
  const { counts, runId } = await runPipeline(work({ a: "1" }), options);
  assertEquals(counts.unchanged, 1);
  assertEquals(await tasksOf(db, runId), [["a", "done", "unchanged since run 1", '"a 1"']]);
});

Deno.test("what cannot be a version is refused by what is wrong with it", async () => {
  const run = () => {};
  const refused = (items: object[], options: Partial<PipelineOptions<object>>, part: string) =>
    assertRejects(
      async () => await runPipeline(items, { db: ":memory:", run, version: () => "1", ...options }),
      TypeError,
      part,
    );
  await refused([{ key: "a" }], { version: () => 5 as never }, "the version 5");
  await refused([{}], {}, "no key");
  await refused([{ key: "a" }], { storeTaskStatus: false }, "version needs storeTaskStatus");
});

Deno.test("items are stored where that is wanted", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = [{ key: "a", n: 1 }, { key: "b", n: 2 }];
  const run = () => {};
  await runPipeline(items, { db, run });
  await runPipeline(items, { db, run, storeItems: true });
  await runPipeline(items.values(), { db, run, storeItems: true, resume: { key: "x" } });
  const stored = ['{"key":"a","n":1}', '{"key":"b","n":2}'];
  assertEquals(
    await readValues(db, "SELECT input, added_by FROM task_runs ORDER BY id"),
    [null, null, ...stored, ...stored].map((input) => [input, null]),
  );
  const bad = [{ key: "a", when: new Map() }];
  await assertRejects(
    () => runPipeline(bad, { db, run, storeItems: true }),
    TypeError,
    "Cannot store a Map",
  );
});
