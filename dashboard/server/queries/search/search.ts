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
} from "../../../../internal/text/failure_cause.ts";
import { foldText, SEARCHED_CHARACTERS } from "../../../../internal/search_text.ts";
import { rawText } from "../../../../sqlite/tables/guarded_tables.ts";
import type { SqlRow, SqlValue } from "../../../../sqlite/values.ts";
import type { RunTasks } from "../run_tasks.ts";
import { shorten, textStart, toText } from "../text.ts";

/** Rows that are compared before it is known whether there are enough that match. */
const COMPARED_ROWS = 500;

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
  /** SQL that is true of rows that match, and of all that {@linkcode TextSearch.matching} has to compare. */
  condition: string;
  /** Its parameters. */
  params: SqlValue[];
  /** SQL that is true of rows that {@linkcode TextSearch.matching} has to compare. */
  isSpecial: string;
  /** Whether all rows are such. */
  isSpecialOnly: boolean;
  /** Whether the rows that were read last had more of those than are wanted: then the first rows do not do. */
  hasManySpecial: boolean;
  /** SQL that selects what {@linkcode TextSearch.matching} needs. */
  columns: string;
  /** Those of selected rows that match. */
  matching(rows: readonly SqlRow[]): SqlRow[];
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
    hasManySpecial: true,
    columns: [failureColumns(tasks), ...(text ? [text.columns] : [])].join(", "),
    matching(rows) {
      const failures = rows.filter((row) => causeId(causeIn(row)) === cause);
      return text ? text.matching(failures) : failures;
    },
  };
}

/** The first rows that match of those that `read` returns, given how many at most. */
export function firstMatching(
  search: TextSearch | undefined,
  limit: number,
  read: (most: number) => SqlRow[],
): SqlRow[] {
  if (!search) return read(limit);
  if (!search.isSpecialOnly && !search.hasManySpecial) {
    const rows = read(limit);
    const matching = search.matching(rows);
    if (rows.length < limit || matching.length === limit) return matching;
  }
  // Some of the rows that only we can compare do not match.
  const rows = read(-1);
  search.hasManySpecial = rows.filter((row) => row.is_special === 1).length >= limit;
  const matching: SqlRow[] = [];
  for (let i = 0; i < rows.length && matching.length < limit; i += COMPARED_ROWS) {
    matching.push(...search.matching(rows.slice(i, i + COMPARED_ROWS)));
  }
  return matching.slice(0, limit);
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
    hasManySpecial: false,
    columns: [
      `${isSpecial} AS is_special`,
      // A driver takes a NUL for the end of a text, but texts are read in a third of the time of bytes.
      ...columns.map(({ cut }, i) =>
        `CASE WHEN ${isSpecial} THEN
           CASE WHEN instr(${cut}, char(0)) THEN CAST(${cut} AS BLOB) ELSE ${cut} END
         END AS text_${i}`
      ),
    ].join(", "),
    matching(rows) {
      const special = rows.filter((row) => row.is_special === 1);
      const texts = foldTexts(
        special.flatMap((row) => columns.map((_, i) => toText(row[`text_${i}`]) ?? "")),
      );
      const isMatch = new Map(special.map((row, n) => {
        const first = n * columns.length;
        return [row, columns.some((_, i) => texts[first + i]!.includes(folded))];
      }));
      return rows.filter((row) => isMatch.get(row) ?? true);
    },
  };
}

/** Folds texts as one, which takes a third of the time: a text that another follows is folded as one that ends. */
function foldTexts(texts: readonly string[]): readonly string[] {
  const folded = foldText(texts.join("\0")).split("\0");
  // Some may have the character that stands between them.
  return folded.length === texts.length ? folded : texts.map(foldText);
}
