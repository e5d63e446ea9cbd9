import { readCronExpression } from "../../../pipeline/schedule/cron_expression.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

Deno.test("readCronExpression() finds the next time, in UTC", () => {
  const after = new Date("2026-11-22T12:34:56Z"); // a Sunday
  const next = (text: string) => readCronExpression(text).next(after).toISOString().slice(0, 16);
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
  const soon = readCronExpression("* * * * *").next().getTime();
  assert(soon > now && soon <= now + 61_000);
});

Deno.test("readCronExpression() gives Deno.cron the days of the week by name", () => {
  for (
    const [text, expected] of [
      ["0 2 * * *", "0 2 * * *"],
      ["0 2 * * 1", "0 2 * * MON"],
      ["0 2 * * 0,7", "0 2 * * SUN"],
      ["0 2 * * 1-5", "0 2 * * MON,TUE,WED,THU,FRI"],
      ["0 2 * * 5-7", "0 2 * * SUN,FRI,SAT"],
      ["0 2 * * mon-fri/2", "0 2 * * MON,WED,FRI"],
      ["*/5 1-3 1,15 jan-mar */3", "*/5 1-3 1,15 jan-mar SUN,WED,SAT"],
    ] as const
  ) assertEquals(readCronExpression(text).forDeno, expected);
});

Deno.test("readCronExpression() refuses what is no line of a crontab, and says why", () => {
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
    const error = assertThrows(() => readCronExpression(expression), TypeError, why);
    assert(error.message.endsWith('such as "0 2 * * *" or "*/15 * * * MON-FRI"'), error.message);
  }
});
