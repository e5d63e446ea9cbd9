/**
 * The settings of the read-write connection: what the caller asked for, and what the writer's promises need.
 *
 * They are applied when the file is opened, and again after each script of a user, which may have changed any of
 * them: a dump of the `sqlite3` shell begins by turning foreign keys off.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { SqliteError } from "../errors.ts";
import { checkChoice, checkInteger } from "../internal/validate.ts";

/**
 * When a commit is on the disk: `"normal"` at the next checkpoint, `"full"` before it is acknowledged. Either way
 * it survives the death of the process; only `"full"` survives a power cut.
 *
 * @example By the kind of work
 * ```ts ignore
 * import type { Synchronous } from "@pipeloom/pipeloom/db";
 *
 * const levelOf = (isPayment: boolean): Synchronous => isPayment ? "full" : "normal";
 * ```
 */
export type Synchronous = "normal" | "full";

/** How the read-write connection is set up. */
export interface WriterSettings {
  wal: boolean;
  synchronous: Synchronous;
  /** Milliseconds to wait for a lock that another process holds. */
  busyTimeoutMs: number;
  /** Whether a text in double quotes that names no column is a text. */
  doubleQuotedLiterals: boolean;
}

/** Milliseconds to wait for a lock that another process holds before an error, as the original did. */
export const BUSY_TIMEOUT_MS = 60_000;

/** Bytes to which a checkpoint that resets the WAL cuts it: a large transaction leaves no large file. */
export const JOURNAL_SIZE_LIMIT = 64 * 1024 * 1024;

/** SQLite reads a busy timeout as an `int`. */
const MAX_BUSY_TIMEOUT_MS = 2 ** 31 - 1;

/** Every level of {@linkcode Synchronous}. */
const LEVELS: readonly Synchronous[] = ["normal", "full"];

/**
 * The settings of a connection: what the caller passed, and the defaults.
 *
 * @throws {RangeError} If the busy timeout is not an integer of SQLite's
 * @throws {TypeError} If `synchronous` is not a level
 */
export function connectionSettings(
  {
    wal = true,
    synchronous = "normal",
    busyTimeoutMs = BUSY_TIMEOUT_MS,
    doubleQuotedLiterals = true,
  }: { [Name in keyof WriterSettings]?: WriterSettings[Name] | undefined },
): WriterSettings {
  const operation = "open the database";
  checkChoice(synchronous, { operation, name: "synchronous", choices: LEVELS });
  const bounds = { min: 0, max: MAX_BUSY_TIMEOUT_MS };
  checkInteger(busyTimeoutMs, { operation, name: "busyTimeoutMs", ...bounds });
  return { wal, synchronous, busyTimeoutMs, doubleQuotedLiterals };
}

/**
 * Applies the settings, outside of a transaction.
 *
 * @throws {SqliteError} If SQLite stays with another journal
 */
export function applySettings(connection: Connection, settings: WriterSettings): void {
  const { wal, synchronous, busyTimeoutMs } = settings;
  const { path } = connection;
  connection.exec(`
    PRAGMA busy_timeout=${busyTimeoutMs};
    PRAGMA query_only=OFF;
    PRAGMA locking_mode=NORMAL;
    PRAGMA writable_schema=OFF;
    PRAGMA ignore_check_constraints=OFF;
    PRAGMA recursive_triggers=OFF;
    PRAGMA read_uncommitted=OFF;
    PRAGMA case_sensitive_like=OFF;
    PRAGMA reverse_unordered_selects=OFF;
    PRAGMA full_column_names=OFF;
    PRAGMA short_column_names=ON;
    PRAGMA count_changes=OFF;
    PRAGMA empty_result_callbacks=OFF;
    PRAGMA legacy_alter_table=OFF;`);
  // Only an access lets go of an exclusive lock.
  connection.prepare("SELECT count(*) FROM sqlite_schema").get();
  const journal = path === ":memory:" ? "memory" : wal ? "wal" : "delete";
  const got = connection.prepare(`PRAGMA journal_mode=${journal}`).get()?.journal_mode;
  if (got !== journal) {
    throw new SqliteError(
      `Cannot use journal mode ${journal} for ${path}: SQLite stays with ${got}; ` +
        `put the file on a local disk, or pass wal: ${!wal}`,
    );
  }
  connection.exec(`
    PRAGMA synchronous=${syncLevel(wal, synchronous)};
    PRAGMA foreign_keys=ON;
    PRAGMA wal_autocheckpoint=1000;
    PRAGMA journal_size_limit=${JOURNAL_SIZE_LIMIT};`);
}

/**
 * The level of SQLite. Without a WAL a commit is the removal of the journal, which only EXTRA brings to the disk:
 * under FULL a power cut could bring it back, and with it the state before.
 */
function syncLevel(wal: boolean, synchronous: Synchronous): string {
  if (synchronous === "normal") return "NORMAL";
  return wal ? "FULL" : "EXTRA";
}
