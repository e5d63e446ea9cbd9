/**
 * What SQLite itself tells of a database, and the few settings that change while it is open.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./values.ts";

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

/** Columns of a table, in their order; none when there is no such table. */
export function columnsOf(connection: Connection, table: string): string[] {
  return connection.prepare(`PRAGMA table_info(${table})`).all().map(({ name }) => `${name}`);
}

/** What is wrong with the file, at most so many findings; none when it is sound. */
export function integrityProblems(connection: Connection, max: number): string[] {
  return connection.prepare(`PRAGMA integrity_check(${max})`).all()
    .map(({ integrity_check }) => String(integrity_check))
    .filter((text) => text !== "ok");
}

/** Gathers what the planner needs. */
export function optimize(connection: Connection): void {
  // In a transaction, because a read that turns into a write does not wait for another's lock.
  connection.transaction(() => connection.exec("PRAGMA optimize"));
}

/** How long a call waits for a lock, in milliseconds. */
export function busyTimeout(connection: Connection): number {
  return Number(pragma(connection, "busy_timeout", "timeout"));
}

/** Sets how long a call waits for a lock, in milliseconds. */
export function setBusyTimeout(connection: Connection, ms: number): void {
  connection.exec(`PRAGMA busy_timeout=${Math.trunc(ms)}`);
}

/** Reads a number that changes exactly when another connection has committed; prepared once. */
export function dataVersionOf(connection: Connection): () => SqlValue {
  return prepared(connection, "data_version");
}

/** Reads a number that changes with the tables; prepared once. */
export function schemaVersionOf(connection: Connection): () => SqlValue {
  return prepared(connection, "schema_version");
}

function prepared(connection: Connection, name: string): () => SqlValue {
  const statement = connection.prepare(`PRAGMA ${name}`);
  return () => statement.get()![name]!;
}

function pragma(connection: Connection, name: string, column = name): SqlValue {
  return connection.prepare(`PRAGMA ${name}`).get()?.[column] ?? null;
}

/** Whether a name is that of an ordinary table: a view could take any time, and a virtual table do anything. */
export function isOrdinaryTable(connection: Connection, name: string): boolean {
  return connection.prepare(
    "SELECT 1 FROM sqlite_schema WHERE type='table' AND rootpage>0 AND name=? COLLATE NOCASE",
  ).get(name) !== undefined;
}
