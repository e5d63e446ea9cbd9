/**
 * Which executor runs the tasks of a run.
 *
 * @module
 */
import { GRACE_MS, type PolicyOptions } from "../scheduler/retry_policy.ts";
import { hasRate, type TagLimits } from "../scheduler/queue/tag_limits.ts";
import type { WriterClient } from "../../writer/client/writer_client.ts";
import type { Executor } from "./executor.ts";
import { type ExecutorFactory, OPEN_EXECUTOR } from "./executor_factory.ts";
import { type ExecutorOptions, MainThreadExecutor } from "./main_thread_executor.ts";
import type { TaskModule } from "./task_module.ts";
import type { TaskFunction } from "./task_runner.ts";
import { WorkerPoolExecutor } from "./pool/worker_pool_executor.ts";

/** Milliseconds that a module may take to load where attempts are not timed: what it awaits may be large, and far. */
const LOAD_MS = 300_000;

/** Milliseconds that it may take at least: many Workers that start at once wait for each other. */
const MIN_LOAD_MS = 10_000;

/** What a run says of its tasks. */
export interface TaskWork<Item> extends Pick<PolicyOptions<Item>, "abortGraceMs" | "timeoutMs"> {
  run: TaskFunction<Item> | TaskModule<Item>;
  limits?: TagLimits | undefined;
  /** The name of the run. */
  name?: string | undefined;
  /** Where its tasks run, when that is elsewhere. */
  executor?: object | undefined;
}

/** A function runs on this thread, the function of a module on a pool of Workers, or where the run says. */
export function openExecutor<Item>(
  { run: work, name = "pipeline", executor, limits, ...policy }: TaskWork<Item>,
  writer: WriterClient,
  options: ExecutorOptions,
): Executor<Item> {
  if (typeof work === "function") return new MainThreadExecutor(work, options);
  const { abortGraceMs: graceMs = GRACE_MS, timeoutMs = LOAD_MS } = policy;
  const loadMs = Math.max(timeoutMs, MIN_LOAD_MS);
  const { environment: { batchSender }, observer } = options;
  if (executor) {
    return (executor as ExecutorFactory)[OPEN_EXECUTOR]({
      ...options,
      module: work,
      name,
      graceMs,
      loadMs,
      attach: (sender) => writer.attach(sender),
      disconnect: (sender) => batchSender.query({ kind: "disconnect", sender }),
      onClosed: (listener) => writer.onClosed(listener),
    });
  }
  return new WorkerPoolExecutor({
    ...options,
    module: work,
    graceMs,
    loadMs,
    tellsStarts: hasRate({ limits }),
    prints: observer?.prints === true,
    attach: (sender) => writer.attach(sender),
    // On the port of what is written about its task afterwards. A writer that is gone takes nothing anyway.
    disconnect: (sender) => void batchSender.query({ kind: "disconnect", sender }).catch(() => {}),
    onClosed: (listener) => writer.onClosed(listener),
  });
}
