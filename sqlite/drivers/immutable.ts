/**
 * The address by which SQLite opens a file without locks.
 *
 * @module
 * @see https://www.sqlite.org/uri.html#uriimmutable
 */

/** The URI of a file that does not change while it is open. */
export function immutableUri(path: string): string {
  const escaped = path.replaceAll("\\", "/").replace(/[%?#]/g, encodeURIComponent);
  return `file:${/^[a-z]:/i.test(escaped) ? "/" : ""}${escaped}?immutable=1`;
}
