import { type PipelineReport, type Row, runPipeline, type TaskContext } from "../../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../support/assert.ts";
import { readValues } from "../../support/read.ts";
import { tempFolder } from "../../support/temp.ts";

const SCHEMA = "CREATE TABLE row (n INTEGER PRIMARY KEY, text TEXT NOT NULL DEFAULT '-')";

/** Runs one task and returns the report, the task's row and the rows that it wrote. */
async function runOne(run: (task: TaskContext, db: string) => unknown) {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report: PipelineReport = await runPipeline([0], {
    db,
    schema: SCHEMA,
    run: (_, task) => run(task, db),
  });
  const [[status, progress, message]] = await readValues(
    db,
    "SELECT status, progress, message FROM task_runs",
  ) as [unknown[]];
  const rows = (await readValues(db, "SELECT n FROM row ORDER BY n")).map(([n]) => n);
  return { report, status, progress, message, rows };
}

Deno.test("progress() stores a fraction from 0 to 1 and clamps what lies outside", async () => {
  const cases: [(number | string | undefined)[], number, string?][] = [
    [[3, 4], 0.75],
    [[3, 4, "three"], 0.75, "three"],
    [[0.25], 0.25],
    [[0.25, "a quarter"], 0.25, "a quarter"],
    [[0.25, undefined], 0.25],
    [[0.5, ""], 0.5, ""],
    [[5, 4], 1],
    [[-1, 4], 0],
    [[1, 0], 1],
    [[0, 0], 1],
    [[-1, 0], 0],
    [[1, -5], 1],
    [[1, Infinity], 0],
    [[Infinity], 1],
    [[-Infinity], 0],
    [[1.5], 1],
    [[-0.5], 0],
    [[0, 3], 0],
  ];
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline(cases, {
    db,
    async run([args], task) {
      task.progress(...args as [number]);
      await task.flush();
      // A task that is done has a progress of 1.
      throw new Error();
    },
  });
  const rows = await readValues(db, "SELECT progress, typeof(progress) FROM task_runs ORDER BY id");
  assertEquals(rows, cases.map(([, expected]) => [expected, "real"]));
});

Deno.test("progress() keeps the last message until there is another", async () => {
  const { status, progress, message } = await runOne((task) => {
    task.progress(0.1, "first");
    task.progress(0.2, "second");
    for (let step = 0; step < 10_000; step++) task.progress(step, 20_000);
    throw { valueOf: () => "kept" };
  });
  assertEquals([status, progress], ["error", 9_999 / 20_000]);
  assertMatch(String(message), /valueOf/);
  const { message: kept } = await runOne((task) => {
    task.progress(0.1, "kept");
    task.progress(0.2);
    task.progress(0.3, null as unknown as undefined);
  });
  assertEquals(kept, "kept");
});

Deno.test("progress() refuses what is not a number, and the task can continue", async () => {
  const bad = [[NaN], [NaN, 1], [1, NaN], ["0.5"], [undefined], [null], [1n], [Infinity, Infinity]];
  const errors: unknown[] = [];
  const { status } = await runOne((task) => {
    for (const args of bad) {
      try {
        task.progress(...args as [number]);
      } catch (error) {
        errors.push((error as RangeError).name);
      }
    }
  });
  assertEquals(errors, bad.map(() => "RangeError"));
  assertEquals(status, "done");
});

Deno.test("insert() takes objects, arrays, generators and async generators", async () => {
  async function* later(): AsyncGenerator<Row> {
    for (let n = 3_000; n < 5_500; n++) yield [n, "async"];
  }
  function* now(): Generator<Row> {
    for (let n = 100; n < 2_600; n++) yield { n };
  }
  const { status, rows } = await runOne(async (task) => {
    await task.insert("row", [{ n: 1 }, { n: 2 }]);
    await task.insert("row", [[3, "x"]]);
    await task.insert("row", now());
    await task.insert("row", later());
    await task.insert("row", []);
    await task.insert("row", (function* () {})());
    await task.insert("row", [{ n: 1 }, { n: 4 }], { onConflict: ["n"], update: "ignore" });
  });
  assertEquals(status, "done");
  assertEquals(rows.length, 3 + 2_500 + 2_500 + 1);
});

Deno.test("insert() writes the rows of a task before it is done, awaited or not", async () => {
  let closed = 0;
  function* rows(from: number): Generator<Row> {
    try {
      for (let n = from; n < from + 3_000; n++) yield [n, "x"];
    } finally {
      closed++;
    }
  }
  const { status, rows: written } = await runOne((task) => {
    task.insert("row", [[1, "x"]]);
    task.insert("row", rows(10_000));
    task.insert("row", rows(20_000));
    task.execute("INSERT INTO row (n) VALUES (2)");
  });
  assertEquals([status, written.length, closed], ["done", 6_002, 2]);
});

const REFUSED: Row[] = [[1, null]];
const BAD: Row[] = [[1, "fine"], [2, (() => {}) as unknown as string]];

