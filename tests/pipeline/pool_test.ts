import { type PipelineOptions, runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const TASKS = "SELECT id, status, progress, message FROM task_runs ORDER BY id";
const module = new URL("../fixtures/tasks.ts", import.meta.url);
const schema = "CREATE TABLE IF NOT EXISTS row (task INTEGER, text TEXT NOT NULL)";

Deno.test("runPipeline() gives pooled tasks the same context as others", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = [{ key: "k", at: new Date(0), more: [1] }, { name: "Ünï" }];
  const report = await runPipeline<unknown>(items, {
    db,
    schema,
    run: { module, export: "echo" },
  });
  assertEquals([report.status, report.counts.done], ["done", 2]);
  const rows = await readValues(db, "SELECT message, progress, result FROM task_runs ORDER BY id");
  const worker = "DedicatedWorkerGlobalScope";
  assertEquals(
    rows.map(([message, progress]) => [message, progress]),
    Array(2).fill(["half way", 1]),
  );
  assertEquals(rows.map(([, , result]) => JSON.parse(String(result))), [
    {
      item: { key: "k", at: "1970-01-01T00:00:00.000Z", more: [1] },
      id: 1,
      name: "k",
      key: "k",
      run: 1,
      worker,
    },
    { item: { name: "Ünï" }, id: 2, name: "Ünï", key: null, run: 1, worker },
  ]);
  assertEquals(await readValues(db, "SELECT * FROM row ORDER BY 1"), [[1, "k"], [2, "Ünï"]]);
  const logs = "SELECT task_id, run_id, level, message FROM task_logs ORDER BY 1";
  assertEquals(await readValues(db, logs), [[1, 1, "debug", "seen"], [2, 1, "debug", "seen"]]);
});

Deno.test("runPipeline() runs pooled tasks in parallel", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const buffer = new SharedArrayBuffer(4);
  await runPipeline([buffer, buffer], { db, workers: 2, run: { module, export: "meet" } });
  const rows = await readValues(
    db,
    "SELECT status, result, started_at, finished_at FROM task_runs",
  );
  const [[status, result, start, end], [, , otherStart, otherEnd]] = rows as [string[], string[]];
  assertEquals(status, "done");
  assert(result !== '"timed-out"', "The tasks ran one after the other");
  assert(start! <= otherEnd! && otherStart! <= end!);
});

Deno.test("runPipeline() loads a module by its default export, from a string or a URL", async () => {
  for (const run of [{ module }, { module: module.href, export: "default" }]) {
    const report = await runPipeline([1, 2, 3].values(), { db: ":memory:", workers: 2, run });
    assertEquals(report.counts.done, 3);
  }
});

Deno.test("runPipeline() has written a task before a Worker reports on it", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  async function* oneByOne() {
    for (let i = 0; i < 50; i++) {
      yield "fine";
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  const run = { module, export: "fail" };
  const report = await runPipeline(oneByOne(), { db, schema, workers: 2, run });
  assertEquals([report.counts.done, report.counts.total], [50, 50]);
});

Deno.test("runPipeline() rejects when the module cannot be used, and cancels the tasks", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const write = (name: string, text: string) => {
    Deno.writeTextFileSync(folder.file(name), text);
    return folder.file(name).replace(/^/, "file://");
  };
  const cases: [PipelineOptions<number>["run"], RegExp][] = [
    [{ module: write("a.ts", "").replace("a.ts", "b.ts") }, /Module not found/],
    [{ module: write("syntax.ts", "export default function (") }, /Expected|Unexpected/],
    [{ module: write("throws.ts", 'throw new Error("At import")') }, /At import/],
    [{ module: write("rejects.ts", 'await Promise.reject("At await")') }, /At await/],
    [{ module: write("exit.ts", "Deno.exit(3)") }, /Cannot end a task's Worker/],
    [{ module, export: "nothing" }, /its export "nothing" is missing/],
    [{ module, export: "text" }, /its export "text" is not a function/],
    [{ module, export: "__proto__" }, /its export "__proto__" is missing/],
    [{ module: "https://127.0.0.1:1/a.ts" }, /127\.0\.0\.1/],
  ];
  for (const [run, message] of cases) {
    const error = await assertRejects(() => runPipeline([1, 2], { db, workers: 2, run }), Error);
    assertMatch(error.message, /^Cannot load the task from /);
    assertMatch(error.message, message);
  }
  const counted = "SELECT status, count(*) FROM task_runs GROUP BY 1";
  assertEquals(await readValues(db, counted), [["cancelled", 2 * cases.length]]);
  const runs = "SELECT DISTINCT status, cancelled, queued, running FROM pipeline_runs";
  assertEquals(await readValues(db, runs), [["error", 2, 0, 0]]);
});

Deno.test("runPipeline() fails a pooled task for its own failure only", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = ["fine", "throw", "string", "row", "bigint circle", "fine"];
  const report = await runPipeline(items, {
    db,
    schema,
    workers: 2,
    run: { module, export: "fail" },
  });
  const rows = await readValues(db, TASKS);
  assertEquals(rows.map(([id, status, progress]) => [id, status, progress]), [
    [1, "done", 1],
    [2, "error", 0.5],
    [3, "error", 0.5],
    [4, "error", 0.5],
    [5, "error", 0.5],
    [6, "done", 1],
  ]);
  assertEquals(rows[1]![3], "Thrown in a Worker");
  assertMatch(String(rows[3]![3]), /NOT NULL constraint failed/);
  assertMatch(String(rows[4]![3]), /JSON has no form/);
  const thrown = report.failures.find(({ id }) => id === 2)!.error;
  assert(thrown instanceof RangeError);
  assertMatch(thrown.stack!, /fixtures\/tasks\.ts/);
  assertEquals((await readValues(db, "SELECT error FROM task_runs WHERE id=2"))[0], [
    thrown.stack!,
  ]);
});

