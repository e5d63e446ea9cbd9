/**
 * Tables of ours in a file that any program may have written, read within a time limit.
 *
 * `node:sqlite` cannot interrupt a statement, and a damaged or hostile file can make an ordinary read endless: pages
 * that stand for each other a million times over are rows without end. So each table is read through a temporary
 * view of its name, which all statements then take for it. The view has a condition that SQLite evaluates for the
 * rows that it passes, and that fails when the time is over. The view also leaves out columns that are computed when
 * they are read, and the contents of texts that are too long to be read at all.
 *
 * @module
 */
import { SqliteError } from "../../errors.ts";
import type { Connection } from "../connection.ts";
import { isOrdinaryTable } from "../pragmas.ts";
import { quoteName, shown } from "../sql_text.ts";

/**
 * Bytes of a text that is still read. SQLite reads all of it, whichever part is asked for: half a second for 500 MB.
 */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** The function that reports whether the time is over. */
const OVERDUE = "pipeloom_overdue";

/** The integer that has no absolute value, so that SQLite ends the statement with an error. */
const NO_ABSOLUTE_VALUE = -(2n ** 63n);

/**
 * True of every row until the time is over; looked at for some of the rows, because the function is not a native one.
 * It names a column, so that it belongs to the rows of this table wherever that stands in a join.
 */
export const inTime = (column: string): string =>
  `random() & 31 OR abs(${OVERDUE}(${quoteName(column)})) = 0`;

/**
 * SQL of a text of a guarded table as it is stored, however long it is, and of its bytes. A scan of a million rows
 * takes half as long by these as by the name of the column, each use of which measures the text.
 */
export function rawText(column: string): { text: string; bytes: string } {
  return { text: `pipeloom_raw_${column}`, bytes: `pipeloom_bytes_${column}` };
}

/** A statement was ended because it took too long. */
export class OverdueError extends SqliteError {}

/** The guarded tables of one connection. */
export class GuardedTables {
  readonly #connection: Connection;
  readonly #limitMs: number;
  /** Texts that are measured before they are read; older libraries cannot. */
  readonly #canMeasure: boolean;
  #views: string[] = [];
  #until = Infinity;
  #isOverdue = false;

  /** Statements take `limitMs` at most, to a row. */
  constructor(connection: Connection, limitMs: number) {
    this.#connection = connection;
    this.#limitMs = limitMs;
    const [major = 0, minor = 0] = connection.sqliteVersion.split(".").map(Number);
    this.#canMeasure = major > 3 || (major === 3 && minor >= 43);
    connection.defineFunction(OVERDUE, () => {
      this.#isOverdue = performance.now() > this.#until;
      return this.#isOverdue ? NO_ABSOLUTE_VALUE : 0n;
    });
  }

  /** Guards tables as they are now, and returns the columns of each; none where it is not an ordinary table. */
  guard(tables: readonly string[], texts: ReadonlySet<string>): Map<string, Set<string>> {
    const columns = new Map(tables.map((table) => [table, this.#columnsOf(table)]));
    const views = tables.filter((table) => columns.get(table)!.length > 0);
    this.#exec([
      ...this.#views.map((view) => `DROP VIEW temp.${view}`),
      ...views.map((table) => {
        const names = columns.get(table)!;
        const selected = [
          ...names.map((name) => this.#read(name, texts)),
          ...names.filter((name) => texts.has(name)).map((name) => this.#readRaw(name)),
        ].join(", ");
        return `CREATE TEMP VIEW ${table} AS SELECT ${selected} FROM main.${table}
          WHERE ${inTime(names[0]!)}`;
      }),
    ]);
    this.#views = views;
    return new Map([...columns].map(([table, names]) => [table, new Set(names)]));
  }

  /**
   * Runs a statement that reads guarded tables.
   *
   * @throws {OverdueError} If it took longer than the limit
   */
  run<T>(sql: string, read: () => T, limitMs: number = this.#limitMs): T {
    this.#isOverdue = false;
    this.#until = performance.now() + limitMs;
    try {
      return read();
    } catch (error) {
      if (!this.#isOverdue) throw error;
      throw new OverdueError(
        `Cannot read ${this.#connection.path}: the statement took longer than ${
          limitMs / 1_000
        } s, so the file is damaged or too large: ${shown(sql)}. Run pipeloom doctor`,
        "other",
        { cause: error },
      );
    } finally {
      this.#until = Infinity;
    }
  }

  /** Runs `read` while there are temporary views, which these statements make and drop. */
  withViews<T>(views: { create: readonly string[]; drop: readonly string[] }, read: () => T): T {
    try {
      this.#exec(views.create);
      return read();
    } finally {
      this.#exec(views.drop);
    }
  }

  /** Columns that are stored. A computed one may take any time. */
  #columnsOf(table: string): string[] {
    if (!isOrdinaryTable(this.#connection, table)) return [];
    const rows = this.#connection.prepare(`PRAGMA main.table_xinfo(${table})`).all();
    return rows.filter(({ hidden }) => hidden === 0 || hidden === 3).map(({ name }) => `${name}`);
  }

  #read(column: string, texts: ReadonlySet<string>): string {
    const name = quoteName(column);
    if (!texts.has(column) || !this.#canMeasure) return name;
    return `CASE WHEN octet_length(${name}) > ${MAX_TEXT_BYTES}
      THEN 'A text of ' || octet_length(${name}) || ' bytes, which is too long to be shown'
      ELSE ${name} END AS ${name}`;
  }

  #readRaw(column: string): string {
    const { text, bytes } = rawText(column);
    const name = quoteName(column);
    const measured = this.#canMeasure ? `octet_length(${name})` : `length(CAST(${name} AS BLOB))`;
    return `${name} AS ${text}, ${measured} AS ${bytes}`;
  }

  /** A connection to a copy in memory refuses even temporary views, unless `query_only` is off. */
  #exec(statements: readonly string[]): void {
    if (statements.length === 0) return;
    const isQueryOnly = this.#connection.prepare("PRAGMA query_only").get()!.query_only === 1;
    if (isQueryOnly) this.#connection.exec("PRAGMA query_only=OFF");
    try {
      for (const statement of statements) this.#connection.prepare(statement).run();
    } finally {
      if (isQueryOnly) this.#connection.exec("PRAGMA query_only=ON");
    }
  }
}
