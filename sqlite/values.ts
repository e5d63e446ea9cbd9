/**
 * Which JavaScript value becomes which SQLite value: one mapping for both drivers.
 *
 * | JavaScript | SQLite | read back as |
 * |---|---|---|
 * | `null`, `undefined`, `NaN` | NULL (SQLite has no NaN) | `null` |
 * | `true`, `false` | INTEGER 1, 0 | `number` |
 * | safe integer | INTEGER | `number` |
 * | any other number | REAL | `number` |
 * | `bigint` from -2^63 to 2^63-1 | INTEGER | `number` when safe, else `bigint` |
 * | `string` | TEXT (a lone surrogate becomes U+FFFD) | `string` |
 * | `Date` | TEXT, ISO 8601 in UTC | `string` |
 * | `ArrayBuffer`, typed array, `DataView` | BLOB, a copy of its bytes | `Uint8Array` |
 * | plain object, array | TEXT, JSON; dates in it are ISO 8601 | `string` |
 *
 * Anything else (a function, a symbol, a `Map`, a class instance, an invalid `Date`, a larger `bigint`) is an error
 * that names where the value stands, also inside JSON, where `NaN` and bytes are refused, too. So is a text with a NUL
 * character, which SQLite would store whole and its drivers read only up to there. Mapping happens where a value is
 * sent, so that the error is thrown at the call that made it and the writer's thread binds what it gets.
 *
 * @module
 */
import { isPlain, nameOf, toJson } from "../internal/json.ts";

/**
 * A value as SQLite stores it.
 *
 * @example A text for people
 * ```ts ignore
 * import type { SqlValue } from "@pipeloom/pipeloom/db";
 *
 * const show = (value: SqlValue) => value instanceof Uint8Array ? `${value.length} bytes` : `${value}`;
 * ```
 */
export type SqlValue = null | number | bigint | string | Uint8Array;

/**
 * A row as it is read: column name to value.
 *
 * @example A row of a query
 * ```ts ignore
 * import type { SqlRow } from "@pipeloom/pipeloom";
 *
 * const nameOf = (row: SqlRow) => String(row.name);
 * ```
 */
export type SqlRow = Record<string, SqlValue>;

/**
 * A value that can be stored; the table in this module's description shows its SQLite type. An object may be the value
 * of an interface or of a type; the symbols distinguish it from functions, promises, maps and the like, which have no
 * JSON form.
 *
 * @example What a row may hold
 * ```ts ignore
 * import type { Bindable } from "@pipeloom/pipeloom";
 *
 * const values: Bindable[] = ["Oslo", 717_710, true, new Date(), { tags: ["capital"] }, null];
 * ```
 */
export type Bindable =
  | SqlValue
  | undefined
  | boolean
  | Date
  | ArrayBuffer
  | ArrayBufferView
  | readonly unknown[]
  | { readonly [key: string]: unknown }
  | object & {
    readonly [Symbol.hasInstance]?: never;
    readonly [Symbol.iterator]?: never;
    readonly [Symbol.match]?: never;
    readonly [Symbol.toStringTag]?: never;
  };

/**
 * Where a value stands, for an error: a name, the index of a parameter, or a function that returns it. The function
 * gets the path to a part of the value, such as `.tags[2]`, and `""` for all of it.
 *
 * @example Where a value stands
 * ```ts ignore
 * import type { ValueLocation } from "@pipeloom/pipeloom/db";
 *
 * const location: ValueLocation = (path) => `row 3, column tags${path}`;
 * ```
 */
export type ValueLocation = string | number | ((path: string) => string);

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Maps a value to what SQLite stores.
 *
 * @param value Any value
 * @param where Names the place for an error, such as a column's name or `parameter 2`
 * @throws {TypeError} If the value has no SQLite form
 * @throws {RangeError} If a `bigint` does not fit 64 bits
 *
 * @example Booleans, dates and objects
 * ```ts
 * import assert from "node:assert/strict";
 * import { toSqlValue } from "@pipeloom/pipeloom/db";
 *
 * assert.equal(toSqlValue(true, "ok"), 1);
 * assert.equal(toSqlValue(new Date(0), "at"), "1970-01-01T00:00:00.000Z");
 * assert.equal(toSqlValue({ tags: ["a"] }, "meta"), '{"tags":["a"]}');
 * ```
 */
export function toSqlValue(value: unknown, where: ValueLocation): SqlValue {
  switch (typeof value) {
    case "string":
      if (!value.includes("\0")) return value;
      throw new TypeError(
        `Cannot store text with a NUL character in ${
          place(where)
        }: it would be read only up to there. ` +
          `Take it out, or store the bytes`,
      );
    case "number":
      return value === value ? value : null;
    case "boolean":
      return value ? 1 : 0;
    case "undefined":
      return null;
    case "bigint":
      if (value >= INT64_MIN && value <= INT64_MAX) return value;
      throw new RangeError(
        `Cannot store ${value}n in ${
          place(where)
        }: SQLite integers have 64 bits; store it as a string`,
      );
    case "object":
      return value === null ? null : objectToSqlValue(value, where);
    default:
      throw unstorable(`a ${typeof value}`, where);
  }
}

function objectToSqlValue(value: object, where: ValueLocation): SqlValue {
  const kind = kindOf(value, where);
  switch (kind) {
    case "view": {
      // A copy: the caller may refill the buffer before it is written, and a view drags its whole buffer
      // along when it is posted.
      const { buffer, byteOffset, byteLength } = value as ArrayBufferView;
      checkAttached(buffer, where);
      return new Uint8Array(buffer, byteOffset, byteLength).slice();
    }
    case "buffer":
      checkAttached(value as ArrayBufferLike, where);
      return new Uint8Array(value as ArrayBufferLike).slice();
    case "date":
      if (Number.isNaN((value as Date).getTime())) throw unstorable("an invalid Date", where);
      return (value as Date).toISOString();
    case "json":
      // A toJSON method can return undefined.
      return toJson(value, { place: (path) => place(where, path) }) ?? null;
  }
  throw unstorable(kind, where);
}

/** What an object is stored as, or what it is where it cannot be stored. */
function kindOf(value: object, where: ValueLocation): string {
  try {
    if (ArrayBuffer.isView(value)) return "view";
    if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return "buffer";
    if (value instanceof Date) return "date";
    if (Array.isArray(value) || isPlain(value)) return "json";
    return nameOf(value);
  } catch (error) {
    // A proxy, whose traps may throw anything.
    throw unstorable(`what cannot be read (${(error as Error)?.message})`, where);
  }
}

/** Refuses bytes that were transferred to another thread. */
function checkAttached(buffer: ArrayBufferLike, where: ValueLocation): void {
  if (!(buffer as ArrayBuffer).detached) return;
  throw new TypeError(
    `Cannot store a detached ArrayBuffer in ${
      place(where)
    }: its bytes have gone to another thread; ` +
      `keep a copy of them`,
  );
}

function unstorable(what: string, where: ValueLocation): TypeError {
  return new TypeError(
    `Cannot store ${what} in ${
      place(where)
    }: pass null, a number, string, boolean, bigint, Date, ` +
      `bytes, or a plain object or array`,
  );
}

function place(where: ValueLocation, path = ""): string {
  if (typeof where === "function") return where(path);
  if (typeof where === "string") return where + path;
  return path === "" ? `parameter ${where + 1}` : `params[${where}]${path}`;
}
