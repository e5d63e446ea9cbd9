/**
 * The samples of a run as a curve: tasks that ended per second, in equal parts of its life.
 *
 * Samples come whenever there was a commit, so their differences alone would be spiky; the sums are read
 * off at equal steps instead, between two samples on the straight line that joins them.
 *
 * @module
 */
import type { Sample } from "../../api.ts";

/** Many parts show what happened, long parts do not tremble: this is what suits runs of a minute or more. */
const PARTS = 120;
const CALM_MS = 1000;
/** Shorter runs have at least this many parts, and no part is shorter than this. */
const LEAST_PARTS = 20;
const SHORTEST_MS = 250;

/**
 * @param samples Oldest first
 * @returns Seconds since 1970 and rates per second
 */
export function throughput(samples: Sample[]): { at: number[]; done: number[]; failed: number[] } {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at <= first.at) return { at: [], done: [], failed: [] };
  const span = last.at - first.at;
  const step = niceStep(Math.max(SHORTEST_MS, span / PARTS, Math.min(CALM_MS, span / LEAST_PARTS)));
  const at = [];
  const done = [];
  const failed = [];
  let before = first;
  let place = 0;
  for (let from = first.at; from < last.at; from += step) {
    const to = Math.min(from + step, last.at);
    while ((samples[place + 1] ?? last).at < to) place++;
    const end = between(samples[place] ?? first, samples[place + 1] ?? last, to);
    // A last part that is very short would be all noise.
    if (to - from >= step / 2 || at.length === 0) {
      at.push(to / 1000);
      done.push(Math.max(0, end.done - before.done) / (to - from) * 1000);
      failed.push(Math.max(0, end.error - before.error) / (to - from) * 1000);
    }
    before = end;
  }
  return { at, done, failed };
}

/** The peak beside a curve; `null` where parts of less than a second are above the best second. */
export function peakAbove(samples: Sample[], rates: readonly number[]): number | null {
  const peak = peakRate(samples);
  return peak !== null && rates.every((rate) => rate <= peak * 1.005) ? peak : null;
}

/** Milliseconds over which a peak is measured: in less, a single commit would be one. */
const PEAK_MS = 1000;

/**
 * The most tasks done per second over a second or the time between two samples, whichever is longer; `null` before a
 * second has passed. It never falls while a run grows, as the means of longer parts do.
 */
export function peakRate(samples: Sample[]): number | null {
  let peak: number | null = null;
  let end = 0;
  for (const { at, done } of samples) {
    while (end < samples.length && samples[end]!.at - at < PEAK_MS) end++;
    const last = samples[end];
    if (!last) break;
    peak = Math.max(peak ?? 0, (last.done - done) / (last.at - at) * 1000);
  }
  return peak;
}

function between(a: Sample, b: Sample, at: number): Sample {
  const part = b.at > a.at ? Math.min(1, Math.max(0, (at - a.at) / (b.at - a.at))) : 1;
  const mix = (from: number, to: number) => from + (to - from) * part;
  return {
    at,
    done: mix(a.done, b.done),
    error: mix(a.error, b.error),
    cancelled: mix(a.cancelled, b.cancelled),
    running: mix(a.running, b.running),
  };
}

/** Steps of 250 ms, 500 ms, 1 s, 2 s, 4 s …: the parts stay the same while a run grows. */
function niceStep(ms: number) {
  return SHORTEST_MS * 2 ** Math.ceil(Math.log2(ms / SHORTEST_MS));
}
