/**
 * What a run is started with: what is kept of it, what is refused, and which run is continued.
 *
 * @module
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  ArgumentsError,
  type ArgumentsValidator,
  definePipeline,
  type PipelineOptions,
  runPipeline,
  type TaskContext,
} from "../../mod.ts";
import { prepareRun } from "../../pipeline/define_pipeline.ts";
import { assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { readRow, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const RUNS = "SELECT id, status, args FROM pipeline_runs ORDER BY id";
const TASKS = "SELECT run_id, key, status FROM task_runs ORDER BY id";

/** A pipeline of these items; those that begin with "!" fail until they are repaired. */
function nightly(db: string, rest: Partial<PipelineOptions<string>> = {}) {
  const ran: string[] = [];
  const run = async (items: readonly string[], more: Partial<PipelineOptions<string>> = {}) => {
    ran.length = 0;
    return await runPipeline(items, {
      db,
      name: "nightly",
      taskKey: (item) => item.replace("!", ""),
      run(item) {
        ran.push(item);
        if (item.startsWith("!")) throw new Error("Not yet");
      },
      ...rest,
      ...more,
    });
  };
  return { run, ran };
}

Deno.test("resume: true leaves an older failed run alone when the newest is done", async () => {
  using folder = tempFolder();
  const { run, ran } = nightly(folder.file("a.db"));
  assertEquals((await run(["a", "!b"])).status, "error");
  assertEquals((await run(["a", "b"])).status, "done");
  const third = await run(["a", "b"], { resume: true });
  assertEquals([third.runId, third.status, ran], [3, "done", ["a", "b"]]);
});

Deno.test("tasks whose items are gone end cancelled and do not keep a run from being done", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  for (const streamed of [false, true]) {
    const { run } = nightly(db, { name: `streamed ${streamed}` });
    const items = (...list: string[]) => (streamed ? list.values() : list) as readonly string[];
    const first = await run(items("a", "!b"), { resume: true });
    assertEquals(first.status, "error");
    const second = await run(items("a", "c"), { resume: true });
    assertEquals([second.runId, second.status], [first.runId, "done"]);
    assertEquals([second.counts.done, second.counts.error, second.counts.cancelled], [2, 0, 1]);
    const gone = await readRow(
      db,
      `SELECT status, message FROM task_runs WHERE key='b' AND run_id=${first.runId}`,
    );
    assertEquals(gone, { status: "cancelled", message: "Left out: no item has its key any more" });
    const third = await run(items("a", "d"), { resume: true });
    assertEquals([third.runId, third.status], [first.runId! + 1, "done"]);
  }
});

Deno.test("nothing is concluded from items that could not be read to their end", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { run } = nightly(db);
  await run(["a", "!b"]);
  function* broken() {
    yield "a";
    throw new Error("The list of files is gone");
  }
  await assertRejects(() => run(broken() as never, { resume: true }), Error, "list of files");
  assertEquals(await readValues(db, TASKS), [[1, "a", "done"], [1, "b", "error"]]);
  assertEquals((await run(["a", "b"], { resume: true })).runId, 1);
});

Deno.test("a run that fails as a whole keeps the reason, and loses it when it is resumed", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const reason = () =>
    readRow(
      db,
      "SELECT status, expected, reason, reason_stack FROM pipeline_runs ORDER BY id DESC LIMIT 1",
    );
  function* broken() {
    yield "a";
    throw new Error("Page 7 is missing", { cause: new RangeError("404") });
  }
  const { run } = nightly(db);
  await assertRejects(() => run(broken() as never), Error, "Page 7");
  const row = await reason();
  // How many there would have been is not known.
  assertEquals([row.status, row.expected, row.reason], ["error", null, "Page 7 is missing"]);
  assertMatch(String(row.reason_stack), /arguments_test\.ts[^]*Caused by: RangeError: 404/);
  assertEquals((await run(["a", "b"], { resume: true })).status, "done");
  assertEquals(await reason(), { status: "done", expected: 2, reason: null, reason_stack: null });
  const module = new URL("./nowhere.ts", import.meta.url);
  await assertRejects(() => run(["a"], { run: { module } }), Error, "nowhere.ts");
  assertMatch(String((await reason()).reason), /Cannot load the task from .*nowhere\.ts/);
});

