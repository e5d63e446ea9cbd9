/**
 * What became of a task whose sender died or was cut off.
 *
 * It may have ended, and told the writer, just before: then the news of it did not come through any more, or has
 * come and was not read yet. What is written counts, not what the main thread knows.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import { toErrorText } from "../../errors.ts";
import { type EndStatus, isEnd, type TaskStatus } from "../../internal/task_status.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import type { TaskEnvironment } from "../executor/task_execution.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";

/** The end of a task as it is written; `undefined` when there is none. */
export async function writtenEnd(
  { id }: Pick<TaskIdentity, "id">,
  outcome: TaskOutcome,
  { run, batchSender }: TaskEnvironment,
): Promise<TaskOutcome | undefined> {
  if (run === null) return undefined;
  const status = await batchSender.request({ kind: "task_status", run, id }) as
    | TaskStatus
    | undefined;
  if (!status || !isEnd(status)) return undefined;
  return status === "done" ? { status } : { status, error: outcome.error };
}

/** Ends tasks with this outcome, those excepted that have ended. Returns how each has ended. */
export async function reconcile(
  ids: readonly number[],
  { status, error }: TaskOutcome,
  { run, batchSender }: TaskEnvironment,
): Promise<TaskOutcome[]> {
  const outcome: TaskOutcome = { status, error };
  if (run === null) return ids.map(() => outcome);
  const statuses = await batchSender.request({
    kind: "lose_tasks",
    run,
    ids,
    status,
    message: error!.message,
    error: toErrorText(error!),
    finishedAt: isoNow(),
  }) as EndStatus[];
  return statuses.map((status) => status === "done" ? { status } : { status, error });
}
