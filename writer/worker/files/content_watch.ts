/**
 * Whether a database that a writer has open was overwritten or truncated in place, by `cp` or `>`.
 *
 * The file keeps its name and its inode, and SQLite, which has its pages in memory, continues to commit into a file
 * that is another one. What cannot happen by SQLite's own hand is looked for in the file's size: that it becomes
 * shorter than the database or longer, or has a hole, as one that was cut off and is written on has. Where others may
 * have made it so, and for a small file at the end of a run, a connection of its own checks what the file holds,
 * because that of the writer would read its own memory.
 *
 * Without a WAL, SQLite reads a file that was overwritten as if another program had committed the change. The schema's
 * version shows it, because it only ever grows; missing tables show it, too.
 *
 * A file that is overwritten by a whole copy of the same size is found only where a check finds it. While all of its
 * pages are in the WAL, SQLite writes them over that copy, and nothing is lost.
 *
 * Rejected, to find a whole older copy of the same length: the file's header, because a database that has not become
 * longer has the same first page, and because to close a file takes all of SQLite's locks on it away from its process;
 * a connection of its own, which sees the pages in the WAL in place of those of the copy, or pages of several commits;
 * the time of change, because a checkpoint of any process changes that, too, and so does `touch`.
 *
 * @module
 */
import { SqliteError } from "../../../errors.ts";
import type { Connection } from "../../../sqlite/connection.ts";
import {
  checkIntegrity,
  dataVersionOf,
  givesPagesBack,
  pageBytes,
  pages,
  schemaVersionOf,
} from "../../../sqlite/pragmas.ts";
import type { SqlValue } from "../../../sqlite/values.ts";

/** Bytes of a file that is checked at the end of each run: some milliseconds of work. */
const SMALL_BYTES = 4 * 1024 * 1024;

/** Bytes of the largest page. */
const MAX_PAGE_BYTES = 65_536;

/** Bytes of a block, of which the system counts those of a file. */
const BLOCK_BYTES = 512;

/** What is known of a file without opening it. */
type Info = Pick<Deno.FileInfo, "size" | "blocks" | "mtime">;

/** Why the file is looked at. */
export interface Look {
  /** Whether it is the last look before a run is reported as done. */
  isLast?: boolean;
  /** Whether SQLite has missed a table, or what is not a database. */
  isSuspect?: boolean;
}

/** Watches what one database holds. */
export class ContentWatch {
  readonly #connection: Connection;
  readonly #dataVersion: () => SqlValue;
  readonly #schemaVersion: () => SqlValue;
  readonly #hasRuns: boolean;
  #size = 0;
  #hole = 0;
  /** The commits of others, and the schema, as they were at the last look. */
  #versions: { data: SqlValue; schema: SqlValue };
  #checkedAt: number | undefined;
  #lost: SqliteError | undefined;

  /** `info` is of the file as it is now; without it the first look is the first that is known. */
  constructor(connection: Connection, info?: Info) {
    this.#connection = connection;
    this.#size = info?.size ?? 0;
    this.#dataVersion = dataVersionOf(connection);
    this.#schemaVersion = schemaVersionOf(connection);
    this.#versions = this.#readVersions();
    this.#hasRuns = hasRuns(connection);
  }

  /**
   * Looks at the file.
   *
   * @throws {SqliteError} If it was overwritten or truncated, now or before
   */
  check(info: Info, { isLast = false, isSuspect = false }: Look = {}): void {
    if (this.#lost) throw this.#lost;
    const { size, blocks } = info;
    const hole = blocks === null ? 0 : Math.max(0, size - blocks * BLOCK_BYTES);
    if (this.#size > 0 && size !== this.#size && this.#isForeign(size)) {
      this.#lose(`its length is ${size} bytes, which SQLite did not make it`);
    }
    const isOdd = size < this.#size || hole > this.#hole;
    const mtime = info.mtime?.getTime();
    const isDue = isLast && size <= SMALL_BYTES && mtime !== this.#checkedAt && this.#isUsed(size);
    if (isOdd || isDue || isSuspect) this.#verify(size, isOdd || isDue);
    if (isDue) this.#checkedAt = mtime;
    this.#size = size;
    this.#hole = hole;
    this.#noteVersions(isSuspect);
  }

  /** A checkpoint has just written into the file: as long as it is now it stays. */
  noteSize(size: number): void {
    try {
      const { count, bytes } = pages(this.#connection);
      if (size > this.#size && size <= count * bytes) this.#size = size;
    } catch {
      // The next look reports what is wrong.
    }
  }

  /** Whether the file has more than its first page, which is in the WAL with all others until it has. */
  #isUsed(size: number): boolean {
    return size > MAX_PAGE_BYTES || size > pageBytes(this.#connection);
  }

  /**
   * Whether a length is none that SQLite gives the file. It copies pages up to the end of the database, which becomes
   * shorter only by VACUUM, of another connection, or with `auto_vacuum`.
   */
  #isForeign(size: number): boolean {
    try {
      const { count, bytes } = pages(this.#connection);
      const isOwn = this.#dataVersion() === this.#versions.data &&
        !givesPagesBack(this.#connection);
      return isOwn && (size < this.#size ? this.#size <= count * bytes : size > count * bytes);
    } catch {
      // What cannot be read is looked at by a connection of its own.
      return false;
    }
  }

  #noteVersions(isSuspect: boolean): void {
    const { schema } = this.#versions;
    let what: string | undefined;
    try {
      this.#versions = this.#readVersions();
      const isMissing = isSuspect && this.#hasRuns && !hasRuns(this.#connection);
      if (Number(this.#versions.schema) < Number(schema)) what = "it is another database now";
      else if (isMissing) what = "its table pipeline_runs is gone, or it is another database now";
    } catch {
      // A lock held by another process proves nothing; the next commit reports any other error.
    }
    if (what !== undefined) this.#lose(what);
  }

  #readVersions(): { data: SqlValue; schema: SqlValue } {
    return { data: this.#dataVersion(), schema: this.#schemaVersion() };
  }

  #verify(size: number, isThorough: boolean): void {
    let problem = size === 0 && this.#size > 0 ? "it is empty" : undefined;
    try {
      using beside = this.#connection.openBeside();
      if (isThorough) problem ??= checkIntegrity(beside, 1).problems[0];
      else hasRuns(beside);
    } catch (error) {
      const { code, message } = error as SqliteError;
      // A lock held by another process proves nothing.
      if (code === "corrupt" || code === "not-a-database") problem ??= message.split(" (")[0];
    }
    if (problem !== undefined) this.#lose(`the database is malformed (${problem})`);
  }

  #lose(what: string): never {
    const { path } = this.#connection;
    this.#lost = new SqliteError(
      `Cannot trust ${path}: ${what}, and what was committed may be lost. A ` +
        `program overwrote or truncated it, perhaps while it was open. Put a backup back while no pipeline ` +
        `runs, then run the pipeline again`,
      "corrupt",
    );
    throw this.#lost;
  }
}

function hasRuns(connection: Connection): boolean {
  const sql = "SELECT 1 FROM sqlite_schema WHERE name='pipeline_runs'";
  return connection.prepare(sql).get() !== undefined;
}
