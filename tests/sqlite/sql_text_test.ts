import { firstTokens, isEmpty, statementsOf } from "../../sqlite/sql_text.ts";
import { assert, assertEquals } from "../support/assert.ts";

Deno.test("statementsOf() ends statements where SQLite does", () => {
  const statements = [
    "CREATE TABLE a (b DEFAULT ';');",
    "\nINSERT INTO a VALUES ('it''s; fine'), (\"x;\"), (`y;`), ([z;]);",
    " -- a comment; with a semicolon\nSELECT 1 /* ; */;",
    "\nCREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN 1 THEN 2 END; SELECT 1; END;",
    " CREATE TEMP TRIGGER [end;] AFTER INSERT ON a BEGIN SELECT 1; END ;",
    "\nSELECT 'the last one'",
  ];
  assertEquals([...statementsOf(statements.join(""))], statements);
  assertEquals([...statementsOf(" ; ; -- none\n;")], []);
});

Deno.test("firstTokens() passes over what SQLite passes over", () => {
  const names = (sql: string) => firstTokens(sql, 3).map(({ name }) => name);
  assertEquals(names('\uFEFF; /* x */ PRAGMA "Main".x'), ["pragma", "main", "."]);
  assertEquals(names("EXPLAIN QUERY PLAN SELECT a, b"), ["select", "a", ","]);
  assertEquals(names("[unclosed"), ["unclosed"]);
});

Deno.test("isEmpty() returns whether there is a statement", () => {
  assert(isEmpty(" ;\n-- nothing\n/* nor here"));
  assert(!isEmpty("-- first\nSELECT 1"));
});
