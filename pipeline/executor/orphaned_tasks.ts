/**
 * What became of a task whose Worker died, or was ended.
 *
 * It may have ended, and told the writer, just before: then its Worker's news of it did not come through any more,
 * or has come and was not heard yet. What is written counts, not what the main thread knows.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import { toErrorSummary, toErrorText } from "../../internal/error_text.ts";
import type { TaskIdentity } from "./task_context.ts";
import type { TaskEnvironment } from "./task_execution.ts";
import { isEnd } from "../../internal/task_status.ts";
import type { TaskOutcome } from "./task_runner.ts";

/** The end of a task as it is written; `undefined` when there is none, so that it is lost. */
export async function writtenEnd(
  { id }: Pick<TaskIdentity, "id">,
  outcome: TaskOutcome,
  { run, batchSender }: TaskEnvironment,
): Promise<TaskOutcome | undefined> {
  if (run === null) return undefined;
  const status = await batchSender.query({ kind: "task_status", run, id });
  if (!status || !isEnd(status)) return undefined;
  return status === "done" ? { status } : { status, error: outcome.error };
}

/** Ends tasks that are lost, those excepted that have ended. Returns how each has ended. */
export async function endLost(
  ids: readonly number[],
  { status, error }: TaskOutcome,
  { run, batchSender }: TaskEnvironment,
): Promise<TaskOutcome[]> {
  const outcome: TaskOutcome = { status, error };
  if (run === null) return ids.map(() => outcome);
  const { found } = await batchSender.request({
    kind: "end_tasks",
    run,
    ids,
    running: true,
    status,
    message: toErrorSummary(error!),
    error: toErrorText(error!),
    finishedAt: isoNow(),
  });
  return found.map((task) => {
    if (!task || !isEnd(task.status)) return { status, error };
    return task.status === "done" ? { status: "done" } : { status: task.status, error };
  });
}
