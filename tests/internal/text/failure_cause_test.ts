import { withLocalTime } from "../../../internal/text/retry_text.ts";
import { causeId, causeOf, failureLine } from "../../../internal/text/failure_cause.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const UUIDS = ["550e8400-e29b-41d4-a716-446655440000", "9B2E1C74-0A3D-4F6B-8C5E-7D1F2A3B4C5D"];

/** Messages of one cause each, and the cause. */
const ONE_CAUSE: readonly [cause: string, ...messages: string[]][] = [
  [
    'Error: Row # of "…" is empty',
    'Error: Row 12 of "a.csv" is empty',
    "Error: Row 7,345 of 'b' is empty",
  ],
  ["order # is gone", `order ${UUIDS[0]} is gone`, `order ${UUIDS[1]} is gone`, "order 17 is gone"],
  ["hash # differs", "hash 3fa9c1d2e4 differs", "hash 0xDEADBEEF differs", "hash 123456 differs"],
  [
    "GET <url> answered #",
    "GET https://a.example/x?q=1 answered 503",
    "GET http://b.example answered 404",
  ],
  [
    "cannot open <path>: permission denied",
    "cannot open /data/2026/a.csv: permission denied",
    "cannot open C:\\data\\b.csv: permission denied",
    "cannot open data/c.csv: permission denied",
    "cannot open d.csv: permission denied",
    "cannot open ../städte/köln: permission denied",
  ],
  [
    "timeout after #ms on #",
    "timeout after 1500ms on 10.0.0.1:5432",
    "timeout after 3ms on 10.0.0.27",
  ],
  ["late since #", "late since 2026-11-14T10:00:00.123Z", "late since 2026-11-14 10:00:00+02:00"],
  ["missing ids #", "missing ids 3, 7, 12 and 9", "missing ids 4"],
  ["no user <address>", "no user jane.d@x.example", "no user bob+1@mail.y.example"],
  [
    'Unexpected token "…"',
    "Unexpected token `<`",
    "Unexpected token “x y”",
    "Unexpected token „ü“",
  ],
];

for (const [cause, ...messages] of ONE_CAUSE) {
  Deno.test(`causeOf() folds to ${cause}`, () => {
    for (const message of messages) assertEquals(causeOf(message), cause, message);
  });
}

Deno.test("causeOf() leaves words apart that distinguish one cause from another", () => {
  for (
    const text of ["foo.bar is not a function", "read and/or write failed", "it isn't the item's"]
  ) {
    assertEquals(causeOf(text), text);
  }
});

Deno.test("causeOf() is short, and the same for texts that are cut within a quoted part", () => {
  const [a, b] = ["x", "y"].map((letter) =>
    causeOf(`bad JSON "${letter.repeat(2_000)}`.slice(0, 1_000))
  );
  assertEquals(a, 'bad JSON "…"');
  assertEquals(a, b);
  assert(causeOf("word ".repeat(500)).length <= 200);
  assert(causeId(a!) !== causeId("bad JSON"), "two causes, two ids");
});

Deno.test("failureLine() takes the class from the error, and the reasons from the message", () => {
  const stack = "AggregateError: All promises were rejected\n    at x.ts:1:2";
  const message = "All promises were rejected: a; b";
  assertEquals(failureLine(stack, message), "AggregateError: All promises were rejected: a; b");
  assertEquals(failureLine("TypeError: no\n    at x", "loading 3 of 7"), "TypeError: no");
  assertEquals(failureLine(null, "no such host\nand more"), "no such host");
  assertEquals(failureLine(null, null), "");
});

Deno.test("withLocalTime() shows when the next attempt is, and leaves other messages as they are", () => {
  const at = new Date(2026, 10, 27, 9, 5, 7, 321);
  const because = ", because attempt 1 failed: no 2026-01-01T00:00:00.000Z";
  const message = `Attempt 2 of 3 at ${at.toISOString()}`;
  const now = at.getTime() - 60_000;
  assertEquals(withLocalTime(message + because, now), `Attempt 2 of 3 at 09:05:07${because}`);
  assertEquals(
    withLocalTime(`Attempt 1 again at ${at.toISOString()}: busy`, now),
    "Attempt 1 again at 09:05:07: busy",
  );
  for (const other of [`at ${at.toISOString()}, `, message, "Attempt 2 of 3 at noon, "]) {
    assertEquals(withLocalTime(other, now), other);
  }
});
