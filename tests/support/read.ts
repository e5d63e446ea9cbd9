/**
 * What is committed, as a second connection sees it.
 *
 * @module
 */
import { connectReadOnly, type SqlRow, type SqlValue } from "../../db.ts";
// Loads the FFI driver's library before the first test, which would otherwise seem to leak it.
import "./drivers.ts";

/** Every row of a query, over a read-only connection of its own. */
export async function readRows(db: string, sql: string): Promise<SqlRow[]> {
  using connection = await connectReadOnly(db);
  return connection.prepare(sql).all().map((row) => ({ ...row }));
}

/** The first row of a query. */
export async function readRow(db: string, sql: string): Promise<SqlRow> {
  return (await readRows(db, sql))[0]!;
}

/** The values of every row of a query, in the order of its columns. */
export async function readValues(db: string, sql: string): Promise<SqlValue[][]> {
  return (await readRows(db, sql)).map((row) => Object.values(row));
}

/** Resolves with the values of a query's rows when there are this many, in a file that another process may only make. */
export async function rowsCome(db: string, sql: string, count: number): Promise<SqlValue[][]> {
  for (;;) {
    // The file may not be there, or not the table.
    const rows = await readValues(db, sql).catch(() => []);
    if (rows.length >= count) return rows;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
