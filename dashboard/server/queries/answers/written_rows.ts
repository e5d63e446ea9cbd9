/**
 * What runs and tasks wrote, as the writer has counted it.
 *
 * @module
 */
import type { SqlValue } from "../../../../sqlite/values.ts";
import { foldName } from "../../../../internal/fold_name.ts";
import type { ComparedRows, RunRows, WrittenRows } from "../../../api.ts";
import type { Reader } from "../../reader.ts";
import { textStart, toText } from "../text.ts";

/** Tables of a list. */
const LISTED = 200;

/** Characters of the name of a table. */
const NAME_CHARACTERS = 1_000;

/** Characters of what a task wrote: a hundred tables with long names. */
export const WROTE_CHARACTERS = 100_000;

/** What the tasks of a run wrote. */
export function readRunRows(reader: Reader, run: number): RunRows {
  if (!reader.has("run_rows")) return { tables: [], left: 0 };
  const rows = reader.all(
    `SELECT ${
      textStart("table_name", NAME_CHARACTERS)
    } AS table_name, inserted, upserted, updated, deleted, count(*) OVER () AS total FROM run_rows
     WHERE run_id=? ORDER BY inserted+upserted+updated+deleted DESC, id LIMIT ${LISTED}`,
    run,
  );
  const tables = rows.map((row) => toRows(toText(row.table_name) ?? "", row));
  return { tables, left: Number(rows[0]?.total ?? 0) - tables.length };
}

/** What a task wrote, most rows first; none where the text is not ours. */
export function parseWrote(text: SqlValue | undefined): WrittenRows[] {
  try {
    const tables = JSON.parse(toText(text) ?? "{}");
    return Object.entries(Object(tables))
      .map(([table, rows]) => toRows(table, Object(rows)))
      .sort((a, b) => sumOf(b) - sumOf(a));
  } catch {
    return [];
  }
}

/** What two runs wrote, by table. */
export function compareRows(reader: Reader, a: number, b: number): ComparedRows[] {
  const byTable = new Map<string, ComparedRows>();
  for (const [side, run] of [["a", a], ["b", b]] as const) {
    for (const rows of readRunRows(reader, run).tables) {
      const key = foldName(rows.table);
      const pair = byTable.get(key) ?? { table: rows.table, a: null, b: null };
      byTable.set(key, { ...pair, [side]: rows });
    }
  }
  return [...byTable.values()];
}

function toRows(table: string, counts: Readonly<Record<string, unknown>>): WrittenRows {
  const of = (name: string) => Math.max(0, Number(counts[name]) || 0);
  return {
    table,
    inserted: of("inserted"),
    upserted: of("upserted"),
    updated: of("updated"),
    deleted: of("deleted"),
  };
}

function sumOf({ inserted, upserted, updated, deleted }: WrittenRows): number {
  return inserted + upserted + updated + deleted;
}
