/**
 * Which table a statement writes, as far as its text shows.
 *
 * SQLite counts the rows that a statement changed and does not report their table.
 *
 * @module
 */
import { outerTokens, type Token } from "../../sqlite/sql_text.ts";

/** What a statement does to rows. With `upserted`, rows may be new or replace others: SQLite counts them together. */
export type RowChange = "inserted" | "upserted" | "updated" | "deleted";

/** What a statement writes. */
export interface WriteTarget {
  /** The table, as the statement spells it, without quotes. */
  table: string;
  /** What it does to the rows of it. */
  change: RowChange;
}

const VERBS: Readonly<Record<string, RowChange>> = {
  insert: "inserted",
  replace: "upserted",
  update: "updated",
  delete: "deleted",
};

/** What may stand between the verb and the name of the table. */
const BETWEEN = ["or", "rollback", "abort", "replace", "fail", "ignore", "into", "from"];

/** The table that a statement writes; `undefined` where it writes no rows. */
export function writeTarget(sql: string): WriteTarget | undefined {
  const tokens = outerTokens(sql).filter(({ text }) => text !== ";");
  const isWord = ({ isQuoted, name }: Token, words: readonly string[]) =>
    !isQuoted && words.includes(name);
  const begin = tokens[0] && isWord(tokens[0], ["with"])
    ? tokens.findIndex((token, i) =>
      isWord(token, Object.keys(VERBS)) && tokens[i - 1]!.text === ")"
    )
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
