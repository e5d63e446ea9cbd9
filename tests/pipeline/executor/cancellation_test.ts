import { isCancellation } from "../../../pipeline/executor/cancellation.ts";
import { assertEquals } from "../../support/assert.ts";

const reason = new Error("Enough");
const signal = AbortSignal.abort(reason);
const abortError = new DOMException("stopped", "AbortError");

Deno.test("isCancellation() knows what an abort throws, and what it causes", async () => {
  const never = new Promise<never>(() => {});
  const fetched = await fetch("data:,", { signal }).catch((error) => error);
  const raced = await Promise.race([never, Promise.reject(reason)]).catch((error) => error);
  for (
    const thrown of [
      reason,
      fetched,
      raced,
      abortError,
      new Error("outer", { cause: reason }),
      new Error("outer", { cause: new TypeError("middle", { cause: abortError }) }),
      new AggregateError([new Error("one"), abortError]),
      new AggregateError([new AggregateError([new Error("inner", { cause: reason })])]),
      new SuppressedError(new Error("Cannot close"), reason),
      new SuppressedError(abortError, new Error("one")),
    ]
  ) {
    assertEquals(isCancellation(thrown, signal), true);
    assertEquals(isCancellation(thrown, new AbortController().signal), false);
  }
  assertEquals(isCancellation("stop", AbortSignal.abort("stop")), true);
});

Deno.test("isCancellation() takes nothing else for an abort", () => {
  const circle = new Error("round");
  circle.cause = circle;
  const hostile = new Error("odd");
  Object.defineProperty(hostile, "cause", {
    get() {
      throw reason;
    },
  });
  const mistakes = [
    new TypeError("Cannot read properties of undefined"),
    new Error("Enough"),
    new DOMException("too slow", "TimeoutError"),
    new Error("outer", { cause: new RangeError("inner") }),
    circle,
    new AggregateError([new Error("one"), new Error("two")]),
    new SuppressedError(new Error("one"), new Error("two")),
    hostile,
    "Enough",
    null,
    undefined,
    { name: "AbortError" },
  ];
  for (const thrown of mistakes) assertEquals(isCancellation(thrown, signal), false);
});
