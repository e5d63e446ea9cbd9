/**
 * Values of any table on their way to a page, a file or a cursor.
 *
 * Texts are selected as bytes, because drivers take a NUL for their end, and cut before they are selected. Aliases are
 * numbered: a name of a column may be anything.
 *
 * @module
 */
import { quoteName } from "../../../../sqlite/sql_text.ts";
import type { SqlRow, SqlValue } from "../../../../sqlite/values.ts";
import type { DataValue } from "../../../api.ts";

/** How much of a value is selected: of one that is longer than `whole` bytes, `part` bytes. */
export interface CellLimit {
  whole: number;
  part: number;
}

/** One value as it was read. */
export interface Cell {
  /** `null`, `integer`, `real`, `text` or `blob`. */
  type: string;
  /** Bytes of a text or a BLOB. */
  bytes: number;
  /** The value; of a text or BLOB its bytes, or their beginning. */
  value: SqlValue;
  /** Whether there is more. */
  isCut: boolean;
}

/** Bytes of a value whose beginning is read, or that is compared. */
export const MAX_BYTES = 1_000_000;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** SQL of the bytes of a value; older libraries have to read a text for it. */
export function bytesOf(expression: string, sqliteVersion: string): string {
  const [major = 0, minor = 0] = sqliteVersion.split(".").map(Number);
  const canMeasure = major > 3 || (major === 3 && minor >= 43);
  return canMeasure ? `octet_length(${expression})` : `length(CAST(${expression} AS BLOB))`;
}

/** SQL that selects columns as cells. */
export function cellColumns(
  columns: readonly string[],
  { whole, part }: CellLimit,
  sqliteVersion: string,
): string {
  return columns.map((column, i) => {
    const name = quoteName(column);
    const bytes = bytesOf(name, sqliteVersion);
    // SQLite reads all of a value for its beginning.
    const start = part === 0
      ? "NULL"
      : `CASE WHEN ${bytes} <= ${MAX_BYTES} THEN substr(CAST(${name} AS BLOB), 1, ${part}) END`;
    return `CASE typeof(${name}) WHEN 'text' THEN 't' || ${bytes} WHEN 'blob' THEN 'b' || ${bytes}
        ELSE typeof(${name}) END AS t${i},
      CASE WHEN typeof(${name}) NOT IN ('text', 'blob') THEN ${name}
        WHEN ${bytes} <= ${whole} THEN CAST(${name} AS BLOB) ELSE ${start} END AS v${i}`;
  }).join(", ");
}

/** The cells of a row that was selected so. */
export function cellsOf(row: SqlRow, columns: number): Cell[] {
  return Array.from({ length: columns }, (_, i) => {
    const kind = `${row[`t${i}`]}`;
    const value = row[`v${i}`] ?? null;
    const [, letter, digits] = /^([tb])(\d+)$/.exec(kind) ?? [];
    if (!letter) return { type: kind, bytes: 0, value, isCut: false };
    const bytes = Number(digits);
    // No bytes at all are read back as NULL.
    const read = value instanceof Uint8Array ? value : new Uint8Array();
    const type = letter === "t" ? "text" : "blob";
    return { type, bytes, value: read, isCut: read.length < bytes };
  });
}

/** A cell as JSON of the API. */
export function toDataValue({ type, bytes, value, isCut }: Cell): DataValue {
  if (value instanceof Uint8Array) {
    const rest = isCut ? { bytes } : {};
    if (type === "blob") return { hex: toHex(value), bytes };
    return isCut ? { text: textOf(value), ...rest } : textOf(value);
  }
  if (typeof value === "bigint") return { number: `${value}` };
  if (typeof value === "number" && !Number.isFinite(value)) return { number: `${value}` };
  return value as null | number;
}

/** The bytes of a text as text; one that is cut may end within a character. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes).replace(/\ufffd$/, "");
}

/** Bytes in hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** Values of a key as a text of letters, digits, `-` and `_`; `undefined` for a value that is too long for it. */
export function toKeyText(cells: readonly Cell[]): string | undefined {
  if (cells.some(({ isCut }) => isCut)) return undefined;
  const parts = cells.map(({ type, value }) => {
    if (value instanceof Uint8Array) return [type[0], toHex(value)];
    return value === null ? ["n"] : [typeof value === "bigint" ? "i" : type[0], `${value}`];
  });
  return encoder.encode(JSON.stringify(parts)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/** The values that such a text holds, each with SQL for it; `undefined` where it is none of ours. */
export function fromKeyText(text: string): { sql: string; value: SqlValue }[] | undefined {
  try {
    const json = decoder.decode(Uint8Array.fromBase64(text, { alphabet: "base64url" }));
    return (JSON.parse(json) as [string, string][]).map(([type, value]) => {
      switch (type) {
        case "i":
          return { sql: "?", value: BigInt(value) };
        case "r":
          return { sql: "?", value: Number(value) };
        case "b":
          return { sql: "?", value: Uint8Array.fromHex(value) };
        case "t":
          // A text of bytes, without the affinity that a cast alone would give it.
          return { sql: "+CAST(? AS TEXT)", value: Uint8Array.fromHex(value) };
        default:
          throw new TypeError("A key has no such value");
      }
    });
  } catch {
    return undefined;
  }
}
