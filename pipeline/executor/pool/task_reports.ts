/**
 * What a Worker reports of its tasks: on the board at once, and in a message for many.
 *
 * @module
 */
import type { TaskUpdateMessage } from "../../../writer/protocol/task_message.ts";
import { pack, type TaskNews } from "../../../writer/protocol/task_news.ts";
import type { TaskEnded, TaskReport, TaskWorkerReply } from "./pool_protocol.ts";
import { GivenState, type TaskBoard } from "./task_board.ts";

/** Milliseconds that a report may wait for others: the next task may keep the thread for as long as it computes. */
const REPORT_MS = 1;

/** The reports of one Worker. */
export class TaskReports {
  readonly #board: TaskBoard;
  readonly #reply: (message: TaskWorkerReply) => void;
  #news: TaskUpdateMessage[] = [];
  #ends: TaskEnded[] = [];
  #returned = 0;
  #isScheduled = false;
  #reportedAt = 0;

  constructor(board: TaskBoard, reply: (message: TaskWorkerReply) => void) {
    this.#board = board;
    this.#reply = reply;
  }

  /** A task is done and has sent nothing; its news, where it has any, is left to the main thread. */
  done(number: number, news: TaskUpdateMessage | undefined): void {
    const isMore = news !== undefined &&
      (news.result ?? news.message ?? news.progress) !== undefined;
    if (isMore) this.#news.push(news);
    this.#board.end(number, isMore ? GivenState.doneWithNews : GivenState.done, Date.now());
    this.#returned++;
  }

  /** The function of a task has returned. */
  returned(number: number): void {
    this.#board.end(number, GivenState.returned, Date.now());
    this.#returned++;
  }

  /** A task has ended that had returned before; those of the same turn are reported together. */
  ended(end: TaskEnded): void {
    this.#ends.push(end);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.send());
  }

  /** Reports what has waited for a while, or all where no other task follows at once. */
  sendLate(isLast: boolean): void {
    if (isLast || Date.now() - this.#reportedAt > REPORT_MS) this.send();
  }

  /** Reports all. */
  send(): void {
    if (this.#returned > 0 || this.#ends.length > 0) {
      this.#reply({ kind: "returned", ...this.take() });
    }
    this.#reportedAt = Date.now();
  }

  /** Removes and returns what has not been reported. */
  take(): TaskReport {
    const [news, ends] = [this.#news, this.#ends];
    [this.#news, this.#ends, this.#returned, this.#isScheduled] = [[], [], 0, false];
    const report: TaskReport = {};
    if (news.length > 0) report.news = pack(news)[0] as TaskNews;
    if (ends.length > 0) report.ends = ends;
    return report;
  }
}
