/**
 * What became of a task whose Worker died, or was ended.
 *
 * It may have ended, and told the writer, just before: then its Worker's news of it did not come through any more,
 * or has come and was not heard yet. What is written counts, not what the main thread knows.
 *
 * @module
 */
import type { TaskContext, TaskEnvironment } from "./task_context.ts";
import { isEnd, type TaskStatus } from "./task_run.ts";
import type { TaskOutcome } from "./task_runner.ts";

/** The end of a task as it is written; `undefined` when there is none, so that it is lost. */
export async function writtenEnd(
  { id }: Pick<TaskContext, "id">,
  outcome: TaskOutcome,
  { run, outbox }: TaskEnvironment,
): Promise<TaskOutcome | undefined> {
  if (run === null) return undefined;
  const status = await outbox.request({ kind: "task_status", run, id }) as TaskStatus | undefined;
  if (!status || !isEnd(status)) return undefined;
  return status === "done" ? { status } : { status, error: outcome.error };
}
