import { RateEstimator } from "../../../pipeline/observers/progress/rate_estimator.ts";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test("Pace tells rate and end of a steady run", () => {
  const pace = new RateEstimator(1_000);
  for (let second = 1; second <= 60; second++) {
    pace.note(1_000 + second * 1_000, second * 5, second * 5);
  }
  assertEquals([pace.elapsed, pace.rate, pace.remaining(600)], [60_000, 5, 60_000]);
});

Deno.test("Pace forgets a slow start within seconds", () => {
  const pace = new RateEstimator(0);
  pace.note(60_000, 1, 1);
  for (let ms = 60_100; ms <= 72_000; ms += 100) pace.note(ms, ms - 60_000, ms - 60_000);
  assert(pace.rate > 990 && pace.rate < 1_010, `${pace.rate}`);
});

Deno.test("Pace knows an end from parts of tasks, before any task has ended", () => {
  const pace = new RateEstimator(0);
  pace.note(10_000, 0, 0.5);
  assertEquals([pace.rate, pace.remaining(2), pace.share(2)], [0, 30_000, 0.25]);
});

Deno.test("Pace promises nothing while nothing moves", () => {
  const pace = new RateEstimator(0);
  assertEquals([pace.rate, pace.remaining(5)], [0, undefined]);
  pace.note(20_000, 0, 0);
  assertEquals([pace.rate, pace.remaining(5)], [0, undefined]);
});
