/**
 * What it takes until a table is as it is wanted: all of it, or the columns that came later.
 *
 * @module
 */
import type { Connection } from "../connection.ts";
import { findTables, type TableFound } from "../pragmas.ts";

/** Columns by name, with their types. */
export type Columns = Readonly<Record<string, string>>;

/** Creates a table, or checks that the one that is there has the columns. */
export function createTable(connection: Connection, name: string, columns: Columns): void {
  const found = findTables(connection, [name]).get(name);
  for (const change of changesOf(connection.path, { name, columns, found })) {
    connection.exec(change);
  }
}

/** A table that is wanted, and what stands under its name. */
export interface WantedTable {
  name: string;
  columns: Columns;
  /** Columns that came later: a table from before gets them. */
  added?: Columns | undefined;
  /** The columns of its key, where it has no row ids. */
  key?: string | undefined;
  found: TableFound | undefined;
}

/** The statements that create a table, or add what came later to the one that is there. */
export function changesOf(
  path: string,
  { name, columns, added = {}, key, found }: WantedTable,
): string[] {
  if (!found) {
    const definitions = Object.entries({ ...columns, ...added })
      .map(([column, definition]) => `${column} ${definition}`);
    if (key) definitions.push(`PRIMARY KEY (${key})`);
    const end = key ? " WITHOUT ROWID" : "";
    return [`CREATE TABLE ${name} (\n  ${definitions.join(",\n  ")}\n)${end}`];
  }
  if (found.isShadowed) {
    throw new Error(
      `Cannot use ${name} of ${path}: it is a view or a virtual table, so another program ` +
        `made it; rename it, or pass storeTaskStatus: false`,
    );
  }
  const isMissing = (column: string) => !found.columns.includes(column);
  const lacking = Object.keys(columns).filter(isMissing);
  if (lacking.length > 0) {
    throw new Error(
      `Cannot use table ${name} of ${path}: it has no column ${lacking.join(", ")}, ` +
        `so another program made it; rename it, or pass storeTaskStatus: false`,
    );
  }
  return Object.entries(added).filter(([column]) => isMissing(column))
    .map(([column, definition]) => `ALTER TABLE ${name} ADD COLUMN ${column} ${definition}`);
}
