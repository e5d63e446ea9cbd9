import { runPipeline } from "../../../mod.ts";
import {
  checkLimits,
  hasRate,
  TagLimiter,
  type TagLimits,
} from "../../../pipeline/scheduler/tag_limits.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../support/assert.ts";

const tags = () => ["api"];

Deno.test("checkLimits() takes numbers, and limits with their units", () => {
  checkLimits({ tags });
  checkLimits({});
  checkLimits({ tags, limits: { api: 1, disk: { concurrency: 2 }, other: { rate: 1 } } });
  checkLimits({ tags, limits: { api: { concurrency: 2, rate: 10, intervalMs: 0.5 } } });
});

Deno.test("checkLimits() refuses limits that let nothing run, limit nothing or are mistaken", () => {
  for (
    const [limit, text, type] of [
      [0, "expected an integer ≥ 1 for concurrency, got 0", RangeError],
      [-1, "expected an integer ≥ 1 for concurrency, got ", RangeError],
      [1.5, "expected an integer ≥ 1 for concurrency, got ", RangeError],
      [NaN, "expected an integer ≥ 1 for concurrency, got ", RangeError],
      [{ concurrency: "2" }, "expected an integer ≥ 1 for concurrency, got ", RangeError],
      [{ rate: 0 }, "expected an integer ≥ 1 for rate, got ", RangeError],
      [{ rate: 0.5 }, "expected an integer ≥ 1 for rate, got ", RangeError],
      [{ rate: Infinity }, "expected an integer ≥ 1 for rate, got ", RangeError],
      [
        { rate: 1, intervalMs: 0 },
        "expected milliseconds above 0 for intervalMs, got ",
        RangeError,
      ],
      [
        { rate: 1, intervalMs: NaN },
        "expected milliseconds above 0 for intervalMs, got ",
        RangeError,
      ],
      [
        { rate: 1, intervalMs: Infinity },
        "expected milliseconds above 0 for intervalMs, got ",
        RangeError,
      ],
      [
        { rate: 1, intervalMs: "1s" },
        "expected milliseconds above 0 for intervalMs, got ",
        RangeError,
      ],
      [{}, "Pass concurrency, rate or both", TypeError],
      [
        { concurrency: 2, intervalMs: 1 },
        "intervalMs needs a rate. Pass the number of starts",
        TypeError,
      ],
      [
        { rate: 1, interval: 1 },
        'unknown option "interval"; did you mean "intervalMs"?',
        TypeError,
      ],
      [
        "2",
        'expected an integer, or { concurrency, rate, intervalMs }, for its limit, got "2"',
        TypeError,
      ],
      [null, "expected an integer, or", TypeError],
    ] as [never, string, typeof RangeError][]
  ) {
    const { message } = assertThrows(() => checkLimits({ tags, limits: { api: limit } }), type);
    assertStringIncludes(message, 'Cannot limit the tag "api": ');
    assertStringIncludes(message, text);
  }
  assertThrows(() => checkLimits({ limits: { api: 1 } }), TypeError, "limits need tags");
});

Deno.test("hasRate() is true when starts are to be counted", () => {
  for (const limits of [undefined, {}, { a: 1 }, { a: { concurrency: 2 } }] as TagLimits[]) {
    assert(!hasRate({ limits }));
  }
  assert(hasRate({ limits: { a: 1, b: { rate: 1 } } }));
});

Deno.test("a tag that is another spelling of one with limits is refused", async () => {
  for (const tag of ["Server", " server", "SER-VER"]) {
    assertThrows(
      () => new TagLimiter({ server: 2 }).has(tag),
      TypeError,
      `Cannot limit the tag ${Deno.inspect(tag)}: the limits name "server". Write both alike`,
    );
  }
  const limiter = new TagLimiter({ server: 2 });
  assertEquals([limiter.has("server"), limiter.has("servers")], [true, false]);
  await assertRejects(
    () =>
      runPipeline(["a"], {
        db: ":memory:",
        limits: { server: 2 },
        tags: () => ["Server"],
        run: () => {},
      }),
    TypeError,
    'the limits name "server"',
  );
});
