/**
 * What goes to a task Worker, and what it answers. Its rows go to the writer, over a port of its own.
 *
 * @module
 */
import type { ErrorData } from "../../../errors.ts";
import type { LogLevel } from "../../../internal/log_level.ts";
import type { EndStatus } from "../../../internal/task_status.ts";
import type { TaskNews } from "../../../writer/protocol/task_news.ts";
import type { Identities } from "../added_items.ts";
import type { Attempt } from "../../scheduler/retry_policy.ts";

/** Makes a task Worker ready: loads the module, takes its port to the writer. */
export interface InitTaskWorker {
  kind: "init";
  /** URL of the module that exports the task. */
  module: string;
  /** Names of the exports by the stages that they run; `""` where there are no stages. */
  exports: Readonly<Record<string, string>>;
  run: number | null;
  /** What the run was started with, cloned. */
  args?: Readonly<Record<string, unknown>> | undefined;
  atomic: boolean;
  /** Whether the main thread names the items that its tasks add. */
  asksIdentity: boolean;
  /** Whether it reports ends once they are committed, because what it sends could be lost on its way. */
  confirms?: boolean | undefined;
  /** Whether reported ends include what tasks returned. */
  keepsResults?: boolean | undefined;
  /** Whether no sleep of a task takes time. */
  skipsSleeps?: boolean | undefined;
  /** Whether it reports its tasks' progress and forwards what they print, for an observer. */
  watch?: { prints: boolean } | undefined;
  /** Whether known tasks may not be queued yet when it gets them. */
  queuesLate?: boolean | undefined;
  /** Rows that it may have sent to the writer and that are not committed. */
  window: number;
  port: MessagePort;
  /** Where it notes what became of its tasks. */
  board: SharedArrayBuffer;
}

/** Runs tasks, one after the other: their parts by their places, which takes less to clone than an object for each. */
export interface RunTasksRequest {
  kind: "run";
  /** The number of the first on the Worker's board; the others follow. */
  first: number;
  ids: number[];
  names: string[];
  keys: (string | null)[];
  /** The user's items, cloned. */
  items: unknown[];
  /** What only some tasks have; left out where none has any. */
  extras?: TaskExtras[];
  /** Whether to report that a task begins, because starts are counted. */
  reportStart?: true;
}

/** What only some tasks have. */
export interface TaskExtras {
  /** Which stage runs it, where the Worker has several. */
  stage?: string;
  /** Which attempt it is, where attempts are counted. */
  attempt?: Attempt;
  /** The span that it belongs to, as a `traceparent`. */
  trace?: string;
  /** Whether its end leaves at once, because a task of another Worker may ask for its result. */
  isNeeded?: true;
}

/** Stops the pipeline: aborts the signal of the tasks. */
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

/** A task was cancelled: aborts its signal. */
export interface CancelTaskRequest {
  kind: "cancel";
  id: number;
  reason: ErrorData;
}

/** Names and keys of items that a task adds. */
export interface ItemsIdentified {
  kind: "identified";
  /** The number of the question. */
  question: number;
  identities?: Identities;
  error?: ErrorData;
}

/** All known tasks are queued. */
export interface TasksQueued {
  kind: "queued";
}

/** The module may let go of what its `setup()` made. */
export interface TearDownRequest {
  kind: "tear_down";
}

/** No more tasks come: answered when all that the tasks sent is committed. */
export interface FinishTasksRequest {
  kind: "finish";
}

/** What goes to a task Worker. */
export type TaskWorkerRequest =
  | InitTaskWorker
  | RunTasksRequest
  | AbortTasksRequest
  | TimeOutTaskRequest
  | CancelTaskRequest
  | ItemsIdentified
  | TasksQueued
  | FinishTasksRequest
  | TearDownRequest;

/** The Worker listens, has sent all, or has let go of what its module made. */
export interface TaskWorkerReady {
  kind: "listening" | "finished" | "torn_down";
}

/** The module is loaded, and its `setup()` is called. */
export interface SettingUp {
  kind: "setting_up";
}

/** The Worker takes tasks. */
export interface TaskWorkerInitialized {
  kind: "initialized";
  /** Whether its module has a `teardown()`. */
  tearsDown: boolean;
}

/** The task begins; sent only on request. */
export interface TaskBegun {
  kind: "begun";
  /** Its number on the board. */
  number: number;
}

/** What became of tasks since the last report; which of them have returned is on the board. */
export interface TaskReport {
  /** News of tasks that are done and have sent nothing, in their order. */
  news?: TaskNews | undefined;
  /** How others have ended. */
  ends?: TaskEnded[] | undefined;
}

/** Tasks have returned or ended. */
export interface TasksReturned extends TaskReport {
  kind: "returned";
}

/** How a task ended. */
export interface TaskEnded {
  id: number;
  status: EndStatus;
  error?: ErrorData | undefined;
  /** What it returned, as JSON, where that was asked for. */
  result?: string | undefined;
  /** Whether its end is left for the main thread to write. */
  unwritten?: boolean | undefined;
}

/** The module cannot be loaded, or an error that no task caught. */
export interface TaskWorkerFailed extends TaskReport {
  kind: "failed";
  /** Whether a task has failed with it. */
  hasVictim: boolean;
  error: ErrorData;
}

/** News of a task could not be written: the pipeline cannot continue. */
export interface TaskNewsRefused {
  kind: "refused";
  error: ErrorData;
}

/** How far a task is; sent at most ten times a second, to observers. */
export interface TaskProgressed {
  kind: "progressed";
  id: number;
  fraction?: number | undefined;
  note?: string | undefined;
}

/** A task is about to add tasks, or has. */
export interface TasksAdded {
  kind: "added";
  id: number;
}

/** Asks for names and keys of items that a task adds. */
export interface IdentifyItems {
  kind: "identify";
  /** A number for the answer. */
  question: number;
  items: readonly unknown[];
}

/** Has all known tasks queued: the Worker sends nothing about its tasks before. */
export interface QueueAll {
  kind: "queue_all";
}

/** A task wrote a line into its log; sent to observers. */
export interface TaskLogged {
  kind: "logged";
  id: number;
  name: string;
  key: string | null;
  level: LogLevel;
  message: string;
}

/** The methods of `console` to which all others come down. */
export type PrintMethod = "debug" | "error" | "info" | "log" | "warn";

/** A task printed; sent where the main thread draws on the terminal. */
export interface TaskPrinted {
  kind: "printed";
  method: PrintMethod;
  text: string;
}

/** What a task Worker answers. */
export type TaskWorkerReply =
  | TaskWorkerReady
  | SettingUp
  | TaskWorkerInitialized
  | TaskBegun
  | TasksReturned
  | TaskWorkerFailed
  | TaskNewsRefused
  | TaskProgressed
  | TasksAdded
  | IdentifyItems
  | QueueAll
  | TaskLogged
  | TaskPrinted;
