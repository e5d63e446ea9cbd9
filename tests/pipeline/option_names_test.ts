import {
  definePipeline,
  type InsertOptions,
  type PipelineDefinition,
  type PipelineOptions,
  runPipeline,
  type TaskPolicy,
} from "../../mod.ts";
import { assertEquals, assertRejects, assertThrows } from "../support/assert.ts";
import { namesIn } from "../support/names_in.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const MISSPELT: [string, string][] = [
  ["retires", '; did you mean "retries"?'],
  ["timeout", '; did you mean "timeoutMs"?'],
  ["dependson", '; did you mean "dependsOn"?'],
  ["concurrency", ". Remove it, or use one of abortGraceMs, args, atomic, busyTimeoutMs, "],
  ["toString", ". Remove it, or use one of abortGraceMs, args, atomic, busyTimeoutMs, "],
];

for (const [name, remedy] of MISSPELT) {
  Deno.test(`the option ${name} is refused before anything is opened`, async () => {
    using folder = tempFolder();
    const options = { db: folder.file("etl.db"), run: () => {}, [name]: 1 };
    const message = `Cannot run the pipeline: unknown option "${name}"${remedy}`;
    await assertRejects(() => runPipeline([1], options), TypeError, message);
    const definition = { ...options, items: [1] };
    assertThrows(() => definePipeline(definition), TypeError, message);
    assertEquals(namesIn(folder.path), []);
  });
}

const WRONG: [options: Record<string, unknown>, message: string][] = [
  [{ atomic: "false" }, 'expected true or false for atomic, got "false"'],
  [{ failFast: 1 }, "expected true or false for failFast, got 1"],
  [{ handleSignals: null }, "expected true or false for handleSignals, got null"],
  [{ storeTaskStatus: "no" }, 'expected true or false for storeTaskStatus, got "no"'],
  [{ taskName: "name" }, 'expected a function for taskName, got "name"'],
  [{ taskKey: {} }, "expected a function for taskKey, got {}"],
  [{ dependsOn: ["a"] }, 'expected a function for dependsOn, got [ "a" ]'],
  [{ priority: 3 }, "expected a function for priority, got 3"],
  [{ tags: ["a"] }, 'expected a function for tags, got [ "a" ]'],
  [{ taskOptions: { retries: 1 } }, "expected a function for taskOptions, got { retries: 1 }"],
  [{ name: "" }, 'expected a text that is not empty for name, got ""'],
  [{ name: 7 }, "expected a text that is not empty for name, got 7"],
];

for (const [option, message] of WRONG) {
  Deno.test(`an option of another kind is refused before anything is opened: ${message}`, async () => {
    using folder = tempFolder();
    const options = { db: folder.file("etl.db"), run: () => {}, ...option };
    await assertRejects(() => runPipeline([1], options), TypeError, message);
    assertEquals(namesIn(folder.path), []);
  });
}

Deno.test("a definition that is run by hand may have its items and its schedule", async () => {
  const definition: PipelineDefinition<number> = definePipeline({
    items: [1],
    schedule: "0 2 * * *",
    run: (n) => n,
  });
  const options = { ...definition, db: ":memory:" };
  assertEquals((await runPipeline([1, 2], options as PipelineOptions<number>)).counts.done, 2);
});

Deno.test("options of rows and transactions that are misspelt fail their own task", async () => {
  using folder = tempFolder();
  const { failures } = await runPipeline(["insert", "stream", "transaction", "fine"], {
    db: folder.file("etl.db"),
    schema: "CREATE TABLE n (value INTEGER)",
    async run(item, task) {
      const rows = [[1]];
      const key = { ["idempotencykey"]: "all" } as InsertOptions;
      if (item === "insert") await task.insert("n", rows, key);
      if (item === "stream") await task.insert("n", rows.values(), key);
      if (item === "transaction") await task.transaction([{ table: "n", rows }], key);
      if (item === "fine") {
        await task.transaction([{ table: "n", rows, columns: ["value"] }], {
          idempotencyKey: "all",
        });
      }
    },
  });
  const why = 'unknown option "idempotencykey"; did you mean "idempotencyKey"?';
  assertEquals(failures.map(({ name, error }) => [name, error.message]).sort(), [
    ["insert", `Cannot insert into n: ${why}`],
    ["stream", `Cannot insert into n: ${why}; no row of the stream is written`],
    ["transaction", `Cannot write a transaction: ${why}`],
  ]);
  assertEquals(await readValues(folder.file("etl.db"), "SELECT value FROM n"), [[1]]);
});

Deno.test("a policy that is misspelt is refused", async () => {
  const taskOptions = () => ({ ["retires"]: 2 }) as TaskPolicy;
  await assertRejects(
    () => runPipeline([1], { db: ":memory:", taskOptions, run: () => {} }),
    TypeError,
    'Cannot apply taskOptions: unknown option "retires"; did you mean "retries"?',
  );
});
