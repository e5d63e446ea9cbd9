/**
 * Rows of a table as a file, CSV or JSON: read in slices as fast as they are taken, and never held together.
 *
 * @module
 */
import type { Read } from "../slices.ts";
import { type Cell, type CellLimit, textOf, toHex } from "./cells.ts";
import type { DataFind } from "./find_rows.ts";
import { NoData } from "./no_data.ts";
import { readSlices } from "./read_rows.ts";
import { findTable, shapeOf, type TableShape } from "./table_shape.ts";
import { csvCell, csvLine } from "../../../../internal/text/csv.ts";

/** Bytes of a value that a file holds whole; a longer one is replaced by its size. */
const WHOLE_BYTES = 1_000_000;

/** The same where a row has many columns. */
const WHOLE_BYTES_OF_MANY = 64_000;
const MANY_COLUMNS = 16;

/** Characters of a part of the file. */
const PART_CHARACTERS = 256_000;

/** Rows of a slice at most. */
const MOST_ROWS = 1_000;

/** A form of a file. */
export type FileFormat = "csv" | "json";

/** The table of a file, ready to be read. */
export function tableOfFile(read: Read, name: string): TableShape {
  const shape = read((reader) => shapeOf(reader, findTable(reader, name)));
  if (shape.kind !== "table") {
    throw new NoData(
      `Cannot download ${name}: only tables are downloaded, and it is a ${shape.kind}`,
    );
  }
  return shape;
}

/** The bytes of the file. */
export async function* fileParts(
  read: Read,
  shape: TableShape,
  { format, find, isRaw, signal }: {
    format: FileFormat;
    find: DataFind;
    /** Whether texts that a spreadsheet would take for formulas stay as they are. */
    isRaw: boolean;
    signal?: AbortSignal;
  },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const names = shape.columns.map(({ name }) => name);
  const whole = names.length > MANY_COLUMNS ? WHOLE_BYTES_OF_MANY : WHOLE_BYTES;
  const cells: CellLimit = { whole, part: 0 };
  const size = { rows: 1 };
  yield encoder.encode(format === "csv" ? csvLine(names.map((name) => csvCell(name, isRaw))) : "[");
  let isFirst = true;
  for await (const { rows } of readSlices(read, shape, { find, after: "", cells, signal }, size)) {
    let text = "";
    for (const { cells } of rows) {
      text += format === "csv"
        ? csvLine(cells.map((cell) => toCsv(cell, isRaw)))
        : `${isFirst ? "\n" : ",\n"}${toJsonLine(names, cells)}`;
      isFirst = false;
    }
    if (text) yield encoder.encode(text);
    // Slices of about the same length, whatever the rows are.
    const perRow = text.length / Math.max(1, rows.length);
    const wanted = Math.floor(PART_CHARACTERS / Math.max(1, perRow));
    size.rows = Math.max(1, Math.min(MOST_ROWS, wanted, size.rows * 4));
  }
  if (format === "json") yield encoder.encode("\n]\n");
}

function toCsv({ type, bytes, value, isCut }: Cell, isRaw: boolean): string {
  if (value === null) return "";
  if (!(value instanceof Uint8Array)) return `${value}`;
  if (isCut) return `(${type} of ${bytes} bytes)`;
  return type === "blob" ? toHex(value) : csvCell(textOf(value), isRaw);
}

function toJsonLine(names: readonly string[], cells: readonly Cell[]): string {
  return `{${names.map((name, i) => `${JSON.stringify(name)}:${toJson(cells[i]!)}`).join(",")}}`;
}

/** Integers past 2^53 keep their digits; a BLOB is an object with `$base64`. */
function toJson({ type, bytes, value, isCut }: Cell): string {
  if (value === null) return "null";
  if (value instanceof Uint8Array) {
    if (isCut) return JSON.stringify({ $cut: type, bytes });
    return JSON.stringify(type === "blob" ? { $base64: value.toBase64() } : textOf(value));
  }
  if (typeof value === "number" && !Number.isFinite(value)) return `"${value}"`;
  return `${value}`;
}
