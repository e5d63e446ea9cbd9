/**
 * What a table is, and which of its columns are read.
 *
 * @module
 */
import { foldName } from "../../../../internal/fold_name.ts";
import { OWN_TABLES } from "../../../../sqlite/schema.ts";
import { quoteName } from "../../../../sqlite/sql_text.ts";
import {
  columnsOfTable,
  endlessFunction,
  keyOfTable,
  type KeyPart,
  listTables,
  referencesOf,
  type UserColumn,
  type UserTable,
} from "../../../../sqlite/tables/user_tables.ts";
import type { RowCount } from "../../../api.ts";
import type { Reader } from "../../reader.ts";
import { NoData, safely } from "./no_data.ts";

/** Columns that are read. */
const MOST_COLUMNS = 200;

/** Rows up to which a table is counted. */
export const COUNTED_ROWS = 10_000;

/** Milliseconds that a statement takes at most. */
export const STATEMENT_MS = 500;

const OWN = new Set(OWN_TABLES);

/** A table with its columns. */
export interface TableShape extends UserTable {
  /** The columns that are read. */
  columns: UserColumn[];
  /** How many are not. */
  columnsLeft: number;
  /** The key by which rows are in order, where there is one. */
  key: KeyPart[] | undefined;
  /** The column by which rows belong to runs, and whether it holds runs or tasks. */
  runColumn: { name: string; of: "run" | "task" } | undefined;
  /** Where it is read from, as SQL. */
  source: string;
}

/** The tables and views of the file. */
export function tablesOf(reader: Reader): UserTable[] {
  return safely(() => listTables(reader.connection));
}

/** Whether a table is one of pipeloom's. */
export function isOwn(name: string): boolean {
  return OWN.has(foldName(name));
}

/** A table by its exact name. */
export function findTable(reader: Reader, name: string): UserTable {
  const found = tablesOf(reader).find((table) => table.name === name);
  if (!found) throw new NoData(`There is no table ${JSON.stringify(name)} in this file`, 404);
  return found;
}

/** A table with its columns; a view has none before it is opened. */
export function shapeOf(reader: Reader, table: UserTable): TableShape {
  const { connection } = reader;
  const source = `main.${quoteName(table.name)}`;
  if (table.kind !== "table") {
    return { ...table, columns: [], columnsLeft: 0, key: undefined, runColumn: undefined, source };
  }
  return safely(() => {
    const all = columnsOfTable(connection, table.name);
    return {
      ...table,
      ...readable(all, table),
      key: keyOfTable(connection, table.name, all),
      runColumn: runColumnOf(all, referencesOf(connection, table.name)),
      source,
    };
  });
}

/** The columns that are read, and how many are not. */
export function readable(
  all: readonly UserColumn[],
  { sql }: UserTable,
): Pick<TableShape, "columns" | "columnsLeft"> {
  const isEndless = endlessFunction(sql) !== undefined;
  const columns = all.filter(({ computed }) => computed !== "virtual" || !isEndless)
    .slice(0, MOST_COLUMNS);
  return { columns, columnsLeft: all.length - columns.length };
}

/** How many rows a table has: counted where they are few, else an estimate. */
export function countRows(
  reader: Reader,
  { kind, name, key, source }: TableShape,
  most: number,
): RowCount | null {
  if (kind !== "table") return null;
  const [first] = key ?? [];
  // The limit ends it, whatever the file holds.
  const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM ${source} LIMIT ${most + 1})`;
  return reader.within(STATEMENT_MS, sql, (connection) => {
    const counted = Number(connection.prepare(sql).get()!.n);
    if (counted <= most) return { rows: counted, isExact: true };
    const noted = notedRows(reader, name);
    if (key?.length !== 1 || first!.collation !== undefined) {
      return { rows: Math.max(counted, noted), isExact: false };
    }
    const id = quoteName(first!.name);
    // Each is one step through the tree; together they would be a scan.
    const edge = (order: string) =>
      connection.prepare(`SELECT ${id} AS id FROM ${source} ORDER BY ${id} ${order} LIMIT 1`).get()
        ?.id;
    const span = Number(edge("DESC") ?? 0) - Number(edge("ASC") ?? 0) + 1;
    return { rows: Math.max(counted, noted || span), isExact: false };
  });
}

/** What ANALYZE has noted; 0 for nothing. */
function notedRows({ connection }: Reader, name: string): number {
  const has = connection.prepare(
    "SELECT 1 FROM main.sqlite_schema WHERE name='sqlite_stat1' AND rootpage>0",
  ).get();
  if (!has) return 0;
  const row = connection.prepare(
    "SELECT max(CAST(stat AS INTEGER)) AS n FROM main.sqlite_stat1 WHERE tbl=?",
  ).get(name);
  return Number(row?.n ?? 0);
}

const RUN_NAMES = ["run_id", "pipeline_run_id"];
const TASK_NAMES = ["task_id", "task_run_id"];

/** Rows belong to a run by a foreign key, or by the name of a column. */
function runColumnOf(
  columns: readonly UserColumn[],
  references: ReadonlyMap<string, string>,
): TableShape["runColumn"] {
  const named = (names: readonly string[]) =>
    columns.find(({ name }) => names.includes(foldName(name)))?.name;
  const run = references.get("pipeline_runs") ?? named(RUN_NAMES);
  if (run !== undefined) return { name: run, of: "run" };
  const task = references.get("task_runs") ?? named(TASK_NAMES);
  return task === undefined ? undefined : { name: task, of: "task" };
}
