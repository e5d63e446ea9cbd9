/**
 * Reading a file beside which nothing may be written.
 *
 * Readers of a WAL share a `-shm` file, and SQLite makes one even for a connection that only reads. A file whose WAL
 * was emptied when it was closed needs none: where the `-shm` cannot be made, no other program writes beside the file
 * either, and it is read as it is (`immutable`). What a WAL or a journal still holds cannot be read like that.
 *
 * @module
 */
import { Connection } from "./connection.ts";
import type { Driver } from "./drivers/driver.ts";
import { SqliteError } from "../errors.ts";
import { mayRead } from "../internal/permissions.ts";
import { classifyError } from "./explain.ts";
import { journalMode } from "./pragmas.ts";

/** Whether a reader could not be opened because SQLite would have had to write. */
export function isUnwritable(error: unknown): boolean {
  return classifyError(error) === "read-only" ||
    (error instanceof SqliteError && /^unable to open database/i.test(error.message));
}

/**
 * Opens a reader of a file that SQLite cannot open as usual, or throws the reason for it.
 *
 * @throws {SqliteError} If a journal has to be rolled back first, or a WAL holds commits
 */
export function openUnwritable(
  driver: Driver,
  file: string,
  { busyTimeoutMs, error }: { busyTimeoutMs: number; error: unknown },
): Connection {
  if (sizeOf(`${file}-journal`) > 0) {
    throw new SqliteError(
      `Cannot read ${file}: the process that wrote it last died in the middle of a commit, and its journal ` +
        `${file}-journal has to be rolled back first, which only a writer may do. Run a pipeline on it, or: ` +
        `pipeloom init-db --db ${file}`,
      "read-only",
      { cause: error },
    );
  }
  if (sizeOf(`${file}-wal`) <= 0 && sizeOf(`${file}-shm`) < 0) {
    const options = { readOnly: true, busyTimeoutMs, doubleQuotedLiterals: true, immutable: true };
    try {
      const connection = new Connection(driver, file, options);
      connection.prepare("SELECT count(*) FROM sqlite_schema").get();
      return connection;
    } catch {
      // The file itself cannot be read, which the first error reports.
      if (classifyError(error) !== "read-only") throw error;
    }
  }
  throw new SqliteError(
    `Cannot open ${file}: it has a WAL, whose readers share the file ${file}-shm, and that cannot ` +
      `be created; make its folder writable, copy all files of the database to one that is, or turn the WAL off ` +
      `with wal: false`,
    "read-only",
    { cause: error },
  );
}

/** The error of a file that is there and cannot be opened for writing, by its true reason where that is known. */
export function explainUnwritable(file: string, error: unknown): unknown {
  const isOpened = error instanceof SqliteError && /^unable to open database/i.test(error.message);
  if (!isOpened || sizeOf(file) < 0) return error;
  return new SqliteError(
    `Cannot open ${file} to write: the file, its folder or their mount may not be written, or the process has ` +
      `too many files open. Make both writable, or copy all files of the database to where they are`,
    "read-only",
    { cause: error },
  );
}

/**
 * Which journal a file has, as seen by a connection that may write, so that the journal of a dead process is rolled
 * back. The file's journal mode does not change.
 */
export function readJournal(driver: Driver, file: string, busyTimeoutMs: number): string {
  const options = { readOnly: false, busyTimeoutMs, doubleQuotedLiterals: true };
  try {
    using connection = new Connection(driver, file, options);
    connection.prepare("SELECT count(*) FROM sqlite_schema").get();
    return journalMode(connection);
  } catch (error) {
    throw explainUnwritable(file, error);
  }
}

/** Bytes of a file; -1 where there is none, or it may not be looked at. */
function sizeOf(path: string): number {
  if (!mayRead(path)) return -1;
  try {
    return Deno.statSync(path).size;
  } catch {
    return -1;
  }
}
