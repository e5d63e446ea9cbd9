import { Buffer } from "node:buffer";
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
      [{ at: date, gap: undefined }, '{"at":"2024-02-29T22:59:59.999Z"}'],
      [[undefined, [date]], '[null,["2024-02-29T22:59:59.999Z"]]'],
      [{ lone: "\ud800" }, '{"lone":"\\ud800"}'],
      [{ toJSON: () => "own form" }, '"own form"'],
      [{ toJSON: () => undefined }, null],
    ] as const
  ) {
    assertEquals(toSqlValue(value, "a"), expected, Deno.inspect(value));
  }
});

Deno.test("toSqlValue() copies bytes, so that their buffer can be filled again", () => {
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

Deno.test("toSqlValue() stores the bytes of every view, and no more", () => {
  const buffer = new Uint8Array([0, 0, 128, 63, 255, 1, 2, 3]).buffer;
  for (
    const [value, bytes] of [
      [new Float32Array(buffer, 0, 1), [0, 0, 128, 63]],
      [new Uint16Array(buffer, 2, 2), [128, 63, 255, 1]],
      [new BigInt64Array(buffer), [0, 0, 128, 63, 255, 1, 2, 3]],
      [new Uint8ClampedArray(buffer, 4, 1), [255]],
      [new DataView(buffer, 6), [2, 3]],
      [Buffer.from("hi"), [104, 105]],
      [new Float64Array(0), []],
      [buffer.slice(6), [2, 3]],
      [new SharedArrayBuffer(2), [0, 0]],
    ] as const
  ) {
    const stored = toSqlValue(value, "a");
    assertEquals(stored, Uint8Array.from(bytes), Deno.inspect(value));
    assertEquals((stored as Uint8Array).buffer.byteLength, bytes.length);
  }
});

Deno.test("toSqlValue() refuses text with a NUL character, which would be read only up to there", () => {
  assertThrows(() => toSqlValue("a\0b", 0), TypeError, "a NUL character in parameter 1");
  assertThrows(() => toSqlValue("\0", "name"), TypeError, "a NUL character in name");
  // JSON escapes it, so that it is read whole.
  assertEquals(toSqlValue(["a\0b"], "name"), '["a\\u0000b"]');
});

Deno.test("toSqlValue() refuses what JSON would lose, by the path to it", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  for (
    const [value, where, text] of [
      [{ m: new Map([[1, 2]]) }, "meta", "a Map in meta.m:"],
      [{ m: [1, { n: NaN }] }, 2, "NaN in params[2].m[1].n:"],
      [[new Float32Array(1)], 0, "a Float32Array in params[0][0]:"],
      [circular, "meta", "an object that holds itself in meta.self:"],
      [{ big: 1n }, "meta", "a bigint in meta.big:"],
      [[() => {}], (path: string) => `row${path}`, "a function in row[0]:"],
    ] as const
  ) {
    assertThrows(() => toSqlValue(value, where), TypeError, `Cannot store ${text}`);
  }
});

Deno.test("toSqlValue() refuses what has no SQLite form, by its kind and place", () => {
  class Point {
    x = 1;
  }
  const unreadable = new Proxy({}, {
    getPrototypeOf() {
      throw new Error("trap");
    },
  });
  for (
    const [value, text] of [
      [() => {}, "Cannot store a function in total"],
      [Symbol("s"), "Cannot store a symbol in total"],
      [new Map(), "Cannot store a Map in total"],
      [new Set(), "Cannot store a Set in total"],
      [new Point(), "Cannot store a Point in total"],
      [/x/, "Cannot store a RegExp in total"],
      [Promise.resolve(1), "Cannot store a Promise in total"],
      [new Date(NaN), "Cannot store an invalid Date in total"],
      [unreadable, "Cannot store what cannot be read (trap) in total"],
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
