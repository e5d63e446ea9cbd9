/**
 * What becomes of tasks that cannot run because of what they depend on.
 *
 * @module
 */
import { toErrorData } from "../../errors.ts";
import type { EndStatus } from "../../internal/task_status.ts";
import { stageOf } from "../executor/stages.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import { LiveTask } from "./live_task.ts";
import { hasOrder } from "./queue/ready_queue.ts";
import { policyOf } from "./retry_policy.ts";
import type { SchedulerOptions } from "./scheduler_options.ts";
import type { IdentifiedItem } from "./task_identity.ts";
import type { ControlledTasks } from "./task_control.ts";

/** Lets them go, or cancels those that cannot run any more. */
export function blockDependents<Item>(
  tasks: ControlledTasks<Item>,
  { id, name }: TaskIdentity,
  status: EndStatus,
): void {
  const blocked = tasks.dependencies?.ended(id, status) ?? [];
  // When the run stops, whatever is queued is cancelled.
  if (blocked.length === 0 || tasks.environment.signal.aborted) return;
  const what = status === "error" ? "failed" : "was cancelled";
  for (const other of blocked) {
    // One that has failed itself, or is about to be moved, is left alone.
    if (tasks.records.get(other.id)) continue;
    const message = `Not run: task ${id} (${name}) ${what}, and it depends on that`;
    tasks.block(new LiveTask(other, other), message);
  }
}

/**
 * Gives an added task its stage, and throws what keeps it from being run by the options of the pipeline; `undefined` where
 * none of them can. `rank` throws where its priority or its tags are wrong.
 */
export function checkOfAdded<Item>(
  policy: SchedulerOptions<Item>["policy"],
  rank: (task: IdentifiedItem<Item>) => void,
): ((task: IdentifiedItem<Item>) => void) | undefined {
  const { stage, taskOptions } = policy;
  const isRanked = hasOrder(policy);
  if (!stage && !taskOptions && !isRanked) return undefined;
  return (task) => {
    if (stage) task.stage = stageOf(task.item, `task ${task.name}`, policy);
    if (taskOptions) policyOf(policy, task);
    if (isRanked) rank(task);
  };
}

/** Ends a task that was added and never can run; with an error where what it depends on is not in the run. */
export function refuseAdded<Item>(
  tasks: ControlledTasks<Item>,
  added: IdentifiedItem<Item>,
  error: Error | undefined,
): void {
  const task = new LiveTask(added, added);
  if (error) tasks.fail(task, { status: "error", error: toErrorData(error) });
  else tasks.block(task, "Not run: a task that it depends on is not done");
}
