import { quoteName } from "../../sqlite/sql_text.ts";
import { connect } from "../../db.ts";
import { BulkStatement, placeholders } from "../../sqlite/bulk_statement.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";

for (const driver of DRIVERS) {
  for (const count of [0, 1, 9, 10, 99, 100, 101, 110, 1234]) {
    Deno.test(`${driver}: BulkStatement.run() writes ${count} rows in order`, async () => {
      using connection = await connect(":memory:", { driver });
      connection.exec("CREATE TABLE v (id INTEGER PRIMARY KEY, a, b)");
      const bulk = new BulkStatement(
        connection,
        "(?,?)",
        (tuples) => `INSERT INTO v (a, b) VALUES ${tuples}`,
      );
      const rows = Array.from({ length: count }, (_, i) => [i, `row ${i}`]);
      for (let round = 0; round < 2; round++) assertEquals(bulk.run(rows.flat()), count);
      const written = connection.prepare("SELECT a, b FROM v ORDER BY id").all();
      assertEquals(written.map((row) => Object.values(row)), [...rows, ...rows] as unknown[][]);
    });
  }

  for (const width of [1, 30, 31, 299, 300, 301, 2000]) {
    Deno.test(`${driver}: BulkStatement.run() writes rows of ${width} columns`, async () => {
      using connection = await connect(":memory:", { driver });
      const columns = Array.from({ length: width }, (_, i) => `c${i}`);
      connection.exec(`CREATE TABLE v (${columns.join(",")})`);
      const bulk = new BulkStatement(
        connection,
        placeholders(width),
        (tuples) => `INSERT INTO v VALUES ${tuples}`,
      );
      assertEquals(bulk.run(Array.from({ length: 111 * width }, (_, i) => i)), 111);
      const last = `c${width - 1}`;
      const { n, total } = connection.prepare(`SELECT count(*) n, sum(${last}) total FROM v`)
        .get()!;
      const sum = Array.from({ length: 111 }, (_, r) => r * width + width - 1)
        .reduce((a, b) => a + b);
      assertEquals([n, total], [111, sum]);
    });
  }

  Deno.test(`${driver}: BulkStatement.run() counts the rows that changed`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a UNIQUE)");
    const bulk = new BulkStatement(
      connection,
      "(?)",
      (tuples) => `INSERT OR IGNORE INTO v VALUES ${tuples}`,
    );
    assertEquals(bulk.run(Array.from({ length: 250 }, (_, i) => i % 120)), 120);
    assertEquals(bulk.run([1, 2, 500]), 1);
  });

  Deno.test(`${driver}: BulkStatement.run() refuses values that fill no whole row`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a, b)");
    const bulk = new BulkStatement(
      connection,
      "(?,?)",
      (tuples) => `INSERT INTO v VALUES ${tuples}`,
    );
    assertThrows(() => bulk.run([1, 2, 3]), RangeError, "Cannot write 3 values as rows of 2");
    assertEquals(connection.prepare("SELECT count(*) AS n FROM v").get()!.n, 0);
  });

  Deno.test(`${driver}: quoteName() makes any name the name of a table and a column`, async () => {
    using connection = await connect(":memory:", { driver });
    for (
      const name of [
        "a",
        "a b",
        'a"b',
        '"',
        "a'b",
        "a;b",
        "a--b",
        "[a]",
        "select",
        "ž😀",
        "1",
        "?",
        " ",
      ]
    ) {
      const quoted = quoteName(name);
      connection.exec(`CREATE TABLE ${quoted} (${quoted} TEXT)`);
      connection.prepare(`INSERT INTO ${quoted} (${quoted}) VALUES (?)`).run("value");
      assertEquals({ ...connection.prepare(`SELECT * FROM ${quoted}`).get()! }, {
        [name]: "value",
      });
    }
  });
}
