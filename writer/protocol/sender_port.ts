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
import type { WriteMessage, WriteResult } from "./write_message.ts";

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
