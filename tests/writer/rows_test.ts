/**
 * What rows become that differ from their neighbours, over every driver.
 *
 * @module
 */
import { connect, type DriverName } from "../../db.ts";
import { SqliteError } from "../../errors.ts";
import { type InsertOptions, type Row, toInsertMessage } from "../../writer/client/insert.ts";
import { insertInChunks } from "../../writer/client/row_stream.ts";
import { toMessage } from "../../writer/client/steps.ts";
import { assertEquals, assertRejects, assertThrows } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { openLoop } from "../support/one_thread.ts";
import { tempFolder } from "../support/temp.ts";
import { openStore } from "./worker/store_fixture.ts";

interface Given {
  driver: DriverName;
  schema: string;
  table: string;
  rows: readonly Row[];
  options?: InsertOptions;
}

/** What a table holds after rows were written: as an array, as a stream, and as a step of a transaction. */
async function written({ driver, schema, table, rows, options }: Given): Promise<unknown[][]> {
  const read = `SELECT * FROM "${table}"`;
  const message = toInsertMessage(table, rows, options);
  const results = [];
  for (const step of [message, { kind: "transaction" as const, messages: [message] }]) {
    using store = await openStore({ driver, schema });
    store.write(step);
    results.push(store.all(read).map((row) => Object.values(row)));
  }
  using loop = await openLoop({ driver, schema });
  await insertInChunks(loop.batchSender, table, rows.values(), options);
  results.push(loop.connection.prepare(read).all().map((row) => Object.values(row)));
  for (const result of results) assertEquals(result, results[0]!);
  return results[0]!;
}

const odd = (value: unknown) => value as Row[];

