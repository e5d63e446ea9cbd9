import { runPipeline } from "../../../../mod.ts";
import {
  checkLimits,
  hasRate,
  type TagLimits,
} from "../../../../pipeline/scheduler/queue/tag_limits.ts";
import { TagLimiter } from "../../../../pipeline/scheduler/queue/tag_limiter.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../../support/assert.ts";

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
        'expected an integer, or { concurrency, rate, intervalMs, shared }, for its limit, got "2"',
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

Deno.test("hasRate() is true when starts are counted", () => {
  for (const limits of [undefined, {}, { a: 1 }, { a: { concurrency: 2 } }] as TagLimits[]) {
    assert(!hasRate({ limits }));
  }
  assert(hasRate({ limits: { a: 1, b: { rate: 1 } } }));
});

Deno.test("limits that are a function are asked of each tag, and their results are checked", async () => {
  assert(hasRate({ limits: () => 1 }));
  checkLimits({ tags, limits: () => 1 });
  const asked: string[] = [];
  const limiter = new TagLimiter((tag) => {
    asked.push(tag);
    return tag === "free" ? undefined : 2;
  });
  assertEquals(["a", "b", "a", "free"].map((tag) => limiter.has(tag)), [true, true, true, false]);
  assertEquals(asked, ["a", "b", "free"]);
  await assertRejects(
    () => runPipeline(["a"], { db: ":memory:", limits: () => 0, tags, run: () => {} }),
    RangeError,
    'Cannot limit the tag "api": expected an integer ≥ 1 for concurrency, got 0',
  );
});

Deno.test("a tag that the limits do not name is refused, unless they have a limit for all others", async () => {
  for (const tag of ["Server", " server", "SER-VER", "sever"]) {
    assertThrows(
      () => new TagLimiter({ server: 2 }).has(tag),
      TypeError,
      `Cannot limit the tag ${
        Deno.inspect(tag)
      }: the limits do not name it; did you mean "server"?`,
    );
  }
  assertThrows(
    () => new TagLimiter({ server: 2 }).has("disk"),
    TypeError,
    'do not name it. Add it, or "*" as the limit of each tag that is not named',
  );
  assert(!new TagLimiter().has("disk"), "a run without limits names none");
  for (const others of [1, Infinity]) assert(new TagLimiter({ "*": others }).has("disk"));
  assertThrows(() => checkLimits({ tags, limits: { api: Infinity } }), RangeError, "concurrency");
  const limiter = new TagLimiter({ server: 2, "*": 1 });
  const opens = (tag: string) => {
    limiter.reserve({ reservations: undefined }, [tag]);
    return limiter.opensAt(tag);
  };
  assertEquals([opens("a"), opens("b"), opens("server")], [Infinity, Infinity, -Infinity]);
  await assertRejects(
    () =>
      runPipeline(["a"], {
        db: ":memory:",
        limits: { server: 2 },
        tags: () => ["Server"],
        run: () => {},
      }),
    TypeError,
    'did you mean "server"?',
  );
});

Deno.test("of more tags than are remembered those are forgotten of which nothing runs or is counted", () => {
  const limiter = new TagLimiter({ "*": { concurrency: 1, rate: 1, intervalMs: 1e9 } });
  const running = { reservations: undefined };
  limiter.reserve(running, ["running"]);
  const started = { reservations: undefined };
  limiter.reserve(started, ["started"]);
  limiter.release(started, performance.now());
  limiter.hold("held", { now: 0, ms: Infinity, task: { reservations: undefined } });
  for (let i = 0; i < 20_000; i++) limiter.has(`idle ${i}`);
  assertEquals(limiter.opensAt("running"), Infinity);
  assert(limiter.opensAt("started") > performance.now());
  assertEquals(limiter.opensAt("held"), Infinity);
  assertEquals(limiter.opensAt("idle 0"), -Infinity);
});

Deno.test("a shared limit holds for all limiters of the process, and wakes the others", () => {
  let woken = 0;
  const limits = { api: { concurrency: 1, shared: true } };
  const one = new TagLimiter(limits, () => woken++);
  const other = new TagLimiter(limits, () => woken += 10);
  assert(one.has("api") && other.has("api"));
  const task = { reservations: undefined };
  one.reserve(task, ["api"]);
  assertEquals(other.opensAt("api"), Infinity);
  one.release(task, 0);
  assertEquals([other.opensAt("api"), woken], [-Infinity, 10]);
  assertThrows(
    () => new TagLimiter({ api: { concurrency: 2, shared: true } }).has("api"),
    TypeError,
    "another run of this process shares it with { concurrency: 1, shared: true }",
  );
  assert(new TagLimiter({ api: 2 }).has("api"), "one that is not shared is another limit");
  one.close();
  other.close();
  const later = new TagLimiter({ api: { concurrency: 2, shared: true } });
  assert(later.has("api"), "nothing shares the earlier limit any more");
  later.close();
});

Deno.test("a refusal is news to a tag unless its task had begun before the hold, and others come through", () => {
  const limiter = new TagLimiter({ api: 9 });
  let now = 0;
  const take = (number: number) =>
    Array.from({ length: number }, () => {
      const task = { reservations: undefined };
      limiter.reserve(task, ["api"]);
      return task;
    });
  const refuse = (tasks: ReturnType<typeof take>) =>
    tasks.map((task) => {
      const { isNews, isHeld } = limiter.hold("api", { now, ms: 10, task });
      limiter.release(task, now);
      return isNews && isHeld;
    });
  assertEquals(refuse(take(2)), [true, true], "none comes through: each is refused on its own");
  now = 10;
  const [passed, ...refused] = take(4);
  limiter.release(passed!, now);
  assertEquals(refuse(refused), [true, false, false]);
  assertEquals(limiter.opensAt("api"), 20);
  const [alone] = take(1);
  assertEquals(limiter.opensAt("api"), 30, "as many again as came through before, or later");
  limiter.release(alone!, now = 20);
  take(1);
  assertEquals(limiter.opensAt("api"), 20, "and one more with each that does");
  take(1);
  assertEquals(limiter.opensAt("api"), 30, "twice as many after the same time");
  take(2);
  assertEquals(limiter.opensAt("api"), 40, "and twice as many again");
  const stranger = { reservations: undefined };
  const refusal = limiter.hold("api", { now: 20, ms: 10, task: stranger });
  assertEquals(refusal, { isNews: true, isHeld: false }, "a task without the tag waits by itself");
});
