/**
 * The statement that inserts rows of one shape into a table, or updates those that conflict.
 *
 * A row says nothing of the columns that it leaves out: an insert gives them their defaults, an upsert leaves them as
 * they are. SQLite checks NOT NULL and CHECK before it looks for a conflict, so an upsert that leaves such a column out
 * passes the value that the table has.
 *
 * @module
 */
import { SqliteError } from "../../errors.ts";
import { foldName } from "../../internal/fold_name.ts";
import type { Connection } from "../../sqlite/connection.ts";
import { quoteName } from "../../sqlite/sql_text.ts";
import type { SqlValue } from "../../sqlite/values.ts";
import type { InsertMessage } from "../protocol/write_message.ts";
import { BulkStatement, placeholders } from "../../sqlite/bulk_statement.ts";

/** What a statement is made from. */
export type InsertShape = Pick<
  InsertMessage,
  "table" | "columns" | "width" | "onConflict" | "update"
>;

/** A column of a table. */
interface Column {
  name: string;
  /** Whether a constraint may refuse a row without it: it takes no NULL and has no default, or there is a CHECK. */
  isRequired: boolean;
  /** The SQL of its default. */
  default: string;
  /** Its place in the primary key, from 1; 0 for none. */
  key: number;
}

/** Characters of a value that an error shows. */
const MAX_SHOWN = 40;

/** Inserts rows of one shape. */
export class InsertStatement {
  readonly #connection: Connection;
  readonly #shape: InsertShape;
  /** The columns that rows fill; `null` for all of the table in their order. */
  readonly #columns: readonly string[] | null;
  readonly #bulk: BulkStatement | undefined;
  /** For rows that fill no column. */
  readonly #defaults: string;

