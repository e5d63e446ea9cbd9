/**
 * Rows whose parent is missing, where a foreign key is checked only at COMMIT.
 *
 * SQLite counts such rows without naming them, so a batch refused at COMMIT does not show which message caused it.
 * They are searched for in all tables with such a key: slow, and needed only after such a failure.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { quoteName } from "./sql_text.ts";
import type { SqlRow } from "./values.ts";

/** Finds the rows, each named by its table, its constraint and its key. */
export function findOrphans(connection: Connection): Set<string> {
  const orphans = new Set<string>();
  for (const { name, sql, wr } of childTables(connection)) {
    if (!/\bdefer/i.test(`${sql}`)) continue;
    const table = `${name}`;
    const columns = connection.prepare("SELECT name, pk FROM pragma_table_info(?)").all(table);
    const key = wr === 1 ? keyOf(columns).map((name) => `c.${quoteName(name)}`) : ["c.rowid"];
    for (const [id, parts] of foreignKeys(connection, table)) {
      const found = connection.prepare(orphanSql(connection, { table, key, parts })).all();
      for (const row of found) {
        orphans.add(JSON.stringify([table, id, ...Object.values(row)], text));
      }
    }
  }
  return orphans;
}

function childTables(connection: Connection): SqlRow[] {
  return connection.prepare(
    `SELECT s.name, s.sql, l.wr FROM sqlite_schema AS s
     JOIN pragma_table_list AS l ON l.schema='main' AND l.name=s.name
     WHERE s.type='table' AND EXISTS (SELECT 1 FROM pragma_foreign_key_list(s.name))`,
  ).all();
}

/** The foreign keys of a table, each with a row for each of its columns. */
function foreignKeys(connection: Connection, table: string): Map<unknown, SqlRow[]> {
  const rows = connection.prepare(
    `SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq`,
  ).all(table);
  return Map.groupBy(rows, ({ id }) => id);
}

function orphanSql(
  connection: Connection,
  { table, key, parts }: { table: string; key: readonly string[]; parts: readonly SqlRow[] },
): string {
  const parent = `${parts[0]!.table}`;
  const own = connection.prepare("SELECT name, pk FROM pragma_table_info(?)").all(parent);
  const toKey = keyOf(own);
  const pairs = parts.map(({ from, to }, i) => [
    `p.${quoteName(`${to ?? toKey[i] ?? "rowid"}`)}`,
    `c.${quoteName(`${from}`)}`,
  ]);
  const isSet = pairs.map(([, from]) => `${from} IS NOT NULL`).join(" AND ");
  const matches = pairs.map(([to, from]) => `${to}=${from}`).join(" AND ");
  const selected = key.map((column, i) => `${column} AS k${i}`).join(", ");
  const missing = own.length === 0
    ? ""
    : ` AND NOT EXISTS (SELECT 1 FROM ${quoteName(parent)} AS p WHERE ${matches})`;
  return `SELECT ${selected} FROM ${quoteName(table)} AS c WHERE ${isSet}${missing}`;
}

/** The columns of a primary key in its order. */
function keyOf(columns: readonly SqlRow[]): string[] {
  return columns.filter(({ pk }) => Number(pk) > 0)
    .sort((a, b) => Number(a.pk) - Number(b.pk)).map(({ name }) => `${name}`);
}

/** A value that JSON does not have, as a text. */
function text(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
