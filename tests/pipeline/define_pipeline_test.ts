/**
 * @module
 */
import {
  definePipeline,
  isPipelineDefinition,
  prepareRun,
} from "../../pipeline/define_pipeline.ts";
import {
  ArgumentsError,
  type PipelineDefinition,
  type PipelineOptions,
  runPipeline,
} from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const run = (item: unknown) => item;

Deno.test("definePipeline() brands a copy and leaves what it was given alone", () => {
  const given = { items: [1], run, name: "n", workers: 3 };
  const definition = definePipeline(given);
  assert(isPipelineDefinition(definition) && !isPipelineDefinition(given));
  assertEquals({ ...definition }, given);
  // Spread is not a way to forge one by accident.
  assert(!isPipelineDefinition({ ...definition }));
});

Deno.test("isPipelineDefinition() knows what another copy of the package made", () => {
  const brand = Symbol.for("pipeloom.pipeline");
  assert(isPipelineDefinition({ items: [], run, [brand]: true }));
  for (const other of [undefined, null, 7, "text", {}, [], run]) {
    assert(!isPipelineDefinition(other));
  }
});

Deno.test("definePipeline() refuses what cannot be run, and names what to pass", () => {
  const define = definePipeline as (definition: unknown) => unknown;
  for (const items of [undefined, null, 7, {}]) {
    assertThrows(() => define({ items, run }), TypeError, "for items, got ");
  }
  assertThrows(() => define({ items: [] }), TypeError, "for run, got undefined");
  assertThrows(() => define(undefined), TypeError, "for items, got ");
});

Deno.test("prepareRun() takes iterables of every kind, and functions of the arguments", async () => {
  const all = async (items: Parameters<typeof definePipeline>[0]["items"], args = {}) =>
    await Array.fromAsync((await prepareRun(definePipeline({ items, run }), args)).items);
  assertEquals(await all([1, 2]), [1, 2]);
  assertEquals(await all(new Set(["a"])), ["a"]);
  assertEquals(
    await all((async function* () {
      yield await Promise.resolve(5);
    })()),
    [5],
  );
  assertEquals(await all(({ n = "0" }) => [n], { n: "4" }), ["4"]);
  assertEquals(await all(({ n = "0" }) => Promise.resolve([n])), ["0"]);
  await assertRejects(
    () => prepareRun(definePipeline({ items: (() => 7) as never, run }), {}),
    TypeError,
    "an iterable or an async iterable for what items returns, got 7",
  );
});

Deno.test("a definition can be run by runPipeline()", async () => {
  const { items, ...options } = definePipeline({ items: ["a", "b"], name: "by hand", run });
  const report = await runPipeline(
    items as string[],
    { ...options, db: ":memory:" } as PipelineOptions<string>,
  );
  assertEquals([report.name, report.counts.done], ["by hand", 2]);
});

Deno.test("items that cannot be found leave a run with the reason, whatever finds them", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const thrown = new Error("The listing is gone");
  const fail = (): never => {
    throw thrown;
  };
  const ways: PipelineDefinition<string>[] = [
    { items: fail, dependsOn: () => [], run },
    { items: ({ day }) => Promise.reject(day ? thrown : undefined), run },
    { items: { [Symbol.iterator]: fail }, run },
    { items: { [Symbol.asyncIterator]: fail }, run },
  ];
  for (const way of ways) {
    const args = typeof way.items === "function" && way.items.length > 0 ? { day: "1" } : {};
    const { items, settings } = await prepareRun(definePipeline(way), args);
    const error = await assertRejects(() => runPipeline(items, { ...settings, db }), Error);
    assertEquals(error.message, thrown.message);
  }
  const runs = await readValues(db, "SELECT status, reason, queued + done FROM pipeline_runs");
  assertEquals(runs, ways.map(() => ["error", thrown.message, 0]));
});

Deno.test("items that refuse an argument, or fail before one is read, leave no run", async () => {
  const refused = () => {
    throw new ArgumentsError("no such day");
  };
  await assertRejects(
    () => prepareRun(definePipeline({ items: refused, run }), {}),
    ArgumentsError,
  );
  const early = () => {
    throw new RangeError("offline");
  };
  await assertRejects(
    () => prepareRun(definePipeline({ items: early, run }), { day: 1 }),
    RangeError,
  );
});
