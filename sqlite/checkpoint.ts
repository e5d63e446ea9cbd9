/**
 * Checkpoints: copying the WAL into the database file.
 *
 * @module
 */
import { checkChoice, checkInteger, checkOptionNames } from "../internal/validate.ts";
import type { Connection } from "./connection.ts";
import { busyTimeout, setBusyTimeout } from "./pragmas.ts";

/**
 * How far a checkpoint goes.
 *
 * @example Beside a pipeline
 * ```ts ignore
 * import type { CheckpointMode } from "@pipeloom/pipeloom/db";
 *
 * const mode: CheckpointMode = "PASSIVE";
 * ```
 */
export type CheckpointMode = "PASSIVE" | "FULL" | "RESTART" | "TRUNCATE";

/** Every mode. */
export const CHECKPOINT_MODES: readonly CheckpointMode[] = [
  "PASSIVE",
  "FULL",
  "RESTART",
  "TRUNCATE",
];

/**
 * What a checkpoint did, as reported by SQLite.
 *
 * @example Whether the WAL is empty
 * ```ts ignore
 * import type { CheckpointResult } from "@pipeloom/pipeloom/db";
 *
 * const isEmpty = ({ busy, log }: CheckpointResult) => !busy && log <= 0;
 * ```
 */
export interface CheckpointResult {
  /** Whether a reader or writer kept it from finishing. */
  busy: boolean;
  /** Pages in the WAL, -1 when the database has no WAL. */
  log: number;
  /** Pages of these that are in the database file now, -1 when it has no WAL. */
  checkpointed: number;
}

/**
 * Options of {@linkcode walCheckpoint}.
 *
 * @example A second at most
 * ```ts ignore
 * import type { WalCheckpointOptions } from "@pipeloom/pipeloom/db";
 *
 * const options: WalCheckpointOptions = { waitMs: 1_000 };
 * ```
 */
export interface WalCheckpointOptions {
  /**
   * Milliseconds to wait for readers and writers.
   *
   * @default {the busy timeout of the connection}
   */
  waitMs?: number | undefined;
}

/**
 * Copies the WAL into the database file. A transaction that is open is committed first.
 *
 * - `PASSIVE` copies as much as it can without waiting.
 * - `FULL` waits for the writer and for readers of older snapshots, then copies everything.
 * - `RESTART` is `FULL` and then waits for all readers of the WAL, so that the next writer restarts it.
 * - `TRUNCATE` is `RESTART` and then cuts the WAL to zero bytes.
 *
 * Waiting ends with `waitMs`, or the busy timeout of 60 s; `busy` is then true, and nothing is lost.
 *
 * @param mode One of the four
 * @throws {TypeError} If the mode is another one
 * @throws {RangeError} If `waitMs` is not an integer ≥ 0
 * @throws {SqliteError} If the connection is read-only or closed
 * @see https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
 *
 * @example Before the file is copied
 * ```ts
 * import { connect, walCheckpoint } from "@pipeloom/pipeloom/db";
 *
 * using connection = await connect("etl.db");
 * const { busy, checkpointed } = walCheckpoint(connection, "TRUNCATE");
 * console.log(busy ? "A reader or writer kept it from finishing" : `${checkpointed} pages are in the file`);
 * ```
 */
export function walCheckpoint(
  connection: Connection,
  mode: CheckpointMode = "TRUNCATE",
  options: WalCheckpointOptions = {},
): CheckpointResult {
  const operation = "checkpoint";
  checkChoice(mode, { operation, name: "mode", choices: CHECKPOINT_MODES });
  checkOptionNames(options, { operation, known: ["waitMs"] });
  const { waitMs } = options;
  if (waitMs !== undefined) checkInteger(waitMs, { operation, name: "waitMs", min: 0 });
  if (connection.inTransaction) connection.exec("COMMIT");
  const row = waiting(
    connection,
    waitMs,
    () => connection.prepare(`PRAGMA wal_checkpoint(${mode})`).get()!,
  );
  return {
    busy: row.busy === 1,
    log: Number(row.log),
    checkpointed: Number(row.checkpointed),
  };
}

/** Does something with another busy timeout. */
function waiting<T>(connection: Connection, ms: number | undefined, body: () => T): T {
  if (ms === undefined) return body();
  const before = busyTimeout(connection);
  setBusyTimeout(connection, ms);
  try {
    return body();
  } finally {
    setBusyTimeout(connection, before);
  }
}
