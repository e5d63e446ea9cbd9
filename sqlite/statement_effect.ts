/**
 * What a statement does, as far as its text shows: whether it returns rows, and which table it writes.
 *
 * A statement that is only stored for later has no connection that could prepare it, and SQLite counts the rows that
 * one changed without their table. What the text leaves open, such as most PRAGMAs, SQLite reports when it is executed.
 *
 * @module
 */
import { outerTokens, shown, type Token } from "./sql_text.ts";

const READS = ["select", "values"];
const VERBS: Readonly<Record<string, RowChange>> = {
  insert: "inserted",
  replace: "upserted",
  update: "updated",
  delete: "deleted",
};
const WRITES = Object.keys(VERBS);

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

/** What a statement does to rows. With `upserted`, rows may be new or replace others: SQLite counts them together. */
export type RowChange = "inserted" | "upserted" | "updated" | "deleted";

/** What a statement writes. */
export interface WriteTarget {
  /** The table, as the statement spells it, without quotes. */
  table: string;
  /** What it does to the rows of it. */
  change: RowChange;
}

/** What may stand between the verb and the name of the table. */
const BETWEEN = ["or", "rollback", "abort", "replace", "fail", "ignore", "into", "from"];

/** The table that a statement writes; `undefined` where it writes no rows. */
export function writeTarget(sql: string): WriteTarget | undefined {
  const tokens = outerTokens(sql).filter(({ text }) => text !== ";");
  const isWord = ({ isQuoted, name }: Token, words: readonly string[]) =>
    !isQuoted && words.includes(name);
  const begin = tokens[0] && isWord(tokens[0], ["with"])
    ? tokens.findIndex((token, i) => isWord(token, WRITES) && tokens[i - 1]!.text === ")")
    : 0;
  const verb = tokens[begin];
  if (!verb || verb.isQuoted || !Object.hasOwn(VERBS, verb.name)) return undefined;
  let at = begin + 1;
  let replaces = false;
  for (; tokens[at] && isWord(tokens[at]!, BETWEEN); at++) {
    if (tokens[at]!.name === "replace") replaces = true;
  }
  if (tokens[at + 1]?.text === ".") at += 2;
  const table = tokens[at]?.spelling;
  if (table === undefined) return undefined;
  const change = VERBS[verb.name]!;
  const rest = tokens.slice(at + 1).map(({ name, isQuoted }) => isQuoted ? "" : name).join(" ");
  const updates = change === "inserted" && (replaces || / on conflict .*\bdo update /.test(rest));
  return { table, change: updates ? "upserted" : change };
}
