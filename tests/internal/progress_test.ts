import {
  endedOf,
  type Moment,
  recentRate,
  remainingMs,
  type RunProgress,
  shareOf,
} from "../../internal/progress.ts";
import { assertEquals } from "../support/assert.ts";

function progress(some: Partial<RunProgress>): RunProgress {
  return { work: 0, total: 10, since: 0, before: 0, ...some };
}

Deno.test("shareOf() is the work out of the total, and unknown without a total", () => {
  assertEquals([0, 2.5, 10, 11].map((work) => shareOf(progress({ work }))), [0, 0.25, 1, 1]);
  assertEquals([null, 0].map((total) => shareOf(progress({ work: 3, total }))), [null, null]);
});

Deno.test("remainingMs() follows the time that the work of this attempt has taken", () => {
  assertEquals(remainingMs(progress({ work: 2 }), 1_000), 4_000);
  // Of 8 tasks that are done, 6 were so before the run was resumed.
  assertEquals(remainingMs(progress({ work: 8, before: 6 }), 1_000), 1_000);
});

Deno.test("remainingMs() is unknown while there is no measure", () => {
  for (
    const some of [
      { work: 0 },
      { work: 6, before: 6 },
      { work: 2, total: null },
      { work: 2, since: null },
      { work: 10 },
      { work: 2, since: 2_000 },
    ]
  ) assertEquals(remainingMs(progress(some), 1_000), null, JSON.stringify(some));
});

Deno.test("recentRate() looks back ten seconds, and falls while nothing ends", () => {
  const moments: Moment[] = [{ at: 0, ended: 0 }, { at: 60_000, ended: 1 }, {
    at: 70_000,
    ended: 101,
  }];
  assertEquals(recentRate(moments, 70_000), 10);
  assertEquals(recentRate(moments, 80_000), 0);
  assertEquals(recentRate([{ at: 0, ended: 0 }], 100), null);
  assertEquals(recentRate([], 100), null);
});

Deno.test("endedOf() counts all that have ended", () => {
  assertEquals(endedOf({ done: 3, error: 2, cancelled: 1 }), 6);
});
