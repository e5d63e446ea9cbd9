/**
 * Finds tasks by a text in their name or message.
 *
 * SQLite folds the case of ASCII alone. So rows of ASCII texts are compared by SQLite, and the others here.
 *
 * @module
 */
import { foldText, SEARCHED_CHARACTERS } from "../../../internal/search_text.ts";
import type { SqlValue } from "../../../sqlite/values.ts";
import { toText } from "./text.ts";

/** Columns in which a text is looked for, cut before they are compared. */
const COLUMNS = ["name", "message"].map((column) =>
  `substr(CAST(${column} AS TEXT), 1, ${SEARCHED_CHARACTERS})`
);

const HAS_OTHERS = COLUMNS.map((column) =>
  `coalesce(${column} GLOB '*[^' || char(1) || '-' || char(127) || ']*', 0)`
).join(" OR ");

/** A text to look for. */
export interface TextSearch {
  /** SQL that is true of rows of ASCII texts that match, with its parameters; none where no such row can. */
  ascii: { condition: string; params: SqlValue[] } | undefined;
  /** SQL that is true of all other rows. */
  others: string;
  /** SQL that selects what {@linkcode TextSearch.matches} needs. */
  columns: string;
  /** Whether one of those rows matches. */
  matches(row: Record<string, SqlValue | undefined>): boolean;
}

/** Makes a search for a text ready. */
export function searchFor(text: string): TextSearch {
  const folded = foldText(text);
  const pattern = `%${folded.replace(/[\\%_]/g, "\\$&")}%`;
  const likes = COLUMNS.map((column) => `coalesce(${column} LIKE ? ESCAPE '\\', 0)`).join(" OR ");
  return {
    // deno-lint-ignore no-control-regex
    ascii: /^[\x00-\x7f]*$/.test(folded)
      ? { condition: `NOT (${HAS_OTHERS}) AND (${likes})`, params: [pattern, pattern] }
      : undefined,
    others: `(${HAS_OTHERS})`,
    columns: COLUMNS.map((column, i) => `CAST(${column} AS BLOB) AS text_${i}`).join(", "),
    matches: (row) =>
      COLUMNS.some((_, i) => foldText(toText(row[`text_${i}`]) ?? "").includes(folded)),
  };
}
