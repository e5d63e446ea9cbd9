/**
 * Durations, sizes and rates in words.
 *
 * @module
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: MINUTE,
  h: HOUR,
  d: DAY,
  w: 7 * DAY,
};

/** A duration in at most two units, such as `850 ms`, `4.2 s`, `3 min 05 s`, `2 d 04 h`. */
export function formatDuration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  // Rounded first, so that 59.97 s are a minute.
  if (Math.round(ms / 100) < 600) return `${(ms / SECOND).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 3600) return two(seconds, 60, "min", "s");
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 1440) return two(minutes, 60, "h", "min");
  return two(Math.round(ms / HOUR), 24, "d", "h");
}

function two(amount: number, size: number, large: string, small: string): string {
  const rest = String(amount % size).padStart(2, "0");
  return `${Math.floor(amount / size)} ${large} ${rest} ${small}`;
}

/** A size such as `512 B`, `4.1 MiB`. */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  let unit = "B";
  for (const next of ["KiB", "MiB", "GiB", "TiB"]) {
    if (amount < 1024) break;
    amount /= 1024;
    unit = next;
  }
  return `${unit === "B" || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${unit}`;
}

/** A number with its thousands apart. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A number of things, such as `1 task`, `2,000 tasks`. */
export function formatNumberOf(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** Tasks a second, such as `0.4/s`, `12/s`, `1,234/s`. */
export function formatRate(perSecond: number): string {
  return `${perSecond < 10 ? Number(perSecond.toFixed(1)) : formatCount(Math.round(perSecond))}/s`;
}

/** Milliseconds of a text such as `30d`, `12h`, `90m`; `undefined` when it is none. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([smhdw])$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * UNITS[unit!]!;
}
