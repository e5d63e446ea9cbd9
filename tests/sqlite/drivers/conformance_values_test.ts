import { type Bindable, connect, type SqlValue } from "../../../db.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";

/** A value, then how it is stored and read: without a column affinity, and in a TEXT, REAL and INTEGER column. */
const MAPPING: [Bindable, ...[storedAs: string, read: SqlValue][]][] = [
  [null, ["null", null], ["null", null], ["null", null], ["null", null]],
  [undefined, ["null", null], ["null", null], ["null", null], ["null", null]],
  [NaN, ["null", null], ["null", null], ["null", null], ["null", null]],
  [true, ["integer", 1], ["text", "1"], ["real", 1], ["integer", 1]],
  [false, ["integer", 0], ["text", "0"], ["real", 0], ["integer", 0]],
  [1, ["integer", 1], ["text", "1"], ["real", 1], ["integer", 1]],
  [-1, ["integer", -1], ["text", "-1"], ["real", -1], ["integer", -1]],
  [-0, ["integer", 0], ["text", "0"], ["real", 0], ["integer", 0]],
  [1.5, ["real", 1.5], ["text", "1.5"], ["real", 1.5], ["real", 1.5]],
  [2 ** 31, ["integer", 2 ** 31], ["text", "2147483648"], ["real", 2 ** 31], ["integer", 2 ** 31]],
  [
    2 ** 53 - 1,
    ["integer", 2 ** 53 - 1],
    ["text", "9007199254740991"],
    ["real", 2 ** 53 - 1],
    ["integer", 2 ** 53 - 1],
  ],
  [
    -(2 ** 53 - 1),
    ["integer", -(2 ** 53 - 1)],
    ["text", "-9007199254740991"],
    ["real", -(2 ** 53 - 1)],
    ["integer", -(2 ** 53 - 1)],
  ],
  [1e18, ["real", 1e18], ["text", "1.0e+18"], ["real", 1e18], ["integer", 10n ** 18n]],
  [1e20, ["real", 1e20], ["text", "1.0e+20"], ["real", 1e20], ["real", 1e20]],
  [-1e20, ["real", -1e20], ["text", "-1.0e+20"], ["real", -1e20], ["real", -1e20]],
  [6.02e23, ["real", 6.02e23], ["text", "6.02e+23"], ["real", 6.02e23], ["real", 6.02e23]],
  [Infinity, ["real", Infinity], ["text", "Inf"], ["real", Infinity], ["real", Infinity]],
  [-Infinity, ["real", -Infinity], ["text", "-Inf"], ["real", -Infinity], ["real", -Infinity]],
  [7n, ["integer", 7], ["text", "7"], ["real", 7], ["integer", 7]],
  [
    2n ** 63n - 1n,
    ["integer", 2n ** 63n - 1n],
    ["text", "9223372036854775807"],
    ["real", 2 ** 63],
    ["integer", 2n ** 63n - 1n],
  ],
  [
    -(2n ** 63n),
    ["integer", -(2n ** 63n)],
    ["text", "-9223372036854775808"],
    ["real", -(2 ** 63)],
    ["integer", -(2n ** 63n)],
  ],
  ["", ["text", ""], ["text", ""], ["text", ""], ["text", ""]],
  ["a'b\"c", ["text", "a'b\"c"], ["text", "a'b\"c"], ["text", "a'b\"c"], ["text", "a'b\"c"]],
  ["42", ["text", "42"], ["text", "42"], ["real", 42], ["integer", 42]],
  ["Žluťoučký 🐎 𝔘", ...Array(4).fill(["text", "Žluťoučký 🐎 𝔘"])],
  ["x\ud800y", ...Array(4).fill(["text", "x\ufffdy"])],
  [new Date(0), ...Array(4).fill(["text", "1970-01-01T00:00:00.000Z"])],
  [{ a: [1, null, "é"] }, ...Array(4).fill(["text", '{"a":[1,null,"é"]}'])],
  [[1, "two"], ...Array(4).fill(["text", '[1,"two"]'])],
  [[], ...Array(4).fill(["text", "[]"])],
  [new Uint8Array([0, 255, 7]), ...Array(4).fill(["blob", new Uint8Array([0, 255, 7])])],
  [new Uint8Array(), ...Array(4).fill(["blob", new Uint8Array()])],
  [
    new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
    ...Array(4).fill(["blob", new Uint8Array([2, 3])]),
  ],
  [new Uint8Array([1, 2]).subarray(1, 1), ...Array(4).fill(["blob", new Uint8Array()])],
  [new Uint8Array([5, 6]).buffer, ...Array(4).fill(["blob", new Uint8Array([5, 6])])],
];