Deno.test("arguments are kept with the run, labelled, and handed to tasks here and in a pool", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const args = { to: 3, date: "2026-11-13", deep: { b: [1], a: null } };
  const stored = '{"date":"2026-11-13","deep":{"a":null,"b":[1]},"to":3}';
  const work = (_: string, task: TaskContext) => task.args;
  const module = new URL("../fixtures/tasks.ts", import.meta.url);
  for (const run of [work, { module, export: "args" }]) {
    const report = await runPipeline(["a"], { db, args, run });
    assertEquals(report.args, args);
    assertEquals(report.label, 'date=2026-11-13, deep={"a":null,"b":[1]}, to=3');
    const { result } = await readRow(db, "SELECT result FROM task_runs ORDER BY id DESC LIMIT 1");
    assertEquals(JSON.parse(String(result)), args);
  }
  await runPipeline(["a"], { db, args: { date: "2026-11-14" }, label: "Saturday", run: work });
  await runPipeline(["a"], { db, run: work });
  assertEquals(await readValues(db, "SELECT args, label FROM pipeline_runs WHERE id<>2"), [
    [stored, 'date=2026-11-13, deep={"a":null,"b":[1]}, to=3'],
    ['{"date":"2026-11-14"}', "Saturday"],
    ["{}", null],
  ]);
});

Deno.test("arguments that cannot be kept are refused before anything is opened", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const run = () => {};
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const cases: [unknown, string][] = [
    [[1], "expected an object for args"],
    [null, "expected an object for args"],
    [circle, "an object that holds itself in args.self"],
    [{ f: () => 1 }, "Cannot keep the arguments: "],
    // All of these would be stored as the same, and resume would take one for the other.
    [new Map([["date", "13"]]), "a Map in args"],
    [{ days: [new Set([13])] }, "a Set in args.days[0]"],
    [{ day: NaN }, "NaN in args.day"],
  ];
  for (const [args, why] of cases) {
    const options = { db, run, args: args as object };
    await assertRejects(() => runPipeline(["a"], options), ArgumentsError, why);
  }
  const label = 5 as unknown as string;
  await assertRejects(() => runPipeline(["a"], { db, run, label }), TypeError, "for label, got 5");
  await assertRejects(() => Deno.stat(db), Deno.errors.NotFound);
});

Deno.test("resume: true continues a run of the same arguments only", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { run, ran } = nightly(db, { resume: true });
  const on = (date: string) => ({ args: { date, country: "no" } });
  assertEquals((await run(["a", "!b"], on("13"))).runId, 1);
  assertEquals((await run(["a", "!b"], on("14"))).runId, 2);
  const again = await run(["a", "b"], { args: { country: "no", date: "13" } });
  assertEquals([again.runId, again.status, ran], [1, "done", ["b"]]);
  assertEquals((await run(["a", "b"], on("13"))).runId, 3);
  for (const resume of [2, { key: "k" }]) {
    if (resume !== 2) await run(["a", "!b"], { ...on("14"), resume });
    for (const args of [{}, { date: "13" }]) {
      const error = await assertRejects(() => run(["a"], { args, resume }), RangeError);
      assertMatch(
        error.message,
        /Cannot resume run [24] with the arguments .*: it was started with \{"country":"no","date":"14"\}/,
      );
    }
  }
  assertEquals((await readValues(db, RUNS)).map(([id, status]) => [id, status]), [
    [1, "done"],
    [2, "error"],
    [3, "done"],
    [4, "error"],
  ]);
});

