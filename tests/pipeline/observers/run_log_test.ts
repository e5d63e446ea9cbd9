import { configure, type LogRecord, reset } from "@logtape/logtape";
import { runPipeline, type TaskContext } from "../../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../support/assert.ts";
import { connectReadOnly } from "../../../db.ts";
import { runChild } from "../../support/child.ts";
import { original } from "../../support/original.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

/** Collects what is logged, until it is disposed. */
async function collect(): Promise<AsyncDisposable & { lines: string[]; records: LogRecord[] }> {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { records: (record) => records.push(record) },
    loggers: [
      { category: "pipeloom", lowestLevel: "debug", sinks: ["records"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["records"] },
    ],
  });
  return {
    records,
    get lines() {
      return records.map(({ level, category, message }) =>
        `${category.slice(1).join()} ${level}: ${message.join("")}`
      );
    },
    [Symbol.asyncDispose]: () => reset(),
  };
}

async function work(n: number, task: TaskContext): Promise<void> {
  task.log(`begins ${n}`, "debug");
  await task.flush();
  if (n === 2) throw new Error("Not this one");
}

Deno.test("RunLog logs a run's start, driver, failures, task logs and end", async () => {
  await using log = await collect();
  await runPipeline([1, 2], {
    db: ":memory:",
    name: "load",
    workers: 1,
    driver: "builtin",
    run: work,
  });
  const lines = log.lines.map((line) => line.replace(/[\d.]+ s,/, "0.1 s,"));
  assertEquals(lines, [
    "run info: load starts: run 1, 2 tasks, 1 at once",
    "writer debug: Driver builtin: it was asked for",
    "task debug: 1: begins 1",
    "task debug: 2: begins 2",
    "task warning: 2 failed: Not this one",
    "run info: load ends: error after 0.1 s, 1 done, 1 failed, 0 cancelled",
  ]);
  assertEquals(log.records[4]!.properties.id, 2);
});

Deno.test("RunLog warns of tasks over which another program has written", async () => {
  await using log = await collect();
  using folder = tempFolder();
  const db = folder.file("shared.db");
  const options = { db, name: "load", workers: 1, resume: true };
  await runPipeline([1, 2], { ...options, run: work });
  await original(db, [1], "error");
  await original(db, [2], "done");
  await runPipeline([1, 2], { ...options, run: () => {} });
  assertEquals(log.lines.filter((line) => line.includes("another program")), [
    "run warning: load: 2 tasks were rewritten by another program; this run keeps its own statuses",
  ]);
});

Deno.test("RunLog receives the logs of tasks on the pool's Workers", async () => {
  await using log = await collect();
  const module = new URL("../../fixtures/bars_task.ts", import.meta.url);
  await runPipeline([1], { db: ":memory:", run: { module, export: "logs" } });
  assertEquals(log.lines.filter((line) => line.startsWith("task")), [
    "task warning: 1: logged by 1",
  ]);
});

Deno.test("RunLog logs that a reader held up the last checkpoint", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline([1], { db, run: () => {} });
  await using log = await collect();
  using reader = await connectReadOnly(db);
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM task_runs").get();
  const report = await runPipeline([1], { db, run: () => {} });
  assertEquals(report.checkpoint?.busy, true);
  assert(log.lines.at(-1)!.startsWith("writer warning: pipeline: a reader kept"), log.lines.at(-1));
});

Deno.test("RunLog logs while it runs that readers hold the WAL, and no other program does", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using log = await collect();
  const { warn } = console;
  const printed: unknown[] = [];
  console.warn = (text) => printed.push(text);
  try {
    await runPipeline([1], {
      db,
      walWarnBytes: 2 ** 20,
      schema: "CREATE TABLE v (a)",
      async run(_, task) {
        await task.flush();
        using reader = await connectReadOnly(db);
        reader.exec("BEGIN");
        reader.prepare("SELECT count(*) FROM v").get();
        await task.insert("v", [[new Uint8Array(2 ** 21)]]);
        await until(() => log.lines.some((line) => line.includes("WAL")));
      },
    });
  } finally {
    console.warn = warn;
  }
  assertEquals(printed, []);
  const [warning, ...more] = log.records.filter(({ properties }) => "since" in properties);
  assertEquals([warning!.category.at(-1), warning!.level, more], ["writer", "warning", []]);
  assert(Number(warning!.properties.bytes) > 2 ** 20);
  assertMatch(
    warning!.message.join(""),
    /^pipeline: Readers have kept the WAL of .+a\.db from being emptied for \d+ s, and it has \d+ MiB by now; end a reader/,
  );
});

Deno.test("RunLog logs why a pipeline cannot continue", async () => {
  using folder = tempFolder();
  await using log = await collect();
  await assertRejects(() => runPipeline([1], { db: folder.path, run: () => {} }));
  assert(log.lines[0]!.startsWith("run error: pipeline cannot continue: "), log.lines[0]);
  assertEquals(log.lines.length, 1);
});

Deno.test("runPipeline() loads no log, telemetry or progress that was not requested", async () => {
  const script = (before: string) => `
    ${before}
    const { runPipeline } = await import("./mod.ts");
    await runPipeline([1], { db: ":memory:", driver: "builtin", run: () => {} });
    const known = ["logtape.rootLogger", "opentelemetry.js.api.1"].map((name) => Symbol.for(name) in globalThis);
    console.log(JSON.stringify(known));
  `;
  const flags = ["--allow-read=."];
  assertEquals(await runChild(script(""), { flags }), [false, false]);
  assertEquals(await runChild(script('import "@logtape/logtape";'), { flags }), [true, false]);
});
