/**
 * What goes to the writer Worker itself, which opens, serves and closes the database, and what it answers.
 *
 * @module
 */
import type { CheckpointResult } from "../../sqlite/checkpoint.ts";
import type { Synchronous } from "../../sqlite/settings.ts";
import type { DriverName } from "../../sqlite/drivers/driver.ts";
import type { ErrorData } from "../../errors.ts";
import type { RunRequest } from "./control_message.ts";

/** Opens the database; the port is the first sender's. */
export interface OpenRequest {
  kind: "open";
  /** The file, or `:memory:`; its folder is there. */
  file: string;
  wal: boolean;
  synchronous: Synchronous;
  /** Milliseconds to wait for a lock of another process. */
  busyTimeoutMs: number;
  /** Whether a text in double quotes that names no column is a text. */
  doubleQuotedLiterals: boolean;
  /** Chosen for the whole process: two drivers on one file would lose commits. */
  driver: DriverName;
  storeTaskStatus: boolean;
  schema: readonly string[];
  statements: Readonly<Record<string, string>>;
  walWarnBytes: number;
  /** Where it notes the statement that it is in; see `statement_board.ts`. */
  board: SharedArrayBuffer;
  /** When the process began that opens it, ISO 8601: a Worker knows only its own start. */
  processStartedAt: string;
  port: MessagePort;
}

/** Adds a sender. */
export interface AttachRequest {
  kind: "attach";
  /** The number by which it can be cut off. */
  sender?: number | undefined;
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
  checkpoint?: CheckpointResult | undefined;
}

/** Readers keep a WAL from being emptied that has become long. */
export interface CheckpointBlocked {
  /** How long it is. */
  bytes: number;
  /** Since when, ISO 8601. */
  since: string;
  /** Whether these are reads that follow each other, and not one that stays; `undefined` while that is not known. */
  isSeries: boolean | undefined;
}

/** A warning for the user: readers hold the WAL. */
export interface WorkerWarned {
  kind: "wal_held";
  held: CheckpointBlocked;
}

/** A request to the Worker failed, or the Worker cannot continue. */
export interface WorkerFailed {
  kind: "failed";
  error: ErrorData;
}

/** The writer has the lock of an owner of runs. */
export interface WorkerOwns {
  kind: "owns";
  /** The lock file, which takes the reason if the writer has to be ended. */
  lockFile: string;
}

/** Something is asked of runs of this writer. */
export interface WorkerRequested {
  kind: "requested";
  requests: RunRequest[];
}

/** What the writer Worker answers, or reports by itself. */
export type WorkerReply =
  | WorkerReady
  | WorkerOpened
  | WorkerWarned
  | WorkerRequested
  | WorkerOwns
  | WorkerClosed
  | WorkerFailed;
