/**
 * Times of a schedule by a clock that is moved: days of 23 and 25 hours, a machine that sleeps, a clock that is set.
 *
 * @module
 */
import { atTimes } from "../../../pipeline/schedule/clock_timer.ts";
import { readSchedule } from "../../../pipeline/schedule/cron_expression.ts";
import { assertEquals } from "../../support/assert.ts";
import { MovedClock } from "../../support/moved_clock.ts";

const HOUR_MS = 3_600_000;

interface Runs {
  begun: string[];
  late: string[];
}

/** What a schedule does from `start` until it has begun a number of times; `before` is called before each begin. */
async function follow(
  cron: string,
  { timeZone = "UTC", start, runs, meanwhile }: {
    timeZone?: string;
    start: string;
    runs: number;
    meanwhile?: (clock: MovedClock, begun: number) => void;
  },
): Promise<Runs> {
  using clock = new MovedClock(start);
  const times = readSchedule({ cron, timeZone });
  const stop = new AbortController();
  const seen: Runs = { begun: [], late: [] };
  meanwhile?.(clock, 0);
  await atTimes(times, {
    signal: stop.signal,
    most: Infinity,
    onScheduled: () => {},
    onLeftOut: () => {},
    onLate: (due) => seen.late.push(due.toISOString().slice(5, 16)),
  }, () => {
    seen.begun.push(clock.shown.slice(5, 16));
    if (seen.begun.length === runs) stop.abort();
    else meanwhile?.(clock, seen.begun.length);
    return Promise.resolve();
  });
  return seen;
}

Deno.test("a schedule in a time zone runs once on the day of 23 hours and on that of 25", async () => {
  for (
    const [cron, start, begun] of [
      ["0 2 * * *", "2026-03-28T12:00:00Z", ["03-29T01:00", "03-30T00:00", "03-31T00:00"]],
      ["30 2 * * *", "2026-03-28T12:00:00Z", ["03-29T01:00", "03-30T00:30", "03-31T00:30"]],
      ["0,30 2 * * *", "2026-03-28T12:00:00Z", ["03-29T01:00", "03-30T00:00", "03-30T00:30"]],
      ["0 2 * * *", "2026-10-24T12:00:00Z", ["10-25T00:00", "10-26T01:00", "10-27T01:00"]],
      ["15 2,3 * * *", "2026-10-24T12:00:00Z", ["10-25T00:15", "10-25T02:15", "10-26T01:15"]],
      ["0 * * * *", "2026-10-24T23:30:00Z", ["10-25T00:00", "10-25T01:00", "10-25T02:00"]],
      ["0 * * * *", "2026-03-28T23:30:00Z", ["03-29T00:00", "03-29T01:00", "03-29T02:00"]],
    ] as const
  ) {
    const seen = await follow(cron, { timeZone: "Europe/Oslo", start, runs: 3 });
    assertEquals(seen, { begun: [...begun], late: [] }, `${cron} from ${start}`);
  }
});

Deno.test("a machine that slept past several times runs once when it wakes, and reports that it is late", async () => {
  const seen = await follow("0 2 * * *", {
    start: "2026-11-20T23:00:00Z",
    runs: 3,
    meanwhile: (clock, begun) => begun === 1 && clock.sleep(60 * HOUR_MS),
  });
  assertEquals(seen.begun.slice(0, 1), ["11-21T02:00"]);
  assertEquals(seen.begun[1]!.slice(0, 8), "11-23T14");
  assertEquals(seen.begun[2], "11-24T02:00");
  assertEquals(seen.late, ["11-22T02:00"]);
});

Deno.test("a clock that is set back by less than a day does not run a time twice", async () => {
  const seen = await follow("0 2 * * *", {
    start: "2026-11-20T23:00:00Z",
    runs: 2,
    meanwhile: (clock, begun) => begun === 1 && clock.sleep(-2 * HOUR_MS),
  });
  assertEquals(seen, { begun: ["11-21T02:00", "11-22T02:00"], late: [] });
});

Deno.test("a clock that was years ahead and is set right does not end a schedule", async () => {
  const seen = await follow("0 2 * * *", {
    start: "2030-11-20T23:00:00Z",
    runs: 1,
    meanwhile: (clock) => clock.sleep(Date.parse("2026-11-20T23:00:00Z") - Date.now()),
  });
  assertEquals(seen.begun, ["11-21T02:00"]);
});
