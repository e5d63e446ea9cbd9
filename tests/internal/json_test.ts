import { toJson } from "../../internal/json.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";

class Account {
  #balance = 5;
  owner = "Ada";
  get balance(): number {
    return this.#balance;
  }
}

const place = (path: string) => `value${path}`;

Deno.test("toJson() refuses what would lose its content, with the path to it", () => {
  const cases: [unknown, string][] = [
    [{ tags: { m: new Map([[1, 2]]) } }, "a Map in value.tags.m:"],
    [[1, [new Set([1])]], "a Set in value[1][0]:"],
    [{ "a b": [NaN] }, 'NaN in value["a b"][0]:'],
    [{ n: -Infinity }, "-Infinity in value.n:"],
    [{ bytes: new Uint8Array(3) }, "an Uint8Array in value.bytes:"],
    [new Float32Array(2), "a Float32Array in value:"],
    [{ b: new ArrayBuffer(2) }, "an ArrayBuffer in value.b:"],
    [{ b: new DataView(new ArrayBuffer(2)) }, "a DataView in value.b:"],
    [[new Error("gone")], "an Error in value[0]:"],
    [{ cause: new RangeError("far") }, "a RangeError in value.cause:"],
    [new Response("text"), "a Response in value:"],
    [{ h: new Headers({ a: "b" }) }, "a Headers in value.h:"],
    [[new Account()], "an Account in value[0]:"],
    [{ at: new Date(NaN) }, "an invalid Date in value.at:"],
    [{ f: () => 1 }, "a function in value.f:"],
    [[Symbol("s")], "a symbol in value[0]:"],
    [{ r: /x/ }, "a RegExp in value.r:"],
    [{ p: Promise.resolve(1) }, "a Promise in value.p:"],
    [{ w: new WeakMap() }, "a WeakMap in value.w:"],
    [{ n: [1n] }, "a bigint in value.n[0]:"],
    [{ n: new Number(NaN) }, "NaN in value.n:"],
    [[{
      get x() {
        throw new Error("closed");
      },
    }], "what cannot be read (closed) in value[0].x:"],
    [{ toJSON: () => ({ m: new Map() }) }, "a Map in value.m:"],
  ];
  for (const [value, text] of cases) {
    assertThrows(() => toJson(value, { place }), TypeError, `Cannot store ${text}`);
  }
  const circle: Record<string, unknown> = {};
  circle.again = { circle };
  assertThrows(() => toJson(circle, { place }), TypeError, "holds itself in value.again.circle:");
});

Deno.test("toJson() is JSON.stringify() for everything else", () => {
  const shared = { a: 1 };
  const values: unknown[] = [
    null,
    "a\0b",
    { a: undefined, b: [undefined, null, true] },
    { at: new Date(0), in: [new Date(1)] },
    new URL("https://example.com/a"),
    [shared, shared],
    Object.assign(Object.create(null), { a: 1 }),
    [new String("a"), new Number(1), new Boolean(true)],
    { toJSON: (key: string) => `as ${key}` },
    { deep: { toJSON: () => undefined } },
  ];
  for (const value of values) assertEquals(toJson(value, { place }), JSON.stringify(value));
  assertEquals(toJson({ n: [1n] }, { place, bigintAsString: true }), '{"n":["1"]}');
});
