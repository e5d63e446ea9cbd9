/**
 * Statements that must not write, over a connection that can.
 *
 * @module
 */
import { SqliteError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { classifyError } from "./explain.ts";
import { shown } from "./sql_text.ts";
import type { Statement } from "./statement.ts";
import type { SqlRow, SqlValue } from "./values.ts";

/**
 * The rows of a statement. SQLite refuses what it would write.
 *
 * @throws {TypeError} If it returns none
 * @throws {SqliteError} If it would write
 */
export function readRows(
  connection: Connection,
  statement: Statement,
  { sql, params }: { sql: string; params: readonly SqlValue[] },
): SqlRow[] {
  if (!statement.returnsRows) {
    throw new TypeError(`Cannot query with ${shown(sql)}: it returns no rows. Use execute`);
  }
  connection.exec("PRAGMA query_only=ON");
  try {
    return statement.all(...params);
  } catch (error) {
    if (classifyError(error) !== "read-only") throw error;
    throw new SqliteError(
      `Cannot query with ${shown(sql)}: it writes, and a query only reads. Use execute`,
      "read-only",
    );
  } finally {
    connection.exec("PRAGMA query_only=OFF");
  }
}
