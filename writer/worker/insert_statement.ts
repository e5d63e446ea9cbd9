/**
 * The statement that inserts rows of one shape into a table, or updates those that conflict.
 *
 * Columns that a row leaves out are not written: an insert gives them their defaults, an upsert leaves them as
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
import { checkColumnCount, isRowidName, TargetTable } from "./target_table.ts";
import { BulkStatement, placeholders } from "../../sqlite/bulk_statement.ts";

/** What a statement is made from. */
export type InsertShape = Pick<
  InsertMessage,
  "table" | "columns" | "width" | "onConflict" | "update"
>;

/** Characters of a value that an error shows. */
const MAX_SHOWN = 40;

/** Inserts rows of one shape. */
export class InsertStatement {
  readonly #connection: Connection;
  readonly #shape: InsertShape;
  readonly #table: TargetTable;
  /** The columns that rows fill; `null` for all of the table in their order. */
  readonly #columns: readonly string[] | null;
  readonly #bulk: BulkStatement | undefined;
  /** For rows that fill no column. */
  readonly #defaults: string;
  /** Where the row id stands in a row, when a row with that key would get it; else -1. */
  readonly #rowidAt: number;
  /** For rows without a row id, where others have one. */
  #withoutRowid: InsertStatement | undefined;
  readonly #absent: readonly number[];

