/**
 * Tasks on many machines, over [NATS](https://nats.io): the pipeline offers its tasks, workers on other machines run
 * them, and their rows come back through the one writer of the pipeline.
 *
 * ```ts
 * import { runPipeline } from "@pipeloom/pipeloom";
 * import { natsExecutor } from "@pipeloom/pipeloom/nats";
 *
 * const module = new URL("./tasks.ts", import.meta.url);
 * const executor = natsExecutor({ servers: "nats://127.0.0.1:4222" });
 * const start = () => runPipeline([1, 2], { db: "etl.db", executor, run: { module } });
 * console.log(typeof start);
 * ```
 *
 * On each other machine: `pipeloom worker tasks.ts --nats tls://broker:4222`.
 *
 * @module
 */
import "./deno_only.js";
export { type NatsExecutor, natsExecutor, type NatsExecutorOptions } from "./nats/nats_executor.ts";
export type { NatsOptions, NatsTls } from "./nats/settings.ts";
export { serveWorker, type ServeWorkerOptions } from "./nats/worker/serve_worker.ts";
