/**
 * What a sender has written: rows, statements, and news of runs and tasks; and what comes of each.
 *
 * @module
 */
import type { SqlRow, SqlValue } from "../../sqlite/values.ts";
import type { AnswerControlMessage, RequestControlMessage } from "./control_message.ts";
import type { NoteScheduleMessage } from "./schedule_message.ts";
import type {
  ExpectTasksMessage,
  FinishRunMessage,
  PlaceTasksMessage,
  ReserveIdsMessage,
  RunFinished,
  RunStarted,
  SeeWorkerMessage,
  StartRunMessage,
} from "./run_message.ts";
import type {
  AddTasksMessage,
  DependTasksMessage,
  EndTasksMessage,
  NoteItemsMessage,
  QueueAddedMessage,
  QueueTasksMessage,
  RequeueTasksMessage,
  ResumeAddedMessage,
  ResumeTasksMessage,
  TasksEnded,
  TaskUpdateMessage,
} from "./task_message.ts";

/** Has what is sent under it written once, however often it is sent. */
export interface IdempotencyKey {
  /** The user's text. */
  key: string;
  /** Which message of a stream it is, from 0. */
  part: number;
  /** The task that it belongs to; `null` when it belongs to the file. */
  task: number | null;
  /** The run of that task. */
  run: number | null;
}

/** Which columns the rows of a message leave out. */
export interface RowShapes {
  /** Of each shape the columns that it leaves out, by their index. */
  absent: readonly (readonly number[])[];
  /** The shape of each row. */
  ofRows: readonly number[];
}

/** Rows for one table: all of them are written, or none. */
export interface InsertMessage {
  /** The kind of message. */
  kind: "insert";
  /** The table, without quotes. */
  table: string;
  /** The columns of each row, or `null` for the table's own columns in their order. */
  columns: readonly string[] | null;
  /** The values of all rows, one row after the other; `null` where a row leaves a column out. */
  values: readonly SqlValue[];
  /** Number of values in a row. */
  width: number;
  /** What its rows leave out, where any does. */
  shapes?: RowShapes;
  /** The number of its first row in a stream, where it is not 0. */
  first?: number;
  /** Bytes of its texts and blobs, where they are more than {@linkcode ROW_BYTES} a row. */
  bytes?: number;
  /** Columns of the unique constraint whose conflict makes the insert an upsert. */
  onConflict?: readonly string[] | undefined;
  /** On conflict: columns to update, or leave the row as it is. */
  update?: readonly string[] | "ignore";
  /** The task that sent it: when the message fails, so does the task. */
  task?: number | undefined;
  /** The task that awaits it. */
  by?: number;
  /** When this was written for the table before, nothing is written. */
  idempotencyKey?: IdempotencyKey;
}

/** One SQL statement. */
export interface ExecuteMessage {
  /** The kind of message. */
  kind: "execute";
  /** The statement's text. */
  sql: string;
  /** A value for each of its parameters. */
  params: readonly SqlValue[];
  /** Whether it is refused when it returns rows, because no caller would get them. */
  rowless?: true | undefined;
  /** The task that sent it. */
  task?: number | undefined;
  /** The task that awaits it. */
  by?: number;
}

/** One of the statements that were registered when the writer was opened. */
export interface StatementMessage {
  /** The kind of message. */
  kind: "statement";
  /** The name. */
  name: string;
  /** A value for each of its parameters. */
  params: readonly SqlValue[];
  /** Whether it is refused when it returns rows, because no caller would get them. */
  rowless?: true | undefined;
  /** The task that sent it. */
  task?: number | undefined;
  /** The task that awaits it. */
  by?: number;
}

/** Messages of which all are written, or none. */
export interface TransactionMessage {
  /** The kind of message. */
  kind: "transaction";
  /** The messages, in their order. */
  messages: readonly WriteMessage[];
  /** The task that sent it. */
  task?: number | undefined;
  /** The task that awaits it. */
  by?: number;
  /** When this was written before, nothing is written. */
  idempotencyKey?: IdempotencyKey;
}

/** Whatever can be written. */
export type WriteMessage =
  | InsertMessage
  | ExecuteMessage
  | StatementMessage
  | TransactionMessage
  | StartRunMessage
  | ExpectTasksMessage
  | ReserveIdsMessage
  | FinishRunMessage
  | PlaceTasksMessage
  | SeeWorkerMessage
  | QueueTasksMessage
  | AddTasksMessage
  | QueueAddedMessage
  | ResumeAddedMessage
  | NoteItemsMessage
  | ResumeTasksMessage
  | DependTasksMessage
  | TaskUpdateMessage
  | RequeueTasksMessage
  | EndTasksMessage
  | RequestControlMessage
  | AnswerControlMessage
  | NoteScheduleMessage;