  /** `absent` are the columns that rows leave out, by their index. */
  constructor(connection: Connection, shape: InsertShape, absent: readonly number[]) {
    const { table, onConflict, update } = shape;
    this.#connection = connection;
    this.#shape = shape;
    const isUpsert = onConflict !== undefined || update !== undefined;
    const all = isUpsert || absent.length > 0 ? readColumns(connection, table) : [];
    this.#columns = filled(shape, absent, all);
    this.#defaults = defaultsSql(shape);
    const width = this.#columns?.length ?? shape.width;
    if (width > 0) {
      const sql = insertSql(shape, this.#columns, all);
      this.#bulk = new BulkStatement(connection, placeholders(width), sql);
    }
  }

  /** Inserts so many rows, whose values stand one after the other. */
  run(values: readonly SqlValue[], rows: number): void {
    if (this.#bulk) this.#bulk.run(values);
    else for (let i = 0; i < rows; i++) this.#connection.prepare(this.#defaults).run();
  }

  /**
   * The error of rows that a constraint refused, with the row that did not fit.
   *
   * @param first The number of the first of the rows
   */
  explain(error: unknown, values: readonly SqlValue[], first: number): unknown {
    const isConstraint = error instanceof SqliteError && error.code === "constraint";
    if (!isConstraint || !this.#bulk || !this.#connection.inTransaction) return error;
    const start = this.#bulk.findBad(values);
    const width = this.#columns?.length ?? this.#shape.width;
    if (start === undefined) return error;
    const row = first + start / width;
    const key = this.#keyOf(values.slice(start, start + width));
    return new SqliteError(
      `Cannot insert row ${row} into ${this.#shape.table}${key}: ${error.message}`,
      error.code,
    );
  }

  /** The values of a row by which a person finds it: of the conflict's columns, or the primary key. */
  #keyOf(row: readonly SqlValue[]): string {
    const all = readColumns(this.#connection, this.#shape.table);
    const columns = (this.#columns ?? all.map(({ name }) => name)).map(foldName);
    const names = this.#shape.onConflict ??
      all.filter(({ key }) => key > 0).sort((a, b) => a.key - b.key).map(({ name }) => name);
    const shown = names.flatMap((name) => {
      const at = columns.indexOf(foldName(name));
      return at < 0 ? [] : [`${name} ${abridged(row[at])}`];
    });
    return shown.length > 0 ? ` (${shown.join(", ")})` : "";
  }
}

/** The columns that are left when a row leaves some out; `null` for all of the table in their order. */
function filled(
  { table, columns, width }: InsertShape,
  absent: readonly number[],
  all: readonly Column[],
): readonly string[] | null {
  if (columns === null && all.length > 0 && all.length !== width) {
    throw new SqliteError(
      `Cannot insert into ${table}: it has ${all.length} columns but ${width} values were supplied`,
    );
  }
  if (absent.length === 0) return columns;
  return (columns ?? all.map(({ name }) => name)).filter((_, i) => !absent.includes(i));
}

/** The SQL of a row that fills no column. */
function defaultsSql({ table, onConflict, update }: InsertShape): string {
  const into = `INSERT INTO ${quoteName(table)}`;
  if (!onConflict && !update) return `${into} DEFAULT VALUES`;
  // DEFAULT VALUES takes no ON CONFLICT. A rowid of NULL is a new one.
  return `${into} (rowid) VALUES (NULL) ON CONFLICT${targetSql(onConflict)} DO NOTHING`;
}

/** Makes the SQL around many tuples. */
function insertSql(
  shape: InsertShape,
  columns: readonly string[] | null,
  all: readonly Column[],
): (tuples: string) => string {
  const table = quoteName(shape.table);
  const into = columns ? ` (${columns.map(quoteName).join(",")})` : "";
  const named = (columns ?? all.map(({ name }) => name)).map(foldName);
  const conflict = conflictSql(shape, named, all);
  const key = shape.onConflict?.map((name) => ({ name, at: named.indexOf(foldName(name)) })) ?? [];
  const kept = key.length > 0 && key.every(({ at }) => at >= 0)
    ? all.filter(({ name, isRequired }) => isRequired && !named.includes(foldName(name)))
    : [];
  if (kept.length === 0) {
    return (tuples) => `INSERT INTO ${table}${into} VALUES ${tuples}${conflict}`;
  }
  const where = key.map(({ name, at }) => `o.${quoteName(name)}=v.column${at + 1}`).join(" AND ");
  const names = [...columns!, ...kept.map(({ name }) => name)].map(quoteName);
  const values = [
    ...columns!.map((_, i) => `v.column${i + 1}`),
    ...kept.map((column) =>
      // A row that is new takes the default.
      `coalesce((SELECT o.${
        quoteName(column.name)
      } FROM ${table} AS o WHERE ${where}),(${column.default}))`
    ),
  ];
  return (tuples) =>
    `INSERT INTO ${table} (${names}) SELECT ${values} FROM (VALUES ${tuples}) AS v
     WHERE true${conflict}`;
}

function conflictSql(
  { table, onConflict, update }: InsertShape,
  named: readonly string[],
  all: readonly Column[],
): string {
  if (!onConflict && !update) return "";
  const updated = update === "ignore"
    ? []
    : update ?? named.filter((name) => !onConflict!.some((key) => foldName(key) === name));
  for (const name of updated) {
    if (named.includes(foldName(name))) continue;
    if (all.some((column) => foldName(column.name) === foldName(name))) continue;
    throw new SqliteError(`Cannot insert into ${table}: it has no column named ${name} to update`);
  }
  const sets = updated.filter((name) => named.includes(foldName(name)))
    .map((name) => `${quoteName(name)}=excluded.${quoteName(name)}`);
  return ` ON CONFLICT${targetSql(onConflict)} DO ${
    sets.length > 0 ? `UPDATE SET ${sets.join(",")}` : "NOTHING"
  }`;
}

function targetSql(columns: readonly string[] | undefined): string {
  return columns ? ` (${columns.map(quoteName).join(",")})` : "";
}

/** The columns of a table that an insert can fill, in their order; none when there is no such table. */
function readColumns(connection: Connection, table: string): Column[] {
  // A CHECK, or a generated column, may need any column.
  const { count } = connection.prepare(
    `SELECT count(*) AS count FROM sqlite_schema WHERE type='table' AND name=?1 COLLATE NOCASE
     AND (sql LIKE '%check%' OR EXISTS (SELECT 1 FROM pragma_table_xinfo(?1) WHERE hidden>1))`,
  ).get(table)!;
  return connection.prepare(
    `SELECT name, "notnull" AND dflt_value IS NULL AS required, pk, dflt_value
     FROM pragma_table_xinfo(?) WHERE hidden=0 ORDER BY cid`,
  ).all(table).map(({ name, required, pk, dflt_value }) => ({
    name: name as string,
    isRequired: required === 1 || (count as number) > 0,
    default: dflt_value as string | null ?? "NULL",
    key: pk as number,
  }));
}

function abridged(value: SqlValue | undefined): string {
  const text = Deno.inspect(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
