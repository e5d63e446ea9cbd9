/**
 * Everything that crosses a thread: what a sender asks of the writer, and what the writer answers.
 *
 * A sender collects {@linkcode WriteMessage}s into a {@linkcode Batch}, the writer answers each batch with
 * one {@linkcode Ack}. Errors travel as data, because a posted `Error` loses its class and code.
 *
 * @module
 */
import type { DriverName } from "./drivers/driver.ts";
import type { ErrorData } from "./errors.ts";
import type { CheckpointMode, CheckpointResult } from "./db.ts";
import type { LogLevel } from "./log_level.ts";
import type { Attempt } from "./tasks/retry_policy.ts";
import type { EndStatus, StatusCounts, TaskStatus } from "./task_run.ts";
import type { SqlRow, SqlValue } from "./database/values.ts";

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

/** Rows for one table: all of them are written, or none. */
export interface InsertMessage {
  /** Tells the messages apart. */
  kind: "insert";
  /** The table, without quotes. */
  table: string;
  /** The columns of each row, or `null` for the table's own columns in their order. */
  columns: readonly string[] | null;
  /** The values of all rows, one row after the other. */
  values: readonly SqlValue[];
  /** Number of values in a row. */
  width: number;
  /** Columns of the unique constraint whose conflict makes the insert an upsert. */
  onConflict?: readonly string[];
  /** On conflict: columns to update, or leave the row as it is. */
  update?: readonly string[] | "ignore";
  /** The task that sent it: when the message fails, so does the task. */
  task?: number;
  /** When this was written for the table before, nothing is written. */
  idempotencyKey?: IdempotencyKey;
}

/** One SQL statement. */
export interface ExecuteMessage {
  /** Tells the messages apart. */
  kind: "execute";
  /** The statement's text. */
  sql: string;
  /** A value for each of its parameters. */
  params: readonly SqlValue[];
  /** The task that sent it. */
  task?: number;
}

/** One of the statements that were registered when the writer was opened. */
export interface StatementMessage {
  /** Tells the messages apart. */
  kind: "statement";
  /** The name. */
  name: string;
  /** A value for each of its parameters. */
  params: readonly SqlValue[];
  /** The task that sent it. */
  task?: number;
}

/** Messages of which all are written, or none. */
export interface TransactionMessage {
  /** Tells the messages apart. */
  kind: "transaction";
  /** The messages, in their order. */
  messages: readonly WriteMessage[];
  /** The task that sent it. */
  task?: number;
  /** When this was written before, nothing is written. */
  idempotencyKey?: IdempotencyKey;
}

/** Names a run beside its id: the day that it is for, or whatever whoever starts it again knows it by. */
export interface RunKey {
  /** What no other run of this name is called. */
  key: string;
}

/** Begins a run and reserves ids for its tasks. Answered with {@linkcode RunStarted}. */
export interface StartRunMessage {
  /** Tells the messages apart. */
  kind: "start_run";
  /** The name. */
  name: string;
  /** How many tasks run at once. */
  workers: number;
  /** When it began, ISO 8601. */
  startedAt: string;
  /** How many task ids to reserve. */
  reserve: number;
  /**
   * The run to go on with: `true` for the last of this name that is not `done`, a key for the one that has it,
   * `done` or not; or else a new one.
   */
  resume?: true | number | RunKey;
  /** Whether it is refused while another run of this name is under way. */
  alone?: boolean;
}

/** Reserves further ids for the tasks of a run. Answered with the first of them. */
export interface ReserveIdsMessage {
  /** Tells the messages apart. */
  kind: "reserve_ids";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** How many ids. */
  count: number;
}

/** Ends a run. Answered with {@linkcode RunFinished}. */
export interface FinishRunMessage {
  /** Tells the messages apart. */
  kind: "finish_run";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The status it takes. */
  status: EndStatus;
  /** When it ended, ISO 8601. */
  finishedAt: string;
  /** Whether it was stopped: then it did what was asked of it, whatever its status. */
  stopped?: true;
}

