/**
 * Finds tasks by a text in their name or message, and by the cause of their failure.
 *
 * SQLite folds the case of ASCII alone. So rows of ASCII texts are compared by SQLite, and the others here, all in one
 * scan. A text has other characters exactly when it has more bytes than characters.
 *
 * @module
 */
import {
  CAUSE_READS,
  causeId,
  causeOf,
  failureLine,
} from "../../../internal/text/failure_cause.ts";
import { foldText, SEARCHED_CHARACTERS } from "../../../internal/search_text.ts";
import { rawText } from "../../../sqlite/tables/guarded_tables.ts";
import type { SqlRow, SqlValue } from "../../../sqlite/values.ts";
import type { RunTasks } from "./run_tasks.ts";
import { shorten, textStart, toText } from "./text.ts";

/** A column in which a text is looked for, as SQL. */
export interface SearchedColumn {
  /** True of a text that is not of ASCII, or too long: SQLite does not compare those. */
  isSpecial: string;
  /** The text of the others. */
  text: string;
  /** The text of any, cut. */
  cut: string;
}

/** A text to look for. */
export interface TextSearch {
  /** SQL that is true of rows that match, and of all that {@linkcode TextSearch.matches} has to compare. */
  condition: string;
  /** Its parameters. */
  params: SqlValue[];
  /** SQL that is true of rows that {@linkcode TextSearch.matches} has to compare. */
  isSpecial: string;
  /** Whether all rows are such. */
  isSpecialOnly: boolean;
  /** SQL that selects what {@linkcode TextSearch.matches} needs. */
  columns: string;
  /** Whether one of the selected rows matches. */
  matches(row: Record<string, SqlValue | undefined>): boolean;
}

/** A text column of a table of ours. It is measured first: the names of views stand for more SQL than that. */
export function searchedColumn(column: string): SearchedColumn {
  const { text, bytes } = rawText(column);
  return {
    isSpecial: `${bytes} > ${SEARCHED_CHARACTERS} OR ${bytes} <> length(${text})`,
    text: `CAST(${text} AS TEXT)`,
    cut: `substr(CAST(${column} AS TEXT), 1, ${SEARCHED_CHARACTERS})`,
  };
}

/** Makes a search for a text and a cause ready; `undefined` where neither is looked for. */
export function searchOf(
  tasks: Pick<RunTasks, "hasErrors">,
  { q, cause }: { q: string; cause: string },
): TextSearch | undefined {
  const text = q ? searchIn(["name", "message"].map(searchedColumn), q) : undefined;
  if (!cause) return text;
  return {
    condition: text?.condition ?? "1",
    params: text?.params ?? [],
    isSpecial: "1",
    isSpecialOnly: true,
    columns: [failureColumns(tasks), ...(text ? [text.columns] : [])].join(", "),
    matches: (row) => causeId(causeIn(row)) === cause && (!text || text.matches(row)),
  };
}

/** The first rows that match of those that `read` returns, given how many at most. */
export function firstMatching(
  search: TextSearch | undefined,
  limit: number,
  read: (most: number) => SqlRow[],
): SqlRow[] {
  if (!search) return read(limit);
  if (!search.isSpecialOnly) {
    const rows = read(limit);
    const matching = rows.filter((row) => search.matches(row));
    if (rows.length < limit || matching.length === limit) return matching;
  }
  // Some of the rows that only we can compare do not match.
  const matching: SqlRow[] = [];
  for (const row of read(-1)) {
    if (matching.length === limit) break;
    if (search.matches(row)) matching.push(row);
  }
  return matching;
}

/** SQL that selects what {@linkcode causeIn} needs. */
export function failureColumns({ hasErrors }: Pick<RunTasks, "hasErrors">): string {
  return `${hasErrors ? textStart("error", CAUSE_READS) : "NULL"} AS cause_error,
    ${textStart("message", CAUSE_READS)} AS cause_message`;
}

/** The cause of a failure. */
export function causeIn(row: Record<string, SqlValue | undefined>): string {
  const start = (value: SqlValue | undefined) => {
    const text = toText(value);
    return text && shorten(text, CAUSE_READS);
  };
  return causeOf(failureLine(start(row.cause_error), start(row.cause_message)));
}

/** Makes a search for a text in some columns ready. */
export function searchIn(columns: readonly SearchedColumn[], text: string): TextSearch {
  const isSpecial = `coalesce(${columns.map((column) => column.isSpecial).join(" OR ")}, 0)`;
  const folded = foldText(text);
  // deno-lint-ignore no-control-regex
  const isAscii = /^[\x00-\x7f]*$/.test(folded);
  const pattern = `%${folded.replace(/[\\%_]/g, "\\$&")}%`;
  const likes = columns.map((column) => `${column.text} LIKE ? ESCAPE '\\'`).join(" OR ");
  return {
    condition: isAscii ? `(${isSpecial} OR ${likes})` : isSpecial,
    params: isAscii ? columns.map(() => pattern) : [],
    isSpecial,
    isSpecialOnly: !isAscii,
    columns: [
      `${isSpecial} AS is_special`,
      ...columns.map(({ cut }, i) =>
        `CASE WHEN ${isSpecial} THEN CAST(${cut} AS BLOB) END AS text_${i}`
      ),
    ].join(", "),
    matches: (row) =>
      row.is_special !== 1 ||
      columns.some((_, i) => foldText(toText(row[`text_${i}`]) ?? "").includes(folded)),
  };
}
