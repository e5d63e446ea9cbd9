import { knownEnd } from "../../../dashboard/client/lib/statuses.ts";
import { addMoment, isStalled, taskPace } from "../../../dashboard/client/live/rates.ts";
import { recentRate } from "../../../internal/progress.ts";
import { noCounts } from "../../../internal/task_status.ts";
import { assertEquals } from "../../support/assert.ts";

type Moments = { at: number; ended: number }[];
const done = (count: number) => ({ ...noCounts(), done: count });
const iso = (ms: number) => new Date(ms).toISOString();

Deno.test("recentRate() is that of the last ten seconds", () => {
  let recent: Moments = [];
  // 100 a second for 30 s, then 10 a second for 10 s.
  for (let s = 0; s <= 40; s++) {
    recent = addMoment(recent, s * 1000, done(s <= 30 ? s * 100 : 3000 + (s - 30) * 10));
  }
  assertEquals(recentRate(recent, 40_000), 10);
  assertEquals(recent.length, 11);
});

Deno.test("recentRate() falls while nothing ends, and is unknown for too short a time", () => {
  const recent = addMoment(addMoment([], 0, done(0)), 1000, done(100));
  assertEquals(recentRate(recent, 1000), 100);
  assertEquals(recentRate(recent, 5000), 20);
  assertEquals(recentRate([], 5000), null);
  assertEquals(recentRate(addMoment([], 1000, done(5)), 1400), null);
  // After a long silence both moments are before the window.
  assertEquals(recentRate(recent, 60_000), 0);
});

Deno.test("addMoment() forgets a past that is not of this run", () => {
  const recent = addMoment([{ at: 0, ended: 50 }, { at: 1000, ended: 60 }], 2000, done(3));
  assertEquals(recent, [{ at: 2000, ended: 3 }]);
  assertEquals(addMoment([{ at: 5000, ended: 1 }], 2000, done(3)), [{ at: 2000, ended: 3 }]);
});

Deno.test("taskPace() reckons from the last news, not from now", () => {
  const task = {
    status: "running" as const,
    progress: 0.25,
    startedAt: iso(0),
    updatedAt: iso(10_000),
  };
  assertEquals(taskPace(task, 10_000), { rate: 0.025, eta: 30_000 });
  assertEquals(taskPace(task, 15_000), { rate: 0.025, eta: 25_000 });
  assertEquals(taskPace(task, 99_000), { rate: 0.025, eta: 0 });
  assertEquals(taskPace({ ...task, progress: 0 }, 15_000), null);
  assertEquals(taskPace({ ...task, status: "done" }, 15_000), null);
  assertEquals(taskPace({ ...task, startedAt: null }, 15_000), null);
});

Deno.test("isStalled() marks running tasks without news for a minute", () => {
  const task = { status: "running" as const, startedAt: iso(0), updatedAt: iso(30_000) };
  assertEquals(isStalled(task, 90_000), false);
  assertEquals(isStalled(task, 90_001), true);
  assertEquals(isStalled({ ...task, updatedAt: null }, 60_001), true);
  assertEquals(isStalled({ ...task, status: "done" }, 999_999), false);
  assertEquals(isStalled({ ...task, startedAt: null, updatedAt: null }, 999_999), false);
});

Deno.test("knownEnd() is the end, or the last news where nothing runs any more", () => {
  const [finishedAt, updatedAt] = [iso(9), iso(5)];
  assertEquals(knownEnd({ finishedAt, updatedAt }, false), finishedAt);
  assertEquals(knownEnd({ finishedAt: null, updatedAt }, false), updatedAt);
  assertEquals(knownEnd({ finishedAt: null, updatedAt }, true), null);
  assertEquals(knownEnd({ finishedAt: null }, false), null);
});
