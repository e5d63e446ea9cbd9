/**
 * Statements of a user that the one connection of the writer carries out: those that would change it for all
 * others are refused by name.
 *
 * Every task shares the connection and its transactions. A PRAGMA that a task sets would hold for all of them, a
 * database that it attaches would stay when its transaction is rolled back, and a TEMP table takes the rows that
 * others send to the table of that name. So PRAGMAs are allowed by a list, and settings belong to the options of
 * the writer, or to its `schema`.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { firstTokens } from "./sql_text.ts";
import { VERSION_TRIGGER } from "./tables/task_tables.ts";

/** What would begin, nest or end the writer's own transaction. */
const TRANSACTION_CONTROL = ["begin", "commit", "end", "rollback", "savepoint", "release"];

/** What changes neither tables nor the connection. */
const ROW_STATEMENTS = ["select", "insert", "update", "delete", "replace", "with", "values"];

/** PRAGMAs whose argument selects what to read, or that work on the file as a statement does. */
const WITH_ARGUMENT = [
  "application_id",
  "foreign_key_check",
  "foreign_key_list",
  "incremental_vacuum",
  "index_info",
  "index_list",
  "index_xinfo",
  "integrity_check",
  "optimize",
  "quick_check",
  "table_info",
  "table_list",
  "table_xinfo",
  "user_version",
];

/** Where a setting belongs that a task may not change. */
const REMEDIES: Readonly<Record<string, string>> = {
  busy_timeout: `pass the option "busyTimeoutMs"`,
  defer_foreign_keys: "declare the constraint DEFERRABLE INITIALLY DEFERRED",
  foreign_keys: "foreign keys are always on; declare the constraint DEFERRABLE INITIALLY DEFERRED",
  journal_mode: `pass the option "wal"`,
  synchronous: `pass the option "synchronous"`,
  wal_checkpoint: "call writer.checkpoint() or run pipeloom checkpoint",
};

/**
 * Refuses a statement that would change the connection for others. To be called before it is prepared.
 *
 * @returns Whether it may change what names mean: see {@linkcode refuseTempShadows}
 * @throws {TypeError} If it is one of these
 */
export function checkUserStatement(sql: string): boolean {
  const [first] = firstTokens(sql, 1);
  const keyword = first?.isQuoted === false ? first.name : "";
  if (ROW_STATEMENTS.includes(keyword)) return false;
  if (TRANSACTION_CONTROL.includes(keyword)) {
    throw refused(
      keyword,
      "transactions are the writer's",
      "send statements that belong together with transaction([...])",
    );
  }
  if (keyword === "attach" || keyword === "detach") {
    throw refused(
      keyword,
      "all tasks share the connection, and a rolled back transaction does not undo it",
      `put ATTACH into the "schema", which is run once when the file is opened`,
    );
  }
  if (keyword === "vacuum") {
    throw refused(
      keyword,
      "it cannot run inside the writer's transaction",
      "run pipeloom vacuum or call vacuum(db) when no pipeline runs",
    );
  }
  if (keyword === "pragma") checkPragma(sql);
  return true;
}

function checkPragma(sql: string): void {
  const { name, hasArgument } = pragmaOf(sql);
  const isRead = !hasArgument && name !== "wal_checkpoint";
  if (isRead || WITH_ARGUMENT.includes(name)) return;
  throw refused(
    `PRAGMA ${name}`,
    "all tasks share the connection, and it would hold for all of them",
    REMEDIES[name] ?? `put it into the "schema" if the database needs it`,
  );
}

/** The name of a PRAGMA, and whether it is given an argument. */
export function pragmaOf(sql: string): { name: string; hasArgument: boolean } {
  const tokens = firstTokens(sql, 5);
  const at = tokens[2]?.text === "." ? 3 : 1;
  const next = tokens[at + 1]?.text;
  return { name: tokens[at]?.name ?? "", hasArgument: next !== undefined && next !== ";" };
}

/** TEMP tables and views that hide one of the file, and TEMP triggers that would decide about its rows. */
const SHADOWS = `SELECT t.type, t.name, t.tbl_name FROM temp.sqlite_schema AS t
  WHERE (t.type='trigger' AND t.name<>'${VERSION_TRIGGER}' AND NOT EXISTS (
      SELECT 1 FROM temp.sqlite_schema AS own
      WHERE own.type IN ('table','view') AND lower(own.name)=lower(t.tbl_name)))
    OR (t.type IN ('table','view') AND EXISTS (
      SELECT 1 FROM main.sqlite_schema AS m
      WHERE m.type IN ('table','view') AND lower(m.name)=lower(t.name)))`;

/** Whether there is any TEMP table, view or trigger. */
export function hasTempObjects(connection: Connection): boolean {
  return connection.prepare("SELECT 1 FROM temp.sqlite_schema LIMIT 1").get() !== undefined;
}

/**
 * Refuses TEMP objects that take rows away from a table of the file. To be called in the transaction of the
 * statement that may have made them, which is rolled back then.
 *
 * @throws {TypeError} If there is one
 */
export function refuseTempShadows(connection: Connection): void {
  const shadow = connection.prepare(SHADOWS).get();
  if (!shadow) return;
  const { type, name, tbl_name: table } = shadow;
  throw new TypeError(
    type === "trigger"
      ? `Cannot create the TEMP trigger ${name}: all tasks share the connection, and it would decide about ` +
        `their rows for ${table}. Create it without TEMP`
      : `Cannot use the TEMP ${type} ${name}: all tasks share the connection, and rows for the table ${name} of ` +
        `the file would be lost in it. Give it another name`,
  );
}

function refused(what: string, reason: string, remedy: string): TypeError {
  const name = what.startsWith("PRAGMA") ? what : what.toUpperCase();
  return new TypeError(`Cannot execute ${name}: ${reason}; ${remedy}`);
}
