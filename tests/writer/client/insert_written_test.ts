/**
 * What insert messages write, over every driver.
 *
 * @module
 */
import { connect, SqliteError } from "../../../db.ts";
import { type InsertOptions, type Row, toInsertMessage } from "../../../writer/client/insert.ts";
import { Store } from "../../../writer/worker/commit.ts";
import { assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";

/** Writes rows as the writer does and returns what is in the table. */
async function written(
  driver: (typeof DRIVERS)[number],
  rows: readonly Row[],
  options: InsertOptions,
): Promise<unknown[][]> {
  using connection = await connect(":memory:", { driver });
  connection.exec("CREATE TABLE v (id INTEGER PRIMARY KEY, a DEFAULT 'a', b UNIQUE)");
  connection.exec("INSERT INTO v VALUES (1, 'old', 'x')");
  const { failures } = new Store(connection).commit([toInsertMessage("v", rows, options)]);
  if (failures[0]) throw new SqliteError(failures[0][1].message, failures[0][1].code);
  return connection.prepare("SELECT * FROM v ORDER BY id").all().map((row) => Object.values(row));
}

for (const driver of DRIVERS) {
  const rows = [{ id: 1, a: "new", b: "y" }, { id: 2, a: "two", b: "z" }];
  for (
    const [options, expected] of [
      [{ onConflict: ["id"] }, [[1, "new", "y"], [2, "two", "z"]]],
      [{ onConflict: ["id"], update: ["a"] }, [[1, "new", "x"], [2, "two", "z"]]],
      [{ onConflict: ["id"], update: "ignore" }, [[1, "old", "x"], [2, "two", "z"]]],
      [{ onConflict: ["id"], update: [] }, [[1, "old", "x"], [2, "two", "z"]]],
      [{ update: "ignore" }, [[1, "old", "x"], [2, "two", "z"]]],
    ] as [InsertOptions, unknown[][]][]
  ) {
    Deno.test(`${driver}: toInsertMessage() with ${Deno.inspect(options)} defines what a conflict does`, async () => {
      assertEquals(await written(driver, rows, options), expected);
      const arrays = rows.map((row) => Object.values(row));
      const columns = ["id", "a", "b"];
      assertEquals(await written(driver, arrays, { ...options, columns }), expected);
    });
  }

  Deno.test(`${driver}: toInsertMessage() leaves the default where a row has no value`, async () => {
    const expected = [[1, "old", "x"], [2, "a", "y"], [3, "three", null]];
    assertEquals(await written(driver, [{ id: 2, b: "y" }, { id: 3, a: "three" }], {}), expected);
  });

  Deno.test(`${driver}: toInsertMessage() writes tables and columns of any name`, async () => {
    using connection = await connect(":memory:", { driver });
    const table = `v"); DROP TABLE kept; --`;
    const column = `a" TEXT); DROP TABLE kept; --`;
    const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
    connection.exec("CREATE TABLE kept (a)");
    connection.exec(`CREATE TABLE ${quote(table)} (${quote(column)} UNIQUE, "order" TEXT)`);
    const rows = [{ [column]: 1, order: "one" }, { [column]: 1, order: "two" }];
    const message = toInsertMessage(table, rows, { onConflict: [column], update: ["order"] });
    assertEquals(new Store(connection).commit([message]).failures, []);
    const found = connection.prepare(`SELECT * FROM ${quote(table)}`).all();
    assertEquals(found.map((row) => ({ ...row })), [{ [column]: 1, order: "two" }]);
    assertEquals(connection.prepare("SELECT count(*) AS n FROM kept").get()!.n, 0);
  });

  Deno.test(`${driver}: toInsertMessage() leaves it to SQLite to refuse a column that is not there`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a)");
    const store = new Store(connection);
    const { failures } = store.commit([
      toInsertMessage("v", [{ a: 1, nope: 2 }]),
      toInsertMessage("nope", [{ a: 1 }]),
      toInsertMessage("v", [{ a: 3 }]),
    ]);
    assertEquals(failures.map(([index]) => index), [0, 1]);
    assertStringIncludes(failures[0]![1].message, "able v has no column named nope");
    assertStringIncludes(failures[1]![1].message, "o such table: nope");
    assertEquals(connection.prepare("SELECT a FROM v").all().map(({ a }) => a), [3]);
  });
}
