import { type PipelineOptions, runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const module = new URL("../fixtures/set_up_tasks.ts", import.meta.url);

/** A run whose Workers note in a file what is called. */
function notedIn(
  folder: ReturnType<typeof tempFolder>,
  exported: string,
  fails?: string,
): PipelineOptions<string> & { lines(): string[] } {
  const file = folder.file("calls.txt");
  Deno.writeTextFileSync(file, "");
  return {
    db: folder.file("a.db"),
    run: { module, export: exported },
    workers: 2,
    args: { file, ...(fails ? { fails } : {}) },
    lines: () => Deno.readTextFileSync(file).split("\n").slice(0, -1),
  };
}

Deno.test("setup() is called once for each Worker before its tasks, teardown() once after them", async () => {
  using folder = tempFolder();
  const { lines, ...options } = notedIn(folder, "use");
  const { counts, runId } = await runPipeline(["a", "b", "c", "d", "e", "f"], options);
  assertEquals(counts.done, 6);
  const all = lines();
  const workers = all.filter((line) => line.startsWith("setup")).map((line) => line.split(" ")[1]!);
  assertEquals(workers.length, 2);
  for (const worker of workers) {
    const own = all.filter((line) => line.includes(worker));
    assertEquals(own[0], `setup ${worker} 1 of run ${runId}`);
    assertEquals(own.at(-1), `teardown ${worker}`);
    assertEquals(own.filter((line) => line.startsWith("teardown")).length, 1);
  }
  const used = await readValues(String(options.db), "SELECT DISTINCT result FROM task_runs");
  for (const [result] of used) assert(workers.includes(JSON.parse(String(result))));
});

Deno.test("teardown() is called when a run is stopped, and before a Worker is replaced for an error", async () => {
  using folder = tempFolder();
  const { lines, ...options } = notedIn(folder, "wait");
  const stop = new AbortController();
  const stopped = runPipeline(["a", "b"], { ...options, signal: stop.signal });
  await until(() => lines().filter((line) => line === "waits").length === 2);
  stop.abort();
  assertEquals((await stopped).status, "cancelled");
  assertEquals(lines().filter((line) => line.startsWith("teardown")).length, 2);

  const dying = notedIn(folder, "die");
  const { counts } = await runPipeline(["a"], { ...options, run: dying.run, workers: 1 });
  assertEquals(counts.error, 1);
  assertEquals(dying.lines().map((line) => line.split(" ")[0]), ["setup", "teardown"]);
});

Deno.test("setup() that throws ends the run with its error", async () => {
  using folder = tempFolder();
  const { lines, ...options } = notedIn(folder, "use", "setup");
  const error = await assertRejects(() => runPipeline(["a"], options)) as Error;
  assertStringIncludes(error.message, "set_up_tasks.ts: its setup() failed: no browser");
  assertEquals(lines().filter((line) => line.startsWith("teardown")), []);
});

Deno.test("teardown() that throws is a warning, and changes nothing about the run", async () => {
  using folder = tempFolder();
  const { lines: _, ...options } = notedIn(folder, "use", "teardown");
  const { status } = await runPipeline(["a"], { ...options, workers: 1 });
  assertEquals(status, "done");
});

Deno.test("an export that tasks run is not called as setup()", async () => {
  using folder = tempFolder();
  const { lines, ...options } = notedIn(folder, "setup");
  const report = await runPipeline(["a"], {
    ...options,
    // It is given the item, and no arguments.
    workers: 1,
  });
  assertEquals([report.counts.error, lines()], [1, []]);
});
