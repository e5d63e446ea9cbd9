/**
 * Rows of an array into one flat array of values.
 *
 * Each row stands for itself: a column that a row does not name, or names with `undefined`, is left out of that row
 * alone, so that it takes its default, or stays as it is on an upsert. Rows that leave out the same columns have one
 * shape. Usually all rows have the same one; then the message lists no shapes, and they cost nothing.
 *
 * @module
 */
import { foldName } from "../../internal/fold_name.ts";
import type { InsertMessage } from "../protocol/write_message.ts";
import { findUnreadable } from "./unreadable_row.ts";
import { type Bindable, type SqlValue, toSqlValue } from "../../sqlite/values.ts";

/** The rows and where they come from. */
export interface RowSource {
  table: string;
  rows: readonly object[];
  /** The columns that were asked for. */
  columns: readonly string[] | undefined;
  /** The number of the first row, where others came before in a stream. */
  first: number;
}

/** What the rows come to. */
export type FlatRows =
  & Pick<InsertMessage, "columns" | "values" | "width" | "shapes">
  & { bytes: number };

/**
 * Puts the values of all rows into one array.
 *
 * @throws {TypeError} If a row or a value has no SQLite form; the message names row and column
 */
export function flattenRows(source: RowSource): FlatRows {
  try {
    return Array.isArray(source.rows[0]) ? flattenArrays(source) : flattenObjects(source);
  } catch (error) {
    throw findUnreadable(source) ?? error;
  }
}

function flattenArrays({ table, rows, columns = undefined, first }: RowSource): FlatRows {
  const width = columns?.length ?? (rows[0] as readonly Bindable[]).length;
  checkWidth({ table, rows, columns, first }, width);
  const flat = new Flattener(table, columns ?? null, width);
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r] as readonly Bindable[];
    if (!Array.isArray(row)) throw unlike(row, table, first + r);
    if (row.length !== width) {
      throw new TypeError(
        `Cannot insert row ${first + r} into ${table}: it has ${row.length} values for ` +
          `${width} columns`,
      );
    }
    for (let c = 0; c < width; c++) {
      const value = row[c];
      // What needs no mapping, and that is most, is spared the call.
      if (typeof value === "string" && !value.includes("\0")) flat.addText(value);
      else if (value === undefined) flat.leaveOut(c);
      else flat.add(value, c, first + r);
    }
    flat.endRow();
  }
  return flat.end();
}

function flattenObjects({ table, rows, columns, first }: RowSource): FlatRows {
  const keys = new Keys({ table, rows, columns, first });
  const { length: width } = keys.columns;
  if (rows.length > 0) checkWidth({ table, rows, columns, first }, width);
  const flat = new Flattener(table, keys.columns, width);
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r] as Readonly<Record<string, Bindable>>;
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw unlike(row, table, first + r);
    }
    const names = keys.namesIn(row, first + r);
    let isNamed = false;
    for (let c = 0; c < width; c++) {
      const value = row[names[c]!];
      if (typeof value === "string" && !value.includes("\0")) {
        flat.addText(value);
        isNamed = true;
      } else if (value === undefined || isInherited(value, names[c]!, row)) {
        flat.leaveOut(c);
      } else {
        flat.add(value, c, first + r);
        isNamed = true;
      }
    }
    if (!isNamed && !keys.isAnyIn(row)) {
      throw new TypeError(
        `Cannot insert row ${first + r} into ${table}: it has none of the columns ` +
          keys.columns.join(", "),
      );
    }
    flat.endRow();
  }
  return flat.end();
}

/** Collects the values of rows, and which columns each leaves out. */
class Flattener {
  readonly #table: string;
  readonly #columns: readonly string[] | null;
  readonly #width: number;
  readonly #values: SqlValue[] = [];
  #bytes = 0;
  #rows = 0;
  /** The columns that the row leaves out. */
  #absent: number[] = [];
  /** The shapes so far, by their names, and that of each row; made when a row first leaves something out. */
  #shapes: Map<string, { id: number; absent: number[] }> | undefined;
  #shapeOfRows: number[] = [];

  constructor(table: string, columns: readonly string[] | null, width: number) {
    this.#table = table;
    this.#columns = columns;
    this.#width = width;
  }

  addText(text: string): void {
    this.#values.push(text);
    this.#bytes += text.length;
  }

  add(value: unknown, c: number, row: number): void {
    const stored = typeof value === "number" && value === value
      ? value
      : toSqlValue(value, (path) => this.#place(c, row, path));
    this.#values.push(stored);
    if (typeof stored === "string") this.#bytes += stored.length;
    else if (typeof stored === "object" && stored !== null) this.#bytes += stored.byteLength;
  }

  /** Where a value stands, or a part of it. */
  #place(c: number, row: number, path: string): string {
    const column = this.#columns?.[c];
    if (path === "") return `column ${column ?? c + 1} of ${this.#table}, row ${row}`;
    return `rows[${row}]${column === undefined ? `[${c}]` : `.${column}`}${path} of ${this.#table}`;
  }

