import { RateEstimator } from "../../../pipeline/observers/progress/rate_estimator.ts";
import { assert, assertEquals } from "../../support/assert.ts";

function note(pace: RateEstimator, at: number, work: number, ended = Math.floor(work)) {
  pace.note(at, ended, { work, total: 600, before: 0 });
}

Deno.test("RateEstimator estimates rate and end of a steady run", () => {
  const pace = new RateEstimator(1_000);
  for (let second = 1; second <= 60; second++) note(pace, 1_000 + second * 1_000, second * 5);
  assertEquals([pace.elapsed, pace.rate, pace.remaining], [60_000, 5, 60_000]);
});

Deno.test("RateEstimator forgets a slow start within seconds", () => {
  const pace = new RateEstimator(0);
  note(pace, 60_000, 1);
  for (let ms = 60_100; ms <= 72_000; ms += 100) note(pace, ms, ms - 60_000);
  assert(pace.rate! > 990 && pace.rate! < 1_010, `${pace.rate}`);
});

Deno.test("RateEstimator knows an end from parts of tasks, before any task has ended", () => {
  const pace = new RateEstimator(0);
  pace.note(10_000, 0, { work: 0.5, total: 2, before: 0 });
  assertEquals([pace.rate, pace.remaining, pace.share], [0, 30_000, 0.25]);
});

Deno.test("RateEstimator promises nothing while nothing moves", () => {
  const pace = new RateEstimator(0);
  assertEquals([pace.rate, pace.remaining, pace.share], [null, null, null]);
  note(pace, 20_000, 0);
  assertEquals([pace.rate, pace.remaining, pace.share], [0, null, 0]);
});
