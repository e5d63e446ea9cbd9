import { type PipelineOptions, runPipeline, SqliteError, type TaskContext } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { untilAborted } from "../support/gates.ts";
import { readRow, readValues } from "../support/read.ts";
import { Fixture } from "../support/spawn.ts";
import { SmallDisk } from "../support/small_disk.ts";
import { tempFolder } from "../support/temp.ts";

const TASKS = "SELECT id, status, progress, message, result FROM task_runs ORDER BY id";

Deno.test("runPipeline() records a task that throws as error, and the others continue", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline([1, 2, 3], {
    db,
    workers: 1,
    run(n, task) {
      task.progress(n, 4);
      if (n === 2) throw new RangeError("Two is too much");
      return n;
    },
  });
  assertEquals(await readValues(db, TASKS), [
    [1, "done", 1, null, "1"],
    [2, "error", 0.5, "Two is too much", null],
    [3, "done", 1, null, "3"],
  ]);
  assertEquals(report.status, "error");
  assertEquals([report.counts.done, report.counts.error, report.counts.total], [2, 1, 3]);
  const [{ id, name, key, error }] = report.failures as [typeof report.failures[number]];
  assertEquals([id, name, key], [2, "2", "2"]);
  assert(error instanceof RangeError);
  const { error: stack } = await readRow(db, "SELECT error FROM task_runs WHERE id=2");
  assertEquals(stack, error.stack!);
  assertMatch(String(stack), /^RangeError: Two is too much\n.*failures_test\.ts/);
  const run = await readRow(db, "SELECT status, done, error, running FROM pipeline_runs");
  assertEquals(run, { status: "error", done: 2, error: 1, running: 0 });
});

Deno.test("runPipeline() lists the first 100 failures and counts all", async () => {
  const report = await runPipeline(Array.from({ length: 250 }, (_, i) => i), {
    db: ":memory:",
    workers: 1,
    run(n) {
      throw new Error(`Failure ${n}`);
    },
  });
  assertEquals(report.counts.error, 250);
  assertEquals(report.failures.length, 100);
  assertEquals(report.failures[99]!.error.message, "Failure 99");
});

const getters = Object.defineProperties(new Error("hidden"), {
  message: { get: () => nothing() },
  stack: { get: () => nothing() },
});

function nothing(): never {
  throw new Error("There is nothing to read");
}

const THROWN: [unknown, RegExp][] = [
  ["a string", /^a string$/],
  ["", /^An empty text was thrown$/],
  [undefined, /^undefined$/],
  [null, /^null$/],
  [{ code: 42 }, /code: 42/],
  [Symbol("s"), /Symbol\(s\)/],
  [10n, /10n/],
  [() => {}, /Function/],
  [Object.assign(new Error("odd"), { name: Symbol("name"), stack: { deep: () => {} } }), /^odd$/],
  [Object.assign(new Error(), { message: () => "called" }), /called/],
  [getters, /./],
  [new Proxy({}, { get: nothing, getPrototypeOf: nothing, ownKeys: nothing }), /./],
  [new AggregateError([new Error("inner")], "outer"), /^outer: inner$/],
  [new DOMException("stopped", "AbortError"), /^stopped$/],
  [new Error("x".repeat(1_000_000)), /^x{1000000}$/],
];

Deno.test("runPipeline() survives whatever a task throws", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(THROWN, {
    db,
    workers: 4,
    async run([thrown], task) {
      if (task.id % 2) await Promise.resolve();
      throw thrown;
    },
  });
  assertEquals(report.counts.error, THROWN.length);
  const rows = await readValues(db, "SELECT status, message, error FROM task_runs ORDER BY id");
  rows.forEach(([status, message, error], i) => {
    assertEquals(status, "error");
    assertMatch(String(message), THROWN[i]![1]);
    assertEquals(typeof error, "string");
  });
});

Deno.test("runPipeline() fails a task whose result has no JSON, and stores the others", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const results: [unknown, string | null, RegExp?][] = [
    [undefined, null],
    [null, "null"],
    [{ big: 2n ** 70n }, '{"big":"1180591620717411303424"}'],
    [Promise.resolve(NaN), null, /Cannot store NaN in the result of the task/],
    [() => 1, null, /Cannot store a function in the result of the task/],
    [Symbol("s"), null, /Cannot store a symbol in the result of the task/],
    ["x".repeat(1_000_000), `"${"x".repeat(1_000_000)}"`],
    ["\ud800", '"\\ud800"'],
    [new Map([[1, 2]]), null, /Cannot store a Map in the result of the task/],
    [{ then: (resolve: (value: unknown) => void) => resolve("thenable") }, '"thenable"'],
    [circular, null, /Cannot store an object that holds itself in result\.self: JSON/],
    [{ toJSON: nothing }, null, /There is nothing to read/],
    [
      {
        get then() {
          return nothing();
        },
      },
      null,
      /There is nothing to read/,
    ],
  ];
  await runPipeline(results, { db, run: ([result]) => result });
  const rows = await readValues(db, "SELECT status, result, message FROM task_runs ORDER BY id");
  rows.forEach(([status, result, message], i) => {
    const [, expected, error] = results[i]!;
    assertEquals([status, result], [error ? "error" : "done", expected], `result ${i}`);
    if (error) assertMatch(String(message), error);
  });
});

