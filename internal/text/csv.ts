/**
 * Lines of CSV as RFC 4180 has them.
 *
 * @module
 */

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * A text as a cell. One that a spreadsheet would carry out as a formula gets an apostrophe before it, unless it is to
 * stay as it is; a NUL, at which many readers end, is shown as `␀`.
 */
export function csvCell(text: string, isRaw = false): string {
  const safe = (!isRaw && FORMULA.test(text) ? `'${text}` : text).replaceAll("\0", "␀");
  return /[",\r\n]/.test(safe) || safe === "" ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Cells as a line. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.join(",")}\r\n`;
}
