/**
 * Texts of any length and with any character, cut to what a page can show.
 *
 * @module
 */

import type { SqlValue } from "../../../sqlite/values.ts";

const decoder = new TextDecoder();

/**
 * The start of a text, at least one character more than asked where there are more. As bytes, because SQLite's
 * functions and its drivers take a NUL for the end of a text.
 */
export function textStart(column: string, characters: number): string {
  const bytes = `substr(CAST(${column} AS BLOB), 1, ${4 * (characters + 1)})`;
  // No bytes at all are read back as NULL.
  return `CASE WHEN ${column} = '' THEN '' ELSE ${bytes} END`;
}

/** A text that was selected as bytes. */
export function toText(value: SqlValue | undefined): string | null {
  if (value instanceof Uint8Array) return decoder.decode(value);
  return value === null || value === undefined ? null : String(value);
}

/** A text cut to a number of characters, and not within one. */
export function shorten(text: string, characters: number): string {
  return text.slice(0, characters).replace(/[\ud800-\udbff]$/, "");
}
