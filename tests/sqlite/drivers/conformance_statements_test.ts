import { connect, SqliteError } from "../../../db.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";

for (const driver of DRIVERS) {
  Deno.test(`${driver}: Connection names its driver and the version of SQLite`, async () => {
    using connection = await connect(":memory:", { driver });
    assertEquals(connection.driver, driver);
    assertEquals(connection.path, ":memory:");
    const { version } = connection.prepare("SELECT sqlite_version() AS version").get()!;
    assertEquals(connection.sqliteVersion, version as string);
  });

  Deno.test(`${driver}: Statement.get() and all() name columns as the statement does`, async () => {
    using connection = await connect(":memory:", { driver });
    const statement = connection.prepare(
      `SELECT 1 AS "a""b", 2 AS "ü😀 x", 3 AS "__proto__", 4 AS "constructor", 5 AS "\`\${x}", 6 AS ""`,
    );
    for (const row of [statement.get()!, statement.all()[0]!]) {
      const names = ['a"b', "ü😀 x", "__proto__", "constructor", "`${x}", ""];
      assertEquals(Object.keys(row), names);
      assertEquals(Object.values(row), [1, 2, 3, 4, 5, 6]);
    }
  });

  Deno.test(`${driver}: Statement.get() gives a column that is named twice its last value`, async () => {
    using connection = await connect(":memory:", { driver });
    const statement = connection.prepare("SELECT 1 AS a, 2 AS b, 3 AS a");
    assertEquals({ ...statement.get()! }, { a: 3, b: 2 });
    assertEquals({ ...statement.all()[0]! }, { a: 3, b: 2 });
  });

  Deno.test(`${driver}: Statement.get() returns rows that stay as they are`, async () => {
    using connection = await connect(":memory:", { driver });
    const statement = connection.prepare("SELECT random() AS n");
    const first = statement.get()!;
    const { n } = first;
    assert(statement.get() !== first);
    assertEquals(first.n, n);
  });

  Deno.test(`${driver}: Statement.get() and all() return that there is no row`, async () => {
    using connection = await connect(":memory:", { driver });
    const statement = connection.prepare("SELECT 1 AS a WHERE ?");
    assertEquals(statement.get(0), undefined);
    assertEquals(statement.all(0), []);
    assertEquals({ ...statement.get(1)! }, { a: 1 });
  });

  Deno.test(`${driver}: Statement refuses another number of values than it has parameters`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a, b, c)");
    const insert = connection.prepare("INSERT INTO v VALUES (?, ?3, :name) -- ? :other '?'");
    insert.run(1, 2, 3, 4);
    for (const values of [[], [1], [1, 2, 3], [1, 2, 3, 4, 5]]) {
      const text = `${values.length} values to the 4 parameters of "INSERT INTO v`;
      assertThrows(() => insert.run(...values), TypeError, text);
      assertThrows(() => insert.get(...values), TypeError, text);
      assertThrows(() => insert.all(...values), TypeError, text);
      assertThrows(() => insert.runValues(values), TypeError, text);
    }
    assertThrows(() => insert.runValues([1, 2, 3, 4], 1), TypeError, "3 values to the 4");
    assertThrows(
      () => connection.prepare("DELETE FROM v").run(1),
      TypeError,
      "1 values to the 0 parameters",
    );
    const rows = connection.prepare("SELECT * FROM v").all().map((row) => ({ ...row }));
    assertEquals(rows, [{ a: 1, b: 3, c: 4 }]);
  });

  Deno.test(`${driver}: Statement binds values by position, whatever its parameters are called`, async () => {
    using connection = await connect(":memory:", { driver });
    const values = (sql: string, ...params: number[]) =>
      Object.values(connection.prepare(sql).get(...params)!);
    assertEquals(values("SELECT ? AS a, ? AS b", 1, 2), [1, 2]);
    assertEquals(values("SELECT ?2 AS a, ?1 AS b", 1, 2), [2, 1]);
    assertEquals(values("SELECT :x AS a, ? AS b, :x AS c, @y AS d, $z AS e", 1, 2, 3, 4), [
      1,
      2,
      1,
      3,
      4,
    ]);
    assertEquals(values("SELECT :ž AS a, ?3 AS b, ? AS c", 1, 2, 3, 4), [1, 3, 4]);
  });

  Deno.test(`${driver}: Statement.runValues() binds a range`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a, b)");
    const values = [0, 1, "two", 3];
    assertEquals(connection.prepare("INSERT INTO v VALUES (?, ?)").runValues(values, 1, 3), 1);
    assertEquals({ ...connection.prepare("SELECT * FROM v").get()! }, { a: 1, b: "two" });
    assertEquals(values, [0, 1, "two", 3]);
  });

  Deno.test(`${driver}: Statement.run() returns the number of rows it changed`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (id INTEGER PRIMARY KEY, a)");
    const run = (sql: string) => connection.prepare(sql).run();
    assertEquals(run("INSERT INTO v VALUES (1, 1), (2, 2), (3, 3)"), 3);
    assertEquals(run("INSERT OR IGNORE INTO v VALUES (1, 9)"), 0);
    assertEquals(run("UPDATE v SET a=0 WHERE id>1"), 2);
    assertEquals(run("UPDATE v SET a=0 WHERE id>5"), 0);
    assertEquals(run("INSERT INTO v VALUES (8, 1), (9, 1) RETURNING id"), 2);
    assertEquals(run("DELETE FROM v"), 5);
  });

  Deno.test(`${driver}: Statement.get() of RETURNING writes every row`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a)");
    const insert = connection.prepare("INSERT INTO v VALUES (1), (2) RETURNING a");
    assertEquals(insert.returnsRows, true);
    assertEquals(insert.get()!.a, 1);
    assertEquals(insert.all().map(({ a }) => a), [1, 2]);
    assertEquals(connection.inTransaction, false);
    assertEquals(connection.prepare("SELECT count(*) AS n FROM v").get()!.n, 4);
    assertEquals(connection.prepare("DELETE FROM v").returnsRows, false);
  });

  Deno.test(`${driver}: Statement follows a change of the schema`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1)");
    const get = connection.prepare("SELECT * FROM v");
    const all = connection.prepare("SELECT * FROM v WHERE a=?");
    assertEquals([{ ...get.get()! }, { ...all.all(1)[0]! }], [{ a: 1 }, { a: 1 }]);
    connection.exec("ALTER TABLE v ADD COLUMN b DEFAULT 2");
    assertEquals([{ ...get.get()! }, { ...all.all(1)[0]! }], [{ a: 1, b: 2 }, { a: 1, b: 2 }]);
    connection.exec("ALTER TABLE v DROP COLUMN b");
    assertEquals([{ ...get.get()! }, { ...all.all(1)[0]! }], [{ a: 1 }, { a: 1 }]);
    connection.exec("ALTER TABLE v RENAME COLUMN a TO c");
    const renamed = connection.prepare("SELECT * FROM v");
    connection.exec("ALTER TABLE v RENAME COLUMN c TO d");
    assertEquals([{ ...renamed.get()! }, { ...renamed.all()[0]! }], [{ d: 1 }, { d: 1 }]);
  });

  Deno.test(`${driver}: Connection.prepare() takes comments and semicolons, but no second statement`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a)");
    for (
      const sql of [
        "SELECT 1 AS a;",
        " ;; SELECT 1 AS a ;\n;",
        "-- first\nSELECT 1 AS a -- last",
        "/* ; */ SELECT 1 AS a; /* DELETE FROM v; */ -- and\n/* open",
        "SELECT 1 AS a, ';--' AS b, 'é𝔘' AS c; ",
      ]
    ) {
      assertEquals(connection.prepare(sql).get()!.a, 1, sql);
    }
    for (
      const sql of [
        "SELECT 1; SELECT 2",
        "SELECT 1;DELETE FROM v",
        "SELECT 'é𝔘'; -- x\n DELETE FROM v",
      ]
    ) {
      assertThrows(() => connection.prepare(sql), SqliteError, "more than one statement at a time");
    }
  });

  Deno.test(`${driver}: Connection.prepare() refuses a text without a statement`, async () => {
    using connection = await connect(":memory:", { driver });
    for (const sql of ["", "  \n", ";", "-- nothing", "/* nothing", "/* a */ ; -- b"]) {
      assertThrows(() => connection.prepare(sql), SqliteError, "there is none");
    }
    assertThrows(() => connection.prepare("SELEC 1"), SqliteError, "syntax error");
  });

  Deno.test(`${driver}: Connection refuses SQL that a NUL character would cut short`, async () => {
    using connection = await connect(":memory:", { driver });
    const sql = "CREATE TABLE v (a);\0CREATE TABLE w (a)";
    assertThrows(() => connection.exec(sql), SqliteError, "NUL character");
    assertThrows(() => connection.prepare(sql), SqliteError, "NUL character");
    assertEquals(connection.prepare("SELECT count(*) AS n FROM sqlite_schema").get()!.n, 0);
  });

  Deno.test(`${driver}: Connection.exec() runs statements up to the one that fails`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a); INSERT INTO v VALUES (1); -- done");
    assertThrows(
      () => connection.exec("INSERT INTO v VALUES (2); INSERT INTO w VALUES (3); DELETE FROM v"),
      SqliteError,
      "o such table: w",
    );
    const rows = connection.prepare("SELECT a FROM v").all();
    assertEquals(rows.map(({ a }) => a), [1, 2]);
  });

  Deno.test(`${driver}: Connection rejects use after close() by name`, async () => {
    const connection = await connect(":memory:", { driver });
    const statement = connection.prepare("SELECT 1");
    connection.close();
    connection.close();
    connection[Symbol.dispose]();
    const uses = [
      () => connection.exec("SELECT 1"),
      () => connection.prepare("SELECT 1"),
      () => connection.transaction(() => {}),
      () => connection.inTransaction,
      () => statement.run(),
      () => statement.runValues([]),
      () => statement.get(),
      () => statement.all(),
    ];
    for (const use of uses) {
      assertThrows(use, SqliteError, "Cannot use the connection to :memory:: it is closed");
    }
  });
}
