import { delay } from "../../internal/delay.ts";
import { type PipelineOptions, runPipeline, type TaskContext } from "../../mod.ts";
import { follow, ran, SCHEMA, type Script } from "../fixtures/step_tasks.ts";
import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const module = new URL("../fixtures/step_tasks.ts", import.meta.url);

const WAYS: Record<string, PipelineOptions<Script>["run"]> = {
  "on this thread": follow,
  "in the pool": { module, export: "follow" },
};

for (const [where, run] of Object.entries(WAYS)) {
  Deno.test(`a step that has ended is not run again by a retry or after a sleep, ${where}`, async () => {
    for (const atomic of [false, true]) {
      using folder = tempFolder();
      const db = folder.file("a.db");
      ran.length = 0;
      const key = `retried ${atomic}`;
      const calls = ["step a", "sleep 20", "step b", "fail once", "step c"] as const;
      const report = await runPipeline<Script>([{ key, calls }], {
        db,
        schema: SCHEMA,
        workers: 1,
        retries: 1,
        retryDelayMs: 0,
        atomic,
        run,
      });
      assertEquals([report.status, report.failures], ["done", []]);
      assertEquals(await readValues(db, "SELECT step FROM step_row"), [["a"], ["b"], ["c"]]);
      assertEquals(await readValues(db, "SELECT task FROM outside"), [[key]]);
      assertEquals(
        await readValues(db, "SELECT number, kind, name, attempt, result FROM task_steps"),
        [
          [1, "step", "a", 1, '{"step":"a","before":0}'],
          [2, "sleep", "", 1, null],
          [3, "step", "b", 1, '{"step":"b","before":2}'],
          [4, "step", "c", 2, '{"step":"c","before":4}'],
        ],
      );
      const result = '[{"step":"a","before":0},{"step":"b","before":2},{"step":"c","before":4}]';
      assertEquals(await readValues(db, "SELECT status, result FROM task_runs"), [[
        "done",
        result,
      ]]);
      assertEquals(await readValues(db, "SELECT attempt FROM task_attempts"), [[1]]);
      const names = ["a", "b", "c"].map((name) => `${key} ${name}`);
      if (typeof run === "function") assertEquals(ran, names);
    }
  });
}

/** Runs one task. Returns how it ended, with what it returned or failed with. */
async function one(
  work: (task: TaskContext) => unknown,
  options: Partial<PipelineOptions<string>> = {},
): Promise<string> {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(["a"], { db, ...options, run: (_, task) => work(task) });
  const [failure] = report.failures;
  if (failure) return failure.error.message;
  const rows = await readValues(String(options.db ?? db), "SELECT result FROM task_runs");
  return rows.flat().join();
}

Deno.test("a step resolves with what JSON keeps of its result, the first time as well", async () => {
  const result = await one(async (task) => [
    await task.step("date", () => ({ at: new Date(0), none: undefined })),
    typeof await task.step("nothing", () => {}),
    await task.step("null", () => Promise.resolve(null)),
  ]);
  assertEquals(JSON.parse(result), [{ at: "1970-01-01T00:00:00.000Z" }, "undefined", null]);
  const map = await one((task) => task.step("map", () => ({ pages: [new Map()] })));
  assertStringIncludes(map, 'Cannot store a Map in the result of step "map" (.pages[0])');
});

Deno.test("steps are refused side by side, within one another, and under a name that was used", async () => {
  const both = (task: TaskContext) =>
    Promise.all([task.step("a", () => delay(1)), task.step("b", () => {})]);
  const refusal = 'Cannot begin step "b": step "a" has not ended. Await one step before the next';
  assertStringIncludes(await one(both), refusal);
  const nested = (task: TaskContext) => task.step("a", () => task.step("b", () => {}));
  assertStringIncludes(await one(nested), refusal);
  const asleep = (task: TaskContext) => task.step("a", () => task.sleep(1));
  assertStringIncludes(await one(asleep), 'Cannot begin a sleep: step "a" has not ended');
  const again = async (task: TaskContext) => {
    await task.step("a", () => {});
    await task.step("a", () => {});
  };
  assertStringIncludes(
    await one(again),
    'Cannot run step "a": this task has run a step of that name',
  );
  const unawaited = (task: TaskContext) => void task.step("a", () => delay(1));
  assertStringIncludes(await one(unawaited), 'step "a" has not ended. Await each step');
});

Deno.test("what is not a step or not a time is refused, and steps without a table", async () => {
  const wrong = (name: unknown, work: unknown) =>
    one((task) => task.step(name as string, work as () => void));
  assertStringIncludes(await wrong("", () => {}), "expected a text that is not empty for its name");
  assertStringIncludes(await wrong("a", 1), "expected a function for what it does, got 1");
  for (const time of [-1, NaN, Infinity, "1", new Date(NaN), null]) {
    const text = await one((task) => task.sleep(time as number));
    assertStringIncludes(
      text,
      "Cannot sleep: expected milliseconds ≥ 0 or a valid Date for its time",
    );
  }
  const off = { db: ":memory:", storeTaskStatus: false };
  assertStringIncludes(await one((task) => task.step("a", () => {}), off), "Set storeTaskStatus");
  assertStringIncludes(await one((task) => task.sleep(1), off), "Set storeTaskStatus");
});

