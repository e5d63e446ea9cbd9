import type { ExecuteResult, WriteMessage } from "../../../writer/protocol/write_message.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { execute, openStore, type TestStore } from "./store_fixture.ts";

const schema = "CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT NOT NULL)";

function run(store: TestStore, sql: string, ...params: (string | number | null)[]): ExecuteResult {
  return store.write(execute(sql, ...params)) as ExecuteResult;
}

for (const driver of DRIVERS) {
  Deno.test(`Store.commit() returns what a statement did (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    assertEquals(run(store, "INSERT INTO city VALUES (7, ?), (9, ?)", "Oslo", "Rome"), {
      changes: 2,
      lastInsertRowid: 9,
      rows: [],
    });
    assertEquals(run(store, "UPDATE city SET name=name || '!'").changes, 2);
    assertEquals(run(store, "DELETE FROM city WHERE id=?", 7).changes, 1);
    assertEquals(run(store, "DELETE FROM city WHERE id=?", 7).changes, 0);
  });

  Deno.test(`Store.commit() returns a last row id past 2^53 as it is (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const id = 2n ** 62n + 1n;
    const { lastInsertRowid } = run(store, `INSERT INTO city VALUES (${id}, 'Oslo')`);
    assertEquals(lastInsertRowid, id);
  });

  Deno.test(`Store.commit() returns the rows of RETURNING and SELECT (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const { rows, changes } = run(
      store,
      "INSERT INTO city VALUES (1, 'Oslo'), (2, 'Rome') RETURNING id, upper(name) AS loud",
    );
    assertEquals(rows.map((row) => ({ ...row })), [{ id: 1, loud: "OSLO" }, {
      id: 2,
      loud: "ROME",
    }]);
    assertEquals(changes, 2);
    assertEquals(run(store, "SELECT name FROM city WHERE id=?", 2).rows.map((row) => row.name), [
      "Rome",
    ]);
  });

  Deno.test(`Store.commit() counts no changes for a statement that changes nothing (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    run(store, "INSERT INTO city VALUES (1, 'Oslo'), (2, 'Rome')");
    assertEquals(run(store, "SELECT 1").changes, 0);
    assertEquals(run(store, "CREATE TABLE IF NOT EXISTS other (x)").changes, 0);
  });

  const control = [
    "BEGIN",
    "begin immediate",
    "COMMIT",
    "END",
    "  \n\t ROLLBACK",
    "ROLLBACK TO pipeloom_0",
    "SAVEPOINT mine",
    "RELEASE pipeloom_0",
    "-- a comment\nCOMMIT",
    "--\n--\nCOMMIT",
    "/* a comment */ COMMIT",
    "/**//***/ /* ; */COMMIT",
    "; ;COMMIT;",
    "/* a */;-- b\n ROLLBACK;",
    "\uFEFFCOMMIT",
    "COMMIT/**/",
  ];

  Deno.test(`Store.commit() refuses statements that begin or end a transaction (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    for (const sql of control) {
      const { failures } = store.commit(
        execute("INSERT INTO city (name) VALUES ('before')"),
        execute(sql),
        execute("INSERT INTO city (name) VALUES ('after')"),
      );
      assertEquals(failures.map(([index, { name }]) => [index, name]), [[1, "TypeError"]], sql);
      assertMatch(failures[0]![1].message, /^Cannot execute [A-Z]+: transactions are the writer's/);
      assertEquals(store.connection.inTransaction, false);
    }
    assertEquals(store.column("SELECT count(*) FROM city"), [2 * control.length]);
  });

  Deno.test(`Store.commit() takes those words elsewhere in a statement (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    run(store, "INSERT INTO city (name) VALUES ('COMMIT; -- ROLLBACK')");
    run(store, "-- BEGIN\nINSERT INTO city (name) VALUES ('BEGIN')");
    const sql = "/* COMMIT */ SELECT CASE WHEN 1 THEN 'yes' /* at the */ END AS answer";
    assertEquals(run(store, sql).rows.map((row) => row.answer), ["yes"]);
    assertEquals(store.column("SELECT count(*) FROM city"), [2]);
  });

  Deno.test(`Store.commit() reads a long heading of comments at once (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    // A pattern that can split these in several ways would try 2^60 of them.
    const sql = "/* one line of a licence */\n".repeat(60) + "SELECT 1 AS one";
    assertEquals(run(store, sql).rows.map((row) => row.one), [1]);
  });

  Deno.test(`Store.commit() refuses two statements at once, and none at all (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const two = "INSERT INTO city VALUES (1, 'a'); INSERT INTO city VALUES (2, 'b')";
    assertThrows(() => run(store, two), Error, "more than one statement");
    assertThrows(() => run(store, "SELECT 1; COMMIT"), Error, "more than one statement");
    for (const nothing of ["", "  ", "-- nothing", ";"]) {
      const { failures } = store.commit(execute(nothing));
      assertEquals(failures.length, 1, Deno.inspect(nothing));
      assert(failures[0]![1].message.length > 0);
    }
    assertEquals(store.column("SELECT count(*) FROM city"), [0]);
    assertEquals(run(store, "INSERT INTO city VALUES (1, 'a'); -- the end").changes, 1);
  });

  Deno.test(`Store.commit() runs registered statements, and no inherited name (${driver})`, async () => {
    const statements = { rename: "UPDATE city SET name=? WHERE id=?", sneaky: "/**/COMMIT" };
    using store = await openStore({ driver, schema, statements });
    run(store, "INSERT INTO city VALUES (1, 'Oslo')");
    const named = (name: string, ...params: (string | number)[]): WriteMessage => {
      return { kind: "statement", name, params };
    };
    assertEquals((store.write(named("rename", "Bergen", 1)) as ExecuteResult).changes, 1);
    for (const name of ["toString", "__proto__", "constructor", "hasOwnProperty", "", "Rename"]) {
      const { failures } = store.commit(named(name));
      assertEquals(failures[0]?.[1].name, "TypeError", name);
      assertStringIncludes(failures[0]![1].message, `Cannot run statement ${Deno.inspect(name)}`);
      assertStringIncludes(failures[0]![1].message, '"statements"');
    }
    assertThrows(() => store.write(named("sneaky")), Error, "Cannot execute COMMIT");
    assertEquals(store.column("SELECT name FROM city"), ["Bergen"]);
  });

  Deno.test(`Store.commit() continues with a statement whose table has changed (${driver})`, async () => {
    using store = await openStore({ driver, schema });
    const sql = "SELECT * FROM city";
    run(store, "INSERT INTO city VALUES (1, 'Oslo')");
    run(store, sql);
    run(store, "ALTER TABLE city ADD COLUMN size DEFAULT 5");
    assertEquals(run(store, sql).rows.map((row) => ({ ...row })), [{
      id: 1,
      name: "Oslo",
      size: 5,
    }]);
    // More statements than are kept prepared.
    for (let i = 0; i < 300; i++) run(store, `SELECT ${i}`);
    assertEquals(run(store, sql).rows.length, 1);
  });
}
