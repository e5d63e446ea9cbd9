import { type Row, toInsertMessage } from "../../../writer/client/insert.ts";
import { toMessage, toTransactionMessage } from "../../../writer/client/steps.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";

const odd = (value: unknown) => value as never;

Deno.test("toInsertMessage() fills every column that any object names", () => {
  assertEquals(toInsertMessage("v", [{ a: 1 }, { b: "x", a: null }, { c: true }]), {
    kind: "insert",
    table: "v",
    columns: ["a", "b", "c"],
    values: [1, null, null, null, "x", null, null, null, 1],
    width: 3,
    shapes: { absent: [[], [1, 2], [2], [0, 1]], ofRows: [1, 2, 3] },
  });
});

Deno.test("toInsertMessage() takes of objects only the columns that are asked for", () => {
  const rows = [{ a: 1, extra: () => {} }, { b: 2 }] as Row[];
  const { columns, values, shapes } = toInsertMessage("v", rows, { columns: ["b", "a"] });
  assertEquals([columns, values], [["b", "a"], [null, 1, 2, null]]);
  assertEquals(shapes, { absent: [[], [0], [1]], ofRows: [1, 2] });
});

Deno.test("toInsertMessage() takes arrays in the order of the columns or of the table", () => {
  const rows = [[1, "x"], [undefined, new Date(0)]];
  const values = [1, "x", null, "1970-01-01T00:00:00.000Z"];
  assertEquals(toInsertMessage("v", rows), {
    kind: "insert",
    table: "v",
    columns: null,
    values,
    width: 2,
    shapes: { absent: [[], [0]], ofRows: [0, 1] },
  });
  const named = toInsertMessage("v", rows, { columns: ["a", "b"] });
  assertEquals([named.columns, named.values], [["a", "b"], values]);
});

Deno.test("toInsertMessage() takes no row at all", () => {
  assertEquals(toInsertMessage("v", []).values, []);
  assertEquals(toInsertMessage("v", [], { columns: ["a"] }).width, 1);
});

Deno.test("toInsertMessage() finds no column in what every object inherits", () => {
  const rows = [{ constructor: "Ferrari", toString: "text" }, { valueOf: 1 }] as unknown as Row[];
  const { columns, values } = toInsertMessage("v", rows);
  assertEquals(columns, ["constructor", "toString", "valueOf"]);
  assertEquals(values, ["Ferrari", "text", null, null, null, 1]);
  const own = JSON.parse('[{"__proto__": 1, "a": 2}, {"a": 3}]');
  assertEquals(toInsertMessage("v", own).columns, ["__proto__", "a"]);
  assertEquals(toInsertMessage("v", own).values, [1, 2, null, 3]);
});

Deno.test("toInsertMessage() takes instances of a class by their fields", () => {
  class City {
    name = "Oslo";
    get upper() {
      return this.name.toUpperCase();
    }
  }
  const row = new City() as unknown as Row;
  assertEquals(toInsertMessage("v", [row]).columns, ["name"]);
  assertEquals(toInsertMessage("v", [row], { columns: ["upper"] }).values, ["OSLO"]);
});

for (
  const [what, rows, text] of [
    [
      "an array after objects",
      [{ a: 1 }, [2]],
      "Cannot insert row 1 into v: it is [ 2 ]; pass only objects",
    ],
    [
      "an object after arrays",
      [[1], { a: 2 }],
      "Cannot insert row 1 into v: it is { a: 2 }; pass only",
    ],
    ["null", [{ a: 1 }, null], "Cannot insert row 1 into v: it is null; pass only objects"],
    ["null first", [null], "Cannot insert into v: there are no columns to fill"],
    ["a string", ["abc"], 'Cannot insert row 0 into v: it is "abc"'],
    ["a number", [{ a: 1 }, 7], "Cannot insert row 1 into v: it is 7"],
    ["a hole", [[1], , [2]], "Cannot insert row 1 into v: it is undefined"],
    ["a shorter array", [[1, 2], [3]], "row 1 into v: it has 1 values for 2 columns"],
    ["a longer array", [[1, 2], [3, 4, 5]], "row 1 into v: it has 3 values for 2 columns"],
    ["an empty array", [[]], "Cannot insert into v: there are no columns to fill"],
    ["an empty object", [{}], "Cannot insert into v: there are no columns to fill"],
    [
      "an empty object after others",
      [{ a: 1, b: 2 }, {}],
      "row 1 into v: it has none of the columns a, b",
    ],
    ["a Map", [{ a: 1 }, new Map([["a", 1]])], "row 1 into v: it has none of the columns a"],
    [
      "no array",
      { a: 1 },
      "Cannot insert into v: expected an array of rows for rows, got { a: 1 }",
    ],
    ["a Set", new Set([{ a: 1 }]), "expected an array of rows for rows, got Set(1)"],
    [
      "a Map first",
      [new Map([["a", 1]])],
      'Cannot insert into v: there are no columns to fill; row 0 is Map(1) { "a" => 1 }',
    ],
    [
      "a getter that throws",
      [{ a: 1 }, {
        get b() {
          throw new Error("not now");
        },
      }],
      "Cannot insert row 1 into v: its column b cannot be read (not now)",
    ],
    [
      "a proxy that cannot be read",
      [
        new Proxy({}, {
          ownKeys() {
            throw new RangeError("no keys");
          },
        }),
      ],
      "Cannot insert row 0 into v: it cannot be read (no keys)",
    ],
    ["a function in a column", [{ a: 1, b() {} }], "a function in column b of v, row 0"],
    ["an object without JSON", [{ a: 1 }, { a: { n: 1n } }], "a bigint in rows[1].a.n of v"],
    ["a symbol in an array", [[1, 2], [3, Symbol()]], "a symbol in column 2 of v, row 1"],
  ] as [string, unknown, string][]
) {
  Deno.test(`toInsertMessage() refuses ${what}`, () => {
    const { message } = assertThrows(() => toInsertMessage("v", odd(rows)), TypeError);
    assertStringIncludes(message, text);
  });
}

