/**
 * Connections to SQLite: how they are opened, configured, checkpointed and closed.
 *
 * There is one read-write connection to a database, that of the writer Worker, and any number of
 * read-only ones. WAL lets them go on side by side: a reader sees the last commit and never waits for the
 * writer. A connection belongs to the thread that opened it, its calls are synchronous, and no statement
 * leaves a cursor open, so no lock is ever held across an `await`.
 *
 * Within one process a database is opened with one driver only; see `drivers/in_use.ts`.
 *
 * @module
 */
import { chooseDriver, type DriverChoice } from "./drivers/choose.ts";
import { Connection } from "./connection.ts";
import type { Driver } from "./drivers/driver.ts";
import { driverFor } from "./drivers/in_use.ts";
import { SqliteError } from "./errors.ts";
import { classifyError, explain } from "./explain.ts";
import { paths } from "./paths.ts";

export { Connection, Statement } from "./connection.ts";
export { classifyError } from "./explain.ts";
export { initSchema, type InitSchemaOptions } from "./schema.ts";
export { type Bindable, type Place, type SqlRow, type SqlValue, toSqlValue } from "./values.ts";
export { SqliteError, type SqliteErrorCode } from "./errors.ts";
export type { DriverChoice } from "./drivers/choose.ts";
export type { DriverName } from "./drivers/driver.ts";

/** Milliseconds to wait for a lock that another process holds before an error, as the original did. */
const BUSY_TIMEOUT_MS = 60_000;

/** Milliseconds between two tries to open a file that another connection is opening. */
const BUSY_RETRY_MS = 20;

/** Bytes to which a checkpoint that resets the WAL cuts it: a large transaction leaves no large file. */
const JOURNAL_SIZE_LIMIT = 64 * 1024 * 1024;

/** Options of {@linkcode connect}. */
export interface ConnectOptions {
  /**
   * The journal of a file: WAL, or with `false` the rollback journal (DELETE).
   *
   * @default {true}
   */
  wal?: boolean;
  /**
   * The SQLite driver.
   *
   * @default {"auto"}
   */
  driver?: DriverChoice;
}

/**
 * Opens the read-write connection to a database and configures it: WAL for a file (DELETE with
 * `wal: false`, MEMORY for `:memory:`), `synchronous=NORMAL`, `foreign_keys=ON`, `temp_store=MEMORY`,
 * a page cache of 100 MB, a checkpoint every 1,000 pages, a busy timeout of 60 s.
 *
 * A missing parent folder is created. There should be one such connection to a file: in a pipeline it is
 * the writer's.
 *
 * @param path A file's path, a `file:` URL, or `:memory:`
 * @throws {SqliteError} If the path is a folder or not a database, or cannot be opened or written
 * @throws {Error} If the driver that was asked for cannot be had
 *
 * @example Write and read
 * ```ts
 * import { connect } from "@pipeloom/pipeloom/db";
 *
 * using connection = await connect(":memory:");
 * connection.exec("CREATE TABLE city (name TEXT, population INTEGER)");
 * connection.prepare("INSERT INTO city VALUES (?, ?)").run("Oslo", 717_710);
 * connection.prepare("SELECT name FROM city").all(); // [{ name: "Oslo" }]
 * ```
 */
export async function connect(
  path: string | URL,
  options: ConnectOptions = {},
): Promise<Connection> {
  const { wal = true, driver: choice } = options;
  const file = await databasePath(path);
  const { driver } = await chooseDriver(driverFor(file, choice));
  if (file !== ":memory:") await prepareFile(file);
  return await retryWhileBusy(() => open(driver, file, wal));
}