Deno.test("runPipeline() stops after the first failure with failFast", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const started: number[] = [];
  const other = Promise.withResolvers<void>();
  const report = await runPipeline([1, 2, 3, 4], {
    db,
    workers: 2,
    failFast: true,
    async run(n, task) {
      started.push(n);
      if (n === 1) {
        await other.promise;
        throw new Error("Broken");
      }
      other.resolve();
      await untilAborted(task);
    },
  });
  assertEquals(started, [1, 2]);
  const why = "Stopped because task 1 (1) failed";
  assertEquals(await readValues(db, TASKS), [
    [1, "error", 0, "Broken", null],
    [2, "cancelled", 0, why, null],
    [3, "cancelled", 0, why, null],
    [4, "cancelled", 0, why, null],
  ]);
  assertEquals([report.status, report.counts.error, report.counts.cancelled], ["error", 1, 3]);
});

Deno.test("runPipeline() refuses bad options before it touches the database", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const run = () => {};
  const bad: [Record<string, unknown>, typeof TypeError | typeof RangeError, string][] = [
    ...[0, -1, 1.5, NaN, Infinity, "2", null].map((workers) =>
      [
        { run, workers },
        RangeError,
        `expected an integer ≥ 1 for workers, got ${Deno.inspect(workers)}`,
      ] as [
        Record<string, unknown>,
        typeof RangeError,
        string,
      ]
    ),
    [
      { run, signal: {} },
      TypeError,
      "expected the signal of an AbortController for signal, got {}",
    ],
    ...[undefined, null, 5, "run", {}, { module: "./tasks.ts" }, { export: "run" }].map((run) =>
      [{ run }, TypeError, "Cannot run the pipeline: expected a function, or"] as [
        Record<string, unknown>,
        typeof TypeError,
        string,
      ]
    ),
  ];
  for (const [options, type, message] of bad) {
    await assertRejects(
      () => runPipeline([1], { db, ...options } as unknown as PipelineOptions<number>),
      type,
      message,
    );
  }
  for (const items of ["abc", null, 5, {}]) {
    await assertRejects(
      () => runPipeline(items as Iterable<never>, { db, run }),
      TypeError,
      "items",
    );
  }
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("runPipeline() rejects when the database cannot be used", async () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(folder.file("text.db"), "This is not a database, but text. ".repeat(50));
  const cases: [string, Record<string, unknown>, string][] = [
    [folder.path, {}, "folder"],
    [folder.file("text.db"), {}, "not a database"],
    [folder.file("text.db") + "/a.db", {}, "is a file"],
    [folder.file("b.db"), { schema: "CREATE NONSENSE" }, "syntax error"],
  ];
  let ran = 0;
  for (const [db, options, message] of cases) {
    const run = () => void ran++;
    await assertRejects(() => runPipeline([1], { db, ...options, run }), SqliteError, message);
  }
  assertEquals(ran, 0);
  assertMatch(Deno.readTextFileSync(folder.file("text.db")), /^This is not a database/);
});

Deno.test("runPipeline() gives up when the database is full, and rejects with that", async () => {
  using folder = tempFolder();
  await using disk = await SmallDisk.mount(folder.path, 500);
  if (!disk) return;
  const error = await assertRejects(
    () =>
      runPipeline(Array.from({ length: 5_000 }, (_, i) => i).values(), {
        db: folder.file("a.db"),
        run: (_, task: TaskContext) => task.log("x".repeat(1_000)),
      }),
    SqliteError,
  );
  assertEquals(error.code, "full");
});

Deno.test("runPipeline() leaves nothing running when it rejects", async () => {
  using folder = tempFolder();
  await using child = new Fixture("rejected.ts", folder.path, folder.path);
  const reasons = [/folder/, /syntax error/, /"nothing" is missing/, /broken/, /broken/];
  for (const reason of reasons) assertMatch(JSON.parse(await child.line()), reason);
  assertEquals((await child.status).code, 0);
});
