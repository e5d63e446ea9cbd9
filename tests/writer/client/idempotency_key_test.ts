import { checkKeys, keysIn, toIdempotencyKey } from "../../../writer/client/idempotency_key.ts";
import { toInsertMessage } from "../../../writer/client/insert.ts";
import { toTransactionMessage } from "../../../writer/client/steps.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";

const odd = (value: unknown) => value as never;

Deno.test("toIdempotencyKey() takes any text, and nothing where there is none", () => {
  assertEquals(toIdempotencyKey(undefined, "write"), undefined);
  for (const key of ["page 3", " ", "a\0b", "\u{1F600}", "é".repeat(1_000_000)]) {
    assertEquals(toIdempotencyKey(key, "write"), { key, part: 0, task: null, run: null });
  }
});

Deno.test("toIdempotencyKey() refuses what cannot be distinguished from others", () => {
  for (const key of ["", 7, null, true, {}, ["a"], "\ud800", "a\udc00b", "\udc00\ud800"]) {
    const { message } = assertThrows(() => toIdempotencyKey(key, "insert into city"), TypeError);
    assertStringIncludes(message, "Cannot insert into city: ");
    assertStringIncludes(message, "idempotencyKey");
    assertStringIncludes(message, Deno.inspect(key));
  }
});

Deno.test("toInsertMessage() and toTransactionMessage() carry keys, and refuse odd ones", () => {
  const key = { key: "page 3", part: 0, task: null, run: null };
  const insert = toInsertMessage("city", [["Oslo"]], { idempotencyKey: "page 3" });
  assertEquals(insert.idempotencyKey, key);
  assertEquals("idempotencyKey" in toInsertMessage("city", [["Oslo"]]), false);
  const steps = [
    { sql: "DELETE FROM city" },
    { table: "city", rows: [["Oslo"]], idempotencyKey: "page 3" },
  ];
  const transaction = toTransactionMessage(steps, { idempotencyKey: "all" });
  assertEquals(transaction.idempotencyKey, { ...key, key: "all" });
  assertEquals(keysIn(transaction).map(({ key }) => key), ["all", "page 3"]);
  assertEquals(keysIn(insert), [key]);
  assertEquals(keysIn({ kind: "execute", sql: "SELECT 1", params: [] }), []);
  assertEquals("idempotencyKey" in toTransactionMessage(steps), false);
  assertThrows(
    () => toInsertMessage("city", [[1]], { idempotencyKey: odd(3) }),
    TypeError,
    "for idempotencyKey, got 3",
  );
  assertThrows(() => toTransactionMessage([], { idempotencyKey: "" }), TypeError, "a transaction");
});

Deno.test("checkKeys() refuses keys that no table keeps", () => {
  const plain = toInsertMessage("city", [["Oslo"]]);
  const keyed = toInsertMessage("city", [["Oslo"]], { idempotencyKey: "page 3" });
  checkKeys(plain, false);
  checkKeys(keyed, true);
  for (const message of [keyed, { kind: "transaction" as const, messages: [plain, keyed] }]) {
    assertThrows(() => checkKeys(message, false), TypeError, '"page 3" without storeTaskStatus');
  }
});