Deno.test("toInsertMessage() names row and column of a bigint that is too large", () => {
  const rows = [[1, 2], [3, 2n ** 64n]];
  const { message } = assertThrows(
    () => toInsertMessage("v", rows, { columns: ["a", "b"] }),
    RangeError,
  );
  assertStringIncludes(message, "in column b of v, row 1: SQLite integers have 64 bits");
});

Deno.test("toInsertMessage() allows an object whose columns are all undefined", () => {
  const { values, shapes } = toInsertMessage("v", [{ a: undefined }, { a: 1 }]);
  assertEquals([values, shapes], [[null, 1], { absent: [[], [0]], ofRows: [1, 0] }]);
});

Deno.test("toInsertMessage() refuses options that it cannot follow", () => {
  for (
    const [options, text] of [
      [{ columns: [] }, "there are no columns to fill"],
      [{ columns: "a" }, 'expected an array of names for columns, got "a"'],
      [{ columns: ["a", 7] }, 'expected an array of names for columns, got [ "a", 7 ]'],
      [{ onConflict: "a" }, 'expected an array of names for onConflict, got "a"'],
      [
        { onConflict: ["a"], update: "replace" },
        'expected an array of names for update, got "replace"',
      ],
      [{ update: ["a"] }, 'name the columns of "onConflict"'],
      [{ onConflict: [] }, "onConflict names no column"],
      [{ columns: ["a\0b"] }, 'columns "a\\x00b" holds a NUL character'],
    ] as const
  ) {
    const { message } = assertThrows(
      () => toInsertMessage("v", [{ a: 1 }], odd(options)),
      TypeError,
    );
    assertStringIncludes(message, text);
  }
  assertThrows(
    () => toInsertMessage("v", [[1]], { onConflict: ["a"] }),
    TypeError,
    'pass "columns" or "update"',
  );
  for (const table of ["", 7, undefined]) {
    assertThrows(() => toInsertMessage(odd(table), [[1]]), TypeError, "for table, got ");
  }
});

Deno.test("toMessage() makes the message of each kind of step", () => {
  const when = new Date(0);
  assertEquals(toMessage({ sql: "SELECT ?", params: [when] }), {
    kind: "execute",
    sql: "SELECT ?",
    params: ["1970-01-01T00:00:00.000Z"],
  });
  assertEquals(toMessage({ statement: "touch" }), { kind: "statement", name: "touch", params: [] });
  assertEquals(
    toMessage({ table: "v", rows: [{ a: true }] }),
    toInsertMessage("v", [{ a: 1 }]),
  );
  const bad = { sql: "SELECT ?", params: [1, odd(new Map())] };
  assertThrows(() => toMessage(bad), TypeError, "a Map in parameter 2");
});

Deno.test("toMessage() refuses what is not a step", () => {
  const wrong = [{}, { sql: 7 }, { table: "v" }, { table: "v", rows: { a: 1 } }, [], null, "sql"];
  for (const step of wrong) {
    assertThrows(() => toMessage(odd(step)), TypeError, "pass { sql, params }");
  }
  // What would be left out without a word.
  for (
    const [step, option] of [
      [{ sql: "DELETE FROM v", table: "v", rows: [[1]] }, '"table"'],
      [{ sql: "DELETE FROM v", idempotencyKey: "k" }, '"idempotencyKey"'],
      [{ statement: "touch", parms: [1] }, '"parms"; did you mean "params"?'],
    ] as const
  ) {
    assertThrows(() => toMessage(odd(step)), TypeError, `unknown option ${option}`);
  }
  for (const steps of [null, { sql: "SELECT 1" }, [{ sql: "SELECT 1" }].values(), "SELECT 1"]) {
    assertThrows(() => toTransactionMessage(odd(steps)), TypeError, "expected an array of steps");
  }
});
