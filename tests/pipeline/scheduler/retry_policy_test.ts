import {
  checkPolicy,
  hasPolicy,
  policyOf,
  retryDelay,
} from "../../../pipeline/scheduler/retry_policy.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";

const SEED = 20_261_122;

Deno.test("retryDelay() doubles what a wait may be, up to the cap", () => {
  const most = [1, 2, 3, 4, 5, 6, 2_000].map((attempt) =>
    retryDelay({ retryDelayMs: 100, maxRetryDelayMs: 1_500 }, { attempt }, () => 1)
  );
  assertEquals(most, [100, 200, 400, 800, 1_500, 1_500, 1_500]);
});

Deno.test("retryDelay() is spread over all of the range from 0", () => {
  const random = new Random(SEED);
  const policy = { retryDelayMs: 100, maxRetryDelayMs: 10_000 };
  for (const attempt of [1, 3, 9]) {
    const most = Math.min(10_000, 100 * 2 ** (attempt - 1));
    const tenths = new Set<number>();
    for (let i = 0; i < 500; i++) {
      const delay = retryDelay(policy, { attempt }, () => random.next());
      assert(Number.isInteger(delay) && delay >= 0 && delay <= most, `${delay} of ${most}`);
      tenths.add(Math.min(9, Math.floor(delay / most * 10)));
    }
    assertEquals(tenths.size, 10, `attempt ${attempt}, seed ${SEED}`);
  }
});

Deno.test("retryDelay() of 0 is 0 after any number of attempts", () => {
  for (const attempt of [1, 5_000]) {
    assertEquals(retryDelay({ retryDelayMs: 0, maxRetryDelayMs: 10 }, { attempt }, () => 1), 0);
  }
});

Deno.test("retryDelay() is what a function of the attempt and its error returns, up to the cap", () => {
  const retryDelayMs = (attempt: number, error: unknown) => attempt * (error as { ms: number }).ms;
  const policy = { retryDelayMs, maxRetryDelayMs: 25 };
  const delays = [1, 2, 3].map((attempt) => retryDelay(policy, { attempt, error: { ms: 10 } }));
  assertEquals(delays, [10, 20, 25]);
  for (const wrong of [NaN, -1, "1", undefined, Promise.resolve(1)]) {
    assertThrows(
      () => retryDelay({ ...policy, retryDelayMs: () => wrong as number }, { attempt: 1 }),
      RangeError,
      "expected milliseconds ≥ 0 for what retryDelayMs returned, got ",
    );
  }
  const hour = { retryDelayMs: () => 3_600_000 };
  assertEquals(retryDelay(policyOf(hour), { attempt: 1 }), 3_600_000, "no cap of its own");
});

Deno.test("policyOf() takes what an item leaves out from the pipeline, and that from the defaults", () => {
  const retryIf = () => false;
  const options = {
    retries: 2,
    timeoutMs: 50,
    taskOptions: (item: string) => item === "other" ? { retries: 0, retryIf } : undefined,
  };
  const { retryIf: always, ...common } = policyOf(options, { item: "one" });
  assertEquals(common, {
    retries: 2,
    retryDelayMs: 1_000,
    maxRetryDelayMs: 60_000,
    timeoutMs: 50,
  });
  assert(always(new Error("any"), 1));
  const own = policyOf(options, { item: "other" });
  assertEquals([own.retries, own.timeoutMs, own.retryIf], [0, 50, retryIf]);
});

Deno.test("policyOf() and checkPolicy() refuse what cannot be meant", () => {
  for (const retries of [-1, 1.5, NaN, Infinity, "2" as unknown as number]) {
    assertThrows(
      () => checkPolicy({ retries }),
      RangeError,
      "expected an integer ≥ 0 for retries, got ",
    );
  }
  for (const bad of [-1, NaN, 2 ** 31, null as unknown as number]) {
    assertThrows(() => checkPolicy({ retryDelayMs: bad ?? "1" }), RangeError, "retryDelayMs");
    assertThrows(() => checkPolicy({ maxRetryDelayMs: bad ?? "1" }), RangeError, "maxRetryDelayMs");
    assertThrows(() => checkPolicy({ abortGraceMs: bad }), RangeError, "abortGraceMs");
  }
  for (const own of [5, "often", Promise.resolve({ retries: 3 })] as unknown[]) {
    const options = { taskOptions: () => own as { retries: number } };
    assertThrows(
      () => policyOf(options, { item: 1 }),
      TypeError,
      "Cannot apply taskOptions: expected an object",
    );
  }
  const retryIf = "often" as unknown as () => boolean;
  assertThrows(
    () => checkPolicy({ retryIf }),
    TypeError,
    'expected a function for retryIf, got "often"',
  );
  const taskOptions = () => ({ timeoutMs: 0 });
  assertThrows(
    () => policyOf({ taskOptions }, { item: 1 }),
    RangeError,
    "expected milliseconds from 1 to 2147483647 for timeoutMs, got 0",
  );
});

Deno.test("hasPolicy() is true when any task may be run again or be timed", () => {
  assertEquals(
    [{}, { retries: 0, retryDelayMs: 5 }, { retries: 1 }, { timeoutMs: 1 }, {
      taskOptions: () => ({}),
    }]
      .map((options) => hasPolicy(options)),
    [false, false, true, true, true],
  );
});
