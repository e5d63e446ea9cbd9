/**
 * What can be told from the text of SQL without SQLite.
 *
 * @module
 */

const COMMENTS = /--[^\n]*|\/\*[\s\S]*?(\*\/|$)/g;

/** Characters of a statement that an error shows. */
const MAX_SHOWN = 200;

/** Whether there is no statement in it: white space, semicolons, comments. */
export function isEmpty(sql: string): boolean {
  return !/[^\s;]/.test(sql.replace(COMMENTS, ""));
}

/** A statement as an error shows it. */
export function shown(sql: string): string {
  return Deno.inspect(sql.length > MAX_SHOWN ? sql.slice(0, MAX_SHOWN) + "…" : sql);
}
