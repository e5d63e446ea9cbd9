/**
 * When a pipeline is due: a line of a crontab, in UTC, and the same for `Deno.cron`.
 *
 * croner reads it, says what is wrong with it, and finds the next time. What not every crontab understands is
 * refused (seconds, `@daily`, `L`, `W`, `#`, `?`), so that one expression means the same wherever it is put.
 *
 * For `Deno.cron` the days of the week are written out by name: Deno 2.9.6 counts them from 1 for Sunday, so that
 * `1-5` would be Sunday to Thursday, and takes no 0. And a date that never comes, such as 30 February, ends the
 * process there, so it is refused here.
 *
 * @module
 */
import { Cron } from "croner";

/** Minute, hour, day of the month; then month and day of the week, which may be names. */
const FIVE_FIELDS = /^[\d*,/-]+ [\d*,/-]+ [\d*,/-]+( (\d|[*,/-]|[a-z]{3})+){2}$/i;

const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] as const;

/** A Sunday at midnight, in milliseconds. */
const A_SUNDAY = Date.UTC(2023, 0, 1);

const DAY_MS = 86_400_000;

/** The times of a cron expression. */
export interface CronTimes {
  /** The expression as it was given, with single spaces. */
  readonly text: string;
  /** The same for `Deno.cron`. */
  readonly forDeno: string;
  /** The first time after this one. */
  next(after?: Date): Date;
}

/**
 * Reads a cron expression.
 *
 * @throws {TypeError} If it is none, or never comes
 */
export function readCronExpression(expression: unknown): CronTimes {
  const text = typeof expression === "string" ? expression.trim().replaceAll(/\s+/g, " ") : "";
  if (!FIVE_FIELDS.test(text)) {
    throw refusal(expression, "it does not have the five fields of a crontab");
  }
  const cron = toCron(text, expression);
  const next = (after = new Date()) => cron.nextRun(after);
  if (!next()) throw refusal(expression, "it names a date that never comes");
  const fields = text.split(" ");
  return {
    text,
    forDeno: [...fields.slice(0, 4), weekdayNames(fields[4]!, expression)].join(" "),
    next: (after) => next(after)!,
  };
}

function toCron(text: string, expression: unknown): Cron {
  try {
    return new Cron(text, { mode: "5-part", timezone: "UTC", paused: true });
  } catch (error) {
    throw refusal(expression, (error as Error).message.replace(/^CronPattern: /, ""));
  }
}

/** The days of the week by name; all of them stay `*`, which says that this field does not matter. */
function weekdayNames(field: string, expression: unknown): string {
  if (field === "*") return field;
  const cron = toCron(`* * * * ${field}`, expression);
  return WEEKDAYS.filter((_, day) => cron.match(new Date(A_SUNDAY + day * DAY_MS))).join(",");
}

function refusal(expression: unknown, why: string): TypeError {
  return new TypeError(
    `Cannot schedule at ${Deno.inspect(expression)}: ${
      why.replace(/\.$/, "")
    }; write minute, hour, ` +
      `day of the month, month and day of the week in UTC, such as "0 2 * * *" or "*/15 * * * MON-FRI"`,
  );
}
