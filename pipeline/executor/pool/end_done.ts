/**
 * Ends a task that is done and has sent nothing: its news leaves from the main thread, together with that the task was
 * queued, so that the writer inserts its row once.
 *
 * @module
 */
import { isoTime } from "../../../internal/timestamps.ts";
import { newsOf } from "../../../writer/protocol/task_news.ts";
import type { ExecutorEvents } from "../executor.ts";
import type { TaskEnvironment } from "../task_execution.ts";
import type { TaskOutcome } from "../task_runner.ts";
import type { ReturnedTask } from "./given_tasks.ts";

const DONE: TaskOutcome = { status: "done" };

/** Writes and reports it; without news its times are all that is known of it. */
export function endDone<Item>(
  { task, begunAt, endedAt, news }: ReturnedTask<Item>,
  { run, batchSender, deadline, keepsResults }: TaskEnvironment,
  events: ExecutorEvents<Item>,
): void {
  if (run !== null) {
    if (!news) {
      news = newsOf(run, task.id);
      news.status = "done";
      news.startedAt = isoTime(begunAt);
      news.finishedAt = isoTime(endedAt);
    }
    try {
      batchSender.update(news);
    } catch (error) {
      // The writer is gone.
      events.failed(error as Error);
    }
  }
  deadline?.releaseTask(task.id);
  const result = keepsResults ? news?.result : undefined;
  events.ended(task, result === undefined ? DONE : { status: "done", result });
}
