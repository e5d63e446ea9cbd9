/**
 * What crosses the port between a sender and the writer.
 *
 * A sender collects {@linkcode WriteMessage}s into a {@linkcode Batch}, the writer answers each batch with
 * one {@linkcode Ack}. Errors travel as data, because a posted `Error` loses its class and code.
 *
 * @module
 */
import type { CheckpointMode, CheckpointResult } from "../../sqlite/checkpoint.ts";
import type { DriverName } from "../../sqlite/drivers/driver.ts";
import type { ErrorData } from "../../errors.ts";
import type { SqlRow, SqlValue } from "../../sqlite/values.ts";
import type { TaskStatus } from "../../internal/task_status.ts";
import type { PackedMessage } from "./task_news.ts";
import type { AddedPage } from "./task_message.ts";
import type { WriteResult } from "./write_message.ts";

/** Messages that travel together. Answers count them as they are unpacked. */
export interface Batch {
  kind: "batch";
  seq: number;
  /** What the messages count for; see `weightOf`. */
  rows: number;
  messages: PackedMessage[];
}

/** What is answered by itself, after all that was sent before. Only a schema writes into the database. */
export type Query =
  | { kind: "checkpoint"; mode: CheckpointMode }
  /** The writer's figures. */
  | { kind: "stats" }
  /** The run of a name that is known to be active, in words. */
  | { kind: "blocking_run"; name: string }
  /** What is written of a task, if it is one of the run's. */
  | { kind: "task_status"; run: number; id: number }
  /** The tasks that were added to a run, after this id; with `again` those of these ids that are queued again. */
  | { kind: "added"; run: number; after: number; again?: readonly number[] }
  /** The rows of a statement that only reads. */
  | { kind: "rows"; sql: string; params: readonly SqlValue[]; by?: number }
  /** Runs the statements of a script, all or none. */
  | { kind: "schema"; sql: string }
  /** Closes the port that was attached with this number: what its sender still sends is not taken. */
  | { kind: "disconnect"; sender: number };

/** What each kind of query is answered with. */
export interface QueryResults {
  checkpoint: CheckpointResult;
  stats: WriterStats;
  blocking_run: string | undefined;
  task_status: TaskStatus | undefined;
  added: AddedPage[];
  rows: SqlRow[];
  schema: undefined;
  disconnect: undefined;
}

/** Sends a query. */
export interface QueryRequest {
  kind: "query";
  seq: number;
  query: Query;
}

/** The sender will not use its port any more. */
export interface DetachRequest {
  kind: "detach";
}

/** What comes over a sender's port. */
export type PortRequest = Batch | QueryRequest | DetachRequest;

/** The batch is committed, but for the messages that failed. */
export interface Ack {
  kind: "ack";
  seq: number;
  /** Index of a message in the batch, and what it did. */
  results: [number, WriteResult][];
  /** Index of a message in the batch, and why nothing of it was written. */
  failures: [number, ErrorData][];
}

/** The answer to a query. */
export interface Answer {
  kind: "answer";
  seq: number;
  value?: QueryResults[keyof QueryResults];
  error?: ErrorData | undefined;
}

/** What goes back over a sender's port. */
export type PortReply = Ack | Answer;

/**
 * The writer's figures since it was opened.
 *
 * @example A line for a log
 * ```ts ignore
 * import type { WriterStats } from "@pipeloom/pipeloom";
 *
 * const line = ({ rows, commits, commitMs }: WriterStats) =>
 *   `${rows} rows in ${commits} commits, p99 ${commitMs.p99} ms`;
 * ```
 */
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
