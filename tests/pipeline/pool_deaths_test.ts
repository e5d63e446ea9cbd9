import { runPipeline, TaskWorkerDiedError } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const TASKS = "SELECT id, status, progress, message FROM task_runs ORDER BY id";
const module = new URL("../fixtures/tasks.ts", import.meta.url);
const schema = "CREATE TABLE IF NOT EXISTS row (task INTEGER, text TEXT NOT NULL)";

Deno.test("runPipeline() replaces a task Worker that dies, and only its task fails", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = ["timer", "fine", "promise", "close", "exit", "message", "fine", "fine"];
  for (const workers of [1, 3]) {
    const report = await runPipeline(items, {
      db,
      schema,
      workers,
      run: { module, export: "fail" },
    });
    assertEquals([report.counts.done, report.counts.error], [3, 5]);
    const errors = new Map(report.failures.map(({ name, error }) => [name, error]));
    for (
      const [name, message] of [
        ["timer", "Thrown in a timer"],
        ["promise", "Not awaited"],
      ]
    ) {
      const error = errors.get(name!)!;
      assert(error instanceof TaskWorkerDiedError);
      assertMatch(error.message, new RegExp(`^The task's Worker died .*: ${message}`));
      assert(error.cause instanceof TypeError);
      assertEquals(error.cause.message, message);
    }
    for (const name of ["close", "exit", "message"]) {
      assertMatch(errors.get(name)!.message, /^Cannot end a task's Worker or post its messages/);
    }
  }
  const rows = "SELECT name, status, count(*) FROM task_runs GROUP BY 1, 2 ORDER BY 1";
  assertEquals(
    await readValues(db, rows),
    ["close", "exit", "fine", "message", "promise", "timer"].map((name) =>
      name === "fine" ? [name, "done", 6] : [name, "error", 2]
    ),
  );
  const counts = "SELECT DISTINCT done, error, queued + running FROM pipeline_runs";
  assertEquals(await readValues(db, counts), [[3, 5, 0]]);
  const stored = "SELECT DISTINCT error FROM task_runs WHERE name = 'timer'";
  assertMatch(String(await readValues(db, stored)), /\nCaused by: TypeError: Thrown in a timer\n/);
  // What they had written before is there.
  assertEquals(await readValues(db, "SELECT count(*) FROM row"), [[16]]);
});

for (const atomic of [false, true]) {
  Deno.test(`runPipeline() keeps the end of a pooled task that has left a promise behind (atomic: ${atomic})`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const report = await runPipeline(["later", "a", "refused", "b", "c", "later"], {
      db,
      schema,
      atomic,
      workers: 1,
      run: { module, export: "failLater" },
    });
    // Tasks that run when it is rejected are not to blame; the rows agree with the report.
    const [[done, error, open]] = await readValues(
      db,
      "SELECT sum(status='done'), sum(status='error'), sum(status IN ('queued','running')) FROM task_runs",
    ) as [number[]];
    assertEquals([done, error, open], [5, 1, 0]);
    assertEquals([report.counts.done, report.counts.error], [5, 1]);
    assertEquals((await readValues(db, "SELECT count(*) FROM row"))[0]![0], done);
    assertMatch(report.failures[0]!.error.message, /NOT NULL/);
  });
}

Deno.test("runPipeline() names the task that left behind a promise, and fails no other", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = ["waits", "at once", "waits", "for the next", "waits"];
  const { counts } = await runPipeline(items, {
    db,
    workers: 1,
    run: { module, export: "leave" },
  });
  assertEquals([counts.done, counts.error], [5, 0]);
  const logs = await readValues(db, "SELECT task_id, level, message FROM task_logs ORDER BY 1");
  assertEquals(logs.map(([id, level]) => [id, level]), [[2, "error"], [4, "error"]]);
  assertMatch(`${logs[0]![2]}`, /^It left behind a promise that was rejected: .*Left at once/);
  assertMatch(`${logs[1]![2]}`, /Left for the next\n.*fixtures\/tasks\.ts/);
});

Deno.test("runPipeline() continues when a task fails once more while its Worker dies", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { counts, failures } = await runPipeline([db, "twice", "twice"], {
    db,
    schema,
    workers: 1,
    run: { module, export: "failTwice" },
  });
  assertEquals([counts.done, counts.error, failures.length], [1, 2, 2]);
  for (const [, status, , message] of (await readValues(db, TASKS)).slice(1)) {
    assertEquals(status, "error");
    assertMatch(`${message}`, /Thrown in a timer/);
  }
});

Deno.test("runPipeline() runs a task elsewhere when its Worker died before it began", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const items = ["blocks", "next", "blocks", "last"];
  const report = await runPipeline(items, {
    db,
    schema,
    workers: 1,
    run: { module, export: "failLater" },
  });
  assertEquals(report.counts.done, 4);
  const done = items.map((text, i) => [i + 1, text]);
  assertEquals(await readValues(db, "SELECT * FROM row ORDER BY task"), done);
});

Deno.test("runPipeline() ends when every Worker dies before it can begin", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  Deno.writeTextFileSync(
    folder.file("dies.ts"),
    `import { blockAndFail } from ${JSON.stringify(module.href)};
     blockAndFail();
     export default () => {};`,
  );
  const run = { module: `file://${folder.file("dies.ts")}` };
  const report = await runPipeline([1, 2], { db, workers: 1, run });
  assertEquals([report.counts.error, report.counts.total], [2, 2]);
  for (const { error } of report.failures) assert(error instanceof TaskWorkerDiedError);
  assertEquals((await readValues(db, TASKS)).map(([, status]) => status), ["error", "error"]);
});