/** Opens and configures the read-write connection. */
function open(driver: Driver, file: string, wal: boolean): Connection {
  const connection = new Connection(driver, file, false);
  try {
    requireWritable(connection);
    connection.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
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
      PRAGMA synchronous=NORMAL;
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
 * Opens a separate read-only connection. It sees each commit of the writer at once, never blocks it and
 * cannot change anything.
 *
 * @param path A file's path or a `file:` URL
 * @throws {SqliteError} If the file is missing (it is never created) or is not a database
 */
export async function connectReadOnly(
  path: string | URL,
  options: Pick<ConnectOptions, "driver"> = {},
): Promise<Connection> {
  const file = await databasePath(path);
  if (file === ":memory:") {
    throw new TypeError("Cannot read :memory: from a second connection: use a file");
  }
  if (!await isThere(file)) {
    throw new SqliteError(
      `Cannot open ${file}: there is no such file; write it first with connect`,
    );
  }
  const { driver } = await chooseDriver(driverFor(file, options.driver));
  try {
    return await retryWhileBusy(() => openReader(driver, file));
  } catch (error) {
    if (classifyError(error) !== "read-only") throw error;
    throw new SqliteError(
      `Cannot open ${file}: it has a WAL, whose readers share the file ${file}-shm, and that cannot ` +
        `be created; make its folder writable, or turn the WAL off with wal: false`,
      "read-only",
      { cause: error },
    );
  }
}

function openReader(driver: Driver, file: string): Connection {
  const connection = new Connection(driver, file, true);
  try {
    connection.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
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
async function retryWhileBusy<T>(attempt: () => T): Promise<T> {
  const until = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (classifyError(error) !== "busy" || performance.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS));
  }
}

/** How far a checkpoint goes. */
export type CheckpointMode = "PASSIVE" | "FULL" | "RESTART" | "TRUNCATE";

/** What SQLite says a checkpoint did. */
export interface CheckpointResult {
  /** Whether a reader or writer kept it from finishing. */
  busy: boolean;
  /** Pages in the WAL, -1 when the database has no WAL. */
  log: number;
  /** Pages of these that are in the database file now, -1 when it has no WAL. */
  checkpointed: number;
}

/**
 * Copies the WAL into the database file. A transaction that is open is committed first.
 *
 * - `PASSIVE` copies as much as it can without waiting for anyone.
 * - `FULL` waits for the writer, then copies everything; readers of old pages may stay.
 * - `RESTART` is `FULL` and then waits for the readers, so that the next writer starts the WAL anew.
 * - `TRUNCATE` is `RESTART` and then cuts the WAL to zero bytes.
 *
 * Waiting ends with the busy timeout of 60 s; `busy` is then true, and nothing is lost.
 *
 * @param mode One of the four
 * @throws {TypeError} If the mode is another one
 * @see https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
 */
export function walCheckpoint(
  connection: Connection,
  mode: CheckpointMode = "TRUNCATE",
): CheckpointResult {
  if (!["PASSIVE", "FULL", "RESTART", "TRUNCATE"].includes(mode)) {
    throw new TypeError(
      `Cannot checkpoint in mode ${Deno.inspect(mode)}: use PASSIVE, FULL, RESTART or TRUNCATE`,
    );
  }
  if (connection.inTransaction) connection.exec("COMMIT");
  const row = connection.prepare(`PRAGMA wal_checkpoint(${mode})`).get()!;
  return {
    busy: row.busy === 1,
    log: Number(row.log),
    checkpointed: Number(row.checkpointed),
  };
}

/** The file that a path or `file:` URL names, or `:memory:`. */
export async function databasePath(path: string | URL): Promise<string> {
  if (path === ":memory:") return path;
  const text = String(path);
  if (text === "" || (typeof path !== "string" && !(path instanceof URL))) {
    throw new TypeError(
      `Cannot open ${Deno.inspect(path)}: pass a path, a file: URL or ":memory:"`,
    );
  }
  if (typeof path === "string" && !/^(file:|[a-z][a-z0-9+.-]+:\/\/)/i.test(path)) return path;
  const url = URL.parse(text);
  if (!/^file:\//i.test(text) || !url || url.host || url.search || url.hash) {
    throw new TypeError(`Cannot open ${text}: the only URL of a database is a plain file:///path`);
  }
  return (await paths()).fromFileUrl(url);
}

/** Refuses what is not a file by name and creates a missing parent folder. */
async function prepareFile(file: string): Promise<void> {
  if (await isThere(file)) return;
  const { dirname } = await paths();
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
  } catch (error) {
    // The permission can be for the file alone; whether its folder is there, opening it will tell.
    if (error instanceof Deno.errors.NotCapable) return;
    throw new SqliteError(
      `Cannot open ${file}: its folder cannot be created (${(error as Error).message}); ` +
        `create it, or choose another path`,
      "other",
      { cause: error },
    );
  }
}

/** Whether there is a file, which it must be if there is anything. */
async function isThere(file: string): Promise<boolean> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.NotADirectory) {
      throw new SqliteError(
        `Cannot open ${file}: a part of its path is a file, not a folder; choose another path`,
      );
    }
    throw explain(error, file);
  }
  if (info.isFile) return true;
  throw new SqliteError(
    `Cannot open ${file}: it is ${info.isDirectory ? "a folder" : "not a file"}; name a file`,
  );
}

/**
 * Begins a write and undoes it, because a file that may not be written SQLite opens for reading, without a
 * word. This one touches no page; that another connection is writing is no reason against the file.
 */
function requireWritable(connection: Connection): void {
  connection.exec("PRAGMA busy_timeout=0");
  try {
    connection.exec("BEGIN IMMEDIATE; PRAGMA incremental_vacuum(1); ROLLBACK");
  } catch (error) {
    if (classifyError(error) !== "busy") throw error;
  }
}
