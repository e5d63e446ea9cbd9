import { peakAbove, peakRate, throughput } from "../../../dashboard/client/charts/throughput.ts";
import type { Sample } from "../../../dashboard/api.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const sample = (at: number, done: number, error = 0): Sample => ({
  at,
  done,
  error,
  cancelled: 0,
  running: 0,
});

Deno.test("throughput() is empty for fewer than two moments", () => {
  assertEquals(throughput([]).at, []);
  assertEquals(throughput([sample(1000, 5)]).at, []);
  assertEquals(throughput([sample(1000, 5), sample(1000, 6)]).at, []);
});

Deno.test("throughput() of an even run is even, however unevenly it was sampled", () => {
  const moments = [0, 100, 1900, 2000, 2050, 6000, 9900, 10_000];
  const { at, done, failed } = throughput(moments.map((ms) => sample(ms, ms / 10, ms / 100)));
  assert(at.length >= 10);
  for (const rate of done) assert(Math.abs(rate - 100) < 1e-6, `${rate}`);
  for (const rate of failed) assert(Math.abs(rate - 10) < 1e-6, `${rate}`);
  assertEquals(at.at(-1), 10);
});

Deno.test("throughput() loses no task", () => {
  const samples = Array.from({ length: 500 }, (_, i) => sample(i * 731, Math.floor(i ** 1.5)));
  const { at, done } = throughput(samples);
  let sum = 0;
  let before = 0;
  for (const [i, rate] of done.entries()) {
    sum += rate * (at[i]! - before);
    before = at[i]!;
  }
  const all = samples.at(-1)!.done;
  assert(Math.abs(sum - all) < all * 0.01, `${sum} of ${all}`);
  assert(at.length <= 130, `${at.length} parts`);
});

Deno.test("throughput() never falls below zero", () => {
  const { done } = throughput([sample(0, 100), sample(5000, 0), sample(10_000, 50)]);
  assert(done.every((rate) => rate >= 0));
});

Deno.test("peakRate() is that of the best second, and never falls while a run grows", () => {
  // A hundred a second, then a burst, then ten a second for an hour, sampled ever less often.
  const samples = [sample(0, 0), sample(500, 50), sample(1000, 100), sample(1200, 600)];
  samples.push(sample(2000, 680));
  let done = 680;
  for (let at = 3000; at < 3_600_000; at += Math.max(1000, at / 100)) {
    done += 10 * Math.max(1000, at / 100) / 1000;
    samples.push(sample(at, done));
  }
  assertEquals([peakRate([]), peakRate(samples.slice(0, 2))], [null, null]);
  assertEquals(peakRate(samples.slice(0, 3)), 100);
  let before = 0;
  for (let count = 3; count <= samples.length; count++) {
    const peak = peakRate(samples.slice(0, count))!;
    assert(peak >= before, `${peak} after ${before}`);
    before = peak;
  }
  assertEquals(before, 580);
});

Deno.test("peakAbove() gives no peak that the curve is above", () => {
  const counts = { running: 0, error: 0, cancelled: 0 };
  const samples = [[0, 0], [1_000, 100], [1_200, 160]].map(([at, done]) => ({
    at: at!,
    done: done!,
    ...counts,
  }));
  const peak = peakRate(samples)!;
  assertEquals(peakAbove(samples, [100, peak]), peak);
  assertEquals(peakAbove(samples, [100, 300]), null);
});