for (const driver of DRIVERS) {
  Deno.test(`column names in any case fill the same column (${driver})`, async () => {
    const schema = "CREATE TABLE t (id INTEGER PRIMARY KEY, name, Größe)";
    const given = { driver, schema, table: "t" };
    const rows = [{ id: 1, Name: "Ann" }, { ID: 2, name: "Bob", größe: 3 }, { Id: 3, NAME: "Cid" }];
    assertEquals(await written({ ...given, rows }), [[1, "Ann", null], [2, "Bob", 3], [
      3,
      "Cid",
      null,
    ]]);
    const columns = ["ID", "name"];
    assertEquals(await written({ ...given, rows, options: { columns } }), [
      [1, "Ann", null],
      [2, "Bob", null],
      [3, "Cid", null],
    ]);
    // Only ASCII letters are folded.
    await assertRejects(
      () => written({ ...given, rows: [{ id: 1, GRÖSSE: 1 }] }),
      Error,
      "no column named GRÖSSE",
    );
    const upsert = { onConflict: ["Id"], update: ["NAME"] };
    const twice = [{ id: 7, name: "a", größe: 1 }, { ID: 7, Name: "b", größe: 2 }];
    assertEquals(await written({ ...given, table: "T", rows: twice, options: upsert }), [
      [7, "b", 1],
    ]);
    assertEquals(
      await written({ ...given, rows: twice, options: { onConflict: ["ID"] } }),
      [[7, "b", 2]],
    );
  });

  Deno.test(`an upsert leaves the columns as they are that a row leaves out (${driver})`, async () => {
    const schema = `CREATE TABLE dog (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
      INSERT INTO dog VALUES (1,'Cleo',4),(2,'Pancakes',5)`;
    const rows = [{ id: 1, age: 7 }, { id: 2, name: "N" }, { id: 3, name: undefined, age: 1 }, {
      id: 1,
      name: null,
    }];
    const options = { onConflict: ["id"] };
    const expected = [[1, null, 7], [2, "N", 5], [3, null, 1]];
    assertEquals(await written({ driver, schema, table: "dog", rows, options }), expected);
    const arrays = rows.map(({ id, name, age }) => [id, name, age]);
    const named = { ...options, columns: ["id", "name", "age"] };
    assertEquals(
      await written({ driver, schema, table: "dog", rows: arrays, options: named }),
      expected,
    );
    const onlyName = { ...options, update: ["NAME"] };
    assertEquals(await written({ driver, schema, table: "dog", rows, options: onlyName }), [
      [1, null, 4],
      [2, "N", 5],
      [3, null, 1],
    ]);
  });

  Deno.test(`an upsert may leave out what takes no NULL, of rows that are there (${driver})`, async () => {
    const body = "(a TEXT, b INTEGER, title TEXT NOT NULL, n INTEGER, PRIMARY KEY (a, b))";
    for (const table of [body, `${body} WITHOUT ROWID`]) {
      const schema = `CREATE TABLE v ${table}; INSERT INTO v VALUES ('x', 1, 'one', 1)`;
      const options = { onConflict: ["B", "a"] };
      const rows = [{ a: "x", b: 1, n: 5 }];
      assertEquals(
        await written({ driver, schema, table: "v", rows, options }),
        [["x", 1, "one", 5]],
      );
      await assertRejects(
        () => written({ driver, schema, table: "v", rows: [{ a: "x", b: 2, n: 5 }], options }),
        Error,
        `Cannot insert row 0 into v (B 2, a "x"): NOT NULL constraint failed: v.title`,
      );
    }
  });

  Deno.test(`an upsert may leave out what a CHECK or another key needs (${driver})`, async () => {
    const checked = `CREATE TABLE c (id INTEGER PRIMARY KEY, a INT CHECK (a IS NOT NULL), b INT,
      CHECK (b > 0 AND b IS NOT NULL)); INSERT INTO c VALUES (1, 7, 7)`;
    assertEquals(
      await written({
        driver,
        schema: checked,
        table: "c",
        rows: [{ id: 1, b: 10 }],
        options: { onConflict: ["id"] },
      }),
      [[1, 7, 10]],
    );
    const keyed = `CREATE TABLE k (code TEXT PRIMARY KEY, sku TEXT UNIQUE, n INT, s TEXT NOT NULL)
      WITHOUT ROWID; INSERT INTO k VALUES ('c1', 's1', 1, 'kept')`;
    assertEquals(
      await written({
        driver,
        schema: keyed,
        table: "k",
        rows: [{ sku: "s1", n: 10 }],
        options: { onConflict: ["sku"] },
      }),
      [["c1", "s1", 10, "kept"]],
    );
  });

  Deno.test(`an upsert may call the row id by any of its names (${driver})`, async () => {
    const schema = `CREATE TABLE r (id INTEGER PRIMARY KEY, email TEXT UNIQUE, must NOT NULL);
      INSERT INTO r VALUES (1, 'a', 'x'), (2, 'b', 'y')`;
    const upsert = (rows: Row[], options: InsertOptions) =>
      written({ driver, schema, table: "r", rows, options });
    for (const name of ["rowid", "OID", "_rowid_"]) {
      for (const row of [{ id: 2, email: "c" }, { [name.toUpperCase()]: 2, email: "c" }]) {
        const expected = [[1, "a", "x"], [2, "c", "y"]];
        assertEquals(await upsert([row], { onConflict: [name] }), expected);
        assertEquals(
          await upsert([row], { onConflict: ["ID"], update: ["email", name] }),
          expected,
        );
      }
    }
    await assertRejects(
      () => upsert([{ id: 1, rowid: 2, must: 1 }], {}),
      Error,
      'rows name one column twice, as "id" and "rowid"',
    );
    // A row that is there keeps its id: NULL asks for a new one.
    const rows = [{ id: null, email: "b", must: "z" }, { id: null, email: "n", must: "new" }, {
      id: 7,
      email: "a",
      must: "moved",
    }, { id: null, email: "n", must: "again" }];
    assertEquals(await upsert(rows, { onConflict: ["email"] }), [
      [2, "b", "z"],
      [3, "n", "again"],
      [7, "a", "moved"],
    ]);
  });

  Deno.test(`a row of an upsert may leave out every column (${driver})`, async () => {
    for (const kind of ["", "WITHOUT ROWID"]) {
      const schema =
        `CREATE TABLE w (k TEXT PRIMARY KEY NOT NULL DEFAULT word, v DEFAULT 1) ${kind}`;
      const rows = [{ k: undefined }, { k: undefined, v: undefined }];
      for (const options of [{ update: "ignore" }, { onConflict: ["K"] }] as InsertOptions[]) {
        assertEquals(await written({ driver, schema, table: "w", rows, options }), [["word", 1]]);
      }
    }
  });

  Deno.test(`rows follow a table that is changed or made between them (${driver})`, async () => {
    using folder = tempFolder();
    const schema = "CREATE TABLE s (id INTEGER PRIMARY KEY, a)";
    using store = await openStore({ driver, db: folder.file("a.db"), schema });
    const upsert = () => toInsertMessage("s", [{ id: 1, a: 1 }], { onConflict: ["id"] });
    store.write(upsert());
    const execute = (sql: string) => ({ kind: "execute" as const, sql, params: [] });
    const bad = execute("INSERT INTO nowhere VALUES (1)");
    const alter = (name: string) => execute(`ALTER TABLE s ADD COLUMN ${name} NOT NULL DEFAULT 0`);
    const last = toInsertMessage("s", [{ id: 1, c: 5 }], { onConflict: ["id"], update: ["c"] });
    const undone = { kind: "transaction" as const, messages: [alter("b"), upsert(), bad] };
    assertEquals(store.commit(undone, alter("c"), last).failures.map(([index]) => index), [0]);
    assertEquals(store.column("SELECT c FROM s"), [5]);

    // A TEMP table, of which another process does not know.
    store.write(execute("CREATE TEMP TABLE later (a)"));
    const insert = toInsertMessage("later", [[1]]);
    assertThrows(() => store.write(insert), Error, "it is a TEMP table, whose rows reach no file");
    const sql = execute("INSERT INTO later VALUES (2)");
    store.write(sql);
    using other = await connect(folder.file("a.db"), { driver });
    other.exec("CREATE TABLE later (a)");
    store.write(insert);
    assertThrows(() => store.write(sql), Error, "Cannot use the TEMP table later");
    assertThrows(
      () => store.store.query({ sql: "SELECT a FROM later", params: [] }),
      Error,
      "the TEMP table later",
    );
    store.write(execute("DROP TABLE temp.later"));
    store.write(sql);
    assertEquals(other.prepare("SELECT a FROM later").all().map(({ a }) => a), [1, 2]);
  });

  Deno.test(`a row takes the defaults of what it leaves out, whatever its neighbours have (${driver})`, async () => {
    const schema = "CREATE TABLE t (a, s TEXT DEFAULT 'new', c TEXT NOT NULL DEFAULT 'x')";
    const rows = Array.from(
      { length: 2_500 },
      (_, a) => a === 1_500 ? { a, s: "s", c: "c" } : { a },
    );
    const expected = rows.map(({ a }) => a === 1_500 ? [a, "s", "c"] : [a, "new", "x"]);
    assertEquals(await written({ driver, schema, table: "t", rows }), expected);
    const arrays = rows.map(({ a, s, c }) => [a, s, c]);
    assertEquals(await written({ driver, schema, table: "t", rows: arrays }), expected);
    const none = [{ a: undefined }, { a: 1, s: null }];
    assertEquals(
      await written({ driver, schema, table: "t", rows: none }),
      [[null, "new", "x"], [1, null, "x"]],
    );
  });

  Deno.test(`what a row leaves out need not be a column that an insert can fill (${driver})`, async () => {
    const schema = `CREATE TABLE g (
      id INTEGER PRIMARY KEY, twice GENERATED ALWAYS AS (n * 2), n DEFAULT 4, at TEXT DEFAULT 'now')`;
    const rows = [[1, 5, "a"], [2, undefined, "b"], [undefined, 6, undefined]];
    assertEquals(
      await written({ driver, schema, table: "g", rows }),
      [[1, 10, 5, "a"], [2, 8, 4, "b"], [3, 12, 6, "now"]],
    );
  });

  Deno.test(`a stream that fails reports which rows are in (${driver})`, async () => {
    const schema = "CREATE TABLE t (id INTEGER PRIMARY KEY, c NOT NULL)";
    for (
      const [bad, text] of [
        [
          { id: 1_500, c: null },
          "Cannot insert row 1500 into t (id 1500): NOT NULL constraint failed: t.c; rows 0 to 999, " +
          "2000 to 2499 of the stream are written, no others",
        ],
        [
          { id: 3, c: 1 },
          "Cannot insert row 1500 into t (id 3): UNIQUE constraint failed: t.id; rows 0 to 999, " +
          "2000 to 2499 of the stream are written, no others",
        ],
        [
          { id: () => {}, c: 1 },
          "in column id of t, row 1500: pass null, a number, string, boolean, bigint, Date, ",
        ],
      ] as const
    ) {
      using loop = await openLoop({ driver, schema });
      const rows = Array.from({ length: 2_500 }, (_, i) => i === 1_500 ? bad : { id: i, c: i });
      const error = await assertRejects(
        () => insertInChunks(loop.batchSender, "t", odd(rows).values()),
        Error,
        text,
      );
      const ids = loop.column("SELECT id FROM t ORDER BY id") as number[];
      const inRanges = error.message.match(/\d+ to \d+/g)!.flatMap((range) => {
        const [begin, end] = range.split(" to ").map(Number);
        return Array.from({ length: end! - begin! + 1 }, (_, i) => begin! + i);
      });
      assertEquals(ids, inRanges);
    }
    using loop = await openLoop({ driver, schema });
    const thrown = new RangeError("the source broke");
    const broken = function* () {
      for (let id = 0;; id++) {
        if (id === 1_700) throw thrown;
        yield { id, c: 1 };
      }
    };
    const error = await assertRejects(
      () => insertInChunks(loop.batchSender, "t", broken()),
      RangeError,
    );
    assertEquals(error, thrown);
    assertEquals(
      error.message,
      "the source broke; rows 0 to 999 of the stream are written, no others",
    );
    assertEquals(loop.column("SELECT count(*) FROM t"), [1_000]);
    for (const thrown of ["a text", Object.freeze(new RangeError("frozen")), undefined, { a: 1 }]) {
      using loop = await openLoop({ driver, schema });
      const failing = function* () {
        for (let id = 0; id < 1_001; id++) yield { id, c: 1 };
        throw thrown;
      };
      const error = await assertRejects(() => insertInChunks(loop.batchSender, "t", failing()));
      const what = thrown instanceof Error
        ? thrown.message
        : typeof thrown === "string"
        ? thrown
        : Deno.inspect(thrown);
      assertEquals(
        error.message,
        `${what}; rows 0 to 999 of the stream are written, no others`,
      );
      assertEquals(error.cause, thrown);
    }
  });

  Deno.test(`a row that a constraint refuses is named by its number and key (${driver})`, async () => {
    const schema = `CREATE TABLE p (id INTEGER PRIMARY KEY);
      CREATE TABLE q (name TEXT UNIQUE, size CHECK (size > 0), p REFERENCES p(id))`;
    using store = await openStore({ driver, schema });
    const rows = Array.from({ length: 250 }, (_, i) => [`n${i}`, i + 1, null]);
    const failure = (changed: Row) =>
      store.commit(toInsertMessage("q", rows.with(237, changed as typeof rows[0]))).failures[0]![1];
    assertEquals(failure(["n3", 1, null]), {
      ...failure(["n3", 1, null]),
      name: "SqliteError",
      code: "constraint",
      message: "Cannot insert row 237 into q: UNIQUE constraint failed: q.name",
    });
    const check = "Cannot insert row 237 into q: CHECK constraint failed: size > 0";
    assertEquals(failure(["n237", 0, null]).message, check);
    const parent = "Cannot insert row 237 into q: FOREIGN KEY constraint failed";
    assertEquals(failure(["n237", 1, 5]).message, parent);
    assertEquals(store.column("SELECT count(*) FROM q"), [0]);
    const keyed = toInsertMessage("q", [["a", 0]], {
      columns: ["name", "size"],
      onConflict: ["name"],
    });
    assertThrows(() => store.write(keyed), Error, `row 0 into q (name "a"): CHECK`);
  });
}

