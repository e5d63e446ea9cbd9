/**
 * The trace of a run goes with its tasks to other machines.
 *
 * @module
 */
import { assertEquals } from "../support/assert.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { attributesOf, Collector, runTraced } from "../support/otlp_collector.ts";

const LOOSE = { ignore: !hasNats, sanitizeOps: false, sanitizeResources: false };

Deno.test("what a task does on another machine is part of the run's trace", LOOSE, async () => {
  await using server = await NatsServer.start();
  await using collector = new Collector();
  const module = "data:text/typescript," + encodeURIComponent(
    `export default async (url: string) => { await (await fetch(url)).text(); };`,
  );
  // Both in one process: what goes from one to the other goes over NATS all the same.
  const script = `
    import { runPipeline } from "./mod.ts";
    import { natsExecutor, serveWorker } from "./nats.ts";
    const stop = new AbortController();
    const [servers, module] = ${JSON.stringify([server.url, module])};
    const options = { servers, signal: stop.signal, handleSignals: false, log() {} };
    const worker = serveWorker({ ...options, modules: [module], workers: 1 });
    const { counts } = await runPipeline(["${collector.url}/fetched"], {
      db: ":memory:",
      driver: "builtin",
      executor: natsExecutor({ servers }),
      run: { module },
    });
    stop.abort();
    await worker;
    console.log(counts.done);`;
  const flags = [`--allow-net=127.0.0.1`, "--allow-sys=hostname"];
  assertEquals(await runTraced(collector, script, flags), 1);
  const named = (name: string) => collector.spans.filter((span) => span.name === name);
  const [run] = named("pipeline pipeline");
  const [task] = named("task");
  const [remote] = named("task on a worker");
  assertEquals([task!.parentSpanId, remote!.parentSpanId], [run!.spanId, task!.spanId]);
  const fetched = collector.spans.find(({ attributes }) =>
    String(attributesOf(attributes)["url.full"]).endsWith("/fetched")
  )!;
  assertEquals([fetched.parentSpanId, fetched.traceId], [remote!.spanId, run!.traceId]);
});
