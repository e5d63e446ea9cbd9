/**
 * What VACUUM does, for the built-in driver under narrow flags.
 *
 * VACUUM attaches a new file, which the runtime allows only to programs with every permission. Each connection has
 * one other database that it need not attach, though: TEMP. So all tables are copied there with SQL alone, which
 * leaves no free space between them, and the backup API writes those pages over the file: in one transaction of the
 * file, so that a reader sees all of it or nothing, and a process that dies in the middle changes nothing.
 *
 * Between the copy and that transaction another program could commit. It is found out before the transaction commits,
 * by `data_version`, which needs a WAL: without one no reader could read meanwhile.
 *
 * Rejected: a new file under the name of the old one (programs that have the old one open would continue in it).
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { SqliteError } from "../errors.ts";
import { dataVersionOf } from "./pragmas.ts";
import { quoteName } from "./sql_text.ts";
import type { SqlRow } from "./values.ts";

/** Where the name of a table begins in `sqlite_schema.sql`, which SQLite writes itself. */
const CREATE_TABLE = "CREATE TABLE ";

/** What SQLite makes by itself for AUTOINCREMENT. */
const SEQUENCES = "sqlite_sequence";

/**
 * Builds the file of a connection again. It has a WAL, and the connection is used for nothing else afterwards.
 *
 * @throws {SqliteError} If SQLite cannot copy a table, or another connection writes: the file is as it was then
 */
export async function rebuild(connection: Connection): Promise<void> {
  const dataVersion = dataVersionOf(connection);
  const pragma = (name: string) => {
    const value = connection.prepare(`PRAGMA main.${name}`).get()![name];
    return `PRAGMA temp.${name}=${value};`;
  };
  connection.setDefensive(false);
  connection.exec(`PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON;
    PRAGMA writable_schema=ON; PRAGMA temp_store=FILE;
    PRAGMA page_size=${connection.prepare("PRAGMA main.page_size").get()!.page_size};
    ${pragma("auto_vacuum")}`);
  const before = connection.transaction(() => {
    copySchema(connection);
    connection.exec(pragma("user_version") + pragma("application_id"));
    return dataVersion();
  });
  check(connection);
  const { page_count } = connection.prepare("PRAGMA temp.page_count").get()!;
  await connection.replaceByTemp({
    // In two parts at least: between them it is looked whether another connection has written.
    pages: Math.ceil(Number(page_count) / 2),
    between: () => {
      if (dataVersion() === before) return;
      throw new SqliteError(
        `Cannot vacuum ${connection.path}: another connection wrote to it meanwhile; ` +
          `nothing was changed. Run it when no program writes`,
        "busy",
      );
    },
  });
}

function copySchema(connection: Connection): void {
  const objects = connection.prepare(
    "SELECT type, name, rootpage, sql FROM main.sqlite_schema ORDER BY rowid",
  ).all();
  const tables = objects.filter(({ type, name, rootpage }) =>
    type === "table" && rootpage !== 0 && name !== SEQUENCES
  );
  for (const { sql } of tables) {
    connection.exec(`CREATE TEMP TABLE ${`${sql}`.slice(CREATE_TABLE.length)}`);
  }
  for (const { name } of tables) copyRows(connection, `${name}`);
  // The name of a table means the TEMP one now.
  for (const { type, sql } of objects) {
    if (type === "index" && sql !== null) connection.exec(`${sql}`);
  }
  if (connection.prepare("SELECT 1 FROM temp.sqlite_schema WHERE name=?").get(SEQUENCES)) {
    connection.exec(`DELETE FROM temp.${SEQUENCES};
      INSERT INTO temp.${SEQUENCES} SELECT * FROM main.${SEQUENCES}`);
  }
  connection.exec(
    `INSERT INTO temp.sqlite_schema (type, name, tbl_name, rootpage, sql)
     SELECT type, name, tbl_name, rootpage, sql FROM main.sqlite_schema
     WHERE type IN ('view','trigger') OR (type='table' AND rootpage=0) ORDER BY rowid`,
  );
}

/** Copies the rows of a table, each with its row id. */
function copyRows(connection: Connection, table: string): void {
  const columns = connection.prepare(
    "SELECT name, pk FROM pragma_table_xinfo(?, 'main') WHERE hidden=0 ORDER BY cid",
  ).all(table);
  const names = columns.map(({ name }) => quoteName(`${name}`));
  const rowid = rowidOf(connection, table, columns);
  if (rowid) names.unshift(rowid);
  const name = quoteName(table);
  connection.exec(`INSERT INTO temp.${name} (${names}) SELECT ${names} FROM main.${name}`);
}

/** The name of a row id; none where the table has no such thing, or three columns that are called so. */
function rowidOf(
  connection: Connection,
  table: string,
  columns: readonly SqlRow[],
): string | undefined {
  const { wr } = connection.prepare(
    "SELECT wr FROM pragma_table_list WHERE schema='main' AND name=?",
  ).get(table)!;
  if (wr === 1) return undefined;
  const taken = columns.map(({ name }) => `${name}`.toLowerCase());
  return ["rowid", "oid", "_rowid_"].find((name) => !taken.includes(name));
}

/** Looks at the copy before it takes the place of the file. */
function check(connection: Connection): void {
  const { missing } = connection.prepare(
    `SELECT (SELECT count(*) FROM main.sqlite_schema WHERE name<>?1) -
      (SELECT count(*) FROM temp.sqlite_schema WHERE name<>?1) AS missing`,
  ).get(SEQUENCES)!;
  const problems = connection.prepare("PRAGMA temp.quick_check(1)").all()
    .map(({ quick_check }) => quick_check).filter((text) => text !== "ok");
  if (missing === 0 && problems.length === 0) return;
  throw new SqliteError(
    `Cannot vacuum ${connection.path}: its copy is not whole (${
      problems[0] ?? `${missing} missing`
    }). ` +
      `Nothing was changed; see pipeloom doctor`,
    "corrupt",
  );
}
