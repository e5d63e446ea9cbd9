/**
 * Finds tasks by a text in their name or message, and by the cause of their failure.
 *
 * SQLite folds the case of ASCII alone. So rows of ASCII texts are compared by SQLite, and the others here.
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
import type { SqlValue } from "../../../sqlite/values.ts";
import type { RunTasks } from "./run_tasks.ts";
import { shorten, textStart, toText } from "./text.ts";

/** Columns in which a text is looked for, cut before they are compared. */
const COLUMNS = ["name", "message"].map((column) =>
  `substr(CAST(${column} AS TEXT), 1, ${SEARCHED_CHARACTERS})`
);

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

/** Makes a search for a text and a cause ready; `undefined` where neither is looked for. */
export function searchOf(
  tasks: Pick<RunTasks, "hasErrors">,
  { q, cause }: { q: string; cause: string },
): TextSearch | undefined {
  const text = q ? searchIn(COLUMNS, q) : undefined;
  if (!cause) return text;
  return {
    ascii: undefined,
    others: "1",
    columns: [failureColumns(tasks), ...(text ? [text.columns] : [])].join(", "),
    matches: (row) => causeId(causeIn(row)) === cause && (!text || text.matches(row)),
  };
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

/** Makes a search for a text in some columns ready: SQL of texts that are cut already. */
export function searchIn(columns: readonly string[], text: string): TextSearch {
  const hasOthers = columns.map((column) =>
    `coalesce(${column} GLOB '*[^' || char(1) || '-' || char(127) || ']*', 0)`
  ).join(" OR ");
  const folded = foldText(text);
  const pattern = `%${folded.replace(/[\\%_]/g, "\\$&")}%`;
  const likes = columns.map((column) => `coalesce(${column} LIKE ? ESCAPE '\\', 0)`).join(" OR ");
  return {
    // deno-lint-ignore no-control-regex
    ascii: /^[\x00-\x7f]*$/.test(folded)
      ? { condition: `NOT (${hasOthers}) AND (${likes})`, params: columns.map(() => pattern) }
      : undefined,
    others: `(${hasOthers})`,
    columns: columns.map((column, i) => `CAST(${column} AS BLOB) AS text_${i}`).join(", "),
    matches: (row) =>
      columns.some((_, i) => foldText(toText(row[`text_${i}`]) ?? "").includes(folded)),
  };
}
