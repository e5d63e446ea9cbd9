/**
 * What SQLite itself tells of a database, for commands that look after files.
 *
 * @module
 */
import type { Connection } from "../sqlite/connection.ts";
import type { SqlValue } from "../sqlite/values.ts";

/** `wal`, `delete` or another journal mode, as it is. */
export function journalMode(connection: Connection): string {
  return String(pragma(connection, "journal_mode"));
}

/** Pages of the file, free ones among them, and the bytes of each. */
export function pages(connection: Connection): { count: number; free: number; bytes: number } {
  return {
    count: Number(pragma(connection, "page_count")),
    free: Number(pragma(connection, "freelist_count")),
    bytes: Number(pragma(connection, "page_size")),
  };
}

/** What is wrong with the file, at most so many findings; none when it is sound. */
export function integrityProblems(connection: Connection, max: number): string[] {
  return connection.prepare(`PRAGMA integrity_check(${max})`).all()
    .map(({ integrity_check }) => String(integrity_check))
    .filter((text) => text !== "ok");
}

/** Sets how long a call waits for a lock, in milliseconds. */
export function setBusyTimeout(connection: Connection, ms: number): void {
  connection.exec(`PRAGMA busy_timeout=${Math.trunc(ms)}`);
}

function pragma(connection: Connection, name: string): SqlValue {
  return connection.prepare(`PRAGMA ${name}`).get()?.[name] ?? null;
}