Deno.test("a column that is named twice is refused, with both names", () => {
  for (
    const [rows, options, text] of [
      [
        [{ id: 1 }, { id: 2, name: 1, Name: 2 }],
        {},
        'row 1 into t: it names one column twice, as "name" and "Name"',
      ],
      [
        [{ id: 1, ID: 2 }],
        { columns: ["id"] },
        'row 0 into t: it names one column twice, as "id" and "ID"',
      ],
      [[{ id: 1 }], { columns: ["id", "ID"] }, 'columns names one column twice, as "id" and "ID"'],
      [[[1, 2]], { columns: ["a", "A"] }, 'columns names one column twice, as "a" and "A"'],
      [
        [{ id: 1 }],
        { onConflict: ["id", "Id"] },
        'onConflict names one column twice, as "id" and "Id"',
      ],
      [
        [{ id: 1 }],
        { onConflict: ["id"], update: ["n", "N"] },
        'update names one column twice, as "n" and "N"',
      ],
    ] as [Row[], InsertOptions, string][]
  ) {
    assertThrows(() => toInsertMessage("t", rows, options), TypeError, text);
    assertThrows(() => toMessage({ table: "t", rows, ...options }), TypeError, text);
  }
  // What is not there is named once.
  assertEquals(toInsertMessage("t", [{ name: 1, Name: undefined }]).values, [1]);
});

Deno.test("an upsert of a column that is not there is refused", async () => {
  using store = await openStore({ schema: "CREATE TABLE t (id INTEGER PRIMARY KEY, a)" });
  const message = toInsertMessage("t", [{ id: 1, a: 1 }], { onConflict: ["id"], update: ["b"] });
  const { failures } = store.commit(message);
  assertEquals(failures[0]![1].message, "Cannot insert into t: it has no column named b to update");
  assertEquals(failures[0]![1].name, new SqliteError("").name);
});
