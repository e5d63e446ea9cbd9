// @ts-check
/**
 * The bars of a timeline packed into as few lanes as they need: a bar goes into the first lane that is free
 * when it starts. With bars in the order of their start no packing needs fewer lanes.
 *
 * @module
 */

/** @typedef {import("../api.ts").Timeline["bars"][number]} Bar */
/** @typedef {Bar & { lane: number, end: number }} PackedBar */

/**
 * @param {Bar[]} bars In the order of their start
 * @param {number} now End of the bars that still run
 * @returns {{ bars: PackedBar[], lanes: number, from: number, to: number }}
 */
export function packLanes(bars, now) {
  /** @type {number[]} */
  const free = [];
  const packed = bars.map((bar) => {
    const end = Math.max(bar.from, bar.to ?? now);
    let lane = free.findIndex((at) => at <= bar.from);
    if (lane < 0) lane = free.length;
    // A bar without length takes its place too, or all of them would lie on one another.
    free[lane] = Math.max(end, bar.from + 1);
    return { ...bar, lane, end };
  });
  const from = packed[0]?.from ?? now;
  return {
    bars: packed,
    lanes: free.length,
    from,
    to: packed.reduce((latest, bar) => Math.max(latest, bar.end), from + 1),
  };
}

/** Steps of a time axis in milliseconds: round numbers of milliseconds, seconds, minutes, hours and days. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12, 24].map((hours) => hours * 3_600_000),
];

/**
 * Where a time axis has its marks, in milliseconds since its beginning.
 *
 * @param {number} span
 * @param {number} most Marks that there is room for, without the one at 0
 */
export function timeMarks(span, most) {
  const least = span / Math.max(1, most);
  const day = 24 * 3_600_000;
  const step = STEPS.find((step) => step >= least) ?? Math.ceil(least / day) * day;
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => i * step);
}

/**
 * The bar at a place, the nearest within `slack` where none is under it.
 *
 * @param {PackedBar[]} bars
 * @param {{ lane: number, at: number, slack: number }} place
 */
export function barAt(bars, { lane, at, slack }) {
  /** @type {PackedBar | null} */
  let nearest = null;
  let distance = slack;
  for (const bar of bars) {
    if (bar.lane !== lane) continue;
    const away = Math.max(bar.from - at, at - bar.end, 0);
    if (away > distance) continue;
    nearest = bar;
    distance = away;
  }
  return nearest;
}
