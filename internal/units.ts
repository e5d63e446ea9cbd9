/**
 * Numbers and times as people read them: one set for the terminal, the progress bars and the page, which
 * bundles this module. Every function takes plain numbers (milliseconds, bytes, fractions) and gives text;
 * `–` stands for what is not known.
 *
 * Durations and percentages are rounded down: only what is finished is `100%`, and no time is ahead of the
 * clock.
 *
 * @module
 */

const UNKNOWN = "–";
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const DURATION_UNITS: Readonly<Record<string, number>> = {
  s: SECOND,
  m: MINUTE,
  h: HOUR,
  d: DAY,
  w: 7 * DAY,
};

const SIZE_UNITS = ["KiB", "MiB", "GiB", "TiB"];

/** A quantity, or that it is not known. */
export type Quantity = number | null | undefined;

function isKnown(value: Quantity): value is number {
  return value != null && Number.isFinite(value);
}

/** A number with its thousands apart. */
export function formatCount(value: Quantity): string {
  return isKnown(value) ? grouped(value) : UNKNOWN;
}

/** A number of things, such as `1 task`, `2,000 tasks`. */
export function formatNumberOf(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** A duration in at most two units: `340 ms`, `3.4 s`, `34 s`, `2 min 05 s`, `3 h 04 min`, `2 d 3 h`. */
export function formatDuration(ms: Quantity): string {
  if (!isKnown(ms)) return UNKNOWN;
  if (ms <= 0) return "0 ms";
  if (ms < 0.95) return "<1 ms";
  if (ms < SECOND) return `${Math.min(999, Math.round(ms))} ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ${two(Math.floor(ms % MINUTE / SECOND))} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${two(Math.floor(ms % HOUR / MINUTE))} min`;
  return `${formatCount(Math.floor(ms / DAY))} d ${Math.floor(ms % DAY / HOUR)} h`;
}

/** A duration that still grows or shrinks: whole seconds, so that it does not flicker. */
export function formatElapsed(ms: Quantity): string {
  if (!isKnown(ms)) return UNKNOWN;
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * SECOND);
}

/** A fraction 0..1 as `<1%`, `41%`, `100%`. */
export function formatPercent(fraction: Quantity): string {
  if (!isKnown(fraction)) return UNKNOWN;
  if (fraction > 0 && fraction < 0.01) return "<1%";
  // 0.29 * 100 is 28.999…: the last bits are forgiven.
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100 + 1e-9)}%`;
}

/** A small part of a whole, which must not be rounded to nothing: `2.9%`, `<0.1%`. */
export function formatShare(fraction: Quantity): string {
  if (!isKnown(fraction)) return UNKNOWN;
  const percent = fraction * 100;
  return percent > 0 && percent < 0.1 ? "<0.1%" : `${percent.toFixed(percent < 9.95 ? 1 : 0)}%`;
}

/**
 * Something per second, or per minute or hour where it is rare: `12/s`, `2.5/min`.
 *
 * @param unit What is counted, if it has a sign, such as `%`
 */
export function formatRate(perSecond: Quantity, unit: string = ""): string {
  if (!isKnown(perSecond)) return UNKNOWN;
  if (perSecond === 0) return `0${unit}/s`;
  const [value, per] = perSecond >= 0.95
    ? [perSecond, "s"]
    : perSecond * 60 >= 0.95
    ? [perSecond * 60, "min"]
    : [perSecond * 3600, "h"];
  return `${grouped(Number(value.toFixed(value < 9.95 ? 1 : 0)))}${unit}/${per}`;
}

/** A size such as `512 B`, `4.1 MiB`. */
export function formatBytes(bytes: Quantity): string {
  if (!isKnown(bytes)) return UNKNOWN;
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${SIZE_UNITS[unit]}`;
}

/** How long ago something was: `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`. */
export function formatAgo(ms: number): string {
  if (ms < 5 * SECOND) return "just now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${formatCount(Math.floor(ms / DAY))} d ago`;
}

/** A time of day on the reader's clock: `12:03:11`. */
export function formatClock(at: Quantity): string {
  if (!isKnown(at)) return UNKNOWN;
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** A day and a time on the reader's clock: `2026-11-22 12:03:11`. */
export function formatDateTime(at: Quantity): string {
  return isKnown(at) ? `${formatDay(at)} ${formatClock(at)}` : UNKNOWN;
}

/** A time of day where `at` is on the same day as `now`, else with its day. */
export function formatWhen(at: Quantity, now: number): string {
  return isKnown(at) && formatDay(at) === formatDay(now) ? formatClock(at) : formatDateTime(at);
}

/** A day and a time with the reader's offset from UTC: `2026-11-22 12:03:11 UTC+01:00`. */
export function formatZoned(at: Quantity): string {
  if (!isKnown(at)) return UNKNOWN;
  const east = -new Date(at).getTimezoneOffset();
  const offset = Math.abs(east);
  const zone = `${east < 0 ? "-" : "+"}${two(Math.floor(offset / 60))}:${two(offset % 60)}`;
  return `${formatDateTime(at)} UTC${east === 0 ? "" : zone}`;
}

/** That tasks sleep, and when the first of them wakes: `3 tasks sleeping until 12:03:11 or later`. */
export function sleepingText(tasks: number, until: number): string {
  const later = tasks > 1 ? " or later" : "";
  return `${formatNumberOf(tasks, "task")} sleeping until ${formatWhen(until, Date.now())}${later}`;
}

/** How many times as long: `2.4×`. */
export function formatRatio(from: Quantity, to: Quantity): string {
  if (!isKnown(from) || !isKnown(to) || from <= 0) return UNKNOWN;
  const ratio = to / from;
  if (ratio >= 9.95) return `${formatCount(Math.round(ratio))}×`;
  return `${ratio.toFixed(ratio < 0.095 ? 2 : 1)}×`;
}

/** Milliseconds since 1970 of a stored time; `null` where the text is not a time. */
export function timeOf(text: string | null | undefined): number | null {
  const at = text ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : at;
}

/** Milliseconds of a text such as `30d`, `12h`, `90m`; `undefined` when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([smhdw])$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * DURATION_UNITS[unit!]!;
}

/** As `Intl.NumberFormat("en-US")` writes it, whose making costs as much as the start of a whole program. */
function grouped(value: number): string {
  const [whole, fraction] = String(
    Number.isInteger(value) ? value : Math.round(value * 1000) / 1000,
  ).split(".");
  const thousands = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? thousands : `${thousands}.${fraction}`;
}

function formatDay(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
