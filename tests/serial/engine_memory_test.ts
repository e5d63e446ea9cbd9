import { assert, assertEquals } from "../support/assert.ts";
import { IS_LONG } from "../support/long_form.ts";
import { readValues } from "../support/read.ts";
import { Fixture } from "../support/spawn.ts";
import { tempFolder } from "../support/temp.ts";

/**
 * Mebibytes that the process may take. The young generations of two V8 heaps take most of it; the pages of the file
 * would be 100 MiB more in SQLite's cache, and the items 1,000 MiB. Fewer items are larger, and leave more to be collected.
 */
const LIMIT_MIB = IS_LONG ? 320 : 480;

/** Tasks; a million in the long form, which takes three times as long. */
const TASKS = IS_LONG ? 1_000_000 : 300_000;

/** Mebibytes that 20 pipelines of 20,000 items may leave behind; their items take more than 25. */
const LEFT_MIB = 5;

Deno.test("runPipeline() leaves nothing in memory when its writer stays open", async () => {
  using folder = tempFolder();
  await using child = new Fixture("many_pipelines.ts", folder.path);
  const [before, after] = [Number(await child.line()), Number(await child.line())];
  assert(after - before < LEFT_MIB, `${after - before} MiB were left behind`);
});

Deno.test("runPipeline() never holds the items of a generator in memory", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using child = new Fixture("million.ts", folder.path, db, `${TASKS}`);
  const { done, peakMiB, elapsedMs } = JSON.parse(await child.line());
  console.log(
    `${TASKS.toLocaleString("en")} tasks: ${peakMiB} MiB at most, ${Math.round(elapsedMs)} ms`,
  );
  assertEquals(done, TASKS);
  assert(peakMiB < LIMIT_MIB, `The process took ${peakMiB} MiB`);
  assertEquals(await readValues(db, "SELECT done, queued + running FROM pipeline_runs"), [
    [TASKS, 0],
  ]);
});
