/**
 * Which rows of a table are looked for: a column compared with a text, and the rows of one run.
 *
 * @module
 */
import { quoteName } from "../../../../sqlite/sql_text.ts";
import type { SqlRow, SqlValue } from "../../../../sqlite/values.ts";
import { searchIn, type TextSearch } from "../search/search.ts";
import type { Reader } from "../../reader.ts";
import { bytesOf, MAX_BYTES } from "./cells.ts";
import { NoData } from "./no_data.ts";
import type { TableShape } from "./table_shape.ts";

/** How a column is compared. */
export const OPERATORS = ["is", "not", "contains", "from", "to", "empty", "set"] as const;

/** Bytes of a text in which another is looked for. */
const SEARCHED_BYTES = 10_000;

/** Which rows are looked for. */
export interface DataFind {
  /** The name of a column; empty for all rows. */
  column: string;
  /** How it is compared. */
  op: typeof OPERATORS[number];
  /** With what. */
  value: string;
  /** The run to which the rows belong. */
  run: number | undefined;
}

/** A condition in SQL, with what SQL cannot compare. */
export interface Condition {
  sql: string;
  params: SqlValue[];
  /** Columns that {@linkcode Condition.matching} needs, to be selected as well. */
  columns: string;
  matching(rows: SqlRow[]): SqlRow[];
}

/** Makes the condition of a search; `undefined` where every row matches. */
export function toCondition(
  reader: Reader,
  shape: TableShape,
  { column, op, value, run }: DataFind,
): Condition | undefined {
  const parts: { sql: string; params: SqlValue[] }[] = [];
  let search: TextSearch | undefined;
  if (run !== undefined) parts.push(ofRun(reader, shape, run));
  if (column !== "") {
    if (!shape.columns.some(({ name }) => name === column)) {
      throw new NoData(`${shape.name} has no column ${JSON.stringify(column)} that is read`, 400);
    }
    const name = quoteName(column);
    if (op === "contains") {
      // A long text is read to its beginning; a BLOB is searched as a text.
      const bytes = bytesOf(name, reader.connection.sqliteVersion);
      const text = `CASE WHEN ${bytes} > ${MAX_BYTES} THEN '' ELSE
        CAST(substr(CAST(${name} AS BLOB), 1, ${SEARCHED_BYTES}) AS TEXT) END`;
      const isSpecial = `length(CAST(${text} AS BLOB)) <> length(${text})`;
      search = searchIn([{ text, cut: text, isSpecial }], value);
      parts.push({ sql: search.condition, params: search.params });
    } else {parts.push(
        compared(name, bytesOf(name, reader.connection.sqliteVersion), { op, value }),
      );}
  }
  if (parts.length === 0) return undefined;
  return {
    sql: parts.map(({ sql }) => `(${sql})`).join(" AND "),
    params: parts.flatMap(({ params }) => params),
    columns: search ? `, ${search.columns}` : "",
    matching: (rows) => search?.matching(rows) ?? rows,
  };
}

/** A value of more than a megabyte equals nothing: it is not read. */
function compared(
  name: string,
  bytes: string,
  { op, value }: Pick<DataFind, "op" | "value">,
): { sql: string; params: SqlValue[] } {
  const number = numberOf(value);
  switch (op) {
    case "empty":
      return { sql: `${name} IS NULL OR ${bytes} = 0`, params: [] };
    case "set":
      return { sql: `${bytes} > 0`, params: [] };
    case "from":
    case "to": {
      const sign = op === "from" ? ">=" : "<=";
      const types = number === undefined ? "'text'" : "'integer', 'real'";
      return {
        sql: `typeof(${name}) IN (${types}) AND ${name} ${sign} ?`,
        params: [number ?? value],
      };
    }
    default: {
      const same = number === undefined
        ? { sql: `${name} = ?`, params: [value] }
        : { sql: `${name} = ? OR ${name} = ?`, params: [number, value] };
      const sql = `CASE WHEN ${bytes} > ${MAX_BYTES} THEN 0 ELSE coalesce(${same.sql}, 0) END`;
      return { sql: op === "not" ? `NOT ${sql}` : sql, params: same.params };
    }
  }
}

/** The number that a text is, exactly. */
function numberOf(text: string): number | bigint | undefined {
  if (/^[+-]?\d{1,19}$/.test(text)) {
    const value = BigInt(text);
    return BigInt.asIntN(64, value) === value ? value : Number(text);
  }
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function ofRun(
  reader: Reader,
  shape: TableShape,
  run: number,
): { sql: string; params: SqlValue[] } {
  const { runColumn } = shape;
  if (!runColumn) {
    throw new NoData(
      `The rows of ${shape.name} belong to no run: it has no column run_id or task_id`,
      400,
    );
  }
  const name = quoteName(runColumn.name);
  if (runColumn.of === "run") return { sql: `${name} = ?`, params: [run] };
  if (!reader.has("task_runs", "run_id")) return { sql: "0", params: [] };
  return {
    sql: `(SELECT t.run_id FROM task_runs AS t WHERE t.id = ${shape.source}.${name}) = ?`,
    params: [run],
  };
}