/** Writes tasks as `queued`. The three arrays are parallel. */
export interface QueueTasksMessage {
  /** Tells the messages apart. */
  kind: "queue_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** Ids of the tasks. */
  ids: readonly number[];
  /** Names of the tasks. */
  names: readonly string[];
  /** Keys of the tasks. */
  keys: readonly (string | null)[];
}

/**
 * Takes up tasks of a run by their keys: those that are `done` stay, the others become `queued`, new ones are
 * added. The three arrays are parallel. Answered with the id of each task, negative for one that is done.
 */
export interface ResumeTasksMessage {
  /** Tells the messages apart. */
  kind: "resume_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The id that a new task is to have; 0 for a free one. */
  ids: readonly number[];
  /** Names for new tasks; `null` for "task" and the id. */
  names: readonly (string | null)[];
  /** Keys of the tasks: no two are the same. */
  keys: readonly string[];
}

/** Keeps which tasks of a run wait for which. The two arrays are parallel. */
export interface DependTasksMessage {
  /** Tells the messages apart. */
  kind: "depend_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** Ids of tasks that wait. */
  ids: readonly number[];
  /** Ids of the tasks that they wait for. */
  dependsOn: readonly number[];
}

/** Cancels every task of a run that was never started. Answered with their number. */
export interface CancelQueuedMessage {
  /** Tells the messages apart. */
  kind: "cancel_queued";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** A text for people. */
  message: string;
  /** When it ended, ISO 8601. */
  finishedAt: string;
}

/**
 * News of one task. A field that is left out stays as it is. Several of them may be folded into one as
 * long as they are not committed: the last of each field counts, and no start or end is lost by it.
 */
export interface TaskUpdateMessage {
  /** Tells the messages apart. */
  kind: "task_update";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`. */
  id: number;
  /** The status it takes; none for mere progress. */
  status?: TaskStatus;
  /** Fraction 0..1. */
  progress?: number;
  /** A text for people. */
  message?: string;
  /** When it began, ISO 8601. */
  startedAt?: string;
  /** When it ended, ISO 8601. */
  finishedAt?: string;
  /** JSON. */
  result?: string;
  /** Stack of what was thrown. */
  error?: string;
  /** When it was last heard of while it ran. */
  updatedAt?: string;
}

/** Ends an attempt at a task that failed: it is kept in `task_attempts`, and the task is `queued` again. */
export interface RetryTaskMessage {
  /** Tells the messages apart. */
  kind: "retry_task";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`. */
  task: number;
  /** When the attempt began, if its start may not have been told; ISO 8601. */
  startedAt?: string;
  /** When the attempt ended, ISO 8601. */
  finishedAt: string;
  /** Stack of what was thrown. */
  error: string;
  /** When the task is run again and why, for people. */
  message: string;
}

/** Asks what is written of a task. Answered with its status, if it is one of the run's. */
export interface TaskStatusMessage {
  /** Tells the messages apart. */
  kind: "task_status";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`. */
  id: number;
}

/** What can be asked of a run that goes on. */
export type ControlAction = "cancel" | "retry";

/** Asks for something of a run that goes on, whoever runs it. Answered with the id of the request. */
export interface RequestControlMessage {
  /** Tells the messages apart. */
  kind: "request_control";
  /** What to do. */
  action: ControlAction;
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`; `null` for the whole run, or all that failed in it. */
  taskId: number | null;
  /** Whether the sender carries it out itself. */
  own?: true;
}

/** Says what became of a request. */
export interface AnswerControlMessage {
  /** Tells the messages apart. */
  kind: "answer_control";
  /** The request, as `run_requests.id`. */
  request: number;
  /** Whether it was not done. */
  refused: boolean;
  /** What was done or why not, for people. */
  answer: string;
}