Deno.test("code that has changed under a half-finished task is detected", async () => {
  type Call = string | number;
  const calls = (names: readonly Call[], fails = false) => async (_: string, task: TaskContext) => {
    for (const name of names) {
      if (typeof name === "number") await task.sleep(name);
      else await task.step(name, () => {});
    }
    if (fails) throw new Error("not yet");
  };
  const changed: [readonly Call[], string | undefined][] = [
    [["ask", 0, "load"], "step 3 was parse, is load now"],
    [["ask", "parse"], "step 2 was a sleep, is parse now"],
    [["ask", 0, 0], "step 3 was parse, is a sleep now"],
    [["ask", 0], "step 3 was parse, is the end now"],
    [["ask", 0, "parse", "load"], undefined],
  ];
  using folder = tempFolder();
  for (const [i, [names, message]] of changed.entries()) {
    const options = { db: folder.file(`${i}.db`), resume: true };
    await runPipeline(["a"], { ...options, run: calls(["ask", 0, "parse"], true) });
    const { failures } = await runPipeline(["a"], { ...options, run: calls(names) });
    const text = failures[0]?.error.message;
    if (message === undefined) assertEquals(text, undefined);
    else assertStringIncludes(text ?? "", `Cannot continue task 1 (a): ${message}. Undo what`);
  }
});

Deno.test("a failure that the task caught is stored with the next step, and thrown again", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  let asked = 0;
  const seen: string[] = [];
  const run = async (_: string, task: TaskContext) => {
    try {
      await task.step("first server", () => {
        // It would answer when it is asked again.
        if (asked++ === 0) throw Object.assign(new RangeError("it is down"), { status: 503 });
      });
    } catch (error) {
      const { name, message, status } = error as Error & { status: number };
      seen.push(`${name}: ${message} (${status})`);
      await task.step("second server", () => "b");
    }
    if (task.attempt === 1) throw new Error("later");
    await task.step("load", () => {});
  };
  const report = await runPipeline(["a"], { db, retries: 1, retryDelayMs: 0, run });
  assertEquals([report.status, asked], ["done", 1]);
  assertEquals(seen, Array(2).fill("RangeError: it is down (503)"));
  // One that nothing followed is run again with its task.
  asked = 0;
  const alone = (task: TaskContext) =>
    task.step("alone", () => {
      if (asked++ === 0) throw new Error("once");
      return "twice";
    });
  assertEquals(await one(alone, { retries: 1, retryDelayMs: 0 }), '"twice"');
});

Deno.test("the rows of a step of an atomic task are committed with it, those outside with the task's end", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const read = async (sql: string) => (await readValues(db, sql)).flat();
  const rows = () => read("SELECT text FROM line ORDER BY rowid");
  const seen: unknown[] = [];
  const report = await runPipeline(["a"], {
    db,
    schema: "CREATE TABLE line (text TEXT NOT NULL)",
    atomic: true,
    retries: 2,
    retryDelayMs: 0,
    async run(item, task) {
      if (item === "added") return;
      const insert = (text: string | null) => task.insert("line", [[text]], { columns: ["text"] });
      await insert(`outside ${task.attempt}`);
      await task.step("first", async () => {
        await insert("first");
        task.check("in a step", true);
        await task.add(["added"]);
      });
      seen.push(await rows());
      await task.step("failing", async () => {
        await insert("second");
        // This row is refused, and the step with it.
        if (task.attempt === 2) await insert(null);
        if (task.attempt === 1) task.check("of a step", false);
      });
      await insert("last");
    },
  });
  assertEquals([report.status, report.counts.done], ["done", 2]);
  assertEquals(seen, Array(3).fill(["first"]));
  assertEquals(await rows(), ["first", "second", "outside 3", "last"]);
  const errors = await read("SELECT substr(error, 1, 46) FROM task_attempts ORDER BY attempt");
  assertEquals(errors, [
    'Error: The check "of a step" did not pass\n    ',
    "SqliteError: Cannot insert row 0 into line: NO",
  ]);
  assertEquals(await read("SELECT name || passed FROM task_checks ORDER BY id"), [
    "in a step1",
    "of a step0",
  ]);
});

Deno.test("a step whose row is refused is not stored, where rows are committed as they come", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const report = await runPipeline(["a"], {
    db,
    schema: "CREATE TABLE line (text TEXT NOT NULL)",
    retries: 1,
    retryDelayMs: 0,
    run: (_, task) =>
      task.step("write", async () => {
        const rows = [["good"], [task.attempt === 1 ? null : "better"]];
        for (const row of rows) await task.insert("line", [row], { columns: ["text"] });
      }),
  });
  assertEquals(report.status, "done");
  const rows = await readValues(db, "SELECT text FROM line");
  assertEquals(rows.flat(), ["good", "good", "better"]);
  assertEquals(await readValues(db, "SELECT name, attempt FROM task_steps"), [["write", 2]]);
});