for (const driver of DRIVERS) {
  Deno.test(`${driver}: Statement.run() stores each kind of value as in the table`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a, t TEXT, r REAL, i INTEGER)");
    const write = connection.prepare("INSERT INTO v VALUES (?, ?, ?, ?)");
    const read = connection.prepare(
      "SELECT a, t, r, i, typeof(a) ta, typeof(t) tt, typeof(r) tr, typeof(i) ti FROM v",
    );
    for (const [value, ...expected] of MAPPING) {
      connection.exec("DELETE FROM v");
      write.run(value, value, value, value);
      const { a, t, r, i, ta, tt, tr, ti } = read.get()!;
      const label = `of ${Deno.inspect(value)}`;
      assertEquals([[ta, a], [tt, t], [tr, r], [ti, i]], expected as unknown[][], label);
      assertEquals({ ...read.all()[0]! }, { a, t, r, i, ta, tt, tr, ti }, label);
    }
  });

  Deno.test(`${driver}: Statement.get() binds the same values as run() stores`, async () => {
    using connection = await connect(":memory:", { driver });
    const statement = connection.prepare("SELECT ? AS value, typeof(?1) AS type");
    for (const [value, [type, read]] of MAPPING as [Bindable, [string, SqlValue]][]) {
      assertEquals({ ...statement.get(value)! }, { value: read, type }, Deno.inspect(value));
      assertEquals({ ...statement.all(value)[0]! }, { value: read, type }, Deno.inspect(value));
    }
  });

  Deno.test(`${driver}: Statement.run() casts only the numbers that need it`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a, b, c, d, e, f)");
    // A parameter in a string, in a comment, twice, by number and by name.
    connection.prepare(`INSERT INTO v VALUES (?, '?' /* ? */, ?1, ?4, :name, ?2) -- ?`)
      .run(1e30, 2, 3, 2 ** 60, 5e40);
    const row = connection.prepare("SELECT * FROM v").get()!;
    assertEquals({ ...row }, { a: 1e30, b: "?", c: 1e30, d: 2 ** 60, e: 5e40, f: 2 });
  });

  Deno.test(`${driver}: Statement.run() keeps the texts of a call apart, and those of calls before`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a, b, c, d)");
    const write = connection.prepare("INSERT INTO v VALUES (?, ?, ?, ?)");
    const long = "x".repeat(1_100_000);
    const rows = [
      ["a", "", "bc", "d"],
      ["half\ud83d", "\udc0ehalf", "", "é"],
      [long, "é", long, null],
      ["e", null, new Uint8Array([1]), "f"],
      [null, "g", 1.5, ""],
    ];
    for (const row of rows) write.run(...row);
    rows[1] = ["half\ufffd", "\ufffdhalf", "", "é"];
    const read = connection.prepare("SELECT * FROM v ORDER BY rowid").all();
    assertEquals(read.map((row) => Object.values(row)), rows);
  });

  Deno.test(`${driver}: text with a NUL character is refused, and bytes of it are kept`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (a)");
    const insert = connection.prepare("INSERT INTO v VALUES (?)");
    assertThrows(() => insert.run("a\0b"), TypeError, "NUL");
    insert.run(new TextEncoder().encode("a\0b"));
    const row = connection.prepare("SELECT a FROM v").get()!;
    assertEquals(row.a, new Uint8Array([97, 0, 98]));
  });

  Deno.test(`${driver}: Statement.get() reads text that is not UTF-8`, async () => {
    using connection = await connect(":memory:", { driver });
    const row = connection.prepare("SELECT CAST(x'61ff62' AS TEXT) AS text").get()!;
    assertEquals(row.text, "a\ufffdb");
  });

  Deno.test(`${driver}: Statement.run() stores strings and blobs of 10 MB`, async () => {
    using connection = await connect(":memory:", { driver });
    connection.exec("CREATE TABLE v (text, bytes)");
    const text = "0123456789é".repeat(1_000_000);
    const bytes = new Uint8Array(10_000_000).fill(7);
    connection.prepare("INSERT INTO v VALUES (?, ?)").run(text, bytes);
    const row = connection.prepare("SELECT text, bytes FROM v").get()!;
    assertEquals(row.text === text, true);
    assertEquals((row.bytes as Uint8Array).every((byte) => byte === 7), true);
    assertEquals((row.bytes as Uint8Array).length, bytes.length);
  });

  Deno.test(`${driver}: Statement refuses a value without an SQLite form by its place`, async () => {
    using connection = await connect(":memory:", { driver });
    const statement = connection.prepare("SELECT ?, ?");
    const bad = new Map() as unknown as Bindable;
    assertThrows(() => statement.run(1, bad), TypeError, "a Map in parameter 2");
    assertThrows(() => statement.get(bad, 1), TypeError, "a Map in parameter 1");
    assertThrows(() => statement.all(1, 2n ** 63n), RangeError, "parameter 2");
  });
}
