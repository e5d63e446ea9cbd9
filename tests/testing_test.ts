import { runTask } from "../testing.ts";
import { RetryAfter, type TaskContext } from "../mod.ts";
import { follow, SCHEMA, type Script } from "./fixtures/step_tasks.ts";
import { assert, assertEquals, assertRejects } from "./support/assert.ts";
import { tempFolder } from "./support/temp.ts";

const schema = "CREATE TABLE word (text TEXT NOT NULL)";

async function load(line: string, task: TaskContext) {
  task.log(`has ${line.length} characters`, "debug");
  task.progress(1, 4, "reading");
  await task.insert("word", line.split(" ").map((text) => ({ text: text || null })));
  await task.add([`${line}!`]);
  return { prefix: task.args.prefix, at: new Date(0) };
}

Deno.test("runTask() returns the result, rows, log and progress of a task, and what it added", async () => {
  const run = await runTask(load, "to be", { schema, args: { prefix: "x" } });
  assertEquals(run.status, "done");
  assertEquals(run.result, { prefix: "x", at: "1970-01-01T00:00:00.000Z" });
  assertEquals(Object.keys(run.rows), ["word"]);
  assertEquals(run.rows.word!.map((row) => ({ ...row })), [{ text: "to" }, { text: "be" }]);
  assertEquals(run.logs, [{ level: "debug", message: "has 5 characters" }]);
  assertEquals([run.progress, run.message, run.error], [1, "reading", undefined]);
  assertEquals(run.added, ["to be!"], "they are not run");
});

Deno.test("runTask() reports why a task failed, and keeps what it wrote unless it is atomic", async () => {
  const run = await runTask(load, "to  be", { schema });
  assertEquals([run.status, run.progress], ["error", 0.25]);
  assertEquals(run.error?.name, "SqliteError");
  assertEquals(run.rows.word, []);
  const fails = async (_: string, task: TaskContext) => {
    await task.insert("word", [["kept"]]);
    throw new RangeError("too long");
  };
  for (const atomic of [false, true]) {
    const { status, error, rows, message } = await runTask(fails, "a", { schema, atomic });
    assertEquals([status, error?.name, message], ["error", "RangeError", "too long"]);
    assertEquals(rows.word!.length, atomic ? 0 : 1);
  }
});

Deno.test("runTask() writes a file, runs modules on a Worker, and refuses an unknown option", async () => {
  using folder = tempFolder();
  const module = new URL("fixtures/query_task.ts", import.meta.url);
  const db = folder.file("a.db");
  const options = { db, schema: "CREATE TABLE IF NOT EXISTS city (name TEXT, size INTEGER)" };
  await runTask({ module, export: "load" }, 1, options);
  const { rows, status } = await runTask({ module, export: "load" }, 2, options);
  assertEquals([status, rows.city!.map(({ name, size }) => [name, size])], [
    "done",
    [["city 1", 1], ["city 2", 1]],
  ]);
  const wrong = { workers: 2 } as never;
  await assertRejects(() => runTask(load, "a", wrong), TypeError, "unknown option");
});

Deno.test("runTask() returns the steps of a task, whose sleeps take no time unless that is wanted", async () => {
  const module = new URL("fixtures/step_tasks.ts", import.meta.url);
  const script: Script = { key: "a", calls: ["step a", "sleep 3600000", "sleep 0", "step b"] };
  for (const run of [follow, { module, export: "follow" }]) {
    const { status, steps, rows } = await runTask<Script>(run, script, { schema: SCHEMA });
    assertEquals([status, rows.step_row?.map(({ step }) => step)], ["done", ["a", "b"]]);
    assertEquals(steps.map(({ kind, name }) => [kind, name]), [
      ["step", "a"],
      ["sleep", ""],
      ["sleep", ""],
      ["step", "b"],
    ]);
    assertEquals([steps[0]!.result, steps[1]!.ms], [{ step: "a", before: 0 }, 3_600_000]);
  }
  let woken = 0;
  const began = Date.now();
  const sleeps = async (_: string, task: TaskContext) => {
    await task.sleep(200);
    woken = Date.now();
  };
  await runTask(sleeps, "a", { waitsForSleeps: true });
  assert(woken - began >= 200, `${woken - began}`);
});

Deno.test("runTask() gives results of other tasks, returns checks, and waits for no retry", async () => {
  async function total(_: { id: number }, task: TaskContext) {
    if (task.attempt === 1) throw new RetryAfter({ ms: 3_600_000, tag: "api" });
    if (task.attempt === 2) throw new Error("busy");
    const all = await task.resultsOf();
    task.check("rows", all.size === 3, { value: all.size, expected: 3, severity: "warn" });
    return [await task.resultOf("a"), await task.resultOf("b")];
  }
  const run = await runTask(total, { id: 7 }, {
    results: { a: { n: 1 }, b: undefined },
    retries: 2,
    retryDelayMs: () => 3_600_000,
    taskName: ({ id }) => `total ${id}`,
  });
  assertEquals([run.status, run.result], ["done", [{ n: 1 }, null]]);
  const check = { name: "rows", passed: false, severity: "warn", value: 2, expected: 3 } as const;
  assertEquals(run.checks, [check]);
  const { error } = await runTask(total, { id: 7 }, { retries: 2 });
  assertEquals(error?.message.slice(0, 29), 'Cannot read the result of "a"');
  const results = new Map() as never;
  await assertRejects(() => runTask(total, { id: 7 }, { results }), TypeError, "for results, got");
});