/**
 * What an {@linkcode ExecuteMessage} or {@linkcode StatementMessage} did.
 *
 * @example Rows that were changed
 * ```ts ignore
 * import type { ExecuteResult } from "@pipeloom/pipeloom";
 *
 * const isNew = ({ changes }: ExecuteResult) => changes > 0;
 * ```
 */
export interface ExecuteResult {
  /** Rows inserted, updated or deleted. */
  changes: number;
  /** Row id of the connection's last insert. */
  lastInsertRowid: number | bigint;
  /** The rows of a statement that has some, such as one with RETURNING; otherwise empty. */
  rows: SqlRow[];
}

/** What each kind of message did; `undefined` where there is nothing to report. */
export interface WriteResults {
  insert: undefined;
  execute: ExecuteResult;
  statement: ExecuteResult;
  transaction: StepResults;
  start_run: RunStarted;
  reserve_ids: number;
  expect_tasks: undefined;
  finish_run: RunFinished;
  place_tasks: undefined;
  see_worker: undefined;
  queue_tasks: readonly number[] | undefined;
  /** The ids of the tasks, negative for those that are `done`. */
  resume_tasks: readonly number[];
  /** How many are new. */
  add_tasks: number;
  /** How many are rows now. */
  queue_added: number;
  resume_added: undefined;
  /** The ids of the tasks that are `done` because of that. */
  note_items: readonly number[];
  depend_tasks: undefined;
  task_update: undefined;
  /** The ids of those that are queued now. */
  requeue_tasks: readonly number[];
  end_tasks: TasksEnded;
  /** The request, as `run_requests.id`. */
  request_control: number;
  answer_control: undefined;
  /** Whether the time was claimed. */
  note_schedule: boolean;
}

/** What a message did. */
export type WriteResult = WriteResults[keyof WriteResults];

/** What each step of a transaction did. */
export interface StepResults extends ReadonlyArray<WriteResult> {}

/** What a message of this type did. */
export type ResultOf<M extends WriteMessage> = WriteResults[M["kind"]];

/**
 * Bytes of texts and blobs that are counted as one row. A sender may have 8,000 rows on their way: 4 MB of large
 * values, which its thread and the writer's hold in several copies.
 */
export const ROW_BYTES = 500;

/**
 * How many rows a message counts for in batches and credits: those of large values for as many as would take that
 * memory. A malformed one counts for one.
 */
export function weightOf(message: WriteMessage): number {
  switch (message?.kind) {
    case "insert":
      return 1 + Math.max(
        (message.values?.length ?? 0) / (message.width || 1),
        (message.bytes ?? 0) / ROW_BYTES,
      );
    case "execute":
      return 1 + ((message.sql?.length ?? 0) + sizeOf(message.params)) / ROW_BYTES;
    case "statement":
      return 1 + sizeOf(message.params) / ROW_BYTES;
    case "task_update": {
      const { message: text, result, error } = message;
      return 1 + (lengthOf(text) + lengthOf(result) + lengthOf(error)) / ROW_BYTES;
    }
    case "queue_tasks":
    case "resume_tasks":
      return Math.max(
        message.ids?.length ?? 1,
        (sizeOf(message.names) + sizeOf(message.keys)) / ROW_BYTES,
      );
    case "add_tasks":
      // All are one row; to compare the key of each costs a quarter of one.
      return Math.max(
        (message.tasks ?? 1) / 4,
        (lengthOf(message.names) + lengthOf(message.keys) + lengthOf(message.items)) / ROW_BYTES,
      );
    case "queue_added":
      return message.tasks ?? 1;
    case "note_items":
      return Math.max(
        message.ids?.length ?? 1,
        (sizeOf(message.inputs ?? []) + sizeOf(message.versions ?? []) +
          sizeOf(message.tags ?? [])) /
          ROW_BYTES,
      );
    case "requeue_tasks":
      return (message.ids?.length ?? 1) + lengthOf(message.attempt?.error) / ROW_BYTES;
    case "depend_tasks":
    case "end_tasks":
      return message.ids?.length ?? 1;
    case "transaction":
      return 1 + weightOfAll(message.messages ?? []);
    default:
      return 1;
  }
}

/** How many rows messages count for together. */
function weightOfAll(messages: readonly WriteMessage[]): number {
  let weight = 0;
  for (const message of messages) weight += weightOf(message);
  return weight;
}

/** Bytes of the texts and blobs among values. */
export function sizeOf(values: readonly SqlValue[]): number {
  let size = 0;
  if (!Array.isArray(values)) return size;
  for (const value of values) {
    if (typeof value === "string") size += value.length;
    else if (typeof value === "object" && value !== null) size += value.byteLength;
  }
  return size;
}

function lengthOf(text: string | undefined): number {
  return text?.length ?? 0;
}

/** Whether a message runs statements of the user. */
export function isStatement({ kind }: WriteMessage): boolean {
  return kind === "execute" || kind === "statement" || kind === "transaction";
}
