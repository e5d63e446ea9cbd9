/**
 * Rows of a table in the order of its key: pages begin after a key and not after a number of rows, so that the last
 * page is as fast as the first. A search looks at slices of rows, with the thread free between two of them.
 *
 * @module
 */
import { quoteName } from "../../../../sqlite/sql_text.ts";
import { inTime } from "../../../../sqlite/tables/guarded_tables.ts";
import type { KeyPart } from "../../../../sqlite/tables/user_tables.ts";
import type { SqlRow, SqlValue } from "../../../../sqlite/values.ts";
import type { Reader } from "../../reader.ts";
import type { Read } from "../slices.ts";
import { Turn } from "../turn.ts";
import {
  type Cell,
  cellColumns,
  type CellLimit,
  cellsOf,
  fromKeyText,
  toKeyText,
} from "./cells.ts";
import { type Condition, type DataFind, toCondition } from "./find_rows.ts";
import { NoData, safely } from "./no_data.ts";
import { STATEMENT_MS, type TableShape } from "./table_shape.ts";

/** Rows that a slice of a search looks at: some milliseconds of work. */
const FIRST_SLICE = 500;
const LARGEST_SLICE = 20_000;
const SLICE_MS = 8;

/** Bytes of a key that a cursor holds. */
const KEY: CellLimit = { whole: 1_000, part: 0 };

/** Which rows, and how much of them. */
export interface RowsQuery {
  find: DataFind;
  /** The key after which they begin; empty for the first. */
  after: string;
  /** How much of each value is read. */
  cells: CellLimit;
  signal?: AbortSignal | undefined;
}

/** Rows that were found in one slice. */
export interface RowsSlice {
  rows: { cells: Cell[]; key: string | undefined }[];
  /** The key up to which rows were looked at; `undefined` at the end of the table. */
  reached: string | undefined;
}

/** Reads slices one after another; `size` limits the rows of the next. */
export async function* readSlices(
  read: Read,
  shape: TableShape,
  { find, after, cells, signal }: RowsQuery,
  size: { rows: number },
): AsyncGenerator<RowsSlice> {
  const turn = new Turn();
  let looked = FIRST_SLICE;
  let start = after;
  for (;;) {
    signal?.throwIfAborted();
    const before = performance.now();
    const slice = read((reader) =>
      safely(() => {
        const condition = toCondition(reader, shape, find);
        return condition
          ? search(reader, shape, { condition, start, cells, looked, rows: size.rows })
          : select(reader, shape, { start, cells, rows: size.rows });
      })
    );
    yield slice;
    if (slice.reached === undefined) return;
    start = slice.reached;
    const factor = SLICE_MS / (performance.now() - before);
    if (factor > 2) looked = Math.min(LARGEST_SLICE, looked * 2);
    if (factor < 0.5) looked = Math.max(50, Math.floor(looked / 2));
    await turn.pass();
  }
}

/** The next rows. */
function select(
  reader: Reader,
  shape: TableShape,
  { start, cells, rows }: { start: string; cells: CellLimit; rows: number },
): RowsSlice {
  const { key } = shape;
  const from = key && start ? afterKey(key, start) : undefined;
  const found = query(reader, shape, { cells, conditions: from ? [from] : [], limit: rows });
  return {
    rows: found.map((row) => toRow(shape, row)),
    reached: key && found.length === rows ? keyOf(shape, found.at(-1)!) : undefined,
  };
}

/** The rows that match among the next ones. */
function search(
  reader: Reader,
  shape: TableShape,
  { condition, start, cells, looked, rows }: {
    condition: Condition;
    start: string;
    cells: CellLimit;
    looked: number;
    rows: number;
  },
): RowsSlice {
  const { key, source } = shape;
  const conditions: Part[] = [condition];
  let edge: string | undefined;
  if (key) {
    const from = start ? afterKey(key, start) : undefined;
    const row = first(reader, {
      sql: `SELECT ${keyColumns(key, reader)} FROM ${source} WHERE ${from?.sql ?? "1"}
        AND (${inTime(key[0]!.name)}) ORDER BY ${orderOf(key)} LIMIT 1 OFFSET ${looked - 1}`,
      params: from?.params ?? [],
    });
    edge = row && keyOf(shape, row);
    if (from) conditions.push(from);
    if (edge !== undefined) conditions.push(upToKey(key, edge));
  }
  const found = query(reader, shape, { cells, conditions, limit: rows });
  const isFull = found.length === rows;
  const matching = condition.matching(found);
  return {
    rows: matching.map((row) => toRow(shape, row)),
    // A slice with more matches than are wanted is continued after the last.
    reached: !key ? undefined : isFull ? keyOf(shape, found.at(-1)!) : edge,
  };
}

