import { classifyError, SqliteError, type SqliteErrorCode } from "../../db.ts";
import { explain } from "../../sqlite/explain.ts";
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";

const KINDS: [string, SqliteErrorCode][] = [
  ["database is locked", "busy"],
  ["5: database is locked", "busy"],
  ["database table is locked: v", "other"],
  ["database schema is locked: main", "other"],
  ["UNIQUE constraint failed: readonly.id", "constraint"],
  ["CHECK constraint failed: database is locked", "constraint"],
  ["constraint failed", "constraint"],
  ["datatype mismatch", "constraint"],
  ["cannot store TEXT value in INTEGER column v.a", "constraint"],
  ["database or disk is full", "full"],
  ["database disk image is malformed", "corrupt"],
  ['malformed database schema (v) - near "x": syntax error', "corrupt"],
  ["attempt to write a readonly database", "read-only"],
  ["26: file is not a database", "not-a-database"],
  ["unable to open database file: /data/etl.db", "other"],
  ["disk I/O error", "other"],
  ["no such function: of_another", "other"],
  ["no such collation sequence: of_another", "other"],
  ["malformed JSON", "other"],
  ["no such table: database is locked", "other"],
  ['near "constraint failed": syntax error', "other"],
  ["", "other"],
];

Deno.test("classifyError() distinguishes kinds by how the message begins", () => {
  for (const [message, code] of KINDS) {
    assertEquals(classifyError(new Error(message)), code, message);
  }
  assertEquals(classifyError(new SqliteError("database is locked", "full")), "full");
  for (const thrown of [undefined, null, 7, "database is locked ", {}]) {
    assertEquals(classifyError(thrown), typeof thrown === "string" ? "busy" : "other");
  }
});

Deno.test("explain() keeps the cause and names path and remedy where there is one", () => {
  for (const [message, code] of KINDS) {
    const cause = new Error(message);
    const error = explain(cause, "/data/etl.db") as SqliteError;
    assert(error instanceof SqliteError);
    assertEquals([error.code, error.cause], [code, cause]);
    assert(!/^\d|^[a-z]/.test(error.message), error.message);
    const remedied = !["constraint", "other"].includes(code) ||
      /^unable|^disk|^database|^no such (f|c)/.test(message);
    assertEquals(error.message.split("/data/etl.db").length - 1, remedied ? 1 : 0, error.message);
    assertEquals(/\(\/data\/etl\.db\): ./.test(error.message), remedied);
  }
});

Deno.test("explain() distinguishes a missing flag from a missing right", () => {
  const flag = explain(new Deno.errors.NotCapable("Requires read access"), "a.db");
  assertStringIncludes(flag.message, "Cannot open a.db: permission denied; run with --allow-read");
  const right = explain(new Deno.errors.PermissionDenied("os error 13"), "a.db");
  assertStringIncludes(right.message, "Cannot open a.db: permission denied; check the permissions");
});

Deno.test("explain() leaves an error of ours as it is", () => {
  const error = new SqliteError("Cannot use the connection: it is closed");
  assertEquals(explain(error, "a.db"), error);
});
