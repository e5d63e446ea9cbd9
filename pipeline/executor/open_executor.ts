/**
 * Which executor runs the tasks of a run.
 *
 * @module
 */
import { GRACE_MS, type PolicyOptions } from "../scheduler/retry_policy.ts";
import { LOOKAHEAD } from "../scheduler/item_source.ts";
import { hasRate, type TagLimits } from "../scheduler/queue/tag_limits.ts";
import type { WriterClient } from "../../writer/client/writer_client.ts";
import type { RunObserver } from "../observers/run_observer.ts";
import type { Executor } from "./executor.ts";
import { type ExecutorFactory, OPEN_EXECUTOR, type RemoteOptions } from "./executor_factory.ts";
import { type ExecutorOptions, MainThreadExecutor } from "./main_thread_executor.ts";
import type { TaskModule } from "./task_module.ts";
import { type OpenStage, StagedExecutor } from "./staged_executor.ts";
import { modulesOf, type Stages, stagesOf, stageWorkers, type Work } from "./stages.ts";
import { WorkerPoolExecutor } from "./pool/worker_pool_executor.ts";

/** Milliseconds that a module may take to load where attempts are not timed: what it awaits may be large, and far. */
const LOAD_MS = 300_000;

/** Milliseconds that it may take at least: many Workers that start at once wait for each other. */
const MIN_LOAD_MS = 10_000;

/** The options of a run about its tasks. */
export interface TaskWork<Item>
  extends Work<Item>, Pick<PolicyOptions<Item>, "abortGraceMs" | "taskOptions" | "timeoutMs"> {
  limits?: TagLimits | undefined;
  /** The name of the run. */
  name?: string | undefined;
}

/** A function runs on this thread, the function of a module on a pool of Workers, or on the executor of the run. */
export function openExecutor<Item>(
  work: TaskWork<Item>,
  writer: WriterClient,
  options: ExecutorOptions,
): Executor<Item> {
  const { run } = work;
  const stages = stagesOf(run);
  if (stages) return openStages(stages, work, writer, options);
  if (typeof run === "function") return new MainThreadExecutor(run, options);
  return openModule({ module: run as TaskModule<Item> }, work, writer, options);
}

/** Stages of one module share the executor of the run; each other stage has its own. */
function openStages<Item>(
  stages: Stages<Item>,
  work: TaskWork<Item>,
  writer: WriterClient,
  options: ExecutorOptions,
): Executor<Item> {
  const workers = stageWorkers(stages, work);
  const modules = work.executor ? modulesOf(stages) : [];
  const remote = modules.length === 0 ? undefined : openModule(
    {
      module: modules[0]![1],
      exports: Object.fromEntries(
        modules.map(([name, { export: exported = "default" }]) => [name, exported]),
      ),
    },
    work,
    writer,
    { ...options, slots: modules.reduce((sum, [name]) => sum + workers.get(name)!, 0) },
  );
  const open = ([name, stage]: [string, Stages<Item>[string]]): [string, OpenStage<Item>] => {
    const slots = workers.get(name)!;
    if (typeof stage === "function") {
      return [name, { executor: new MainThreadExecutor<Item>(stage, { ...options, slots }) }];
    }
    if (remote) return [name, { executor: remote, limit: slots }];
    // One Worker shows whether the module can be loaded; the others start when there are tasks for them.
    const own = { ...options, slots, expected: 1 };
    return [name, { executor: openModule({ module: stage }, work, writer, own) }];
  };
  return new StagedExecutor(new Map(Object.entries(stages).map(open)));
}

/** Whether Workers of a pool have short tasks at hand. */
function prefetches<Item>(
  { limits, timeoutMs, taskOptions }: Pick<TaskWork<Item>, "limits" | "taskOptions" | "timeoutMs">,
  observer: RunObserver | undefined,
): boolean {
  // The time of a task begins when its Worker gets it, so it is the only one that the Worker has.
  const isTimed = timeoutMs !== undefined || taskOptions !== undefined;
  return !isTimed && !hasRate({ limits }) && observer?.within === undefined;
}

/** Whether known tasks may run on a pool before they are queued: where they are short, their rows are inserted once. */
export function queuesLate<Item>(
  work: TaskWork<Item> & { version?: unknown },
  { known, resumes }: { readonly known?: readonly Item[] | undefined; readonly resumes: boolean },
  observer: RunObserver | undefined,
): boolean {
  const { run, executor, version } = work;
  // Few are queued before the first of them is given out: that takes no time.
  if (!known || known.length <= LOOKAHEAD || resumes || executor || version !== undefined) {
    return false;
  }
  if (typeof run === "function" || stagesOf(run)) return false;
  return prefetches(work, observer);
}

function openModule<Item>(
  tasks: Pick<RemoteOptions<Item>, "exports" | "module">,
  { name = "pipeline", executor, limits, ...policy }: TaskWork<Item>,
  writer: WriterClient,
  options: ExecutorOptions,
): Executor<Item> {
  const { abortGraceMs: graceMs = GRACE_MS, timeoutMs = LOAD_MS } = policy;
  const loadMs = Math.max(timeoutMs, MIN_LOAD_MS);
  const { environment: { batchSender }, observer } = options;
  if (executor) {
    return (executor as ExecutorFactory)[OPEN_EXECUTOR]({
      ...options,
      ...tasks,
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
    ...tasks,
    graceMs,
    loadMs,
    reportsStarts: hasRate({ limits }),
    prefetches: prefetches({ limits, ...policy }, observer),
    prints: observer?.prints === true,
    attach: (sender) => writer.attach(sender),
    // On the port of what is written about its task afterwards. A writer that is gone takes nothing anyway.
    disconnect: (sender) => void batchSender.query({ kind: "disconnect", sender }).catch(() => {}),
    onClosed: (listener) => writer.onClosed(listener),
  });
}
