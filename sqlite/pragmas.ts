/**
 * What SQLite itself reports about a database, and the few settings that change while it is open.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./values.ts";
import { quoteName } from "./sql_text.ts";

/** `wal`, `delete` or another journal mode, as it is. */
export function journalMode(connection: Connection): string {
  return String(pragma(connection, "journal_mode"));
}

/** Pages of the file, free ones among them, and the bytes of each. */
export function pages(connection: Connection): { count: number; free: number; bytes: number } {
  return {
    count: Number(pragma(connection, "page_count")),
    free: Number(pragma(connection, "freelist_count")),
    bytes: pageBytes(connection),
  };
}

/** Whether there is nothing in the file, not even a table of its tables. */
export function isEmpty(connection: Connection): boolean {
  return pragma(connection, "page_count") === 0;
}

/** The number that a user gives a file. */
export function userVersion(connection: Connection): number {
  return Number(pragma(connection, "user_version"));
}

/** Bytes of a page. */
export function pageBytes(connection: Connection): number {
  return Number(pragma(connection, "page_size"));
}

/** Reads how many bytes of a file hold something; prepared once. */
export function usedBytes(connection: Connection): () => number {
  const count = prepared(connection, "page_count");
  const free = prepared(connection, "freelist_count");
  const bytes = pageBytes(connection);
  return () => (Number(count()) - Number(free())) * bytes;
}

/** Empties the page cache, but for pages that a transaction has changed. */
export function emptyPageCache(connection: Connection): void {
  connection.exec("PRAGMA shrink_memory");
}

/** Whether a file becomes shorter when rows are deleted. */
export function givesPagesBack(connection: Connection): boolean {
  return pragma(connection, "auto_vacuum") !== 0;
}

/** What a script may have changed in a file for good, beside its tables. */
export interface FileSettings {
  /** Bytes of a page; 4,096 by default. */
  pageSize: number;
  /** Whether a file becomes shorter when rows are deleted: `none` by default. */
  autoVacuum: string;
  /** How texts are encoded: `UTF-8` by default. */
  encoding: string;
}

/** How the file is made. */
export function fileSettings(connection: Connection): FileSettings {
  const autoVacuum = Number(pragma(connection, "auto_vacuum"));
  return {
    pageSize: Number(pragma(connection, "page_size")),
    autoVacuum: ["none", "full", "incremental"][autoVacuum] ?? `${autoVacuum}`,
    encoding: String(pragma(connection, "encoding")),
  };
}

/** Something that stands in a file beside its tables. */
export interface AddedPart {
  /** `trigger` or `index`. */
  type: string;
  /** Its name. */
  name: string;
  /** The table that it belongs to. */
  table: string;
}

/** Triggers and indexes of these tables, but for indexes that are named after their table, as ours are. */
export function addedParts(connection: Connection, tables: readonly string[]): AddedPart[] {
  return connection.prepare(
    `SELECT type, name, lower(tbl_name) AS tbl FROM sqlite_schema
     WHERE type IN ('trigger', 'index') AND sql IS NOT NULL
       AND tbl IN (SELECT value FROM json_each(?)) AND NOT (type='index' AND name LIKE 'idx_' || tbl || '%')
     ORDER BY rowid`,
  ).all(JSON.stringify(tables)).map(({ type, name, tbl }) => ({
    type: `${type}`,
    name: `${name}`,
    table: `${tbl}`,
  }));
}

/** Columns of a table, in their order; none when there is no such table. */
export function columnsOf(connection: Connection, table: string): string[] {
  return connection.prepare(`PRAGMA main.table_info(${table})`).all().map(({ name }) => `${name}`);
}

/** What stands under the name of a table: its columns, or something that is no ordinary table. */
export interface TableFound {
  /** Names of its columns. */
  columns: string[];
  /** Whether it is a view or a virtual table. */
  isShadowed: boolean;
}

/** What stands under these names, by name in lower case; one statement for all, because each one is compiled. */
export function findTables(
  connection: Connection,
  names: readonly string[],
): Map<string, TableFound> {
  const rows = connection.prepare(
    `SELECT lower(found.name) AS name, found.type='view' OR found.rootpage=0 AS shadowed, part.name AS part
     FROM main.sqlite_schema AS found
       -- The columns of a view, and of a virtual table, can be beyond reach.
       LEFT JOIN pragma_table_info(iif(found.type='table' AND found.rootpage>0, found.name, NULL), 'main') AS part
     WHERE found.type IN ('table', 'view') AND lower(found.name) IN (SELECT value FROM json_each(?))`,
  ).all(JSON.stringify(names));
  const found = new Map<string, TableFound>();
  for (const { name, shadowed, part } of rows) {
    const table = found.get(`${name}`) ?? { columns: [], isShadowed: shadowed === 1 };
    table.columns.push(`${part}`);
    found.set(`${name}`, table);
  }
  return found;
}

/** What an integrity check found. */
export interface IntegrityFindings {
  /** What is wrong; empty when nothing is. */
  problems: string[];
  /** Tables that cannot be checked here, with what is missing for it. */
  unchecked: string[];
}

/** Something of another program's own connection: what needs it cannot be checked here, and may well be whole. */
const MISSING = /no such (collation sequence|function|module)|unknown (function|tokenizer)/i;

/** Checks the file, up to a number of findings. */
export function checkIntegrity(connection: Connection, max: number): IntegrityFindings {
  try {
    return { problems: problemsOf(connection, `${max}`), unchecked: [] };
  } catch (error) {
    if (!MISSING.test((error as Error).message)) throw error;
  }
  // Table by table, so that the others are checked.
  const found: IntegrityFindings = { problems: [], unchecked: [] };
  const tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type='table'").all();
  for (const { name } of tables) {
    try {
      found.problems.push(...problemsOf(connection, quoteName(`${name}`)));
    } catch (error) {
      const { message } = error as Error;
      if (!MISSING.test(message)) throw error;
      found.unchecked.push(`${name} (${message.split(" (")[0]})`);
    }
  }
  found.problems.splice(max);
  return found;
}

function problemsOf(connection: Connection, what: string): string[] {
  return connection.prepare(`PRAGMA integrity_check(${what})`).all()
    .map(({ integrity_check }) => String(integrity_check))
    .filter((text) => text !== "ok" && !MISSING.test(text));
}

/**
 * Gathers what the planner needs, for the next program. Everything is committed, so nothing is lost when it cannot:
 * another holds the lock, or an index needs a collation that only its own program has.
 */
export function optimize(connection: Connection): void {
  try {
    // In a transaction, because a read that turns into a write does not wait for another's lock.
    connection.transaction(() => connection.exec("PRAGMA optimize"));
  } catch {
    // The next who closes the file tries again.
  }
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

/** Whether a name is that of a view or a virtual table, which run what another program wrote when they are read. */
export function isShadowed(connection: Connection, name: string): boolean {
  return connection.prepare(
    `SELECT 1 FROM sqlite_schema
     WHERE name=? COLLATE NOCASE AND (type='view' OR (type='table' AND rootpage=0))`,
  ).get(name) !== undefined;
}
