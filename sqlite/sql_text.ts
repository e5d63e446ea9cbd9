/**
 * What the text of SQL shows without SQLite: its tokens, and where its statements end.
 *
 * SQLite carries some PRAGMAs out while it prepares them, so a statement that is not allowed has to be recognized
 * by its text. The tokens are SQLite's own, and statements end where its shell ends them (`sqlite3_complete`).
 *
 * @module
 * @see https://www.sqlite.org/c3ref/complete.html
 */

/** Characters of a statement that an error shows. */
const MAX_SHOWN = 200;

/** One token: white space and comments apart, quoted text whole, a word, or a single character. */
const TOKEN =
  /(?<space>[\s\uFEFF]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<quoted>'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|\[[^\]]*\]?)|(?<word>[\w$\u0080-\uffff]+)|[\s\S]/gy;

/** A token of SQL. */
export interface Token {
  /** As it is written. */
  text: string;
  /** Where it begins. */
  start: number;
  /** What it names, in lower case and without quotes. */
  name: string;
  /** The same as it is spelled. */
  spelling: string;
  /** Whether it is quoted. */
  isQuoted: boolean;
}

/** The tokens of a text, without white space and comments. */
export function* tokensOf(sql: string): Generator<Token> {
  for (const { 0: text, index: start, groups } of sql.matchAll(TOKEN)) {
    if (groups!.space !== undefined) continue;
    const isQuoted = groups!.quoted !== undefined;
    const spelling = isQuoted ? unquoted(text) : text;
    yield { text, start, name: spelling.toLowerCase(), spelling, isQuoted };
  }
}

/** The tokens that stand in no parentheses. */
export function outerTokens(sql: string): Token[] {
  const outer: Token[] = [];
  let depth = 0;
  for (const token of tokensOf(sql)) {
    if (token.text === "(") depth++;
    if (depth === 0) outer.push(token);
    if (token.text === ")") {
      depth--;
      if (depth === 0) outer.push(token);
    }
  }
  return outer;
}

/**
 * The first tokens of a statement. Semicolons before it are left out, and so is `EXPLAIN`, under which SQLite
 * carries PRAGMAs out all the same.
 */
export function firstTokens(sql: string, count: number): Token[] {
  const found: Token[] = [];
  let isExplained = false;
  for (const token of tokensOf(sql)) {
    if (found.length === 0) {
      if (token.text === ";" || (isExplained && ["query", "plan"].includes(token.name))) continue;
      if (token.name === "explain" && !isExplained) {
        isExplained = true;
        continue;
      }
    }
    found.push(token);
    if (found.length === count) break;
  }
  return found;
}

/** The statements of a script, each as it is written. */
export function* statementsOf(sql: string): Generator<string> {
  let start = 0;
  let words: string[] = [];
  let last = "";
  let beforeLast = "";
  for (const token of tokensOf(sql)) {
    const { name, isQuoted } = token;
    if (token.text !== ";") {
      if (words.length < 5) words.push(isQuoted ? "" : name);
      [beforeLast, last] = [last, isQuoted ? "" : name];
      continue;
    }
    // A trigger ends with its END, which follows the semicolon of its last statement.
    if (isTrigger(words) && !(last === "end" && beforeLast === ";")) {
      [beforeLast, last] = [last, ";"];
      continue;
    }
    const end = token.start + 1;
    if (words.length > 0) yield sql.slice(start, end);
    [start, words, last, beforeLast] = [end, [], "", ""];
  }
  if (words.length > 0) yield sql.slice(start);
}

function isTrigger(words: readonly string[]): boolean {
  let at = 0;
  if (words[at] === "explain") at += words[at + 1] === "query" ? 3 : 1;
  if (words[at++] !== "create") return false;
  if (words[at] === "temp" || words[at] === "temporary") at++;
  return words[at] === "trigger";
}

/** Whether there is no statement in it: white space, semicolons, comments. */
export function isEmpty(sql: string): boolean {
  for (const { text } of tokensOf(sql)) if (text !== ";") return false;
  return true;
}

/** A statement as an error shows it. */
export function shown(sql: string): string {
  return Deno.inspect(sql.length > MAX_SHOWN ? sql.slice(0, MAX_SHOWN) + "…" : sql);
}

/** A name as SQL quotes it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function unquoted(text: string): string {
  const quote = text[0]!;
  const inner = text.slice(1, text.length > 1 && /['"`\]]$/.test(text) ? -1 : undefined);
  return quote === "[" ? inner : inner.replaceAll(quote + quote, quote);
}
