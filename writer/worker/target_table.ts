/**
 * The table that rows are for: where it is, and its columns as an insert needs them.
 *
 * Rows go to the database file, or to one that the schema attached; never into a TEMP table of that name, which is
 * gone with the writer. So the statement names the database, too.
 *
 * @module
 */
import { SqliteError } from "../../errors.ts";
import { foldName } from "../../internal/fold_name.ts";
import type { Connection } from "../../sqlite/connection.ts";
import { quoteName } from "../../sqlite/sql_text.ts";

/** A column that an insert can fill. */
export interface Column {
  /** As the table spells it. */
  name: string;
  /** Whether a constraint may refuse a row without it: it takes no NULL and has no default, or there is a CHECK. */
  isRequired: boolean;
  /** The SQL of its default. */
  default: string;
  /** Its place in the primary key, from 1; 0 for none. */
  key: number;
}

/** Names of the row id where no column has them. */
const ROWID_NAMES = ["rowid", "oid", "_rowid_"];

/** Whether a name may stand for the row id. */
export function isRowidName(name: string): boolean {
  return ROWID_NAMES.includes(foldName(name));
}

/** A table or view, as it was when this was made. */
export class TargetTable {
  /** The name with its database, as SQL has it. */
  readonly sql: string;
  readonly #connection: Connection;
  readonly #name: string;
  /** `undefined` where there is no such table. */
  readonly #database: string | undefined;
  #columns: readonly Column[] | undefined;
  #rowid: string | undefined;

  /** @throws {TypeError} If it is a TEMP table */
  constructor(connection: Connection, name: string) {
    this.#connection = connection;
    this.#name = name;
    this.#database = databaseOf(connection, name);
    // SQLite's own error names a table that is missing as the caller does.
    this.sql = this.#database ? `${quoteName(this.#database)}.${quoteName(name)}` : quoteName(name);
  }

  /** Whether nothing is known of it but that it is in the file. */
  get isFixed(): boolean {
    return this.#database === "main" && !this.#columns;
  }

  /** The columns that an insert can fill, in their order. */
  get columns(): readonly Column[] {
    return this.#columns ??= this.#database ? this.#readColumns(this.#database) : [];
  }

  /** The name by which a column is known here: of the row id, that of the column which is the row id, if any is. */
  nameOf(name: string): string {
    const folded = foldName(name);
    if (!isRowidName(name)) return folded;
    return this.columns.some((column) => foldName(column.name) === folded) ? folded : this.rowid;
  }

  /** The name of the row id: that of its column where there is one. */
  get rowid(): string {
    return this.#rowid ??= this.#rowidColumn() ?? "rowid";
  }

  #readColumns(database: string): Column[] {
    // A CHECK, or a generated column, may need any column.
    const { count } = this.#connection.prepare(
      `SELECT count(*) AS count FROM ${quoteName(database)}.sqlite_schema
       WHERE type='table' AND name=?1 COLLATE NOCASE
       AND (sql LIKE '%check%' OR EXISTS (SELECT 1 FROM pragma_table_xinfo(?1, ?2) WHERE hidden>1))`,
    ).get(this.#name, database)!;
    return this.#connection.prepare(
      `SELECT name, "notnull" AND dflt_value IS NULL AS required, pk, dflt_value
       FROM pragma_table_xinfo(?, ?) WHERE hidden=0 ORDER BY cid`,
    ).all(this.#name, database).map(({ name, required, pk, dflt_value }) => ({
      name: name as string,
      isRequired: required === 1 || (count as number) > 0,
      default: defaultSql(dflt_value as string | null),
      key: pk as number,
    }));
  }

  /** The INTEGER PRIMARY KEY: SQLite needs no index for it. */
  #rowidColumn(): string | undefined {
    const keys = this.columns.filter(({ key }) => key > 0);
    if (keys.length !== 1) return undefined;
    const index = this.#connection.prepare(
      "SELECT 1 FROM pragma_index_list(?, ?) WHERE origin='pk'",
    ).get(this.#name, this.#database!);
    return index ? undefined : foldName(keys[0]!.name);
  }
}

/** The database that a table is in: the file, or one that is attached. */
function databaseOf(connection: Connection, name: string): string | undefined {
  const databases = connection.prepare("SELECT name FROM pragma_database_list ORDER BY seq").all()
    .map(({ name }) => name as string);
  // "main" first, "temp" second, then what is attached; SQLite itself begins with "temp".
  const found = databases.find((database) =>
    connection.prepare(
      `SELECT 1 FROM ${quoteName(database)}.sqlite_schema
       WHERE type IN ('table','view') AND name=? COLLATE NOCASE`,
    ).get(name)
  );
  if (found !== "temp") return found;
  throw new TypeError(
    `Cannot insert into ${name}: it is a TEMP table, whose rows reach no file. ` +
      `Create it without TEMP, or fill it with execute`,
  );
}

/** The SQL of a default: a word that is not a value of SQL is a text there. */
function defaultSql(text: string | null): string {
  if (text === null) return "NULL";
  const isWord = /^[a-z_\u0080-\uffff][\w$\u0080-\uffff]*$/i.test(text) &&
    !/^(null|true|false|current_(date|time|timestamp))$/i.test(text);
  if (isWord) return `'${text}'`;
  const quoted = /^"((?:[^"]|"")*)"$/.exec(text)?.[1];
  if (quoted === undefined) return `(${text})`;
  return `'${quoted.replaceAll('""', '"').replaceAll("'", "''")}'`;
}

/** @throws {SqliteError} If rows of this many values do not fit the columns of a table */
export function checkColumnCount(table: string, columns: readonly Column[], width: number): void {
  if (columns.length === 0 || columns.length === width) return;
  throw new SqliteError(
    `Cannot insert into ${table}: it has ${columns.length} columns but ${width} values were supplied`,
  );
}