/** Cancels one task that was never started. Answered with the {@linkcode TaskFound} that it was before. */
export interface CancelTaskMessage {
  /** Tells the messages apart. */
  kind: "cancel_task";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`. */
  id: number;
  /** A text for people. */
  message: string;
  /** When it ended, ISO 8601. */
  finishedAt: string;
}

/** Queues tasks that ended as `error` or `cancelled` again. Answered with the ids of those that are queued now. */
export interface RequeueTasksMessage {
  /** Tells the messages apart. */
  kind: "requeue_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The tasks, as `task_runs.id`. */
  ids: readonly number[];
}

/**
 * Ends tasks whose Worker was ended, those excepted that have ended: their Worker may have written it just before.
 * Answered with the status of each.
 */
export interface LoseTasksMessage {
  /** Tells the messages apart. */
  kind: "lose_tasks";
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The tasks, as `task_runs.id`. */
  ids: readonly number[];
  /** The status they take. */
  status: EndStatus;
  /** Why, for people. */
  message: string;
  /** Stack of what was thrown. */
  error: string;
  /** When they ended, ISO 8601. */
  finishedAt: string;
}

/** Whatever can be written. */
export type WriteMessage =
  | InsertMessage
  | ExecuteMessage
  | StatementMessage
  | TransactionMessage
  | StartRunMessage
  | ReserveIdsMessage
  | FinishRunMessage
  | QueueTasksMessage
  | ResumeTasksMessage
  | DependTasksMessage
  | CancelQueuedMessage
  | TaskUpdateMessage
  | RetryTaskMessage
  | TaskStatusMessage
  | RequestControlMessage
  | AnswerControlMessage
  | CancelTaskMessage
  | RequeueTasksMessage
  | LoseTasksMessage;

/** What an {@linkcode ExecuteMessage} or {@linkcode StatementMessage} did. */
export interface ExecuteResult {
  /** Rows inserted, updated or deleted. */
  changes: number;
  /** Row id of the connection's last insert. */
  lastInsertRowid: number | bigint;
  /** The rows of a statement that has some, such as one with RETURNING; otherwise empty. */
  rows: SqlRow[];
}

/** What a {@linkcode StartRunMessage} did. */
export interface RunStarted {
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The first of the reserved ids. */
  firstId: number;
  /** Whether it is a run that was there. */
  resumed?: true;
}

/** What a {@linkcode FinishRunMessage} did. */
export interface RunFinished {
  /** The status that the run has now: `error` also when tasks of an earlier attempt failed. */
  status: EndStatus;
  /** All tasks of the run by status. */
  counts: StatusCounts;
}

/** What a {@linkcode CancelTaskMessage} found. */
export interface TaskFound {
  /** The task, as `task_runs.id`. */
  id: number;
  /** Its name. */
  name: string;
  /** Its key. */
  key: string | null;
  /** What it was doing: it is cancelled when it was `queued`. */
  status: TaskStatus;
}

/** What a message did: by kind, `undefined` where there is nothing to say. */
export type WriteResult =
  | ExecuteResult
  | RunStarted
  | RunFinished
  | TaskStatus
  | TaskFound
  | string
  | number
  | undefined
  | readonly WriteResult[];

/** Messages that travel together. */
export interface Batch {
  kind: "batch";
  seq: number;
  messages: WriteMessage[];
}

/** Asks for a checkpoint after all that was sent before. */
export interface CheckpointRequest {
  kind: "checkpoint";
  seq: number;
  mode: CheckpointMode;
}

/** Asks for the writer's figures. */
export interface StatsRequest {
  kind: "stats";
  seq: number;
}

/** Asks for the run of a name that is known to be under way. Answered with words, or nothing. */
export interface InTheWayRequest {
  kind: "in_the_way";
  seq: number;
  name: string;
}

/** Closes the port of another sender, whose thread was ended: what it still sends is not taken any more. */
export interface CutRequest {
  kind: "cut";
  seq: number;
  /** The number that its port was attached with. */
  sender: number;
}

/** The sender will not use its port any more. */
export interface DetachRequest {
  kind: "detach";
}

/** What comes over a sender's port. */
export type PortRequest =
  | Batch
  | CheckpointRequest
  | StatsRequest
  | InTheWayRequest
  | CutRequest
  | DetachRequest;

/** The batch is committed, but for the messages that failed. */
export interface Ack {
  kind: "ack";
  seq: number;
  /** Index of a message in the batch, and what it did. */
  results: [number, WriteResult][];
  /** Index of a message in the batch, and why nothing of it was written. */
  failures: [number, ErrorData][];
}

/** The answer to a request that is no batch. */
export interface Answer {
  kind: "answer";
  seq: number;
  value?: CheckpointResult | WriterStats | string;
  error?: ErrorData;
}

/** What goes back over a sender's port. */
export type PortReply = Ack | Answer;

/** Opens the database; the port is the first sender's. */
export interface OpenRequest {
  kind: "open";
  /** The file, or `:memory:`; its folder is there. */
  file: string;
  wal: boolean;
  /** Milliseconds to wait for a lock of another process. */
  busyTimeoutMs: number;
  /** Chosen for the whole process: two drivers on one file would lose commits. */
  driver: DriverName;
  storeTaskStatus: boolean;
  schema: readonly string[];
  statements: Readonly<Record<string, string>>;
  walWarnBytes: number;
  port: MessagePort;
}

/** Adds a sender. */
export interface AttachRequest {
  kind: "attach";
  /** The number by which it can be cut off. */
  sender?: number;
  port: MessagePort;
}

/** Drains, checkpoints and closes. */
export interface CloseRequest {
  kind: "close";
}

/** What goes to the writer Worker itself. */
export type WorkerRequest = OpenRequest | AttachRequest | CloseRequest;

/** The Worker listens: nothing sent before this would arrive. */
export interface WorkerReady {
  kind: "ready";
}

/** The database is open. */
export interface WorkerOpened {
  kind: "opened";
  sqliteVersion: string;
}

/** The database is closed. */
export interface WorkerClosed {
  kind: "closed";
  /** The last checkpoint; `busy` when a reader kept it from finishing. */
  checkpoint?: CheckpointResult;
}

/** Readers keep a WAL from being emptied that has become long. */
export interface WalHeld {
  /** How long it is. */
  bytes: number;
  /** Since when, ISO 8601. */
  since: string;
}

/** The user is to be told of a WAL that is held. */
export interface WorkerWarned {
  kind: "wal_held";
  held: WalHeld;
}

/** A request to the Worker failed, or the Worker cannot go on. */
export interface WorkerFailed {
  kind: "failed";
  error: ErrorData;
}

/** What is asked of a run that goes on. */
export interface RunRequest {
  /** The request, as `run_requests.id`. */
  id: number;
  /** What to do. */
  action: ControlAction;
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The task, as `task_runs.id`; `null` for the whole run, or all that failed in it. */
  taskId: number | null;
}

/** Something is asked of runs of this writer. */
export interface WorkerRequested {
  kind: "requested";
  requests: RunRequest[];
}

/** What the writer Worker itself answers, or tells unasked. */
export type WorkerReply =
  | WorkerReady
  | WorkerOpened
  | WorkerWarned
  | WorkerRequested
  | WorkerClosed
  | WorkerFailed;

/** The writer's figures since it was opened. */
export interface WriterStats {
  /** The driver in use. */
  driver: DriverName;
  /** The version of the SQLite library. */
  sqliteVersion: string;
  /** Transactions committed. */
  commits: number;
  /** Messages committed. */
  messages: number;
  /** Messages that failed. */
  failures: number;
  /** Rows inserted by insert messages. */
  rows: number;
  /** Messages that have arrived and are not committed. */
  queueDepth: number;
  /** Rows and messages in the last transaction. */
  batchRows: number;
  /** Milliseconds per transaction over the last 256: median and 99th percentile. */
  commitMs: { p50: number; p99: number };
  /** Bytes of the WAL file; `null` for a database that has none. */
  walBytes: number | null;
  /** When all that was committed was last known to be in the database file, ISO 8601; `null` before. */
  checkpointedAt: string | null;
  /** Since when readers keep a long WAL from being emptied, ISO 8601; `null` when none does. */
  walHeldSince: string | null;
}

/** How many rows a message counts for in batches and credits; a malformed one counts for one. */
export function weightOf(message: WriteMessage): number {
  switch (message?.kind) {
    case "insert":
      return 1 + (message.values?.length ?? 0) / (message.width || 1);
    case "queue_tasks":
    case "resume_tasks":
    case "depend_tasks":
    case "requeue_tasks":
      return message.ids?.length ?? 1;
    case "transaction":
      return 1 + weightOfAll(message.messages ?? []);
    default:
      return 1;
  }
}

/** How many rows messages count for together. */
export function weightOfAll(messages: readonly WriteMessage[]): number {
  let weight = 0;
  for (const message of messages) weight += weightOf(message);
  return weight;
}

/** Makes a task Worker ready: loads the module, takes its port to the writer. */
export interface InitTaskWorker {
  kind: "init";
  /** URL of the module that exports the task. */
  module: string;
  /** Name of the export. */
  export: string;
  run: number | null;
  atomic: boolean;
  /** Whether it is to tell how its tasks are doing, and to pass on what they print; if anybody looks on. */
  watch?: { prints: boolean };
  port: MessagePort;
}

/** Runs one task. */
export interface RunTaskRequest {
  kind: "run";
  id: number;
  name: string;
  key: string | null;
  /** The user's item, cloned. */
  item: unknown;
  /** Which attempt it is, where attempts are counted. */
  attempt?: Attempt;
  /** Whether to tell that it begins, because starts are counted. */
  tell?: true;
}

/** The pipeline is to stop: aborts the signal of the tasks. */
export interface AbortTasksRequest {
  kind: "abort";
  reason: ErrorData;
}

/** The time of a task is up: aborts its signal. */
export interface TimeOutTaskRequest {
  kind: "time_out";
  id: number;
  reason: ErrorData;
}

/** Somebody has cancelled a task: aborts its signal. */
export interface CancelTaskRequest {
  kind: "cancel";
  id: number;
  reason: ErrorData;
}

/** No more tasks come: answered when all that the tasks sent is committed. */
export interface FinishTasksRequest {
  kind: "finish";
}

/** What goes to a task Worker. */
export type TaskWorkerRequest =
  | InitTaskWorker
  | RunTaskRequest
  | AbortTasksRequest
  | TimeOutTaskRequest
  | CancelTaskRequest
  | FinishTasksRequest;

/** The Worker listens, and again when it has loaded the module. */
export interface TaskWorkerReady {
  kind: "listening" | "initialized" | "finished";
}

/** The task begins, where that was to be told. */
export interface TaskBegun {
  kind: "begun";
}

/** The Worker is free for the next task. The outcome is missing while rows are on their way. */
export interface TaskReturned {
  kind: "returned";
  id: number;
}

/** How a task ended. */
export interface TaskEnded {
  kind: "ended";
  id: number;
  status: EndStatus;
  error?: ErrorData;
  /** Whether its end is left for the main thread to write. */
  unwritten?: boolean;
}

/** The module cannot be loaded, or an error that no task caught. */
export interface TaskWorkerFailed {
  kind: "failed";
  error: ErrorData;
}

/** News of a task could not be written: the pipeline cannot go on. */
export interface TaskNewsRefused {
  kind: "refused";
  error: ErrorData;
}

/** How far a task is; sent at most ten times a second, to those who look on. */
export interface TaskProgressed {
  kind: "progressed";
  id: number;
  fraction?: number;
  note?: string;
}

/** A task wrote a line into its log; sent to those who look on. */
export interface TaskLogged {
  kind: "logged";
  id: number;
  name: string;
  key: string | null;
  level: LogLevel;
  message: string;
}

/** A task printed; sent where the main thread draws on the terminal. */
export interface TaskPrinted {
  kind: "printed";
  method: PrintMethod;
  text: string;
}

/** The methods of `console` to which all others come down. */
export type PrintMethod = "debug" | "error" | "info" | "log" | "warn";

/** What a task Worker answers. */
export type TaskWorkerReply =
  | TaskWorkerReady
  | TaskBegun
  | TaskReturned
  | TaskEnded
  | TaskWorkerFailed
  | TaskNewsRefused
  | TaskProgressed
  | TaskLogged
  | TaskPrinted;
