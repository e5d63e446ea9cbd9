/**
 * The database that the dashboard shows, in whatever state it is: not there yet, readable, damaged, deleted
 * or replaced while somebody looks on. It is opened as soon as it can be, and opened again when another
 * file has taken its place.
 *
 * @module
 */
import { classifyError, connectReadOnly, type DriverChoice, SqliteError } from "../db.ts";
import { databasePath } from "../database_file.ts";
import type { SourceState } from "./api.ts";
import { Reader } from "./reader.ts";

/** Milliseconds between two looks at the file itself: whether it is there, and still the same. */
const FILE_INTERVAL_MS = 500;

/**
 * Milliseconds that a read waits for a lock. Only a file without a WAL has locks that stop a reader; the next
 * tick tries again.
 */
const BUSY_TIMEOUT_MS = 50;

/** The database cannot be read at present. */
export class SourceError extends Error {
  /** The name of the class, as it is printed. */
  override readonly name = "SourceError";
}

/** Keeps one read-only connection to a database that may come and go. */
export class Source implements Disposable {
  /** Grows whenever another file or schema is behind the connection. */
  generation = 0;
  readonly #db: string | URL;
  readonly #driver: DriverChoice;
  #reader: Reader | undefined;
  #state: SourceState;
  #identity: string | undefined;
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;
  #dataVersion: unknown;
  #closed = false;

  /** Nothing is opened until somebody asks. */
  constructor(db: string | URL, driver: DriverChoice = "auto") {
    if (db === ":memory:") {
      throw new TypeError("Cannot show :memory:, which no other connection can read: use a file");
    }
    this.#db = db;
    this.#driver = driver;
    this.#state = { ...this.#missing(), message: "It has not been looked at yet" };
  }

  /** Whether the database can be read, and if not, why. */
  get state(): SourceState {
    return this.#state;
  }

  /** Looks whether anything may have changed since the last call, and opens what can be opened. */
  async changed(): Promise<boolean> {
    await this.#look();
    if (!this.#reader) return false;
    return this.read((reader) => {
      const version = `${this.generation}:${reader.dataVersion}`;
      if (version === this.#dataVersion) return false;
      this.#dataVersion = version;
      reader.learn();
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
    if (this.#reader) {
      try {
        return query(this.#reader);
      } catch (error) {
        if (!(error instanceof SqliteError)) throw error;
        if (classifyError(error) !== "busy") this.#lose(error);
        if (otherwise) return otherwise();
        throw new SourceError(error.message, { cause: error });
      }
    }
    if (otherwise) return otherwise();
    throw new SourceError(this.#state.message ?? "The database cannot be read");
  }

  /** Opens the database if it is not open, so that a request needs nobody who watches. */
  async ready(): Promise<void> {
    await this.#look();
    this.#reader?.learn();
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#close();
  }

  async #look(): Promise<void> {
    // One at a time: whoever comes meanwhile waits for the same answer.
    await (this.#looking ??= this.#lookAtFile().finally(() => this.#looking = undefined));
  }

  async #lookAtFile(): Promise<void> {
    if (performance.now() - this.#lookedAt < FILE_INTERVAL_MS || this.#closed) return;
    this.#lookedAt = performance.now();
    let identity: string;
    try {
      const { dev, ino, birthtime } = await Deno.stat(await databasePath(this.#db));
      identity = `${dev}:${ino ?? birthtime?.getTime()}`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) return this.#lose(error as Error);
      this.#close();
      this.#state = this.#missing();
      return;
    }
    if (this.#reader && identity === this.#identity) return;
    this.#close();
    try {
      const connection = await connectReadOnly(this.#db, { driver: this.#driver });
      if (this.#closed) return connection.close();
      connection.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
      this.#reader = new Reader(connection);
      this.#identity = identity;
      this.generation++;
      const { driver, sqliteVersion } = connection;
      this.#state = { state: "ok", file: this.#state.file, driver, sqliteVersion };
    } catch (error) {
      this.#lose(error as Error);
    }
  }

  #missing(): SourceState {
    const file = decodeURIComponent(`${this.#db}`.split(/[/\\]/).at(-1)!);
    return {
      state: "missing",
      file,
      message: `There is no ${file} yet: it appears here as soon as a pipeline writes it`,
    };
  }

  #lose(error: Error): void {
    this.#close();
    const kind = classifyError(error);
    const corrupt = kind === "corrupt" || kind === "not-a-database";
    this.#state = {
      state: corrupt ? "corrupt" : "unreadable",
      file: this.#state.file,
      message: error.message.replaceAll(`${this.#db}`, this.#state.file),
    };
  }

  #close(): void {
    this.#reader?.[Symbol.dispose]();
    this.#reader = undefined;
    this.#dataVersion = undefined;
  }
}
