/**
 * The database that the dashboard shows, in whatever state it is: not there yet, readable, damaged, deleted
 * or replaced while pages are open. It is opened as soon as it can be, and opened again when another
 * file has taken its place.
 *
 * @module
 */
import { databasePath, fileExists } from "../../sqlite/database_file.ts";
import { SqliteError } from "../../errors.ts";
import type { DriverChoice } from "../../sqlite/drivers/choose.ts";
import { classifyError, explain } from "../../sqlite/explain.ts";
import { OverdueError } from "../../sqlite/tables/guarded_tables.ts";
import type { SourceState } from "../api.ts";
import { Reader } from "./reader.ts";

/** Milliseconds between two looks at the file itself: whether it is there, and still the same. */
const FILE_INTERVAL_MS = 500;

/** Milliseconds for which no read is tried after a lock was in the way, so that waiting is not all we do. */
const BUSY_REST_MS = 150;

/** Milliseconds after which a damaged file that looks the same is tried again. */
const DAMAGED_REST_MS = 10_000;

/** Milliseconds after which a file is tried again whose statement took too long: it held up all other requests. */
const OVERDUE_REST_MS = 30_000;

/** The database cannot be read at present. */
export class SourceError extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "SourceError";
}

/** What a look at the file shows without opening it, which would cost the writer its locks. */
interface Seen {
  /** Which file it is. */
  identity: string;
  /** Changes when it is written to. */
  stamp: string;
}

/** Keeps one read-only connection to a database that may come and go. */
export class DatabaseHandle implements Disposable {
  /** Whether the tables of the file are shown. */
  showsData = true;
  /** Grows whenever another file is behind the connection. */
  generation = 0;
  readonly #db: string | URL;
  readonly #driver: DriverChoice;
  readonly #limitMs: number | undefined;
  readonly #file: string;
  /** Where it is, from the working directory of the call that made this. */
  readonly #found: Promise<string>;
  #path = "";
  #reader: Reader | undefined;
  #state: SourceState;
  #seen: Seen | undefined;
  /** The version of the data when the file was last looked at. */
  #seenVersion: unknown;
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;
  #dataVersion: unknown;
  /** Reads one after another that a lock was in the way of. */
  #busyReads = 0;
  #busyUntil = -Infinity;
  #damagedUntil = -Infinity;
  #overdueUntil = -Infinity;
  #closed = false;

