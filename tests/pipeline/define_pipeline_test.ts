/**
 * @module
 */
import {
  definePipeline,
  isPipelineDefinition,
  prepareRun,
} from "../../pipeline/define_pipeline.ts";
import { type PipelineOptions, runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../support/assert.ts";

const run = (item: unknown) => item;

Deno.test("definePipeline() brands a copy and leaves what it was given alone", () => {
  const given = { items: [1], run, name: "n", workers: 3 };
  const definition = definePipeline(given);
  assert(isPipelineDefinition(definition) && !isPipelineDefinition(given));
  assertEquals({ ...definition }, given);
  // Spread is no way to forge one by accident.
  assert(!isPipelineDefinition({ ...definition }));
});

Deno.test("isPipelineDefinition() knows what another copy of the package made", () => {
  const brand = Symbol.for("pipeloom.pipeline");
  assert(isPipelineDefinition({ items: [], run, [brand]: true }));
  for (const other of [undefined, null, 7, "text", {}, [], run]) {
    assert(!isPipelineDefinition(other));
  }
});

Deno.test("definePipeline() refuses what cannot be run, and says what to pass", () => {
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