Deno.test("a write that fails and that is not awaited fails the task", async () => {
  const constraint = /NOT NULL constraint failed: row.text/;
  const cases: [string, (task: TaskContext) => unknown, RegExp][] = [
    ["rows", (task) => void task.insert("row", REFUSED), constraint],
    ["a stream", (task) => void task.insert("row", REFUSED.values()), constraint],
    ["a value", (task) => void task.insert("row", BAD), /column 2 of row, row 1/],
    ["a table", (task) => void task.insert("nowhere", [[1]]), /no such table: nowhere/i],
    [
      "no table",
      (task) => void task.insert("", [[1]]),
      /expected a text that is not empty for table/,
    ],
    ["no rows", (task) => void task.insert("row", 5 as unknown as Row[]), /iterable/],
    ["SQL", (task) => void task.execute("NONSENSE"), /syntax error/],
    ["steps", (task) => void task.transaction([{ sql: "NONSENSE" }]), /syntax error/],
    ["no steps", (task) => void task.transaction(5 as unknown as []), /an array of steps/],
    ["early", async (task) => {
      task.execute("NONSENSE");
      await task.flush();
    }, /syntax error/],
  ];
  for (const [name, run, message] of cases) {
    const failed = await runOne(run);
    assertEquals([name, failed.status, failed.rows], [name, "error", []]);
    assertMatch(String(failed.message), message);
    assertMatch(failed.report.failures[0]!.error.message, message);
  }
});

Deno.test("a write that fails can be caught, but for rows that SQLite refused", async () => {
  const caught: string[] = [];
  const catching = async (write: Promise<unknown>) => {
    await write.catch((error) => caught.push(error.name));
  };
  const { status, rows } = await runOne(async (task) => {
    await catching(task.insert("row", BAD));
    await catching(task.execute("NONSENSE"));
    await catching(task.transaction([{ table: "row", rows: [[7, "x"]] }, { sql: "NONSENSE" }]));
    const late = task.execute("NONSENSE");
    await task.flush();
    await catching(late);
    await task.insert("row", [[8, "x"]]);
  });
  assertEquals([status, rows], ["done", [8]]);
  assertEquals(caught, ["TypeError", "SqliteError", "SqliteError", "SqliteError"]);
  const refused = await runOne(async (task) => {
    await task.insert("row", REFUSED);
    await catching(task.flush());
    await catching(task.insert("row", [[9, "x"]]));
  });
  assertEquals([refused.status, refused.rows], ["error", []]);
  assertEquals(caught.slice(4), ["SqliteError", "SqliteError"]);
});

Deno.test("execute() and transaction() resolve with what they did, in the order of the calls", async () => {
  const { status, rows } = await runOne(async (task) => {
    task.insert("row", [[1, "x"], [2, "y"]]);
    task.execute("DELETE FROM row WHERE n = ?", [1]);
    task.insert("row", [[1, "again"]]);
    const selected = await task.execute("SELECT text FROM row WHERE n = ?", [1]);
    assertEquals(selected!.rows, [{ text: "again" }]);
    const [deleted, inserted, updated] = (await task.transaction([
      { sql: "DELETE FROM row WHERE n = 2" },
      { table: "row", rows: [{ n: 3 }] },
      { sql: "UPDATE row SET text = 'z'" },
    ]))!;
    assertEquals([deleted!.changes, inserted, updated!.changes], [1, undefined, 2]);
  });
  assertEquals([status, rows], ["done", [1, 3]]);
});

Deno.test("flush() resolves when what was sent is committed", async () => {
  const { status } = await runOne(async (task, db) => {
    await task.insert("row", [[1, "x"]]);
    task.progress(0.5);
    task.log("a line", "warn");
    await task.flush();
    assertEquals(await readValues(db, "SELECT n FROM row"), [[1]]);
    assertEquals(await readValues(db, "SELECT status, progress FROM task_runs"), [[
      "running",
      0.5,
    ]]);
    const logs = "SELECT task_id, run_id, level, message FROM task_logs";
    assertEquals(await readValues(db, logs), [[1, 1, "warn", "a line"]]);
  });
  assertEquals(status, "done");
});

Deno.test("a context refuses writes after its task has ended, and drops news", async () => {
  let left: TaskContext;
  const { report } = await runOne((task) => void (left = task));
  assertEquals(report.status, "done");
  const writes = [
    () => left.insert("row", [[1]]),
    () => left.insert("row", [[1]].values()),
    () => left.execute("DELETE FROM row"),
    () => left.transaction([]),
    () => left.flush(),
  ];
  for (const write of writes) await assertRejects(write, Error, "in task 1 (0): it has ended");
  left!.progress(0.5);
  left!.log("too late");
});

Deno.test("a stream that is not awaited stops when its task fails", async () => {
  const reading = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  async function* endless(): AsyncGenerator<Row> {
    try {
      for (let n = 0;; n++) {
        if (n === 5_000) reading.resolve();
        yield [n, "x"];
      }
    } finally {
      closed.resolve();
    }
  }
  const { status, message } = await runOne(async (task) => {
    task.insert("row", endless());
    await reading.promise;
    throw new Error("Something else");
  });
  await closed.promise;
  assertEquals([status, message], ["error", "Something else"]);
});

Deno.test("signal is the task's own and follows the pipeline's", async () => {
  const controller = new AbortController();
  const seen: AbortSignal[] = [];
  await runPipeline([1, 2], {
    db: ":memory:",
    workers: 2,
    signal: controller.signal,
    async run(n, task) {
      assert(task.signal === task.signal && !task.signal.aborted);
      seen.push(task.signal);
      const aborted = new Promise((resolve) => task.signal.onabort = resolve);
      if (n === 2) controller.abort("enough");
      await aborted;
    },
  });
  assert(seen[0] !== seen[1]);
  assertEquals(seen.map(({ reason }) => reason), ["enough", "enough"]);
});
