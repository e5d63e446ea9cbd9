/**
 * News of tasks as they travel: arrays with an entry for each task, because an object for each, with the names of its
 * fields, takes several times as long to clone. Both ends have them as {@linkcode TaskUpdateMessage}s, of one shape.
 *
 * @module
 */
import { TASK_STATUSES } from "../../internal/task_status.ts";
import type { TaskUpdateMessage } from "./task_message.ts";
import { weightOf, type WriteMessage } from "./write_message.ts";

/** Stands for a time that is the same as that of the entry before. */
const SAME = 0;

/** What short news count for at most. */
const SHORT_ROWS = 2;

/** A text or number of each entry; `undefined`, or nothing, where it has none. */
type Column<T> = (T | undefined)[];

/** Neighbouring news of tasks of one run. */
export interface TaskNews {
  /** Distinguishes it from messages. */
  kind: "task_news";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The tasks, as `task_runs.id`. */
  ids: number[];
  /** Indexes in `TASK_STATUSES`; -1 for mere progress. */
  statuses: number[];
  progress: Column<number>;
  message: Column<string>;
  startedAt: Column<string | typeof SAME>;
  finishedAt: Column<string | typeof SAME>;
  result: Column<string>;
  error: Column<string>;
  updatedAt: Column<string | typeof SAME>;
}

/** What is in a batch while it travels. */
export type PackedMessage = WriteMessage | TaskNews;

/** An update of a task that holds nothing yet. */
export function newsOf(run: number, id: number): TaskUpdateMessage {
  return {
    kind: "task_update",
    run,
    id,
    status: undefined,
    progress: undefined,
    message: undefined,
    startedAt: undefined,
    finishedAt: undefined,
    result: undefined,
    error: undefined,
    updatedAt: undefined,
  };
}

/** Whether the news are those of a task's whole life, and are no large ones. */
export function isShortLife(news: TaskUpdateMessage): boolean {
  return news.startedAt !== undefined && news.finishedAt !== undefined &&
    weightOf(news) <= SHORT_ROWS;
}

/** Adds later news of the same task: what they leave out stays. */
export function foldNews(news: TaskUpdateMessage, later: TaskUpdateMessage): void {
  if (later.status !== undefined) news.status = later.status;
  if (later.progress !== undefined) news.progress = later.progress;
  if (later.message !== undefined) news.message = later.message;
  if (later.startedAt !== undefined) news.startedAt = later.startedAt;
  if (later.finishedAt !== undefined) news.finishedAt = later.finishedAt;
  if (later.result !== undefined) news.result = later.result;
  if (later.error !== undefined) news.error = later.error;
  if (later.updatedAt !== undefined) news.updatedAt = later.updatedAt;
}

/** The messages with the news of tasks packed. */
export function pack(messages: readonly WriteMessage[]): PackedMessage[] {
  const packed: PackedMessage[] = [];
  let last: PackedMessage | undefined;
  let before: TaskUpdateMessage | undefined;
  for (const message of messages) {
    if (message?.kind !== "task_update") {
      packed.push(last = message);
      continue;
    }
    if (last?.kind !== "task_news" || last.run !== message.run) {
      packed.push(last = noNews(message.run));
      before = undefined;
    }
    add(last, message, before);
    before = message;
  }
  return packed;
}

/** The messages as they were before. */
export function unpack(packed: readonly PackedMessage[]): WriteMessage[] {
  const messages: WriteMessage[] = [];
  for (const part of packed) {
    if (part?.kind !== "task_news") messages.push(part);
    else read(part, messages);
  }
  return messages;
}

function noNews(run: number): TaskNews {
  return {
    kind: "task_news",
    run,
    ids: [],
    statuses: [],
    progress: [],
    message: [],
    startedAt: [],
    finishedAt: [],
    result: [],
    error: [],
    updatedAt: [],
  };
}

function add(news: TaskNews, message: TaskUpdateMessage, before?: TaskUpdateMessage): void {
  const at = news.ids.length;
  const { status, progress, startedAt, finishedAt, updatedAt } = message;
  news.ids.push(message.id);
  news.statuses.push(status === undefined ? -1 : TASK_STATUSES.indexOf(status));
  if (progress !== undefined) news.progress[at] = progress;
  if (message.message !== undefined) news.message[at] = message.message;
  if (message.result !== undefined) news.result[at] = message.result;
  if (message.error !== undefined) news.error[at] = message.error;
  if (startedAt !== undefined) {
    news.startedAt[at] = startedAt === before?.startedAt ? SAME : startedAt;
  }
  if (finishedAt !== undefined) {
    news.finishedAt[at] = finishedAt === before?.finishedAt ? SAME : finishedAt;
  }
  if (updatedAt !== undefined) {
    news.updatedAt[at] = updatedAt === before?.updatedAt ? SAME : updatedAt;
  }
}

function read(news: TaskNews, messages: WriteMessage[]): void {
  const { run, ids, statuses } = news;
  let before: TaskUpdateMessage | undefined;
  for (let at = 0; at < ids.length; at++) {
    const startedAt = news.startedAt[at];
    const finishedAt = news.finishedAt[at];
    const updatedAt = news.updatedAt[at];
    const message: TaskUpdateMessage = {
      kind: "task_update",
      run,
      id: ids[at]!,
      status: TASK_STATUSES[statuses[at]!],
      progress: news.progress[at],
      message: news.message[at],
      startedAt: startedAt === SAME ? before!.startedAt : startedAt,
      finishedAt: finishedAt === SAME ? before!.finishedAt : finishedAt,
      result: news.result[at],
      error: news.error[at],
      updatedAt: updatedAt === SAME ? before!.updatedAt : updatedAt,
    };
    messages.push(message);
    before = message;
  }
}