Deno.test("runPipeline() fails a task whose item cannot be sent to a Worker", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = [{ name: "fine" }, { name: "bad", call: () => {} }, { name: "also fine" }];
  const report = await runPipeline(items, { db, workers: 1, run: { module } });
  assertEquals([report.counts.done, report.counts.error], [2, 1]);
  const [id, status, progress, message] = (await readValues(db, TASKS))[1]!;
  assertEquals([id, status, progress], [2, "error", 0]);
  assertMatch(String(message), /^Cannot send the item of task 2 \(bad\) to a Worker: /);
});

Deno.test("runPipeline() aborts pooled tasks, and those that heed it are cancelled", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const controller = new AbortController();
  async function* items() {
    yield* ["heeds", "finishes", "forgets", "breaks"];
    while ((await readValues(db, "SELECT id FROM task_logs")).length < 4);
    controller.abort(new Error("Enough"));
    await new Promise(() => {});
  }
  const report = await runPipeline(items(), {
    db,
    workers: 5,
    signal: controller.signal,
    run: { module, export: "untilAborted" },
  });
  const { done, error, cancelled } = report.counts;
  assertEquals([report.status, done, error, cancelled], ["error", 1, 1, 2]);
  const died = "The task's Worker died of an error that no task caught: ";
  assertEquals(await readValues(db, TASKS), [
    [1, "cancelled", 0, "Enough"],
    [2, "done", 1, null],
    [3, "cancelled", 0, `${died}Enough`],
    [4, "error", 0, `${died}A bug`],
  ]);
});

Deno.test("runPipeline() can be stopped while a module never ends loading", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const marker = folder.file("loading");
  const endless = `Deno.writeTextFileSync(${
    JSON.stringify(marker)
  }, ""); await new Promise(() => {});`;
  Deno.writeTextFileSync(folder.file("endless.ts"), endless);
  const controller = new AbortController();
  const changes = Deno.watchFs(folder.path);
  const running = runPipeline([1, 2], {
    db,
    workers: 1,
    signal: controller.signal,
    run: { module: `file://${folder.file("endless.ts")}` },
  });
  for await (const { paths } of changes) {
    if (paths.some((path) => path.endsWith("loading"))) break;
  }
  controller.abort();
  const report = await running;
  assertEquals([report.status, report.counts.cancelled], ["cancelled", 2]);
});

Deno.test("runPipeline() runs pooled tasks without keeping their status", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(["fine", "throw", "timer"], {
    db,
    schema,
    workers: 2,
    storeTaskStatus: false,
    run: { module, export: "fail" },
  });
  assertEquals([report.counts.done, report.counts.error], [1, 2]);
  assertEquals(await readValues(db, "SELECT count(*) FROM row"), [[3]]);
  assertEquals(await readValues(db, "SELECT name FROM sqlite_schema"), [["row"]]);
});
