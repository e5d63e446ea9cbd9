/**
 * Connections as they are opened on the thread that uses them: of a file that is made out, with a driver
 * that is chosen. So a Worker that is handed both needs neither a registry nor a permission to choose.
 *
 * @module
 */
import { delay } from "../internal/delay.ts";
import { Connection } from "./connection.ts";
import type { Driver } from "./drivers/driver.ts";
import { classifyError } from "./explain.ts";
import { explainUnwritable } from "./unwritable.ts";
import { isEmpty, userVersion } from "./pragmas.ts";
import { applySettings, BUSY_TIMEOUT_MS, type WriterSettings } from "./settings.ts";

/** Milliseconds between two tries to open a file that another connection is opening. */
const BUSY_RETRY_MS = 20;

/** Opens and configures the read-write connection, as soon as no other connection is opening the file. */
export async function openWriter(
  driver: Driver,
  file: string,
  settings: WriterSettings,
): Promise<Connection> {
  try {
    return await retryWhileBusy(() => tryWriter(driver, file, settings), settings.busyTimeoutMs);
  } catch (error) {
    throw explainUnwritable(file, error);
  }
}

/** Opens a read-only connection, as soon as no other connection is opening the file. */
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
  settings: WriterSettings,
): Connection {
  const { busyTimeoutMs, doubleQuotedLiterals } = settings;
  // That another connection is writing is not a reason against the file.
  const connection = new Connection(driver, file, {
    readOnly: false,
    busyTimeoutMs: 0,
    doubleQuotedLiterals,
  });
  try {
    requireWritable(connection);
    connection.exec(`PRAGMA busy_timeout=${busyTimeoutMs}`);
    // Read before anything is set, so that a damaged file is refused untouched.
    connection.prepare("SELECT count(*) FROM sqlite_schema").get();
    connection.exec("PRAGMA temp_store=MEMORY; PRAGMA cache_size=-100000");
    if (settings.wal && file !== ":memory:" && isEmpty(connection)) beginWal(connection, settings);
    applySettings(connection, settings);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function tryReader(driver: Driver, file: string, busyTimeoutMs: number): Connection {
  const connection = new Connection(driver, file, {
    readOnly: true,
    busyTimeoutMs,
    doubleQuotedLiterals: true,
  });
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
    await delay(BUSY_RETRY_MS);
  }
}

/**
 * Makes a file without any page one with a WAL, without a wait for the disk, where there would be six. There is nothing
 * yet that a journal could bring back. All comes to the disk with the first checkpoint, or at once where each commit does.
 */
function beginWal(connection: Connection, { synchronous }: WriterSettings): void {
  const syncs = synchronous === "full" ? "NORMAL" : "OFF";
  connection.exec(
    `PRAGMA journal_mode=MEMORY; PRAGMA synchronous=${syncs}; PRAGMA journal_mode=WAL`,
  );
  if (syncs === "NORMAL") return;
  // The first page of the WAL, which would else wait for the disk. Another process may have set the version by now.
  connection.transaction(() => connection.exec(`PRAGMA user_version=${userVersion(connection)}`));
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