  /** Nothing is opened before the first request. */
  constructor(db: string | URL, driver: DriverChoice = "auto", limitMs?: number) {
    if (db === ":memory:") {
      throw new TypeError("Cannot show :memory:, which no other connection can read: use a file");
    }
    this.#db = db;
    this.#found = databasePath(db);
    // The first look reports it.
    this.#found.catch(() => {});
    this.#driver = driver;
    this.#limitMs = limitMs;
    this.#file = fileName(db);
    this.#state = {
      state: "missing",
      file: this.#file,
      message: "It has not been looked at yet",
    };
  }

  /** Whether the database can be read, and if not, why. */
  get state(): SourceState {
    return this.showsData ? this.#state : { ...this.#state, data: false };
  }

  /** Looks whether anything may have changed since the last call, and opens what can be opened. */
  async changed(): Promise<boolean> {
    await this.#look();
    if (!this.#reader) return false;
    return this.read((reader) => {
      const version = `${this.generation}:${reader.dataVersion}`;
      const isOwnerGone = reader.lookAtOwners();
      if (version === this.#dataVersion) return isOwnerGone;
      reader.refreshSchema();
      this.#dataVersion = version;
      return true;
    }, () => false);
  }

  /**
   * Calls `query` with the connection. A damaged file is let go, and tried again later.
   *
   * @param otherwise Called when the database cannot be read at present
   * @throws {SourceError} If it cannot and nothing else was given
   */
  read<T>(query: (reader: Reader) => T, otherwise?: () => T): T {
    let problem = this.#state.message ?? "The database cannot be read";
    if (this.#reader && performance.now() < this.#busyUntil) {
      problem = "The database is locked by the program that writes it: try again";
    } else if (this.#reader) {
      try {
        const result = query(this.#reader);
        this.#busyReads = 0;
        return result;
      } catch (error) {
        if (!(error instanceof SqliteError)) throw error;
        problem = this.#describe(error);
        if (error.code !== "busy") this.#lose(error);
        // Writers commit one transaction after another: waiting once more may well do.
        else if (++this.#busyReads > 2) this.#busyUntil = performance.now() + BUSY_REST_MS;
      }
    }
    if (otherwise) return otherwise();
    throw new SourceError(problem);
  }

  /** Opens the database if it is not open, so that a request needs no open page. */
  async ready(): Promise<void> {
    await this.#look();
    if (this.#reader) this.read((reader) => reader.refreshSchema(), () => {});
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#close();
  }

  async #look(): Promise<void> {
    // One at a time: requests that come meanwhile wait for the same answer.
    await (this.#looking ??= this.#lookAtFile().finally(() => this.#looking = undefined));
  }

  async #lookAtFile(): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt < FILE_INTERVAL_MS || this.#closed) return;
    this.#lookedAt = now;
    try {
      const path = this.#path = await this.#found;
      if (!await fileExists(path)) return this.#miss("There is no");
      const { dev, ino, birthtime, mtime, size } = await Deno.stat(path);
      if (size === 0) return this.#miss("Nothing is in");
      const seen: Seen = {
        identity: `${dev}:${ino ?? birthtime?.getTime()}`,
        stamp: `${mtime?.getTime()}:${size}`,
      };
      const isSame = this.#isSame(seen);
      const isResting = isSame && now < this.#damagedUntil ||
        seen.identity === this.#seen?.identity && now < this.#overdueUntil;
      this.#seen = seen;
      if (this.#reader ? isSame : isResting) return;
      this.#close();
      const reader = await Reader.open(path, this.#driver, this.#limitMs);
      if (this.#closed) return reader[Symbol.dispose]();
      this.#reader = reader;
      this.#seenVersion = reader.dataVersion;
      this.generation++;
      const { driver, sqliteVersion } = reader.connection;
      this.#state = { state: "ok", file: this.#file, driver, sqliteVersion };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) this.#miss("There is no");
      else this.#lose(explain(error, `${this.#db}`));
    }
  }

  /**
   * Whether the file is the one that was seen last, and only SQLite has written to it. A program that copies
   * another file over it does so without a commit, which the connection would never notice.
   */
  #isSame({ identity, stamp }: Seen): boolean {
    const version = this.#reader && this.read((reader) => reader.dataVersion, () => undefined);
    const isCommitted = this.#reader !== undefined && version !== this.#seenVersion;
    this.#seenVersion = version;
    return identity === this.#seen?.identity && (stamp === this.#seen.stamp || isCommitted);
  }

  #miss(what: string): void {
    this.#close();
    this.#state = {
      state: "missing",
      file: this.#file,
      message: `${what} ${this.#file} yet: runs appear here as soon as a pipeline writes them`,
    };
  }

  #lose(error: Error): void {
    this.#close();
    const kind = classifyError(error);
    const damaged = kind === "corrupt" || kind === "not-a-database";
    const now = performance.now();
    if (damaged) this.#damagedUntil = now + DAMAGED_REST_MS;
    if (error instanceof OverdueError) this.#overdueUntil = now + OVERDUE_REST_MS;
    this.#state = {
      state: damaged ? "corrupt" : "unreadable",
      file: this.#file,
      message: this.#describe(error),
    };
  }

  /** The message of an error, without the folder of the file. */
  #describe({ message }: Error): string {
    const paths = [this.#path, `${this.#db}`].filter((path) => path !== "");
    return paths.reduce((text, path) => text.replaceAll(path, this.#file), message);
  }

  #close(): void {
    this.#reader?.[Symbol.dispose]();
    this.#reader = undefined;
    this.#dataVersion = undefined;
  }
}

/** The name of the file, without its folder. */
function fileName(db: string | URL): string {
  const name = `${db}`.split(/[/\\]/).at(-1)!;
  if (typeof db === "string" && !/^file:/i.test(db)) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
