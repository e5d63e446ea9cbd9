/**
 * Numbers and times as people read them. Every function takes plain numbers (milliseconds, bytes,
 * fractions) and gives text; `–` stands for what is not known.
 *
 * @module
 */

const NONE = "–";
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const counts = new Intl.NumberFormat("en-US");
const two = (value: number) => String(value).padStart(2, "0");

export function formatCount(value: number | null | undefined) {
  return value == null ? NONE : counts.format(value);
}

/** `340 ms`, `3.4 s`, `34 s`, `2 min 05 s`, `3 h 04 min`, `2 d 3 h`. */
export function formatDuration(ms: number | null | undefined) {
  if (ms == null || !Number.isFinite(ms)) return NONE;
  if (ms < 0) ms = 0;
  if (ms < 0.95) return ms === 0 ? "0 ms" : "<1 ms";
  if (ms < SECOND) return `${Math.min(999, Math.round(ms))} ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ${two(Math.floor(ms % MINUTE / SECOND))} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${two(Math.floor(ms % HOUR / MINUTE))} min`;
  return `${formatCount(Math.floor(ms / DAY))} d ${Math.floor(ms % DAY / HOUR)} h`;
}

/** A duration that is still growing or shrinking: whole seconds, so that it does not flicker. */
export function formatElapsed(ms: number | null | undefined) {
  if (ms == null || !Number.isFinite(ms)) return NONE;
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * SECOND);
}

/** Rounded down, so that only what is finished is 100%; what has begun is not 0%. */
export function formatPercent(fraction: number) {
  if (fraction > 0 && fraction < 0.01) return "<1%";
  // 0.29 * 100 is 28.999…: forgive the last bits.
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100 + 1e-9)}%`;
}

/** A small part of a whole, which must not be rounded to nothing: `2.9%`. */
export function formatShare(fraction: number) {
  const percent = fraction * 100;
  return percent > 0 && percent < 0.1 ? "<0.1%" : `${percent.toFixed(percent < 9.95 ? 1 : 0)}%`;
}

/**
 * Something per second, or per minute or hour where it is rare.
 *
 * @param unit What is counted, if it has a sign: `%`
 */
export function formatRate(perSecond: number | null | undefined, unit = "") {
  if (perSecond == null || !Number.isFinite(perSecond)) return NONE;
  if (perSecond === 0) return `0${unit}/s`;
  const [value, per] = perSecond >= 0.95
    ? [perSecond, "s"]
    : perSecond * 60 >= 0.95
    ? [perSecond * 60, "min"]
    : [perSecond * 3600, "h"];
  const digits = value < 9.95 ? 1 : 0;
  const text = Number(value.toFixed(digits)).toLocaleString("en-US");
  return `${text}${unit}/${per}`;
}

export function formatBytes(bytes: number | null | undefined) {
  if (bytes == null) return NONE;
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/**
 * `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`.
 *
 * @param ms How long ago
 */
export function formatAgo(ms: number) {
  if (ms < 5 * SECOND) return "just now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${formatCount(Math.floor(ms / DAY))} d ago`;
}

/** `12:03:11` on the reader's clock. */
export function formatClock(at: number | null | undefined) {
  if (at == null || Number.isNaN(at)) return NONE;
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `2026-11-22 12:03:11` on the reader's clock. */
export function formatDateTime(at: number | null | undefined) {
  if (at == null || Number.isNaN(at)) return NONE;
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${formatClock(at)}`;
}

/** Milliseconds since 1970 of a stored time, `null` where there is none or it is not a time. */
export function timeOf(text: string | null | undefined) {
  const at = text ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : at;
}

/** How many times as long: `2.4×`. */
export function formatRatio(from: number | null, to: number | null) {
  if (from == null || to == null || from <= 0) return NONE;
  const ratio = to / from;
  return `${
    ratio >= 9.95 ? formatCount(Math.round(ratio)) : ratio.toFixed(ratio < 0.095 ? 2 : 1)
  }×`;
}
