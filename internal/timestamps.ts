/**
 * Times as they are stored: ISO 8601 in UTC.
 *
 * @module
 */

let lastMs = -1;
let lastText = "";

/** The current time; within one millisecond the text is made once. */
export function isoNow(): string {
  const ms = Date.now();
  if (ms !== lastMs) {
    lastMs = ms;
    lastText = new Date(ms).toISOString();
  }
  return lastText;
}

/** A time in milliseconds since the epoch. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
