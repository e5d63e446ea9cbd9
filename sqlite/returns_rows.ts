/**
 * Whether a statement returns rows, as far as its text shows.
 *
 * A statement that is only stored for later has no connection that could prepare it. What the text leaves open,
 * such as most PRAGMAs, SQLite reports when the statement is executed.
 *
 * @module
 */
import { outerTokens, shown } from "./sql_text.ts";

const READS = ["select", "values"];
const WRITES = ["insert", "replace", "update", "delete"];

/** Whether a statement surely returns rows. */
export function surelyReturnsRows(sql: string): boolean {
  const outer = outerTokens(sql);
  const first = outer.findIndex(({ text }) => text !== ";");
  const words = outer.slice(first).map(({ name, isQuoted }) => isQuoted ? "" : name);
  const verb = words[0] === "with"
    ? words.find((word) => READS.includes(word) || WRITES.includes(word))
    : words[0];
  if (verb === undefined) return false;
  if (READS.includes(verb) || verb === "explain") return true;
  // A reserved word: no name is spelled so without quotes.
  return WRITES.includes(verb) && words.includes("returning");
}

/** The error of a statement whose rows no caller would get. */
export function returnsRows(sql: string): TypeError {
  return new TypeError(
    `Cannot execute ${
      shown(sql)
    } in an atomic task: it returns rows, and is carried out when the task has ended. ` +
      `Use query(sql, params) to read what is committed, or leave RETURNING out`,
  );
}
