import { barAt, packLanes, timeMarks } from "../../../dashboard/client/charts/lanes.ts";
import type { Timeline } from "../../../dashboard/api.ts";
import { Random } from "../../support/random.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const bar = (id: number, from: number, to: number | null): Timeline["bars"][number] => ({
  id,
  name: `task ${id}`,
  status: to === null ? "running" : "done",
  from,
  to,
});

Deno.test("packLanes() reuses a lane as soon as it is free", () => {
  const packed = packLanes([bar(1, 0, 10), bar(2, 5, 20), bar(3, 10, 15), bar(4, 12, null)], 30);
  assertEquals(packed.bars.map(({ lane }) => lane), [0, 1, 0, 2]);
  assertEquals([packed.lanes, packed.from, packed.to], [3, 0, 30]);
  assertEquals(packed.bars[3]?.end, 30);
});

Deno.test("packLanes() needs as many lanes as tasks ran at a time, and no two bars overlap", () => {
  const random = new Random(7);
  const bars = Array.from({ length: 400 }, (_, i) => {
    const from = Math.floor(random.next() * 10_000);
    return bar(i, from, from + 1 + Math.floor(random.next() * 500));
  }).sort((a, b) => a.from - b.from);
  const packed = packLanes(bars, 20_000);
  const most = Math.max(
    ...bars.map(({ from }) => bars.filter((b) => b.from <= from && b.to! > from).length),
  );
  assertEquals([packed.lanes, packed.most], [most, most]);
  for (const a of packed.bars) {
    for (const b of packed.bars) {
      assert(a.id === b.id || a.lane !== b.lane || a.end <= b.from || b.end <= a.from);
    }
  }
});

Deno.test("packLanes() keeps bars without length apart, and needs no bars", () => {
  const { lanes, most } = packLanes([bar(1, 5, 5), bar(2, 5, 5), bar(3, 5, 8)], 9);
  assertEquals([lanes, most], [3, 1]);
  assertEquals(packLanes([], 9), { bars: [], lanes: 0, most: 0, from: 9, to: 10 });
});

Deno.test("barAt() finds the bar under a point, or the nearest", () => {
  const { bars } = packLanes([bar(1, 0, 10), bar(2, 20, 30), bar(3, 0, 30)], 30);
  assertEquals(barAt(bars, { lane: 0, at: 25, slack: 2 })?.id, 2);
  assertEquals(barAt(bars, { lane: 1, at: 25, slack: 2 })?.id, 3);
  assertEquals(barAt(bars, { lane: 0, at: 18.5, slack: 2 })?.id, 2);
  assertEquals(barAt(bars, { lane: 0, at: 15, slack: 2 }), null);
  assertEquals(barAt(bars, { lane: 5, at: 15, slack: 2 }), null);
});

Deno.test("timeMarks() are round, and no more than there is room for", () => {
  assertEquals(timeMarks(1740, 10), [0, 200, 400, 600, 800, 1000, 1200, 1400, 1600]);
  assertEquals(timeMarks(60_000, 4), [0, 15_000, 30_000, 45_000, 60_000]);
  for (const span of [1, 999, 61_000, 7_200_000, 1e9, 1e12]) {
    for (const most of [0.5, 1, 7, 30]) {
      const marks = timeMarks(span, most);
      assert(marks.length <= Math.max(1, most) + 1 && marks.at(-1)! <= span);
    }
  }
});
