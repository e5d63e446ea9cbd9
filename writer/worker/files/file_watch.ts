/**
 * Whether the files that a writer has open are still those that their names lead to.
 *
 * A file that is removed, moved or replaced still takes what is written, where it is lost: each commit
 * would succeed and be lost. SQLite looks for that only when it closes. So the writer compares the inodes, now and
 * then and before it reports success, and fails loudly.
 *
 * Rejected: to look before each commit (a call of the system that most of them would pay for), and watching the
 * folder (`Deno.watchFs` reports late, or not at all on some file systems, and needs a permission for all of it).
 *
 * @module
 */

import { type ErrorData, SqliteError } from "../../../errors.ts";
import { mayRead } from "../../../internal/permissions.ts";
import { WalWatch } from "./wal_watch.ts";
import type { Connection } from "../../../sqlite/connection.ts";
import { ContentWatch, type Look } from "./content_watch.ts";

/** What is appended to the database's name for the files that belong to it while it is open. */
const COMPANIONS = ["-wal", "-shm"];

interface Watched {
  path: string;
  dev: number;
  ino: number;
  info: Deno.FileInfo;
}

/** The files of one database, as they were when it was opened. */
export class FileWatch implements Disposable {
  readonly #database: string;
  readonly #files: Watched[];
  readonly #wal: WalWatch | undefined;
  readonly #content: ContentWatch | undefined;

  /**
   * Looks at the files of a database that is open. Those that may not be looked at are not watched; what the database
   * holds is checked only with its connection.
   */
  constructor(database: string, connection?: Connection) {
    this.#database = database;
    this.#files = database === ":memory:" ? [] : watched(database);
    if (connection) this.#content = new ContentWatch(connection, this.#files[0]?.info);
    const wal = this.#files.slice(1).find(({ path }) => path.endsWith(COMPANIONS[0]!));
    if (wal) this.#wal = WalWatch.open(wal.path);
  }

  /**
   * Compares.
   *
   * @throws {SqliteError} If another file has one of the names, or none has it, or the WAL is not what it was
   */
  check(look: Look = {}): void {
    for (const file of this.#files) {
      const now = identify(file.path);
      // What may not be looked at any more is not a reason to stop.
      if (now === undefined) continue;
      if (now && now.ino === file.ino && now.dev === file.dev) {
        if (file === this.#files[0]) this.#content?.check(now.info, look);
        continue;
      }
      throw this.#lost(file === this.#files[0] ? undefined : file.path, now === null);
    }
    if (this.#wal?.isSound() === false) {
      throw new SqliteError(
        `Cannot trust ${this.#database}: its WAL was cut off or written over while it was open, and SQLite may ` +
          `have copied it into the file; run pipeloom doctor, restore a backup if it finds damage, then ` +
          `resume the run`,
        "corrupt",
      );
    }
  }

  /** A checkpoint has just written into the database: a shorter file is another one from now on. */
  noteSize(): void {
    const [file] = this.#files;
    const now = file && identify(file.path);
    if (now && now.ino === file.ino) this.#content?.noteSize(now.info.size);
  }

  /** Closes what it reads. */
  [Symbol.dispose](): void {
    this.#wal?.[Symbol.dispose]();
  }

  #lost(companion: string | undefined, isGone: boolean): SqliteError {
    const what = isGone ? "was removed or moved" : "was replaced by another";
    return new SqliteError(
      companion === undefined
        ? `Cannot write ${this.#database}: the file ${what} while it was open, and further writes ` +
          `would be lost; put the file itself or a backup back, then resume the run`
        : `Cannot write ${this.#database}: its file ${companion} ${what} while it was open, and a crash ` +
          `would lose what is in it; a file of the database may have been opened in this process with anything ` +
          `but SQLite, such as Deno.readFile, which takes SQLite's locks away; leave it alone while a pipeline ` +
          `runs, and resume the run`,
      "moved",
    );
  }
}

/** The database first, then what belongs to it: as far as that may be looked at without a prompt. */
function watched(database: string): Watched[] {
  if (!mayRead(database)) return [];
  try {
    // The name that it really has, whatever the working directory will be: SQLite names its WAL after that.
    const path = Deno.realPathSync(database);
    return [path, ...COMPANIONS.map((end) => path + end)].filter(mayRead)
      .flatMap((path) => identify(path) ?? []);
  } catch {
    return [];
  }
}

/** Which file has that name: `null` for none, `undefined` where that cannot be determined. */
function identify(path: string): Watched | null | undefined {
  try {
    const info = Deno.statSync(path);
    const { dev, ino } = info;
    return ino === null ? undefined : { path, dev, ino, info };
  } catch (error) {
    const isGone = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    return isGone ? null : undefined;
  }
}

/** Whether a failure may come from a file that is another one: SQLite reports one that is gone as read-only. */
export function isOfFile({ code, message }: ErrorData): boolean {
  return code === "read-only" || code === "not-a-database" || /^no such table/i.test(message);
}
