/**
 * Texts of ours as they are read back. SQLite's drivers read a text only up to the first NUL character, and UTF-8 has no
 * form for half a surrogate pair.
 *
 * @module
 */

/** The text with each NUL character shown as `␀`, and half a surrogate pair as `�`. */
export function asStored(text: string): string {
  const whole = text.includes("\0") ? text.replaceAll("\0", "\u2400") : text;
  return whole.toWellFormed();
}
