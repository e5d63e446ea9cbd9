import { connect } from "../../../db.ts";
import { findParameters, replaceParameters } from "../../../sqlite/drivers/parameters.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("findParameters() numbers parameters as SQLite does", () => {
  const sql = "SELECT ?, ?3, :a, ?, :a, @a, ?1, $b::c(d), ?";
  const expanded = sql.replace(/\?\d*|[:@$][a-z][^,]*/g, "NULL");
  const parameters = findParameters(sql, expanded);
  assertEquals(parameters.map(({ text }) => text), sql.slice("SELECT ".length).split(", "));
  assertEquals(parameters.map(({ index }) => index), [0, 2, 3, 4, 3, 5, 0, 6, 7]);
  for (const { text, start } of parameters) assertEquals(sql.slice(start).startsWith(text), true);
});

Deno.test("findParameters() finds none in strings, names and comments", () => {
  const sql = `SELECT '?', "?1", [:a], \`@b\` -- ?\n /* $c */`;
  assertEquals(findParameters(sql, sql), []);
});

Deno.test("findParameters() is not misled by NULL in the statement", () => {
  const sql = "SELECT NULL, ?NULL".replace("?NULL", "?,NULL,?");
  const parameters = findParameters(sql, "SELECT NULL, NULL,NULL,NULL");
  assertEquals(parameters.map(({ start }) => start), [13, 20]);
});

Deno.test("replaceParameters() leaves the rest of the statement as it is", () => {
  const sql = "INSERT INTO v VALUES (?, '?', :name) -- ?";
  const parameters = findParameters(sql, "INSERT INTO v VALUES (NULL, '?', NULL) -- ?");
  assertEquals(
    replaceParameters(sql, parameters, ({ index, text }) => `<${index}${text}>`),
    "INSERT INTO v VALUES (<0?>, '?', <1:name>) -- ?",
  );
});

Deno.test("findParameters() agrees with SQLite on a statement of a thousand", async () => {
  using connection = await connect(":memory:", { driver: "builtin" });
  const sql = `SELECT ${Array(1000).fill("?").join(" + ")} AS sum`;
  assertEquals(connection.prepare(sql).get(...Array(1000).fill(1))!.sum, 1000);
});
