/**
 * The end of a task that has sent nothing: it leaves from the main thread, together with that the task was queued, so
 * that the writer inserts its row once.
 *
 * @module
 */
import { isoTime } from "../../../internal/timestamps.ts";
import type { TaskUpdateMessage } from "../../../writer/protocol/task_message.ts";
import { newsOf } from "../../../writer/protocol/task_news.ts";
import type { TaskEnvironment } from "../task_execution.ts";
import type { ReturnedTask } from "./given_tasks.ts";

/**
 * Writes that a task is done; without news its times are all that is known of it.
 *
 * @throws {Error} If the writer is gone
 */
export function writeDone(
  { task: { id }, begunAt, endedAt }: ReturnedTask<unknown>,
  news: TaskUpdateMessage | undefined,
  { run, batchSender }: TaskEnvironment,
): void {
  if (run === null) return;
  if (!news) {
    news = newsOf(run, id);
    news.status = "done";
    news.startedAt = isoTime(begunAt);
    news.finishedAt = isoTime(endedAt);
  }
  batchSender.update(news);
}