interface Part {
  sql: string;
  params: SqlValue[];
  columns?: string;
}

function query(
  reader: Reader,
  { source, columns, key }: TableShape,
  { cells, conditions, limit }: { cells: CellLimit; conditions: Part[]; limit: number },
): SqlRow[] {
  const names = columns.map(({ name }) => name);
  const guard = key?.[0]?.name ?? names[0];
  const where = [
    ...conditions.map(({ sql }) => `(${sql})`),
    ...(guard ? [`(${inTime(guard)})`] : []),
  ];
  const sql = `SELECT ${cellColumns(names, cells, reader.connection.sqliteVersion)}
    ${key ? `, ${keyColumns(key, reader)}` : ""} ${
    conditions.map(({ columns = "" }) => columns).join("")
  }
    FROM ${source} WHERE ${where.join(" AND ") || "1"}
    ${key ? `ORDER BY ${orderOf(key)}` : ""} LIMIT ${limit}`;
  const params = conditions.flatMap(({ params }) => params);
  return reader.within(STATEMENT_MS, sql, (connection) => connection.prepare(sql).all(...params));
}

function first(reader: Reader, { sql, params }: Part): SqlRow | undefined {
  return reader.within(STATEMENT_MS, sql, (connection) => connection.prepare(sql).get(...params));
}

/** The values of a key, beside those of the columns. */
function keyColumns(key: readonly KeyPart[], { connection: { sqliteVersion } }: Reader): string {
  return cellColumns(key.map(({ name }) => name), KEY, sqliteVersion)
    .replaceAll(/ AS ([tv])(\d+)/g, " AS k$1$2");
}

function keyOf({ key }: TableShape, row: SqlRow): string | undefined {
  const renamed = Object.fromEntries(
    Object.entries(row).filter(([name]) => /^k[tv]\d/.test(name))
      .map(([name, value]) => [name.slice(1), value]),
  );
  return key && toKeyText(cellsOf(renamed, key.length));
}

function toRow(shape: TableShape, row: SqlRow): RowsSlice["rows"][number] {
  return { cells: cellsOf(row, shape.columns.length), key: keyOf(shape, row) };
}

function orderOf(key: readonly KeyPart[]): string {
  return key.map((part) => `${collated(part)}${part.isDescending ? " DESC" : ""}`).join(", ");
}

function collated({ name, collation }: KeyPart): string {
  return quoteName(name) + (collation === undefined ? "" : ` COLLATE ${quoteName(collation)}`);
}

/** Rows after a key. The first column alone bounds the rows that SQLite looks at. */
function afterKey(key: readonly KeyPart[], text: string): Part {
  return bounded(key, text, { isAfter: true });
}

/** Rows up to a key. */
function upToKey(key: readonly KeyPart[], text: string): Part {
  return bounded(key, text, { isAfter: false });
}

function bounded(key: readonly KeyPart[], text: string, { isAfter }: { isAfter: boolean }): Part {
  const values = fromKeyText(text);
  if (values?.length !== key.length) {
    throw new NoData("cursor must be next of another page", 400);
  }
  const sign = ({ isDescending }: KeyPart) => isDescending === isAfter ? "<" : ">";
  const last = key.length - 1;
  let sql = "";
  let params: SqlValue[] = [];
  for (let i = last; i >= 0; i--) {
    const [part, { sql: mark, value }] = [key[i]!, values[i]!];
    const strict = `${collated(part)} ${sign(part)} ${mark}`;
    if (i === last) {
      sql = isAfter ? strict : `${collated(part)} ${sign(part)}= ${mark}`;
      params = [value];
    } else {
      sql = `${collated(part)} ${sign(part)}= ${mark} AND (${strict} OR (${sql}))`;
      params = [value, value, ...params];
    }
  }
  return { sql, params };
}
