/**
 * What became of a task whose worker is gone. Its port is closed, so what is written now is all that there ever will
 * be: it has ended, or it is queued again, with the lost attempt kept.
 *
 * @module
 */
import { isoNow } from "../../internal/timestamps.ts";
import type { OfferedTask } from "../../pipeline/executor/executor.ts";
import type { TaskEnvironment } from "../../pipeline/executor/task_execution.ts";
import type { TaskOutcome } from "../../pipeline/executor/task_runner.ts";
import { reconcile, writtenEnd } from "../../pipeline/scheduler/reconcile.ts";

/** A task that was begun, and whose worker is gone. */
export interface Interrupted {
  task: Pick<OfferedTask<unknown>, "id" | "name">;
  startedAt: string;
  why: string;
  /** Whether it was lost so often that it is not run again. */
  isPoison: boolean;
}

/** How a task has ended; `undefined` when it will be run again. */
export async function settleLost(
  { task: { id, name }, startedAt, why, isPoison }: Interrupted,
  environment: TaskEnvironment,
): Promise<TaskOutcome | undefined> {
  const { run, batchSender } = environment;
  const message = isPoison
    ? `Task ${id} (${name}) lost its worker three times and is not run again. ${why}`
    : why;
  const error = { name: "TaskWorkerDiedError", message };
  const outcome: TaskOutcome = { status: "error", error };
  const written = await writtenEnd({ id }, outcome, environment);
  if (written) return written;
  if (isPoison) return (await reconcile([id], outcome, environment))[0];
  if (run === null) return undefined;
  const status = await batchSender.query({ kind: "task_status", run, id });
  if (status !== "running") return undefined;
  await batchSender.request({
    kind: "requeue_tasks",
    run,
    ids: [id],
    attempt: { startedAt, finishedAt: isoNow(), error: message, message: why, isCounted: true },
  });
  return undefined;
}
