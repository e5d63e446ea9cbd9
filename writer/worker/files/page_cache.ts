/**
 * Gives back the pages that SQLite keeps in memory of what was only added.
 *
 * SQLite keeps each page that it has touched, up to 100 MB. Pages of a file that grows are written once and seldom read
 * again, so its cache is emptied each time that the file has grown by {@linkcode GROWTH_BYTES}: the few pages that are
 * still needed come back from the operating system's cache. Measured, a million tasks take as long as with the whole
 * cache. A file whose pages are rewritten does not grow, and keeps its cache.
 *
 * @module
 */
import type { Connection } from "../../../sqlite/connection.ts";
import { emptyPageCache, usedBytes } from "../../../sqlite/pragmas.ts";
import { ROW_BYTES } from "../../protocol/write_message.ts";

/** Bytes by which the file grows until its cache is emptied. A transaction that fits is never written in two parts. */
const GROWTH_BYTES = 16 * 1024 * 1024;

/** Rows between two looks at the file. */
const LOOK_ROWS = GROWTH_BYTES / 2 / ROW_BYTES;

/** The page cache of one connection. */
export class PageCache {
  readonly #connection: Connection;
  #usedBytes: (() => number) | undefined;
  /** Rows since the last look. */
  #rows = 0;
  /** Bytes in use when the cache was emptied. */
  #bytes = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Takes note of rows that were committed. */
  committed(rows: number): void {
    this.#rows += rows;
    if (this.#rows < LOOK_ROWS) return;
    this.#rows = 0;
    this.#usedBytes ??= usedBytes(this.#connection);
    const bytes = this.#usedBytes();
    if (bytes >= this.#bytes && bytes < this.#bytes + GROWTH_BYTES) return;
    this.#bytes = bytes;
    emptyPageCache(this.#connection);
  }
}
