/**
 * Connections to SQLite: how they are opened, configured, checkpointed and closed.
 *
 * There is one read-write connection to a database, that of the writer Worker, and any number of
 * read-only ones. WAL lets them work side by side: a reader sees the last commit and never waits for the
 * writer. A connection belongs to the thread that opened it, its calls are synchronous, and no statement
 * leaves a cursor open, so no lock is ever held across an `await`.
 *
 * Within one process a database is opened with one driver only; see `sqlite/drivers/in_use.ts`.
 *
 * @module
 */
import { checkOptionNames, namesOf } from "../internal/validate.ts";
import { chooseDriver, type DriverChoice } from "./drivers/choose.ts";
import type { Connection } from "./connection.ts";
import { databasePath, fileExists, prepareFile } from "./database_file.ts";
import { driverFor } from "./drivers/in_use.ts";
import { SqliteError } from "../errors.ts";
import { openReader, openWriter } from "./opening.ts";
import { connectionSettings, type Synchronous } from "./settings.ts";
import { isUnwritable, openUnwritable, readJournal } from "./unwritable.ts";

/**
 * Options of {@linkcode connect}.
 *
 * @example Commits that survive a power cut
 * ```ts ignore
 * import type { ConnectOptions } from "@pipeloom/pipeloom/db";
 *
 * const options: ConnectOptions = { synchronous: "full" };
 * ```
 */
export interface ConnectOptions {
  /**
   * Journal of a file: WAL, or with `false` the rollback journal (DELETE).
   *
   * @default {true}
   */
  wal?: boolean | undefined;
  /**
   * When a commit is on the disk: with `"normal"` at the next checkpoint, so that a power cut can take back the
   * last ones; with `"full"` before the call that made it returns, at the price of a wait for the disk at each
   * commit. Neither loses anything when the process dies, and neither leaves half of a commit.
   *
   * @default {"normal"}
   */
  synchronous?: Synchronous | undefined;
  /**
   * The SQLite driver.
   *
   * @default {"auto"}
   */
  driver?: DriverChoice | undefined;
  /**
   * Maximum wait for a lock when opening and in each call, in milliseconds. Readers wait only for files without a
   * WAL.
   *
   * @default {60_000}
   */
  busyTimeoutMs?: number | undefined;
  /**
   * Whether a name in double quotes that names no column is a text, as in the `sqlite3` shell and in Python.
   * Triggers and views made there may need it; `false` finds misspelled columns.
   *
   * @default {true}
   */
  doubleQuotedLiterals?: boolean | undefined;
}

const NAMES = namesOf<ConnectOptions>({
  busyTimeoutMs: true,
  doubleQuotedLiterals: true,
  driver: true,
  synchronous: true,
  wal: true,
});

/**
 * Opens the read-write connection to a database and configures it: WAL for a file (DELETE with
 * `wal: false`, MEMORY for `:memory:`), `synchronous=NORMAL` by default, `foreign_keys=ON`, `temp_store=MEMORY`,
 * a page cache of 100 MB, a checkpoint every 1,000 pages, a busy timeout of 60 s.
 *
 * A missing parent folder is created. There should be one such connection to a file: in a pipeline it is
 * the writer's.
 *
 * @param path A file's path, a `file:` URL, or `:memory:`
 * @throws {SqliteError} If the path is a folder or not a database, or cannot be opened or written
 * @throws {RangeError} If `busyTimeoutMs` is not an integer ≥ 0
 * @throws {TypeError} If `synchronous` is neither `"normal"` nor `"full"`
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
  checkOptionNames(options, { operation: "open the database", known: NAMES });
  const settings = connectionSettings(options);
  const file = await databasePath(path);
  const { driver } = await chooseDriver(driverFor(file, options.driver));
  prepareFile(file);
  return await openWriter(driver, file, settings);
}

/**
 * Options of {@linkcode connectReadOnly}.
 *
 * @example A short wait
 * ```ts ignore
 * import type { ConnectReadOnlyOptions } from "@pipeloom/pipeloom/db";
 *
 * const options: ConnectReadOnlyOptions = { busyTimeoutMs: 1_000 };
 * ```
 */
export type ConnectReadOnlyOptions = Omit<
  ConnectOptions,
  "wal" | "synchronous" | "doubleQuotedLiterals"
>;

const READ_ONLY_NAMES = namesOf<ConnectReadOnlyOptions>({ busyTimeoutMs: true, driver: true });

/**
 * Opens a separate read-only connection. It sees each commit of the writer at once, never blocks it and
 * cannot change anything.
 *
 * @param path A file's path or a `file:` URL
 * @throws {SqliteError} If the file is missing (it is never created) or is not a database
 * @throws {TypeError} If the path is `:memory:`, which no other connection can see
 * @throws {RangeError} If `busyTimeoutMs` is not an integer ≥ 0
 *
 * @example Look at a pipeline from another program
 * ```ts
 * import { connectReadOnly } from "@pipeloom/pipeloom/db";
 * import { runPipeline } from "@pipeloom/pipeloom";
 *
 * await runPipeline(["a", "b"], { db: "etl.db", run: (item) => item });
 *
 * using reader = await connectReadOnly("etl.db");
 * const newest = "SELECT name, status, progress FROM task_runs ORDER BY id DESC LIMIT 20";
 * console.table(reader.prepare(newest).all());
 * ```
 */
export async function connectReadOnly(
  path: string | URL,
  options: ConnectReadOnlyOptions = {},
): Promise<Connection> {
  checkOptionNames(options, { operation: "open the database", known: READ_ONLY_NAMES });
  const { busyTimeoutMs } = connectionSettings(options);
  const file = await databasePath(path);
  if (file === ":memory:") {
    throw new TypeError("Cannot read :memory: from a second connection: use a file");
  }
  if (!await fileExists(file)) {
    throw new SqliteError(
      `Cannot open ${file}: there is no such file; write it first with connect`,
    );
  }
  const { driver } = await chooseDriver(driverFor(file, options.driver));
  try {
    return await openReader(driver, file, busyTimeoutMs);
  } catch (error) {
    if (!isUnwritable(error)) throw error;
    return openUnwritable(driver, file, { busyTimeoutMs, error });
  }
}

/**
 * Which journal a file that is there has, such as `wal`. It is opened for writing, so that the journal of a process
 * that died in the middle of a commit is rolled back.
 */
export async function journalOf(path: string | URL): Promise<string> {
  const file = await databasePath(path);
  const { driver } = await chooseDriver(driverFor(file, "auto"));
  return readJournal(driver, file, connectionSettings({}).busyTimeoutMs);
}
