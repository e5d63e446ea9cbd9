/**
 * Column types from the data: every value of a column is looked at, none is
 * guessed from a sample. A type is chosen only if it loses nothing that a
 * reader would miss, and TEXT otherwise.
 *
 * @module
 */

import type { Cell, ParsedTable } from "./parse.ts";

/** The SQLite types that are used. */
export type ColumnType = "INTEGER" | "REAL" | "TEXT";

/** A value that can be bound to a column of the inferred type. */
export type Value = string | number | null;

/** A table whose values match the types of its columns. */
export interface TypedTable {
  /** Unique, non-empty names, in the order of the values in a row. */
  columns: string[];
  /** One type per column. */
  types: ColumnType[];
  /** One array per row, as long as `columns`. */
  rows: Value[][];
}

/** What has been seen in a column: one bit per kind of value. */
const INTEGER = 1, REAL = 2, BOOLEAN = 4, TEXT = 8;

const DIGITS = /^-?\d+$/;
const DECIMAL = /^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const BOOLEANS = /^(?:true|false)$/i;

/**
 * Chooses a type for every column and converts the values to it.
 *
 * - INTEGER: integers, or nothing but `true` and `false` (1 and 0).
 * - REAL: numbers of which at least one is not an integer.
 * - TEXT: everything else, and a column with no values. Numbers with leading
 *   zeros (`00501` is a code, not 501), with a plus sign or past 2^53 are text,
 *   as their digits would be lost. Arrays become JSON.
 *
 * @param table The parsed file. Its rows are converted in place and handed
 * over: large files need no second copy.
 * @returns The same rows with the types of their columns.
 */
export function inferTypes(table: ParsedTable): TypedTable {
  const types = table.columns.map((_, column) => typeOf(table.rows, column));
  for (const row of table.rows) {
    for (let column = 0; column < types.length; column++) {
      row[column] = convert(row[column] ?? null, types[column]!);
    }
  }
  return { columns: table.columns, types, rows: table.rows as Value[][] };
}

function typeOf(rows: readonly Cell[][], column: number): ColumnType {
  let seen = 0;
  for (const row of rows) {
    seen |= kindOf(row[column] ?? null);
    if (seen & TEXT) return "TEXT";
  }
  if (seen === BOOLEAN || seen === INTEGER) return "INTEGER";
  return seen === REAL || seen === (REAL | INTEGER) ? "REAL" : "TEXT";
}

function kindOf(cell: Cell): number {
  if (cell === null) return 0;
  switch (typeof cell) {
    case "number":
      return Number.isSafeInteger(cell) ? INTEGER : REAL;
    case "boolean":
      return BOOLEAN;
    case "string":
      return kindOfText(cell);
    default:
      return TEXT;
  }
}

function kindOfText(text: string): number {
  if (DIGITS.test(text)) {
    const number = Number(text);
    // Only digits that come back unchanged are a number: not `007` or `-0`.
    return Number.isSafeInteger(number) && String(number) === text ? INTEGER : TEXT;
  }
  if (DECIMAL.test(text)) return Number.isFinite(Number(text)) ? REAL : TEXT;
  return BOOLEANS.test(text) ? BOOLEAN : TEXT;
}

function convert(cell: Cell, type: ColumnType): Value {
  if (cell === null) return null;
  if (type === "TEXT") {
    return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
  }
  if (typeof cell === "string" && BOOLEANS.test(cell)) {
    return cell.toLowerCase() === "true" ? 1 : 0;
  }
  return Number(cell);
}
