/**
 * Times as they are stored: ISO 8601 in UTC.
 *
 * @module
 */

let lastMs = -1;
let lastText = "";

/** The current time. */
export function isoNow(): string {
  return isoTime(Date.now());
}

/** A time in milliseconds since the epoch; the text of the last one is kept. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}
