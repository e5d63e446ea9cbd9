/**
 * Scripts of a user that are run when the database is opened: its `schema`.
 *
 * A script may be a dump of the `sqlite3` shell, which turns foreign keys off, writes the table of the schema itself,
 * and leaves both to the program that loads it. So the settings of the writer are applied again when it has run. What
 * SQLite would silently ignore is refused, with the way that works.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { SqliteError } from "../errors.ts";
import { applySettings, type WriterSettings } from "./settings.ts";
import { firstTokens, shown, statementsOf } from "./sql_text.ts";
import { pragmaOf, refuseTempShadows } from "./user_statement.ts";

/** How to change what SQLite fixes when it creates the file. */
const WAYS: Readonly<Record<string, (path: string) => string>> = {
  auto_vacuum: (path) =>
    `SQLite ignores it once there is a table. While no pipeline runs: ` +
    `sqlite3 ${path} "PRAGMA auto_vacuum=INCREMENTAL; VACUUM"`,
  page_size: (path) =>
    `SQLite ignores it once there is a table. While no pipeline runs: ` +
    `sqlite3 ${path} "PRAGMA journal_mode=DELETE; PRAGMA page_size=8192; VACUUM"`,
  encoding: (path) =>
    `SQLite ignores it once there is a table. Before the first run: ` +
    `sqlite3 ${path} "PRAGMA encoding='UTF-16'; CREATE VIEW v AS SELECT 1; DROP VIEW v"`,
  foreign_keys: () =>
    "SQLite ignores it inside a transaction. Put it before BEGIN; after the script foreign keys are on again",
};

/** What no setting of the writer takes back, and why it is refused. */
const REFUSED: Readonly<Record<string, string>> = {
  // Of the whole process: no connection of it could raise it again.
  hard_heap_limit: "it would hold for the whole process",
  soft_heap_limit: "it would hold for the whole process",
  temp_store_directory: "it would hold for the whole process",
  data_store_directory: "it would hold for the whole process",
  max_page_count: "the writer would stop at that length as on a full disk",
};

/**
 * Runs a script.
 *
 * @throws {TypeError} If it leaves a transaction open, or has a PRAGMA that would be ignored or outlast it
 * @throws {SqliteError} If SQLite refuses it
 */
export function runSchemaScript(
  connection: Connection,
  sql: string,
  settings: WriterSettings,
): void {
  loadSchema(connection, () => {
    if (/\bpragma\b/i.test(sql)) runStatements(connection, sql);
    else connection.exec(sql);
  });
  if (connection.inTransaction) {
    throw new TypeError("Cannot use a schema that leaves a transaction open: end it with COMMIT");
  }
  refuseTempShadows(connection);
  applySettings(connection, settings);
}

/** Runs a schema; if it fails because it was run before, the error gives that reason. */
export function loadSchema(connection: Connection, load: () => void): void {
  const before = connection.prepare("SELECT lower(name) AS name FROM sqlite_schema").all();
  try {
    load();
  } catch (error) {
    const { message, code } = error as SqliteError;
    const table = /^UNIQUE constraint failed: (.*)\.[^.]+$/i.exec(message)?.[1];
    const isThere = table === undefined
      ? /^[^:]* already exists|^duplicate column name/i.test(message)
      : before.some(({ name }) => name === table.toLowerCase());
    if (!isThere) throw error;
    throw new SqliteError(
      `Cannot run the schema: ${message}. It is run each time, and what it makes is there already. ` +
        `Leave out what was loaded, or write it with IF NOT EXISTS and INSERT OR IGNORE`,
      code,
      { cause: error },
    );
  }
}

function runStatements(connection: Connection, sql: string): void {
  const isDump = /\bwritable_schema\b/i.test(sql);
  if (isDump) connection.setDefensive(false);
  const statements = [...statementsOf(sql)];
  const keywords = statements.map((statement) => firstTokens(statement, 1)[0]!.text.toLowerCase());
  const lastVacuum = keywords.lastIndexOf("vacuum");
  statements.forEach((statement, i) => {
    if (keywords[i] === "pragma") runPragma(connection, statement, i < lastVacuum);
    else connection.exec(statement);
  });
  if (!isDump) return;
  // Virtual tables of a dump are only known once the schema is read again.
  connection.exec("PRAGMA writable_schema=RESET");
  connection.setDefensive(true);
}

function runPragma(connection: Connection, sql: string, beforeVacuum: boolean): void {
  const { name, hasArgument } = pragmaOf(sql);
  if (hasArgument && Object.hasOwn(REFUSED, name)) {
    throw new TypeError(
      `Cannot use ${shown(sql.trim())} in a schema: ${REFUSED[name]}. Leave it out`,
    );
  }
  const isSet = hasArgument && Object.hasOwn(WAYS, name);
  if (!isSet) return connection.exec(sql);
  const read = () => String(connection.prepare(`PRAGMA ${name}`).get()?.[name]);
  const before = read();
  const refused = () => {
    const { path } = connection;
    return new TypeError(
      `Cannot use ${shown(sql.trim())} in a schema, where ${name} stays ${before}: ${
        WAYS[name]!(path)
      }`,
    );
  };
  try {
    connection.exec(sql);
  } catch (error) {
    throw name === "encoding" ? refused() : error;
  }
  if (read() !== before || isSame(sql, before)) return;
  // VACUUM builds the file again, and then it holds. The page size of a file with a WAL stays.
  if (beforeVacuum && name === "auto_vacuum") return;
  throw refused();
}

/** Whether a PRAGMA asks for the present value. */
function isSame(sql: string, value: string): boolean {
  const tokens = firstTokens(sql, 7).map(({ name }) => name);
  const at = tokens.findIndex((text) => text === "=" || text === "(");
  const names: Readonly<Record<string, string>> = {
    none: "0",
    off: "0",
    no: "0",
    false: "0",
    on: "1",
    yes: "1",
    true: "1",
    full: "1",
    incremental: "2",
  };
  const asked = tokens[at + 1] ?? "";
  const same = (text: string) => text.toLowerCase().replace(/^utf-16$/, "utf-16le");
  return same(names[asked] ?? asked) === same(value);
}
