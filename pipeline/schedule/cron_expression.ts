/**
 * When a pipeline is due: a line of a crontab, in a time zone.
 *
 * croner reads the line, reports its errors, and finds the next time. What not every crontab understands is
 * refused (seconds, `@daily`, `L`, `W`, `#`, `?`), so that one expression means the same wherever it is put.
 *
 * In a time zone a day has 23 or 25 hours twice a year. Where the hour is `*`, time counts as it passes: croner does
 * that. Where hours are named, each time of the clock on the wall comes once a day: croner would run `15 2,3 * * *`
 * three times in the night of 25 hours, and leave `0,15 2 * * *` out in that of 23. So croner finds times of the wall
 * clock there, which it takes for UTC, and `wall_clock.ts` finds when the wall clock first shows them.
 *
 * @module
 */
import { Cron } from "croner";
import { WallClock } from "./wall_clock.ts";
import { isZoned } from "./zoned_schedule.ts";

/** Minute, hour, day of the month; then month and day of the week, which may be names. */
const FIVE_FIELDS = /^[\d*,/-]+ [\d*,/-]+ [\d*,/-]+( (\d|[*,/-]|[a-z]{3})+){2}$/i;

/** The times of a schedule. */
export interface CronTimes {
  /** The expression as it was given, with single spaces. */
  readonly text: string;
  /** The time zone in which it is read. */
  readonly timeZone: string;
  /** The first time after this one. */
  next(after?: Date): Date;
}

/**
 * Reads a schedule: an expression alone is in UTC.
 *
 * @throws {TypeError} If the expression is wrong or never comes, or there is no such time zone
 */
export function readSchedule(schedule: unknown): CronTimes {
  const { cron: expression, timeZone = "UTC" } = isZoned(schedule) ? schedule : { cron: schedule };
  const text = typeof expression === "string" ? expression.trim().replaceAll(/\s+/g, " ") : "";
  if (!FIVE_FIELDS.test(text)) {
    throw refusal(expression, "it does not have the five fields of a crontab");
  }
  const clock = openClock(timeZone, expression);
  const isElapsed = text.split(" ")[1] === "*";
  const cron = toCron(text, isElapsed ? clock.timeZone : "UTC", expression);
  const next = isElapsed
    ? (after: Date) => cron.nextRun(after) ?? undefined
    : (after: Date) => nextOnWall(cron, clock, after);
  if (!next(new Date())) throw refusal(expression, "it names a date that never comes");
  return { text, timeZone: clock.timeZone, next: (after = new Date()) => next(after)! };
}

/** The first instant after another one at which the wall clock reaches a time of the expression. */
function nextOnWall(cron: Cron, clock: WallClock, after: Date): Date | undefined {
  let wall: Date | null = new Date(clock.at(after.getTime()));
  while ((wall = cron.nextRun(wall))) {
    const instant = clock.reaches(wall.getTime());
    // The clock may have shown it before: in the first of two equal hours, or at the end of an hour left out.
    if (instant > after.getTime()) return new Date(instant);
  }
  return undefined;
}

function openClock(timeZone: string, expression: unknown): WallClock {
  try {
    return new WallClock(timeZone);
  } catch {
    throw new TypeError(
      `Cannot schedule at ${Deno.inspect(expression)} in the time zone ${
        Deno.inspect(timeZone)
      }: ` +
        `there is none of this name. Write one of the IANA database, such as "Europe/Oslo"`,
    );
  }
}

function toCron(text: string, timezone: string, expression: unknown): Cron {
  try {
    return new Cron(text, { mode: "5-part", timezone, paused: true });
  } catch (error) {
    throw refusal(expression, (error as Error).message.replace(/^CronPattern: /, ""));
  }
}

function refusal(expression: unknown, why: string): TypeError {
  return new TypeError(
    `Cannot schedule at ${Deno.inspect(expression)}: ${
      why.replace(/\.$/, "")
    }; write minute, hour, ` +
      `day of the month, month and day of the week, such as "0 2 * * *" or "*/15 * * * MON-FRI"`,
  );
}
