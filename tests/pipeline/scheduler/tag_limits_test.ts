import { checkLimits, hasRate, type TagLimits } from "../../../pipeline/scheduler/tag_limits.ts";
import { assert, assertStringIncludes, assertThrows } from "../../support/assert.ts";

const tags = () => ["api"];

Deno.test("checkLimits() takes numbers, and limits with their units", () => {
  checkLimits({ tags });
  checkLimits({});
  checkLimits({ tags, limits: { api: 1, disk: { concurrency: 2 }, other: { rate: 1 } } });
  checkLimits({ tags, limits: { api: { concurrency: 2, rate: 10, perMs: 0.5 } } });
});

Deno.test("checkLimits() refuses limits that let nothing run, limit nothing or are mistaken", () => {
  for (
    const [limit, text, type] of [
      [0, "concurrency is a whole number of tasks from 1 up", RangeError],
      [-1, "concurrency is a whole number", RangeError],
      [1.5, "concurrency is a whole number", RangeError],
      [NaN, "concurrency is a whole number", RangeError],
      [{ concurrency: "2" }, "concurrency is a whole number", RangeError],
      [{ rate: 0 }, "rate is a whole number", RangeError],
      [{ rate: 0.5 }, "rate is a whole number", RangeError],
      [{ rate: Infinity }, "rate is a whole number", RangeError],
      [{ rate: 1, perMs: 0 }, "perMs is a number of milliseconds above 0", RangeError],
      [{ rate: 1, perMs: NaN }, "perMs is a number of milliseconds above 0", RangeError],
      [{ rate: 1, perMs: Infinity }, "perMs is a number of milliseconds above 0", RangeError],
      [{ rate: 1, perMs: "1s" }, "perMs is a number of milliseconds above 0", RangeError],
      [{}, "pass concurrency, rate or both", TypeError],
      [{ concurrency: 2, perMs: 1 }, "pass rate, the number of starts, too", TypeError],
      [{ rate: 1, interval: 1 }, 'there is no "interval"', TypeError],
      ["2", "pass a number of tasks, or { concurrency, rate, perMs }", TypeError],
      [null, "pass a number of tasks, or", TypeError],
    ] as [never, string, typeof RangeError][]
  ) {
    const { message } = assertThrows(() => checkLimits({ tags, limits: { api: limit } }), type);
    assertStringIncludes(message, 'Cannot limit "api" to ');
    assertStringIncludes(message, text);
  }
  assertThrows(() => checkLimits({ limits: { api: 1 } }), TypeError, "without tags");
});

Deno.test("hasRate() is true when starts are to be counted", () => {
  for (const limits of [undefined, {}, { a: 1 }, { a: { concurrency: 2 } }] as TagLimits[]) {
    assert(!hasRate({ limits }));
  }
  assert(hasRate({ limits: { a: 1, b: { rate: 1 } } }));
});
