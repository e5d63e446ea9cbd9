/**
 * Whether a database that a writer has open was overwritten or truncated in place, by `cp` or `>`.
 *
 * The file keeps its name and its inode, and SQLite, which has its pages in memory, continues to commit into a file
 * that is another one. What cannot happen by SQLite's own hand is looked for in the file's size: that it becomes
 * shorter, or has a hole, as one that was cut off and is written on has. Then, and for a small file at the end of a
 * run, a connection of its own checks what the file holds, because that of the writer would read its own memory.
 *
 * A file of the same size that is overwritten by a whole older copy is found only where that check finds it.
 *
 * Rejected: reading the file's header. Closing a file in a process takes all of SQLite's locks on it away.
 *
 * @module
 */
import { SqliteError } from "../../../errors.ts";
import type { Connection } from "../../../sqlite/connection.ts";
import { checkIntegrity } from "../../../sqlite/pragmas.ts";

/** Bytes of a file that is checked at the end of each run: some milliseconds of work. */
const SMALL_BYTES = 4 * 1024 * 1024;

/** Bytes of a block, of which the system counts those of a file. */
const BLOCK_BYTES = 512;

/** What is known of a file without opening it. */
type Info = Pick<Deno.FileInfo, "size" | "blocks" | "mtime">;

/** Watches what one database holds. */
export class ContentWatch {
  readonly #connection: Connection;
  #size = 0;
  #hole = 0;
  #checkedAt: number | undefined;
  #lost: SqliteError | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Looks at the file.
   *
   * @param isLast Whether it is the last look before a run is said to be done
   * @throws {SqliteError} If it was overwritten or truncated, now or before
   */
  check(info: Info, isLast: boolean): void {
    if (this.#lost) throw this.#lost;
    const { size, blocks } = info;
    const hole = blocks === null ? 0 : Math.max(0, size - blocks * BLOCK_BYTES);
    const isOdd = size < this.#size || hole > this.#hole;
    const mtime = info.mtime?.getTime();
    const isDue = isLast && size <= SMALL_BYTES && mtime !== this.#checkedAt;
    if (isOdd || isDue) this.#verify(size);
    if (isDue) this.#checkedAt = mtime;
    this.#size = size;
    this.#hole = hole;
  }

  #verify(size: number): void {
    let problem = size === 0 && this.#size > 0 ? "it is empty" : undefined;
    try {
      using beside = this.#connection.openBeside();
      problem ??= checkIntegrity(beside, 1).problems[0];
    } catch (error) {
      const { code, message } = error as SqliteError;
      // A lock that another holds tells nothing.
      if (code === "corrupt" || code === "not-a-database") problem ??= message;
    }
    if (problem === undefined) return;
    const { path } = this.#connection;
    this.#lost = new SqliteError(
      `Cannot trust ${path}: the database is malformed (${problem}), and what was committed may be lost. A ` +
        `program overwrote or truncated it, perhaps while it was open. Put a backup back while no pipeline ` +
        `runs, then run the pipeline again`,
      "corrupt",
    );
    throw this.#lost;
  }
}