  leaveOut(c: number): void {
    this.#values.push(null);
    this.#absent.push(c);
  }

  endRow(): void {
    if (this.#absent.length > 0 || this.#shapes) this.#noteShape();
    this.#rows++;
  }

  #noteShape(): void {
    this.#shapes ??= new Map([["", { id: 0, absent: [] }]]);
    while (this.#shapeOfRows.length < this.#rows) this.#shapeOfRows.push(0);
    const name = this.#absent.join();
    let shape = this.#shapes.get(name);
    if (!shape) {
      shape = { id: this.#shapes.size, absent: this.#absent };
      this.#shapes.set(name, shape);
    }
    this.#shapeOfRows.push(shape.id);
    this.#absent = [];
  }

  end(): FlatRows {
    const flat: FlatRows = {
      columns: this.#columns,
      values: this.#values,
      width: this.#width,
      bytes: this.#bytes,
    };
    if (!this.#shapes) return flat;
    const [only] = this.#shapeOfRows;
    const { absent } = [...this.#shapes.values()][only!]!;
    const isUniform = this.#shapeOfRows.every((shape) => shape === only);
    if (isUniform && this.#columns && absent.length < this.#width) return without(absent, flat);
    flat.shapes = {
      absent: [...this.#shapes.values()].map(({ absent }) => absent),
      ofRows: this.#shapeOfRows,
    };
    return flat;
  }
}

/** The rows without columns that all of them leave out. */
function without(absent: readonly number[], { columns, values, width, bytes }: FlatRows): FlatRows {
  const isKept = (_: unknown, i: number) => !absent.includes(i % width);
  return {
    columns: columns!.filter(isKept),
    values: values.filter(isKept),
    width: width - absent.length,
    bytes,
  };
}

/** The keys of objects that stand for columns: they need not be spelled alike in all of them. */
class Keys {
  readonly columns: readonly string[];
  readonly #table: string;
  /** How a column is spelled where it is not spelled as in `columns`. */
  readonly #spellings: ReadonlyMap<string, number> | undefined;

  constructor({ table, rows, columns }: RowSource) {
    this.#table = table;
    const keys = keysOf(rows);
    const byFold = new Map<string, number>();
    const found: string[] = [];
    for (const name of columns ?? keys) {
      const folded = foldName(name);
      if (byFold.has(folded)) continue;
      byFold.set(folded, found.length);
      found.push(name);
    }
    this.columns = columns ?? found;
    const spellings = new Map<string, number>();
    let isOne = true;
    for (const key of keys) {
      const at = byFold.get(foldName(key));
      if (at === undefined) continue;
      spellings.set(key, at);
      if (this.columns[at] !== key) isOne = false;
    }
    this.#spellings = isOne ? undefined : spellings;
  }

  /** Whether a row names a column, be it with `undefined`. */
  isAnyIn(row: object): boolean {
    const spellings = this.#spellings?.keys() ?? this.columns.values();
    return spellings.some((name) => name in row);
  }

  /** How a row spells each of the columns. */
  namesIn(row: object, number: number): readonly string[] {
    if (!this.#spellings) return this.columns;
    const names = [...this.columns];
    const isTaken = new Set<number>();
    for (const key in row) {
      const c = this.#spellings.get(key);
      if (c === undefined || (row as Record<string, unknown>)[key] === undefined) continue;
      if (isTaken.has(c)) {
        throw new TypeError(
          `Cannot insert row ${number} into ${this.#table}: it names one column twice, as ` +
            `${Deno.inspect(names[c])} and ${Deno.inspect(key)}`,
        );
      }
      isTaken.add(c);
      names[c] = key;
    }
    return names;
  }
}

/** Every key that a row has, in the order of their first appearance. */
function keysOf(rows: readonly object[]): Iterable<string> {
  const keys = new Set<string>();
  for (const row of rows) {
    for (const key in row) keys.add(key);
  }
  return keys;
}

/** A row without a column `constructor` still has a property of that name. */
function isInherited(value: unknown, name: string, row: object): boolean {
  const inheritable = typeof value === "function" || (typeof value === "object" && value !== null);
  return inheritable && name in Object.prototype && !Object.hasOwn(row, name);
}

function checkWidth({ table, rows, columns, first }: RowSource, width: number): void {
  if (width > 0) return;
  const row = columns ? "" : `; row ${first} is ${Deno.inspect(rows[0], { depth: 0 })}`;
  throw new TypeError(`Cannot insert into ${table}: there are no columns to fill${row}`);
}

function unlike(row: unknown, table: string, number: number): TypeError {
  return new TypeError(
    `Cannot insert row ${number} into ${table}: it is ${Deno.inspect(row, { depth: 0 })}; ` +
      `pass only objects or only arrays`,
  );
}