Deno.test("a run of a release that kept no arguments is continued by any, and keeps them", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { run, ran } = nightly(db, { resume: true });
  await run(["a", "!b"]);
  using connection = await (await import("../../db.ts")).connect(db);
  connection.exec("UPDATE pipeline_runs SET args=NULL, label=NULL");
  const again = await run(["a", "b"], { args: { date: "13" } });
  assertEquals([again.runId, ran], [1, ["b"]]);
  assertEquals(await readValues(db, RUNS), [[1, "done", '{"date":"13"}']]);
});

/** A validator as zod, valibot and arktype make them. */
function validator<Output>(validate: (value: Record<string, unknown>) => Output) {
  return {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate(value: unknown) {
        try {
          return { value: validate(value as Record<string, unknown>) };
        } catch (error) {
          return { issues: [{ message: (error as Error).message, path: ["date"] }] };
        }
      },
      types: undefined as { input: unknown; output: Output } | undefined,
    },
  };
}

Deno.test("a validator of the Standard Schema is one, by the types of its package", () => {
  const standard = validator(() => ({ n: 1 })) as StandardSchemaV1<unknown, { n: number }>;
  const own: ArgumentsValidator<{ n: number }> = standard;
  assertEquals(own, standard);
});

Deno.test("a validator parses arguments, gives defaults, and refuses with its messages", async () => {
  const seen: unknown[] = [];
  const pipeline = definePipeline({
    args: validator(({ date = "2026-11-13", n = "1" }) => {
      if (!/^\d{4}/.test(String(date))) throw new Error("expected a date");
      return { date: new Date(String(date)), n: Number(n) };
    }),
    items: ({ date, n }) => [`${date.getUTCDate()} ${n + 1}`],
    schema: ({ n }) => `CREATE TABLE IF NOT EXISTS t${n} (a)`,
    label: ({ n }) => `number ${n}`,
    run: (item: string, task) => void seen.push(item, task.args.n),
  });
  using folder = tempFolder();
  const db = folder.file("a.db");
  const { items, settings } = await prepareRun(pipeline, { n: "2" });
  const report = await runPipeline(items, { ...settings, db });
  assertEquals(seen, ["13 3", 2]);
  assertEquals([report.label, report.args], ["number 2", {
    date: "2026-11-13T00:00:00.000Z",
    n: 2,
  }]);
  assertEquals(await readValues(db, "SELECT name FROM sqlite_schema WHERE name='t2'"), [["t2"]]);
  await assertRejects(
    () => prepareRun(pipeline, { date: "soon" }),
    ArgumentsError,
    "Cannot run with these arguments: date: expected a date",
  );
});

Deno.test("an argument that nothing reads is refused, and the names of those that are read are listed", async () => {
  const of = (items: never, more = {}) => definePipeline({ items, run: () => {}, ...more });
  const prepare = (pipeline: ReturnType<typeof of>, args = { dat: "13" }) =>
    prepareRun(pipeline, args);
  for (
    const items of [
      ({ date = "today" }) => [date],
      // A generator reads its arguments when it begins.
      function* (args: { date?: string }) {
        yield args.date;
      },
      async function* (args: { date?: string }) {
        yield await Promise.resolve(args.date);
      },
    ]
  ) {
    await assertRejects(
      () => prepare(of(items as never)),
      ArgumentsError,
      "no argument dat; the items read date",
    );
    const { items: found } = await prepare(of(items as never), { date: "13" } as never);
    assertEquals(await Array.fromAsync(found as AsyncIterable<unknown>), ["13"]);
  }
  await assertRejects(() => prepare(of([1] as never)), ArgumentsError, "the items read none");
  await prepare(of([1] as never, { schema: ({ dat = "" }) => `-- ${dat}` }));
  await prepare(of(((args: object) => [{ ...args }]) as never));
  const { settings } = await prepare(
    of(((args: { n: number }) => [args.n]) as never, { args: { n: 7 } }),
    {} as never,
  );
  assertEquals(settings.args, { n: 7 });
});
