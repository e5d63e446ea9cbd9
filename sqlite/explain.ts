/**
 * What SQLite's errors mean, and the remedy.
 *
 * Neither driver gives a reliable result code, so errors are classified by message. SQLite keeps those
 * texts stable; each is matched from its beginning, because a message can continue with a user's table name.
 *
 * @module
 */
import { SqliteError, type SqliteErrorCode } from "../errors.ts";

const KINDS: [RegExp, SqliteErrorCode, string?][] = [
  [
    /^database is locked/,
    "busy",
    "another connection holds its lock; find who has it open (with fuser or lsof), and let that commit or end",
  ],
  [
    // SQLITE_LOCKED: no other connection is in its way, and nothing waits for it.
    /^database (table|schema) is locked/,
    "other",
    "a transaction or another statement of its own connection is in its way; run it outside of it",
  ],
  [
    /^([A-Z ]+ )?constraint failed|^datatype mismatch|^cannot store \w+ value in \w+ column/,
    "constraint",
  ],
  [
    /^database or disk is full/,
    "full",
    "free space on the disk that holds it; nothing that was acknowledged is lost",
  ],
  [
    /^database disk image is malformed|^malformed database schema/,
    "corrupt",
    "this process may have opened the file, its -wal or its -shm with anything but SQLite, such as Deno.readFile, " +
    "which takes SQLite's locks away, or a program wrote over it while it was in use; keep a copy of it, then " +
    "restore a backup or run .recover in the sqlite3 shell",
  ],
  [
    /^(no such collation sequence|no such module|no such tokenizer|unknown (function|tokenizer))/,
    "other",
    "the data is whole, but another program defined this in its own connection; use the table there, or drop " +
    "what needs it",
  ],
  [
    /^ON CONFLICT clause does not match/,
    "other",
    "name all columns of a PRIMARY KEY or of a UNIQUE constraint, which an index with WHERE or an expression is not",
  ],
  [
    /^no such function/,
    "other",
    "check its spelling; if it is that of an index or a table, the data is whole, but another program defined it in " +
    "its own connection: use the table there, or drop what needs it",
  ],
  [
    /^attempt to write a readonly database/,
    "read-only",
    "check the permissions of the file and its folder",
  ],
  [
    /^file is not a database/,
    "not-a-database",
    "choose another path, or restore a backup if it was one; the file was not changed",
  ],
  [
    /^unable to open database/,
    "other",
    "check that its folder exists and that it may be read and written",
  ],
  [
    /^too many attached databases - max 0/,
    "other",
    "the built-in driver allows ATTACH, and VACUUM with it, only to programs with every permission; run with " +
    '-A, or use driver "ffi"; instead of VACUUM, call vacuum(db) or run pipeloom vacuum',
  ],
  [
    /^disk I\/O error/,
    "other",
    "check the disk, quotas and limits of file size, and the permissions of the file and its folder",
  ],
];

/**
 * Returns what kind of failure an error of either driver is; `other` for what is not an error of SQLite.
 *
 * @example An error of your own connection
 * ```ts
 * import assert from "node:assert/strict";
 * import { classifyError } from "@pipeloom/pipeloom/db";
 * import { DatabaseSync } from "node:sqlite";
 *
 * using db = new DatabaseSync(":memory:");
 * db.exec("CREATE TABLE city (name TEXT NOT NULL)");
 * try {
 *   db.exec("INSERT INTO city VALUES (NULL)");
 * } catch (error) {
 *   assert.equal(classifyError(error), "constraint");
 * }
 * ```
 */
export function classifyError(error: unknown): SqliteErrorCode {
  if (error instanceof SqliteError) return error.code;
  return kindOf(messageOf(error))?.[1] ?? "other";
}

/** Whether the runtime refused to attach another file, as it does under narrow flags. */
export function isAttachRefused(error: unknown): boolean {
  return /^too many attached databases - max 0/i.test(messageOf(error));
}

/** Turns what a driver threw into an error that names the database and, where there is one, the remedy. */
export function explain(thrown: unknown, path: string): Error {
  if (thrown instanceof SqliteError) return thrown;
  const denied = thrown instanceof Deno.errors.NotCapable
    ? "run with --allow-read, and to write it --allow-write, on it"
    : thrown instanceof Deno.errors.PermissionDenied
    ? "check the permissions of the file and its folder"
    : undefined;
  if (denied) {
    return new SqliteError(`Cannot open ${path}: permission denied; ${denied}`, "other", {
      cause: thrown,
    });
  }
  // Statements name the file, so that no TEMP table is meant; people name the table.
  const message = messageOf(thrown).replace(/^(table )main\.(?=.* has (no|\d+) column)/, "$1");
  const [, code = "other", remedy] = kindOf(message) ?? [];
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return new SqliteError(
    remedy ? `${text.replace(`: ${path}`, "")} (${path}): ${remedy}` : text,
    code,
    { cause: thrown },
  );
}

function kindOf(message: string): typeof KINDS[number] | undefined {
  return KINDS.find(([pattern]) => pattern.test(message));
}

/** The message without the result code that `@db/sqlite` puts before some. */
function messageOf(thrown: unknown): string {
  return String((thrown as Error)?.message ?? thrown).replace(/^\d+: /, "");
}
