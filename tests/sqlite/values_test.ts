import { toSqlValue } from "../../db.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../support/assert.ts";

Deno.test("toSqlValue() leaves alone what SQLite stores as it is", () => {
  for (const value of [null, 0, 1.5, -7, 2 ** 60, Infinity, "", "text", 5n, 2n ** 63n - 1n]) {
    assertEquals(toSqlValue(value, "a"), value);
  }
});

Deno.test("toSqlValue() maps what SQLite has no type for", () => {
  const date = new Date("2024-02-29T23:59:59.999+01:00");
  const noPrototype = Object.assign(Object.create(null), { a: 1 });
  for (
    const [value, expected] of [
      [true, 1],
      [false, 0],
      [undefined, null],
      [NaN, null],
      [date, "2024-02-29T22:59:59.999Z"],
      [{}, "{}"],
      [[], "[]"],
      [noPrototype, '{"a":1}'],
      [{ at: date, gap: undefined, nan: NaN }, '{"at":"2024-02-29T22:59:59.999Z","nan":null}'],
      [[undefined, () => {}], "[null,null]"],
      [{ lone: "\ud800" }, '{"lone":"\\ud800"}'],
      [{ toJSON: () => "own form" }, '"own form"'],
      [{ toJSON: () => undefined }, null],
    ] as const
  ) {
    assertEquals(toSqlValue(value, "a"), expected, Deno.inspect(value));
  }
});

Deno.test("toSqlValue() copies bytes, so that their buffer can be filled anew", () => {
  const buffer = new Uint8Array(1000).fill(7);
  const node = Object.assign(buffer.subarray(10, 13));
  for (const value of [buffer, buffer.subarray(10, 13), node, buffer.buffer]) {
    const bytes = toSqlValue(value, "a") as Uint8Array;
    assertEquals(bytes, new Uint8Array(value.byteLength).fill(7));
    assertEquals(bytes.buffer.byteLength, value.byteLength);
    assert(bytes.buffer !== buffer.buffer);
    assertEquals(Object.getPrototypeOf(bytes), Uint8Array.prototype);
  }
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  const bytes = toSqlValue(shared, "a") as Uint8Array;
  assertEquals(bytes, new Uint8Array(4));
  assert(bytes.buffer instanceof ArrayBuffer);
  assertEquals(structuredClone(bytes), bytes);
});

Deno.test("toSqlValue() refuses what has no SQLite form, by its kind and place", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  class Point {
    x = 1;
  }
  for (
    const [value, text] of [
      [() => {}, "Cannot store a function in total"],
      [Symbol("s"), "Cannot store a symbol in total"],
      [new Map(), "Cannot store a Map in total"],
      [new Set(), "Cannot store a Set in total"],
      [new Point(), "Cannot store a Point in total"],
      [/x/, "Cannot store a RegExp in total"],
      [new Float64Array(1), "Cannot store a Float64Array in total"],
      [Promise.resolve(1), "Cannot store a Promise in total"],
      [new Date(NaN), "Cannot store an invalid Date in total"],
      [circular, "Cannot store an object that has no JSON form (Converting circular"],
      [{ big: 1n }, "Cannot store an object that has no JSON form (Do not know how to serialize"],
      [[2n ** 70n], "Cannot store an object that has no JSON form"],
    ] as const
  ) {
    const { message } = assertThrows(() => toSqlValue(value, "total"), TypeError);
    assertStringIncludes(message, text);
    assertStringIncludes(message, "pass null, a number, string, boolean, bigint, Date");
  }
});

Deno.test("toSqlValue() refuses a bigint of more than 64 bits and stores the largest", () => {
  assertEquals(toSqlValue(-(2n ** 63n), "a"), -(2n ** 63n));
  for (const value of [2n ** 63n, -(2n ** 63n) - 1n]) {
    const { message } = assertThrows(() => toSqlValue(value, "a"), RangeError);
    assertStringIncludes(message, `Cannot store ${value}n in a: SQLite integers have 64 bits`);
  }
});

Deno.test("toSqlValue() names a place that is an index, a name or a function", () => {
  const message = (where: Parameters<typeof toSqlValue>[1]) =>
    assertThrows(() => toSqlValue(Symbol(), where), TypeError).message;
  assertStringIncludes(message(0), " in parameter 1:");
  assertStringIncludes(message("column a of b"), " in column a of b:");
  assertStringIncludes(message(() => "row 7"), " in row 7:");
});
