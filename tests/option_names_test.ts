import { definePipeline, type PipelineDefinition, runPipeline } from "../mod.ts";
import { assertEquals, assertRejects, assertThrows } from "./assert.ts";
import { namesIn } from "./names_in.ts";
import { tempFolder } from "./temp.ts";

const MISSPELT: [string, string][] = [
  ["retires", "use retries, retryDelayMs, retryIf"],
  ["timeout", "use timeoutGraceMs, timeoutMs"],
  ["dependson", "use dependsOn"],
  ["concurrency", "leave it out"],
  ["toString", "leave it out"],
];

for (const [name, remedy] of MISSPELT) {
  Deno.test(`the option ${name} is refused before anything is opened`, async () => {
    using folder = tempFolder();
    const options = { db: folder.file("etl.db"), run: () => {}, [name]: 1 };
    const message =
      `Cannot run a pipeline with the option "${name}": there is none of this name; ${remedy}`;
    await assertRejects(() => runPipeline([1], options), TypeError, message);
    const definition = { ...options, items: [1] };
    assertThrows(() => definePipeline(definition), TypeError, message);
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
  assertEquals((await runPipeline([1, 2], options)).counts.done, 2);
});
