/**
 * NUL characters in texts of ours: SQLite's drivers read a text only up to the first one.
 *
 * @module
 */

/** The text with each NUL character shown as `␀`, so that it is read back whole. */
export function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\u2400") : text;
}
