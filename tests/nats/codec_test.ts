/**
 * Values as bytes: they arrive as `structuredClone` would copy them.
 *
 * @module
 */
import { decode } from "../../nats/codec/decode.ts";
import { encode, encodeMessages } from "../../nats/codec/encode.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";
import { Random } from "../support/random.ts";

/** A value of any kind. */
function anyValue(random: Random, depth = 0): unknown {
  const number = () => Math.trunc((random.next() - 0.5) * 2 ** (1 + random.below(52)));
  const text = () =>
    Array.from(
      { length: random.below(random.below(8) === 0 ? 20_000 : 12) },
      () => ["a", "ø", "語", "\ud83d\ude00", "\ud83d", "\ude00", "\0", "\ufeff"][random.below(8)],
    ).join("");
  const many = () => Array.from({ length: random.below(6) }, () => anyValue(random, depth + 1));
  const makers: (() => unknown)[] = [
    number,
    () => random.next() * 1e300,
    () => [-0, NaN, -Infinity, Number.MAX_SAFE_INTEGER, 2 ** 31, -(2 ** 31)][random.below(6)],
    () => [true, false, null, undefined][random.below(4)],
    () => BigInt(number()) ** 3n,
    text,
    () => new Uint8Array(random.below(300)).fill(random.below(256)),
    () =>
      [
        new Date(0),
        new Map([[1, { a: 2 }]]),
        new Set("a"),
        /a/g,
        new Float32Array(3),
      ][random.below(5)],
    many,
    () => Object.fromEntries(many().map((value) => [text().slice(0, 6), value])),
  ];
  return makers[random.below(depth < 3 ? makers.length : 6)]!();
}

Deno.test("values of all kinds arrive as structuredClone would copy them", () => {
  const random = new Random(1);
  for (let n = 0; n < 1_000; n++) {
    const value = anyValue(random);
    const copy = structuredClone(value);
    assertEquals(decode(encode(value)), copy);
    assertEquals(decode(encodeMessages([value, { value }])), [copy, { value: copy }]);
  }
  const made = JSON.parse('{"__proto__": {"a": 1}}');
  const read = decode(encode(made)) as object;
  assertEquals([Object.keys(read), Object.getPrototypeOf(read)], [["__proto__"], Object.prototype]);
  // What is another object's part does not take that along.
  const bytes = new Uint8Array(1_000_000).subarray(0, 3);
  assert(encode({ bytes }).byteLength < 100);
});

Deno.test("objects that are there twice, contain themselves, have holes or a class arrive as such", () => {
  const one = { a: 1 };
  const twice = decode(encode({ x: one, y: [one] })) as { x: unknown; y: unknown[] };
  assert(twice.x === twice.y[0], "one object became two");
  const loop: { self?: unknown } = {};
  loop.self = loop;
  const read = decode(encode(loop)) as { self: unknown };
  assert(read.self === read);
  let deep: unknown = 0;
  for (let n = 0; n < 500; n++) deep = [deep];
  assertEquals(decode(encode(deep)), deep);
  const holes = decode(encode([, 1, ,])) as unknown[];
  assertEquals([holes.length, 0 in holes, 1 in holes], [3, false, true]);
  const match = decode(encode(/b/.exec("abc"))) as RegExpExecArray;
  assertEquals([match[0], match.index], ["b", 1]);
  class Point {
    x = 1;
  }
  assertEquals(decode(encode(new Point())), { x: 1 });
  assertThrows(() => encode({ run: () => {} }), Error);
  // The encoder is as good as new after that.
  assertEquals(decode(encode({ a: [1] })), { a: [1] });
});

Deno.test("bytes that are no message are refused", () => {
  for (const bytes of [[], [0], [0, 0, 0, 4, 200]]) {
    assertThrows(() => decode(new Uint8Array(bytes)), RangeError);
  }
});
