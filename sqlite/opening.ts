/**
 * Connections as they are opened on the thread that uses them: of a file that is made out, with a driver
 * that is chosen. So a Worker that is handed both needs neither a registry nor a permission to choose.
 *
 * @module
 */
import { Connection } from "./connection.ts";
import type { Driver } from "./drivers/driver.ts";
import { SqliteError } from "../errors.ts";
import { checkChoice, checkInteger } from "../internal/validate.ts";
import { classifyError } from "./explain.ts";

/**
 * When a commit is on the disk: `"normal"` at the next checkpoint, `"full"` before it is acknowledged. Either way
 * it survives the death of the process; only `"full"` survives a power cut.
 */
export type Synchronous = "normal" | "full";

/** How the read-write connection is set up. */
export interface WriterSettings {
  wal: boolean;
  synchronous: Synchronous;
  /** Milliseconds to wait for a lock that another process holds. */
  busyTimeoutMs: number;
}

/** Milliseconds to wait for a lock that another process holds before an error, as the original did. */
export const BUSY_TIMEOUT_MS = 60_000;

/** Milliseconds between two tries to open a file that another connection is opening. */
const BUSY_RETRY_MS = 20;

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
  { wal = true, synchronous = "normal", busyTimeoutMs = BUSY_TIMEOUT_MS }: Partial<WriterSettings>,
): WriterSettings {
  const operation = "open the database";
  checkChoice(synchronous, { operation, name: "synchronous", choices: LEVELS });
  const bounds = { min: 0, max: MAX_BUSY_TIMEOUT_MS };
  checkInteger(busyTimeoutMs, { operation, name: "busyTimeoutMs", ...bounds });
  return { wal, synchronous, busyTimeoutMs };
}

/** Opens and configures the read-write connection, as soon as nobody else is opening the file. */
export async function openWriter(
  driver: Driver,
  file: string,
  settings: WriterSettings,
): Promise<Connection> {
  return await retryWhileBusy(() => tryWriter(driver, file, settings), settings.busyTimeoutMs);
}

/** Opens a read-only connection, as soon as nobody else is opening the file. */
export async function openReader(
  driver: Driver,
  file: string,
  busyTimeoutMs: number = BUSY_TIMEOUT_MS,
): Promise<Connection> {
  return await retryWhileBusy(() => tryReader(driver, file, busyTimeoutMs), busyTimeoutMs);
}

function tryWriter(
  driver: Driver,
  file: string,
  { wal, synchronous, busyTimeoutMs }: WriterSettings,
): Connection {
  // That another connection is writing is no reason against the file.
  const connection = new Connection(driver, file, { readOnly: false, busyTimeoutMs: 0 });
  try {
    requireWritable(connection);
    connection.exec(`PRAGMA busy_timeout=${busyTimeoutMs}`);
    // Read before anything is set, so that a damaged file is refused untouched.
    connection.prepare("SELECT count(*) FROM sqlite_schema").get();
    const journal = file === ":memory:" ? "memory" : wal ? "wal" : "delete";
    const got = connection.prepare(`PRAGMA journal_mode=${journal}`).get()?.journal_mode;
    if (got !== journal) {
      throw new SqliteError(
        `Cannot use journal mode ${journal} for ${file}: SQLite stays with ${got}; ` +
          `put the file on a local disk, or pass wal: ${!wal}`,
      );
    }
    connection.exec(`
      PRAGMA synchronous=${syncLevel(wal, synchronous)};
      PRAGMA foreign_keys=ON;
      PRAGMA temp_store=MEMORY;
      PRAGMA cache_size=-100000;
      PRAGMA wal_autocheckpoint=1000;
      PRAGMA journal_size_limit=${JOURNAL_SIZE_LIMIT};`);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * The level of SQLite. Without a WAL a commit is the removal of the journal, which only EXTRA brings to the disk:
 * under FULL a power cut could bring it back, and with it the state before.
 */
function syncLevel(wal: boolean, synchronous: Synchronous): string {
  if (synchronous === "normal") return "NORMAL";
  return wal ? "FULL" : "EXTRA";
}

function tryReader(driver: Driver, file: string, busyTimeoutMs: number): Connection {
  const connection = new Connection(driver, file, { readOnly: true, busyTimeoutMs });
  try {
    connection.prepare("SELECT count(*) FROM sqlite_schema").get();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Tries again while another connection is just opening the file: SQLite does not wait for a change of the
 * journal mode, whatever the busy timeout.
 */
async function retryWhileBusy<T>(attempt: () => T, timeoutMs: number): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (classifyError(error) !== "busy" || performance.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS));
  }
}

/**
 * Begins a write and undoes it, because a file that may not be written SQLite opens for reading, without a
 * word. This one touches no page.
 */
function requireWritable(connection: Connection): void {
  try {
    connection.exec("BEGIN IMMEDIATE; PRAGMA incremental_vacuum(1); ROLLBACK");
  } catch (error) {
    if (classifyError(error) !== "busy") throw error;
  }
}
