/**
 * The tables and views of a file as SQLite knows them, those of other programs among them.
 *
 * Names reach SQL quoted, and views are never opened to learn of them: to resolve one can take any time.
 *
 * @module
 */
import { foldName } from "../../internal/fold_name.ts";
import type { Connection } from "../connection.ts";
import { quoteName, tokensOf } from "../sql_text.ts";

/** Functions that make one row take any time, or reach beyond the file. */
const ENDLESS = /^(zeroblob|randomblob|printf|format|replace|instr|load_extension|pragma_.*)$/;

/** Names by which SQLite knows the id of a row. */
const ROWID_NAMES = ["rowid", "_rowid_", "oid"];

/** A table, a view or a virtual table. */
export interface UserTable {
  /** Its name. */
  name: string;
  /** What it is. */
  kind: "table" | "view" | "virtual";
  /** The statement that made it. */
  sql: string;
}

/** A column. */
export interface UserColumn {
  /** Its name. */
  name: string;
  /** Its declared type. */
  type: string;
  /** Its place in the primary key, from 1; 0 for none. */
  key: number;
  /** Whether it takes no NULL. */
  isRequired: boolean;
  /** Whether it is computed from others: `stored`, or when it is read. */
  computed: "" | "stored" | "virtual";
}

/** One part of the key by which the rows of a table are in order. */
export interface KeyPart {
  /** The name of the column, or of the row id. */
  name: string;
  /** Its collation; none for a row id. */
  collation?: string;
  /** Whether greater values come first. */
  isDescending: boolean;
}

/** Every table and view of the file, by name. */
export function listTables(connection: Connection): UserTable[] {
  return connection.prepare(
    `SELECT name, type, coalesce(sql, '') AS sql, rootpage FROM main.sqlite_schema
     WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
  ).all().map(({ name, type, sql, rootpage }) => ({
    name: `${name}`,
    kind: type === "view" ? "view" : Number(rootpage) > 0 ? "table" : "virtual",
    sql: `${sql}`,
  }));
}

/** The columns of a table, or of a view that is safe to open. */
export function columnsOfTable(
  connection: Connection,
  name: string,
  schema: "main" | "temp" = "main",
): UserColumn[] {
  return connection.prepare(`PRAGMA ${schema}.table_xinfo(${quoteName(name)})`).all()
    .filter(({ hidden }) => hidden !== 1)
    .map(({ name, type, pk, notnull, hidden }) => ({
      name: `${name}`,
      type: `${type}`,
      key: Number(pk),
      isRequired: notnull === 1,
      computed: hidden === 2 ? "virtual" : hidden === 3 ? "stored" : "",
    }));
}

/** The key by which the rows of a table are in order; `undefined` where they have none. */
export function keyOfTable(
  connection: Connection,
  name: string,
  columns: readonly UserColumn[],
): KeyPart[] | undefined {
  const primary = connection.prepare(`PRAGMA main.index_list(${quoteName(name)})`).all()
    .find(({ origin }) => origin === "pk")?.name;
  if (primary !== undefined && isWithoutRowid(connection, `${primary}`)) {
    return connection.prepare(`PRAGMA main.index_xinfo(${quoteName(`${primary}`)})`).all()
      .filter(({ key }) => key === 1)
      .map(({ name, coll, desc }) => ({
        name: `${name}`,
        collation: `${coll}`,
        isDescending: desc === 1,
      }));
  }
  const taken = columns.map(({ name }) => foldName(name));
  const free = ROWID_NAMES.find((name) => !taken.includes(name));
  const own = primary === undefined ? columns.find(({ key }) => key > 0)?.name : undefined;
  const rowid = own ?? free;
  return rowid === undefined ? undefined : [{ name: rowid, isDescending: false }];
}

/** The index of such a primary key is the table itself: it holds every column, and no row id. */
function isWithoutRowid(connection: Connection, index: string): boolean {
  return connection.prepare(`PRAGMA main.index_xinfo(${quoteName(index)})`).all()
    .every(({ cid }) => cid !== -1);
}

/** The columns of a table that refer to another, by that table's name in lower case. */
export function referencesOf(connection: Connection, name: string): Map<string, string> {
  return new Map(
    connection.prepare(`PRAGMA main.foreign_key_list(${quoteName(name)})`).all()
      .map(({ table, from }) => [foldName(`${table}`), `${from}`]),
  );
}

/** The first function of a statement for which one row may take any time. */
export function endlessFunction(sql: string): string | undefined {
  const tokens = [...tokensOf(sql)];
  return tokens.find(({ name }, i) => ENDLESS.test(name) && tokens[i + 1]?.text === "(")?.name;
}
