import {
  formatAgo,
  formatBytes,
  formatCount,
  formatDateTime,
  formatDuration,
  formatElapsed,
  formatNumberOf,
  formatPercent,
  formatRate,
  formatRatio,
  formatShare,
  formatWhen,
  formatZoned,
  parseDuration,
  timeOf,
} from "../../internal/units.ts";
import { assertEquals } from "../support/assert.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

Deno.test("formatDuration() takes the unit that suits", () => {
  const table: [number | null, string][] = [
    [null, "–"],
    [NaN, "–"],
    [-5, "0 ms"],
    [0, "0 ms"],
    [0.4, "<1 ms"],
    [340.4, "340 ms"],
    [999.9, "999 ms"],
    [1000, "1.0 s"],
    [3499, "3.4 s"],
    [9999, "9.9 s"],
    [59_999, "59 s"],
    [2 * MINUTE + 5 * SECOND, "2 min 05 s"],
    [3 * HOUR + 4 * MINUTE, "3 h 04 min"],
    [2 * DAY + 3 * HOUR, "2 d 3 h"],
    [3000 * DAY, "3,000 d 0 h"],
  ];
  for (const [ms, text] of table) assertEquals(formatDuration(ms), text);
});

Deno.test("formatElapsed() counts whole seconds", () => {
  assertEquals(formatElapsed(999), "0 s");
  assertEquals(formatElapsed(9999), "9 s");
  assertEquals(formatElapsed(-3000), "0 s");
  assertEquals(formatElapsed(61_999), "1 min 01 s");
  assertEquals(formatElapsed(null), "–");
});

Deno.test("formatPercent() gives 100% only for the whole and 0% only for nothing", () => {
  const table: [number, string][] = [
    [0, "0%"],
    [0.0001, "<1%"],
    [0.01, "1%"],
    [0.29, "29%"],
    [0.999, "99%"],
    [0.9999999, "99%"],
    [1, "100%"],
    [1.5, "100%"],
    [-1, "0%"],
  ];
  for (const [fraction, text] of table) assertEquals(formatPercent(fraction), text);
});

Deno.test("formatRate() goes from seconds to minutes to hours", () => {
  const table: [number | null, string][] = [
    [null, "–"],
    [Infinity, "–"],
    [0, "0/s"],
    [12_345.6, "12,346/s"],
    [1.24, "1.2/s"],
    [0.5, "30/min"],
    [0.02, "1.2/min"],
    [0.001, "3.6/h"],
  ];
  for (const [perSecond, text] of table) assertEquals(formatRate(perSecond), text);
  assertEquals(formatRate(0.25, "%"), "15%/min");
});

Deno.test("formatBytes() uses binary units", () => {
  const table: [number | null, string][] = [
    [null, "–"],
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [4_152_960, "4.0 MiB"],
    [1024 ** 3 - 1, "1.0 GiB"],
    [15 * 1024 ** 3, "15 GiB"],
  ];
  for (const [bytes, text] of table) assertEquals(formatBytes(bytes), text);
});

Deno.test("formatAgo() is coarser the longer ago it is", () => {
  assertEquals(formatAgo(-100), "just now");
  assertEquals(formatAgo(12 * SECOND), "12 s ago");
  assertEquals(formatAgo(3 * MINUTE + 59 * SECOND), "3 min ago");
  assertEquals(formatAgo(2 * HOUR), "2 h ago");
  assertEquals(formatAgo(5 * DAY), "5 d ago");
});

Deno.test("formatRatio() gives how many times as long", () => {
  assertEquals(formatRatio(100, 240), "2.4×");
  assertEquals(formatRatio(100, 5), "0.05×");
  assertEquals(formatRatio(1, 1234), "1,234×");
  assertEquals(formatRatio(0, 5), "–");
  assertEquals(formatRatio(null, 5), "–");
});

Deno.test("timeOf() reads ISO 8601 and nothing else", () => {
  assertEquals(timeOf("2026-11-22T10:00:00.500Z"), Date.UTC(2026, 10, 22, 10, 0, 0, 500));
  assertEquals(timeOf("soon"), null);
  assertEquals(timeOf(""), null);
  assertEquals(timeOf(null), null);
});

Deno.test("formatShare() keeps a tenth of what is small", () => {
  assertEquals([0, 0.0001, 0.029, 0.0996, 0.5, 1].map(formatShare), [
    "0.0%",
    "<0.1%",
    "2.9%",
    "10%",
    "50%",
    "100%",
  ]);
});

Deno.test("formatCount() and formatNumberOf() set thousands apart", () => {
  assertEquals([formatCount(1e6), formatCount(0), formatCount(undefined)], ["1,000,000", "0", "–"]);
  assertEquals([1, 2000].map((n) => formatNumberOf(n, "task")), ["1 task", "2,000 tasks"]);
});

Deno.test("formatWhen() names the day unless it is today's", () => {
  const noon = new Date(2026, 10, 22, 12, 3, 11).getTime();
  assertEquals(formatWhen(noon, noon + HOUR), "12:03:11");
  assertEquals(formatWhen(noon, noon + DAY), "2026-11-22 12:03:11");
  assertEquals(formatWhen(null, noon), "–");
});

Deno.test("formatZoned() includes the offset from UTC", () => {
  const at = Date.UTC(2026, 10, 22, 12, 3, 11);
  const zoned = formatZoned(at);
  assertEquals(zoned.startsWith(`${formatDateTime(at)} UTC`), true, zoned);
  // Read as ISO 8601 it is the same instant.
  const [day, clock, zone] = zoned.split(" ");
  assertEquals(Date.parse(`${day}T${clock}${zone!.slice(3) || "Z"}`), at);
});

Deno.test("parseDuration() reads a number and a unit", () => {
  assertEquals(["30d", "12h", "90m", "1.5h", "2w", "0s"].map(parseDuration), [
    2_592_000_000,
    43_200_000,
    5_400_000,
    5_400_000,
    1_209_600_000,
    0,
  ]);
  for (const wrong of ["", "30", "d", "-1d", "1y", "1d2h", "1e3d"]) {
    assertEquals(parseDuration(wrong), undefined, wrong);
  }
});
