import { attributesOf, Collector, runTraced } from "../../support/otlp_collector.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("Telemetry sends a span for the run and each task, with what tasks fetch inside", async () => {
  await using collector = new Collector();
  const printed = await runTraced(
    collector,
    `
    import { runPipeline } from "./mod.ts";
    const report = await runPipeline(["a", "b", "c"], {
      db: ":memory:",
      name: "load",
      driver: "builtin",
      workers: 2,
      schema: "CREATE TABLE row (n)",
      async run(name, task) {
        if (name === "b") throw new RangeError("Not this one");
        await task.insert("row", [[1], [2]]);
        if (name === "a") await (await fetch("${collector.url}/fetched")).text();
      },
    });
    console.log(JSON.stringify(report.counts));
  `,
  );
  assertEquals((printed as { error: number }).error, 1);
  const run = collector.spans.find(({ name }) => name === "pipeline load")!;
  assertEquals(attributesOf(run.attributes), {
    "pipeloom.run.name": "load",
    "pipeloom.run.id": 1,
    "pipeloom.workers": 2,
    "pipeloom.driver": "builtin",
    "pipeloom.sqlite.version": attributesOf(run.attributes)["pipeloom.sqlite.version"],
    "pipeloom.tasks.done": 2,
    "pipeloom.tasks.error": 1,
    "pipeloom.tasks.cancelled": 0,
    "pipeloom.run.status": "error",
  });
  assertEquals(run.status?.code, 2);
  const tasks = collector.spans.filter(({ name }) => name === "task");
  const spans = tasks.map(({ attributes, parentSpanId, status, traceId }) => {
    assertEquals([parentSpanId, traceId], [run.spanId, run.traceId]);
    const { "pipeloom.task.id": id, "pipeloom.task.name": name, ...rest } = attributesOf(
      attributes,
    );
    return [
      id,
      name,
      rest["pipeloom.task.attempt"],
      rest["pipeloom.task.status"],
      status?.message ?? "",
    ];
  });
  assertEquals(spans.sort((a, b) => Number(a[0]) - Number(b[0])), [
    [1, "a", 1, "done", ""],
    [2, "b", 1, "error", "Not this one"],
    [3, "c", 1, "done", ""],
  ]);
  const failed = tasks.find(({ status }) => status?.code === 2)!;
  const exception = attributesOf(failed.events![0]!.attributes);
  assertEquals([failed.events![0]!.name, exception["exception.type"]], ["exception", "RangeError"]);
  const fetched = collector.spans.find(({ attributes }) =>
    String(attributesOf(attributes)["url.full"]).endsWith("/fetched")
  )!;
  assertEquals(
    fetched.parentSpanId,
    tasks.find(({ attributes }) => attributesOf(attributes)["pipeloom.task.name"] === "a")!.spanId,
  );
});

Deno.test("Telemetry sends metrics: tasks by status, rows, queue depth, commit time", async () => {
  await using collector = new Collector();
  await runTraced(
    collector,
    `
    import { runPipeline } from "./mod.ts";
    for (const name of ["one", "two"]) {
      await runPipeline([1, 2, 3, 4, 5], {
        db: ":memory:",
        name,
        driver: "builtin",
        schema: "CREATE TABLE IF NOT EXISTS row (n)",
        async run(n, task) {
          if (n > 3) throw new Error("Not this one");
          await task.insert("row", [[n], [n]]);
        },
      });
    }
    console.log("null");
  `,
  );
  for (const name of ["one", "two"]) {
    const run = { "pipeloom.run.name": name };
    assertEquals(collector.last("pipeloom.tasks", { ...run, status: "done" }), 3);
    assertEquals(collector.last("pipeloom.tasks", { ...run, status: "error" }), 2);
    assertEquals(collector.last("pipeloom.rows", run), 6);
    assertEquals(collector.last("pipeloom.tasks.running", run), 0);
    assertEquals(collector.last("pipeloom.writer.queue_depth", run), 0);
    assert(collector.last("pipeloom.writer.commit_time", { ...run, quantile: "0.99" })! > 0);
  }
});

Deno.test("Telemetry sends one span for a task that is run again, with the number of its last attempt", async () => {
  await using collector = new Collector();
  await runTraced(
    collector,
    `
    import { runPipeline } from "./mod.ts";
    await runPipeline(["a", "b"], {
      db: ":memory:",
      driver: "builtin",
      retries: 2,
      retryDelayMs: 1,
      run(name, task) {
        if (name === "b" || task.attempt < 3) throw new Error("Not attempt " + task.attempt);
      },
    });
    console.log("null");
  `,
  );
  const spans = collector.spans.filter(({ name }) => name === "task").map(
    ({ attributes, status }) => {
      const of = attributesOf(attributes);
      const [name, attempt] = [of["pipeloom.task.name"], of["pipeloom.task.attempt"]];
      return [name, attempt, of["pipeloom.task.status"], status?.message ?? ""];
    },
  );
  assertEquals(spans.sort(), [["a", 3, "done", ""], ["b", 3, "error", "Not attempt 3"]]);
});

Deno.test("Telemetry sends spans of tasks on the pool's Workers", async () => {
  await using collector = new Collector();
  await runTraced(
    collector,
    `
    import { runPipeline } from "./mod.ts";
    const module = new URL("tests/fixtures/bars_task.ts", "file://" + Deno.cwd() + "/");
    await runPipeline(["x", "y"], { db: ":memory:", driver: "builtin", run: { module, export: "logs" } });
    console.log("null");
  `,
  );
  const run = collector.spans.find(({ name }) => name === "pipeline pipeline")!;
  const tasks = collector.spans.filter(({ name }) => name === "task");
  assertEquals(tasks.map(({ parentSpanId }) => parentSpanId), [run.spanId, run.spanId]);
});

Deno.test("Telemetry ends its span when the pipeline cannot continue", async () => {
  await using collector = new Collector();
  await runTraced(
    collector,
    `
    import { runPipeline } from "./mod.ts";
    await runPipeline([1], { db: "tests", run: () => {} }).catch(() => {});
    console.log("null");
  `,
  );
  const run = collector.spans.find(({ name }) => name === "pipeline pipeline")!;
  assertEquals(run.status?.code, 2);
});
