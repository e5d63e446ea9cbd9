/**
 * Where the parameters of a statement stand.
 *
 * SQLite itself reports it: it can print a statement with its bound values, `NULL` where none is bound.
 * Before anything is bound, that text differs from the statement's own exactly where a parameter stands,
 * so that no other code has to distinguish a parameter from a question mark in a string or a comment.
 *
 * @module
 */

/** A parameter of a statement. */
export interface Parameter {
  /** Which value it takes, from 0. */
  index: number;
  /** How it is written, such as `?`, `?2` or `:name`. */
  text: string;
  /** Where it begins in the statement's text. */
  start: number;
}

const PARAMETER = /\?\d*|[:@#$](?:[\w$\u0080-\uffff]|::)+(?:\([^)]*\))?/g;

/** What SQLite prints for a parameter to which nothing is bound. */
const UNBOUND = "NULL";

/** Finds the parameters of `sql`; `expanded` is what SQLite prints for it before anything is bound. */
export function findParameters(sql: string, expanded: string): Parameter[] {
  const parameters: Parameter[] = [];
  const named = new Map<string, number>();
  let count = 0;
  /** By how much the printed text is longer so far. */
  let shift = 0;
  PARAMETER.lastIndex = 0;
  for (let match; (match = PARAMETER.exec(sql));) {
    const [text] = match;
    const start = match.index;
    // In a string, a name or a comment it is printed as it is.
    if (sql[start] === expanded[start + shift]) {
      PARAMETER.lastIndex = start + 1;
      continue;
    }
    let index = text === "?"
      ? count
      : text[0] === "?"
      ? Number(text.slice(1)) - 1
      : named.get(text);
    if (index === undefined) named.set(text, index = count);
    count = Math.max(count, index + 1);
    parameters.push({ index, text, start });
    shift += UNBOUND.length - text.length;
  }
  return parameters;
}

/** Writes a statement with its parameters changed. */
export function replaceParameters(
  sql: string,
  parameters: readonly Parameter[],
  replace: (parameter: Parameter) => string,
): string {
  let text = "";
  let from = 0;
  for (const parameter of parameters) {
    text += sql.slice(from, parameter.start) + replace(parameter);
    from = parameter.start + parameter.text.length;
  }
  return text + sql.slice(from);
}
