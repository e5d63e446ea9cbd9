import { RateWindow } from "../../../../pipeline/scheduler/queue/rate_window.ts";
import { assert, assertEquals } from "../../../support/assert.ts";
import { Random } from "../../../support/random.ts";

const SEED = 20_261_122;

Deno.test("RateWindow opens when the oldest start of the rate is an interval ago", () => {
  const window = new RateWindow(2, 100);
  assertEquals(window.opensAt, -Infinity);
  window.start(window.reserve(), 10);
  assertEquals(window.opensAt, -Infinity);
  window.start(window.reserve(), 30);
  assertEquals(window.opensAt, 110);
  window.start(window.reserve(), 110);
  assertEquals(window.opensAt, 130);
});

Deno.test("RateWindow is closed until a start that is reserved was made", () => {
  const window = new RateWindow(1, 100);
  const place = window.reserve();
  assertEquals(window.opensAt, Infinity);
  window.start(place, 70);
  assertEquals(window.opensAt, 170);
});

Deno.test("RateWindow keeps its rate, in whatever order the starts are made", () => {
  for (let seed = SEED; seed < SEED + 200; seed++) {
    const random = new Random(seed);
    const rate = 1 + random.below(5);
    const intervalMs = 1 + random.below(100);
    const window = new RateWindow(rate, intervalMs);
    const reserved: number[] = [];
    const starts: number[] = [];
    for (let now = 0; starts.length < 100; now += random.below(1 + intervalMs)) {
      if (random.below(2) && window.opensAt <= now) reserved.push(window.reserve());
      if (random.below(2) && reserved.length > 0) {
        window.start(reserved.splice(random.below(reserved.length), 1)[0]!, now);
        starts.push(now);
      }
    }
    starts.forEach((at, i) =>
      assert(
        !(at - starts[i - rate]! < intervalMs),
        `seed ${seed}: ${rate + 1} starts in ${intervalMs} ms`,
      )
    );
  }
});
