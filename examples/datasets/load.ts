/**
 * The task: one file into one table. Runs in a task Worker.
 *
 * @module
 */

import type { TaskContext } from "../../mod.ts";
import { inferTypes, type TypedTable } from "./infer.ts";
import { quoteName } from "./names.ts";
import { parseDelimited, type ParsedTable, parseObjects } from "./parse.ts";
import { openSource, type Source } from "./sources.ts";

/** Rows per message: past a thousand, larger messages are no faster. */
const ROWS_PER_INSERT = 1_000;

/** What a task leaves in `task_runs.result`. */
export interface LoadResult {
  /** The table's name. */
  table: string;
  /** How many columns it has. */
  columns: number;
  /** How many rows were loaded. */
  rows: number;
}

/**
 * Loads one file, replacing what an earlier run loaded from it.
 *
 * The file is parsed as a whole before its table is touched, so that a broken
 * file leaves the table of an earlier run as it was. It is also the only way to
 * know the columns' types: the last row can still turn a number into a text.
 *
 * @param source The file.
 * @param task The running task.
 * @returns What was loaded.
 * @throws {SyntaxError} If a CSV or TSV file is malformed.
 * @throws {TypeError} If a JSON file is not an array of objects.
 */
export async function load(
  source: Source,
  task: TaskContext,
): Promise<LoadResult> {
  const { columns, types, rows } = await readTable(source);
  task.progress(0, rows.length, "parsed");

  const table = quoteName(source.key);
  const definitions = columns.map((name, i) => `${quoteName(name)} ${types[i]}`);
  await task.transaction([
    { sql: `DROP TABLE IF EXISTS ${table}` },
    { sql: `CREATE TABLE ${table} (${definitions.join(", ")})` },
  ]);

  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
    const to = Math.min(from + ROWS_PER_INSERT, rows.length);
    await task.insert(source.key, rows.slice(from, to), { columns });
    task.progress(to, rows.length, `${to} of ${rows.length} rows`);
  }
  return { table: source.key, columns: columns.length, rows: rows.length };
}

/**
 * Opens and parses a file and infers its columns' types.
 *
 * @param source The file.
 * @returns The table, ready to be written.
 */
export async function readTable(source: Source): Promise<TypedTable> {
  return inferTypes(parse(await openSource(source), source));
}

function parse(content: unknown, { name, property }: Source): ParsedTable {
  if (typeof content === "string") {
    const delimiter = name.endsWith(".tsv") ? "\t" : ",";
    return parseDelimited(content, { name, delimiter });
  }
  if (property === undefined) return parseObjects(content, { name });
  const holder = content as Record<string, unknown>;
  return parseObjects(holder[property], { name: `${property} of ${name}` });
}
