/**
 * The bars of a timeline packed into as few lanes as they need: a bar goes into the first lane that is free
 * when it starts. With bars in the order of their start no packing needs fewer lanes.
 *
 * @module
 */
import type { Timeline } from "../../api.ts";

/** A task in a timeline. */
export type Bar = Timeline["bars"][number];
/** A task with its lane. */
export type PackedBar = Bar & { lane: number; end: number };

/** Bars in their lanes. */
export interface Packed {
  bars: PackedBar[];
  /** Number of lanes. */
  lanes: number;
  /** The most tasks that ran at one time: those without length have lanes of their own all the same. */
  most: number;
  /** Start of the first, in milliseconds since 1970. */
  from: number;
  /** End of the last. */
  to: number;
}

/**
 * @param bars In the order of their start
 * @param now End of the bars that still run
 */
export function packLanes(
  bars: Bar[],
  now: number,
): Packed {
  const free: number[] = [];
  const ends: number[] = [];
  const packed = bars.map((bar) => {
    const end = Math.max(bar.from, bar.to ?? now);
    let lane = free.findIndex((at) => at <= bar.from);
    if (lane < 0) lane = free.length;
    // A bar without length takes its place too, or all of them would lie on one another.
    free[lane] = Math.max(end, bar.from + 1);
    const place = ends.findIndex((at) => at <= bar.from);
    ends[place < 0 ? ends.length : place] = end;
    return { ...bar, lane, end };
  });
  const from = packed[0]?.from ?? now;
  return {
    bars: packed,
    lanes: free.length,
    most: ends.length,
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
 * @param most Marks that there is room for, without the one at 0
 */
export function timeMarks(span: number, most: number) {
  const least = span / Math.max(1, most);
  const day = 24 * 3_600_000;
  const step = STEPS.find((step) => step >= least) ?? Math.ceil(least / day) * day;
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => i * step);
}

/** The bar at a place, the nearest within `slack` where none is under it. */
export function barAt(
  bars: PackedBar[],
  { lane, at, slack }: { lane: number; at: number; slack: number },
) {
  let nearest: PackedBar | null = null;
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
