/**
 * What became of a task whose sender died or was cut off.
 *
 * It may have ended, and notified the writer, just before: then that update was lost on its way, or has
 * arrived and was not read yet. What is written counts, not what the main thread knows.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import { toErrorSummary, toErrorText } from "../../internal/error_text.ts";
import { isEnd } from "../../internal/task_status.ts";
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
  const status = await batchSender.query({ kind: "task_status", run, id });
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

/** Ends tasks that were reported as done, and whose sender was cut off before it wrote that. Returns these. */
export async function endOrphans<Task extends TaskIdentity>(
  tasks: readonly Task[],
  why: string,
  environment: TaskEnvironment,
): Promise<[Task, TaskOutcome][]> {
  // Without a table it cannot be known.
  if (environment.run === null) return [];
  const message = `${why}: what this one had sent may or may not be written`;
  const error = { name: "TaskWorkerDiedError", message };
  const ids = tasks.map(({ id }) => id);
  const outcomes = await reconcile(ids, { status: "error", error }, environment);
  return tasks.map((task, i): [Task, TaskOutcome] => [task, outcomes[i]!])
    .filter(([, { status }]) => status !== "done");
}