  /** `absent` are the columns that rows leave out, by their index. */
  constructor(connection: Connection, shape: InsertShape, absent: readonly number[]) {
    this.#connection = connection;
    this.#shape = shape;
    this.#table = new TargetTable(connection, shape.table);
    this.#columns = filled(shape, absent, this.#table);
    this.#defaults = defaultsSql(shape, this.#table);
    this.#absent = absent;
    this.#rowidAt = rowidPlace(shape, this.#columns, this.#table);
    const width = this.#columns?.length ?? shape.width;
    if (width > 0) {
      const sql = insertSql(shape, this.#columns, this.#table);
      this.#bulk = new BulkStatement(connection, placeholders(width), sql);
    }
  }

  /** Whether a change of the schema leaves it as it is. */
  get isFixed(): boolean {
    return this.#table.isFixed;
  }

  /** Inserts a number of rows, whose values stand one after the other, and returns how many rows changed. */
  run(values: readonly SqlValue[], rows: number): number {
    if (this.#rowidAt >= 0 && this.#isAnyNew(values)) return this.#runApart(values);
    if (this.#bulk) return this.#bulk.run(values);
    let changes = 0;
    for (let i = 0; i < rows; i++) changes += this.#connection.prepare(this.#defaults).run();
    return changes;
  }

  /** Whether a row asks for a new row id. */
  #isAnyNew(values: readonly SqlValue[]): boolean {
    const width = this.#columns!.length;
    for (let at = this.#rowidAt; at < values.length; at += width) {
      if (values[at] === null) return true;
    }
    return false;
  }

  /** SQLite would give a row that is there a new id: one of NULL is left out, and so stays as it is. */
  #runApart(values: readonly SqlValue[]): number {
    const columns = this.#columns!;
    const at = (this.#shape.columns ?? columns).indexOf(columns[this.#rowidAt]!);
    this.#withoutRowid ??= new InsertStatement(this.#connection, this.#shape, [
      ...this.#absent,
      at,
    ]);
    let changes = 0;
    for (let start = 0; start < values.length; start += columns.length) {
      const row = values.slice(start, start + columns.length);
      changes += row[this.#rowidAt] !== null
        ? this.#bulk!.run(row)
        : this.#withoutRowid.run(row.toSpliced(this.#rowidAt, 1), 1);
    }
    return changes;
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
    const { columns: all } = this.#table;
    const columns = this.#columns ?? all.map(({ name }) => name);
    const places = columns.map((name) => this.#table.nameOf(name));
    const names = this.#shape.onConflict ??
      all.filter(({ key }) => key > 0).sort((a, b) => a.key - b.key).map(({ name }) => name);
    const shown = names.flatMap((name) => {
      const at = places.indexOf(this.#table.nameOf(name));
      return at < 0 ? [] : [`${name} ${abridged(row[at])}`];
    });
    return shown.length > 0 ? ` (${shown.join(", ")})` : "";
  }
}

/** The columns that are left when a row leaves some out; `null` for all of the table in their order. */
function filled(
  { table, columns, width, onConflict, update }: InsertShape,
  absent: readonly number[],
  target: TargetTable,
): readonly string[] | null {
  if (columns !== null && absent.length === 0) return columns;
  const isPlain = absent.length === 0 && onConflict === undefined && update === undefined;
  if (isPlain) return null;
  if (columns === null) checkColumnCount(table, target.columns, width);
  if (absent.length === 0) return null;
  return (columns ?? target.columns.map(({ name }) => name)).filter((_, i) => !absent.includes(i));
}

/** The SQL of a row that fills no column. */
function defaultsSql({ onConflict, update }: InsertShape, target: TargetTable): string {
  if (!onConflict && !update) return `INSERT INTO ${target.sql} DEFAULT VALUES`;
  // DEFAULT VALUES takes no ON CONFLICT, so one column is given its default.
  const [first] = target.columns;
  const into = first ? `${quoteName(first.name)}) VALUES (${first.default}` : "rowid) VALUES (NULL";
  return `INSERT INTO ${target.sql} (${into}) ON CONFLICT${targetSql(onConflict)} DO NOTHING`;
}

/** Makes the SQL around many tuples. */
function insertSql(
  shape: InsertShape,
  columns: readonly string[] | null,
  target: TargetTable,
): (tuples: string) => string {
  const { onConflict, update } = shape;
  const into = columns ? ` (${columns.map(quoteName).join(",")})` : "";
  const plain = (conflict: string) => (tuples: string) =>
    `INSERT INTO ${target.sql}${into} VALUES ${tuples}${conflict}`;
  const isUpsert = onConflict !== undefined || update !== undefined;
  if (!isUpsert && !columns?.some(isRowidName)) return plain("");
  const { columns: all } = target;
  const named = (columns ?? all.map(({ name }) => name)).map((name) => target.nameOf(name));
  checkNamedOnce(shape, columns, named);
  if (!isUpsert) return plain("");
  const conflict = conflictSql(shape, named, target);
  const key = onConflict?.map((name) => ({ name, at: named.indexOf(target.nameOf(name)) })) ?? [];
  const kept = key.length > 0 && key.every(({ at }) => at >= 0)
    ? all.filter(({ name, isRequired }) => isRequired && !named.includes(foldName(name)))
    : [];
  if (kept.length === 0) return plain(conflict);
  const on = key.map(({ name, at }) => `o.${quoteName(name)}=v.column${at + 1}`).join(" AND ");
  const isNew = `o.${quoteName(key[0]!.name)} IS NULL`;
  const names = [...columns!, ...kept.map(({ name }) => name)].map(quoteName);
  const values = [
    ...columns!.map((_, i) => `v.column${i + 1}`),
    ...kept.map(({ name, default: value }) =>
      `CASE WHEN ${isNew} THEN ${value} ELSE o.${quoteName(name)} END`
    ),
  ];
  return (tuples) =>
    `INSERT INTO ${target.sql} (${names}) SELECT ${values} FROM (VALUES ${tuples}) AS v
     LEFT JOIN ${target.sql} AS o ON ${on} WHERE true${conflict}`;
}

/** Refuses rows that name the row id twice: by a name of its own, and as a column. */
function checkNamedOnce(
  { table }: InsertShape,
  columns: readonly string[] | null,
  named: readonly string[],
): void {
  const again = named.findIndex((name, i) => named.indexOf(name) !== i);
  if (again < 0) return;
  const [first, second] = [columns![named.indexOf(named[again]!)], columns![again]];
  throw new TypeError(
    `Cannot insert into ${table}: rows name one column twice, as ${Deno.inspect(first)} and ` +
      `${Deno.inspect(second)}. Leave one of them out`,
  );
}

/** Where the row id stands in a row whose conflict is another's, so that it would be updated; -1 where it is not. */
function rowidPlace(
  { onConflict, update }: InsertShape,
  columns: readonly string[] | null,
  target: TargetTable,
): number {
  if (!onConflict || update === "ignore" || !columns) return -1;
  const isRowid = (name: string) => target.nameOf(name) === target.rowid;
  if (onConflict.some(isRowid) || update?.some(isRowid) === false) return -1;
  return columns.findIndex(isRowid);
}

function conflictSql(
  { table, onConflict, update }: InsertShape,
  named: readonly string[],
  target: TargetTable,
): string {
  const key = (onConflict ?? []).map((name) => target.nameOf(name));
  const updated = update === "ignore"
    ? []
    : update?.map((name) => target.nameOf(name)) ?? named.filter((name) => !key.includes(name));
  updated.forEach((name, i) => {
    if (named.includes(name)) return;
    if (target.columns.some((column) => foldName(column.name) === name)) return;
    const given = update?.[i] ?? name;
    throw new SqliteError(`Cannot insert into ${table}: it has no column named ${given} to update`);
  });
  const sets = updated.filter((name) => named.includes(name))
    .map((name) => `${quoteName(name)}=excluded.${quoteName(name)}`);
  return ` ON CONFLICT${targetSql(onConflict)} DO ${
    sets.length > 0 ? `UPDATE SET ${sets.join(",")}` : "NOTHING"
  }`;
}

function targetSql(columns: readonly string[] | undefined): string {
  return columns ? ` (${columns.map(quoteName).join(",")})` : "";
}

function abridged(value: SqlValue | undefined): string {
  const text = Deno.inspect(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
