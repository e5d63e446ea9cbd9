import { readSchedule } from "../../../pipeline/schedule/cron_expression.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

Deno.test("readSchedule() finds the next time, in UTC", () => {
  const after = new Date("2026-11-22T12:34:56Z"); // a Sunday
  const next = (text: string) => readSchedule(text).next(after).toISOString().slice(0, 16);
  for (
    const [text, expected] of [
      ["0 2 * * *", "2026-11-23T02:00"],
      ["*/15 * * * *", "2026-11-22T12:45"],
      ["30 12 * * 1-5", "2026-11-23T12:30"],
      ["30 13 * * 0", "2026-11-22T13:30"],
      ["30 13 * * 7", "2026-11-22T13:30"],
      ["0 0 1 JAN *", "2027-01-01T00:00"],
      ["0 0 29 2 *", "2028-02-29T00:00"],
      // Either of the days, where both are restricted.
      ["0 0 13 * fri", "2026-11-27T00:00"],
      ["  0\t2  * * * ", "2026-11-23T02:00"],
    ] as const
  ) assertEquals(next(text), expected, text);
  const now = Date.now();
  const soon = readSchedule("* * * * *").next().getTime();
  assert(soon > now && soon <= now + 61_000);
});

Deno.test("readSchedule() finds the next time of a wall clock that skips a day, or half an hour", () => {
  const next = (cron: string, timeZone: string, after: string) =>
    readSchedule({ cron, timeZone }).next(new Date(after)).toISOString().slice(0, 16);
  for (
    const [cron, timeZone, after, expected] of [
      // There was no 30 December.
      ["0 0 * * *", "Pacific/Apia", "2011-12-29T10:00:00Z", "2011-12-30T10:00"],
      ["0 0 30 12 *", "Pacific/Apia", "2011-12-29T10:00:00Z", "2011-12-30T10:00"],
      ["0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", "2026-04-23T22:00"],
      ["15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30"],
      ["45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", "2026-04-04T14:45"],
      ["45 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-05T15:15"],
      ["0 2 * * 1", "Europe/Oslo", "2026-03-28T12:00:00Z", "2026-03-30T00:00"],
    ] as const
  ) assertEquals(next(cron, timeZone, after), expected, `${cron} ${timeZone}`);
});

Deno.test("readSchedule() refuses a time zone that there is not", () => {
  for (const timeZone of ["Mars/Phobos", "", "Oslo"]) {
    assertThrows(
      () => readSchedule({ cron: "0 2 * * *", timeZone }),
      TypeError,
      `Cannot schedule at "0 2 * * *" in the time zone ${Deno.inspect(timeZone)}: there is none`,
    );
  }
});

Deno.test("readSchedule() refuses what is not a line of a crontab, and gives the reason", () => {
  for (
    const [expression, why] of [
      [
        undefined,
        "Cannot schedule at undefined: it does not have the five fields of a crontab; write",
      ],
      ["", 'Cannot schedule at "": it does not have the five fields'],
      ["0 2 * *", "five fields"],
      ["0 0 2 * * *", "five fields"],
      ["@daily", "five fields"],
      ["0 2 ? * *", "five fields"],
      ["0 2 L * *", "five fields"],
      ["0 2 * * 1#2", "five fields"],
      ["0 2 * * FRIL", "five fields"],
      ["jan 2 * * *", "five fields"],
      ["61 * * * *", "Invalid value for minute: 61;"],
      ["0 24 * * *", "Invalid value for hour: 24;"],
      ["0 2 * foo *", "Cannot schedule at"],
      ["0 2 * * 8", "Cannot schedule at"],
      ["5/10 * * * *", "Cannot schedule at"],
      ["0 2 * * 5-1", "Cannot schedule at"],
      ["0 0 30 2 *", 'Cannot schedule at "0 0 30 2 *": it names a date that never comes; write'],
    ] as const
  ) {
    const error = assertThrows(() => readSchedule(expression), TypeError, why);
    assert(error.message.endsWith('such as "0 2 * * *" or "*/15 * * * MON-FRI"'), error.message);
  }
});
