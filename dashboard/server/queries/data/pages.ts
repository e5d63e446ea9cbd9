/**
 * The list of tables, and pages of their rows.
 *
 * @module
 */
import { foldName } from "../../../../internal/fold_name.ts";
import { quoteName } from "../../../../sqlite/sql_text.ts";
import { columnsOfTable } from "../../../../sqlite/tables/user_tables.ts";
import { copyOfView, refuseRecursion } from "../../../../sqlite/tables/user_views.ts";
import type { DataRows, DataTable, DataTables, DataValue } from "../../../api.ts";
import type { Reader } from "../../reader.ts";
import type { Read } from "../slices.ts";
import { shorten } from "../text.ts";
import { Turn } from "../turn.ts";
import { cellColumns, type CellLimit, cellsOf, toDataValue } from "./cells.ts";
import type { DataFind } from "./find_rows.ts";
import { NoData, safely } from "./no_data.ts";
import { readSlices } from "./read_rows.ts";
import {
  COUNTED_ROWS,
  countRows,
  findTable,
  isOwn,
  readable,
  shapeOf,
  STATEMENT_MS,
  type TableShape,
  tablesOf,
} from "./table_shape.ts";

/** Tables of the list, and columns of each. */
const LISTED = 500;
const LISTED_COLUMNS = 50;

/** Rows up to which each table of the list is counted. */
const LIST_COUNTED_ROWS = 1_000;

/** Milliseconds that a search takes at most; its cursor continues it. */
const SEARCH_MS = 2_000;

/** How much of a value a page shows. */
const SHOWN: CellLimit = { whole: 300, part: 300 };

/** Characters of a page; rows past them are on the next. */
const PAGE_CHARACTERS = 1_000_000;

const SQL_CHARACTERS = 20_000;

/** The tables and views whose names contain a text: those of the user first. */
export async function listData(read: Read, q: string, signal?: AbortSignal): Promise<DataTables> {
  const wanted = q.toLowerCase();
  const found = read(tablesOf).filter(({ name }) => name.toLowerCase().includes(wanted))
    .sort((a, b) => Number(isOwn(a.name)) - Number(isOwn(b.name)));
  const tables: DataTable[] = [];
  const turn = new Turn();
  for (const table of found.slice(0, LISTED)) {
    signal?.throwIfAborted();
    tables.push(read((reader) => describe(reader, table)));
    await turn.pass();
  }
  return { tables, left: found.length - tables.length };
}

function describe(reader: Reader, table: ReturnType<typeof tablesOf>[number]): DataTable {
  const { name, kind } = table;
  const facts = { name, kind, isOwn: isOwn(name) };
  try {
    const shape = shapeOf(reader, table);
    const columns = shape.columns.slice(0, LISTED_COLUMNS).map(({ name }) => name);
    return { ...facts, columns, count: safely(() => countRows(reader, shape, LIST_COUNTED_ROWS)) };
  } catch (error) {
    // One table that cannot be read is no reason to hide the others.
    if (!(error instanceof NoData)) throw error;
    return { ...facts, columns: [], count: null };
  }
}

/** A page of rows. */
export async function readDataRows(
  read: Read,
  name: string,
  { find, after, limit, signal }: {
    find: DataFind;
    after: string;
    limit: number;
    signal?: AbortSignal;
  },
): Promise<DataRows> {
  const shape = read((reader) => shapeOf(reader, findTable(reader, name)));
  if (shape.kind === "view") return read((reader) => readView(reader, shape, limit));
  if (shape.kind === "virtual") {
    return emptyPage(shape, "A virtual table is not read: its module decides how long it takes");
  }
  const count = read((reader) => safely(() => countRows(reader, shape, COUNTED_ROWS)));
  const until = performance.now() + SEARCH_MS;
  const rows: DataValue[][] = [];
  let characters = 0;
  let next: string | undefined;
  let isPartial = false;
  const size = { rows: limit + 1 };
  const query = { find, after, cells: SHOWN, signal };
  search: for await (const slice of readSlices(read, shape, query, size)) {
    for (const { cells, key } of slice.rows) {
      if (rows.length === limit || characters > PAGE_CHARACTERS) {
        // There is more: the next page begins after the last row of this one.
        break search;
      }
      const values = cells.map(toDataValue);
      characters += JSON.stringify(values).length;
      rows.push(values);
      next = key;
    }
    if (slice.reached === undefined) {
      next = undefined;
      break;
    }
    if (performance.now() > until) {
      next = slice.reached;
      isPartial = true;
      break;
    }
  }
  return { ...facts(shape), count, rows, next: next ?? null, isPartial, refused: null };
}

function facts(
  shape: TableShape,
): Pick<DataRows, "name" | "kind" | "isOwn" | "sql" | "columns" | "columnsLeft" | "runColumn"> {
  const { name, kind, sql, columns, columnsLeft, runColumn } = shape;
  return {
    name,
    kind,
    isOwn: isOwn(name),
    sql: shorten(sql, SQL_CHARACTERS),
    columns: columns.map(({ name, type, key, isRequired, computed }) => ({
      name,
      type,
      key,
      isRequired,
      isComputed: computed !== "",
    })),
    columnsLeft,
    runColumn: runColumn?.name ?? null,
  };
}

function emptyPage(shape: TableShape, refused: string): DataRows {
  return { ...facts(shape), count: null, rows: [], next: null, isPartial: false, refused };
}

/** The first rows of a view, which has no key to continue after. */
function readView(reader: Reader, view: TableShape, limit: number): DataRows {
  try {
    return safely(() => {
      const copy = copyOfView(reader.connection, view, {
        tables: tablesOf(reader),
        guarded: new Set([...reader.guarded].map(foldName)),
      });
      return reader.withViews(copy, () => {
        refuseRecursion(reader.connection, view.name);
        const all = columnsOfTable(reader.connection, view.name, "temp");
        const shape = { ...view, ...readable(all, { ...view, sql: "" }) };
        const names = shape.columns.map(({ name }) => name);
        const { sqliteVersion } = reader.connection;
        const sql = `SELECT ${cellColumns(names, SHOWN, sqliteVersion)}
          FROM temp.${quoteName(view.name)} LIMIT ${limit}`;
        const rows = reader.within(
          STATEMENT_MS,
          sql,
          (connection) => connection.prepare(sql).all(),
        );
        const values = rows.map((row) => cellsOf(row, names.length).map(toDataValue));
        return { ...emptyPage(shape, ""), rows: values, refused: null };
      });
    });
  } catch (error) {
    if (!(error instanceof NoData)) throw error;
    return emptyPage(view, error.message);
  }
}
