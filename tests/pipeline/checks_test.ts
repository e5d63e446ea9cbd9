import { type PipelineOptions, runPipeline, type TaskContext } from "../../mod.ts";
import { work } from "../fixtures/checked_task.ts";
import { assertEquals } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const module = new URL("../fixtures/checked_task.ts", import.meta.url);
const WAYS: Record<string, PipelineOptions<string>["run"]> = {
  "on this thread": work,
  "in the pool": { module, export: "work" },
};
const CHECKS = `SELECT t.key, c.run_id, c.attempt, c.name, c.passed, c.severity, c.value, c.expected
  FROM task_checks c JOIN task_runs t ON t.id=c.task_id ORDER BY t.id, c.id`;

for (const [where, run] of Object.entries(WAYS)) {
  for (const atomic of [false, true]) {
    Deno.test(`checks are stored, and one that did not pass fails its task, ${where}${atomic ? ", atomic" : ""}`, async () => {
      using folder = tempFolder();
      const db = folder.file("a.db");
      const schema = "CREATE TABLE row (item TEXT)";
      const options = { db, schema, atomic, workers: 1, retries: 1, retryDelayMs: 1 };
      const report = await runPipeline(["good", "bad"], { ...options, run });
      assertEquals(report.counts.done, 1);
      assertEquals(report.failures.map(({ error }) => error.message), [
        'The check "is good" (got {"item":"bad"}) did not pass',
      ]);
      const task = { id: 2, name: "bad", expected: undefined };
      assertEquals(report.checks, {
        passed: 2,
        failed: 1,
        warned: 1,
        failing: [
          { ...task, check: "is long", severity: "warn", value: 3, expected: 4 },
          { ...task, check: "is good", severity: "error", value: { item: "bad" } },
        ],
      });
      const bad = (attempt: number) => [
        ["bad", 1, attempt, "is long", 0, "warn", "3", "4"],
        ["bad", 1, attempt, "is good", 0, "error", '{"item":"bad"}', null],
      ];
      assertEquals(await readValues(db, CHECKS), [
        ["good", 1, 1, "is long", 1, "warn", "4", "4"],
        ["good", 1, 1, "is good", 1, "error", '{"item":"good"}', null],
        ...bad(1),
        ...bad(2),
      ]);
      const rows = await readValues(db, "SELECT item FROM row");
      assertEquals(rows, atomic ? [["good"]] : [["good"], ["bad"], ["bad"]]);
    });
  }
}

Deno.test("the checks of an atomic task whose commit is refused are stored with its failure", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(["a"], {
    db,
    schema: "CREATE TABLE row (item TEXT NOT NULL)",
    atomic: true,
    async run(_, task) {
      await task.insert("row", [[null]]);
      task.check("is there", true);
    },
  });
  assertEquals(report.counts.error, 1);
  assertEquals(await readValues(db, "SELECT name, passed FROM task_checks"), [["is there", 1]]);
});

Deno.test("a check counts where nothing is stored, and one that is wrong fails its task", async () => {
  const check: Record<string, (task: TaskContext) => unknown> = {
    "did not pass": (task) => task.check("is good", false),
    "did not pass with others": (task) => (task.check("one", false), task.check("two", false)),
    "has no name": (task) => task.check("", true),
    "has no verdict": (task) => task.check("is good", 1 as never),
    "has an undefined verdict": (task) => task.check("is good", undefined as never),
    "has another severity": (task) => task.check("a", true, { severity: "fatal" as never }),
  };
  const report = await runPipeline(Object.keys(check), {
    db: ":memory:",
    storeTaskStatus: false,
    run: (name, task) => check[name]!(task),
  });
  assertEquals(report.failures.map(({ error }) => error.message.slice(0, 60)), [
    'The check "is good" did not pass',
    'The check "one", and 1 more did not pass',
    "Cannot store a check: expected a text that is not empty for ",
    "Cannot store a check: expected true or false for passed, got",
    "Cannot store a check: expected true or false for passed, got",
    'Cannot store a check: expected "error" or "warn" for severit',
  ]);
});

Deno.test("a check that did not pass is not hidden by a later one of its name, and NaN is a value", async () => {
  for (const atomic of [false, true]) {
    const report = await runPipeline(["a", "b"], {
      db: ":memory:",
      atomic,
      run(item, task) {
        const severity = item === "a" ? "error" : "warn";
        for (const value of [1, NaN, 2]) task.check("mean", value > 0, { value, severity });
        task.check("worse", false, { severity: "warn", value: -Infinity });
        task.check("worse", item === "b", { expected: 2n });
      },
    });
    assertEquals(report.counts.error, 1);
    assertEquals(report.failures[0]!.error.message.slice(0, 27), 'The check "mean" (got "NaN"');
    const failing = report.checks!.failing.map((
      { id, check, severity, value },
    ) => [id, check, severity, value]);
    assertEquals(failing.sort(), [
      [1, "mean", "error", "NaN"],
      [1, "worse", "error", undefined],
      [2, "mean", "warn", "NaN"],
      [2, "worse", "warn", "-Infinity"],
    ]);
  }
});
