import {
  childrenOf,
  ExactNumber,
  isBranch,
  parseJson,
  summaryOf,
} from "../../../dashboard/client/lib/json_nodes.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("parseJson() distinguishes JSON from other texts", () => {
  assertEquals(parseJson('{"a":[1,null]}'), { value: { a: [1, null] } });
  assertEquals(parseJson("null"), { value: null });
  assertEquals(parseJson("not json"), null);
  assertEquals(parseJson('{"a":1'), null);
});

Deno.test("parseJson() keeps numbers that would be rounded as they were written", () => {
  const parsed = parseJson('{"id":12345678901234567890,"n":1.5,"safe":9007199254740991}');
  const { id, n, safe } = parsed?.value as Record<string, unknown>;
  assert(id instanceof ExactNumber);
  assertEquals([id.source, n, safe], ["12345678901234567890", 1.5, 9007199254740991]);
  assertEquals(isBranch(id), false);
});

Deno.test("parseJson() copes with depth", () => {
  const depth = 100_000;
  const parsed = parseJson("[".repeat(depth) + "]".repeat(depth));
  assert(parsed === null || isBranch(parsed.value));
  const less = parseJson("[".repeat(2000) + "]".repeat(2000));
  assert(less && isBranch(less.value));
});

Deno.test("childrenOf() gives some of many", () => {
  const list = Array.from({ length: 1_000_000 }, (_, i) => i);
  const { entries, size } = childrenOf(list, 3);
  assertEquals(entries, [["0", 0], ["1", 1], ["2", 2]]);
  assertEquals(size, 1_000_000);
  assertEquals(childrenOf({ a: 1, b: 2 }, 1), { entries: [["a", 1]], size: 2 });
  assertEquals(childrenOf(parseJson('{"__proto__":1}')?.value as object, 5).entries, [[
    "__proto__",
    1,
  ]]);
});

Deno.test("summaryOf() is short", () => {
  assertEquals(summaryOf([]), "[]");
  assertEquals(summaryOf([1, 2, 3]), "[3]");
  assertEquals(summaryOf({}), "{}");
  assertEquals(summaryOf({ a: 1, b: 2 }), "{ a, b }");
  assertEquals(summaryOf({ a: 1, b: 2, c: 3, d: 4, e: 5 }), "{ a, b, c, d, … }");
  assertEquals(summaryOf({ ["x".repeat(100)]: 1 }), `{ ${"x".repeat(24)}… }`);
});
