/**
 * How a schedule is written. A module of its own, because croner is loaded only where a schedule is read.
 *
 * @module
 */

/** A schedule in a time zone. */
export interface ZonedSchedule {
  /** A line of a crontab: minute, hour, day of the month, month, day of the week. */
  cron: string;
  /**
   * A name of the IANA database, such as `"Europe/Oslo"`. On a day of 23 or 25 hours a time that does not come runs
   * as soon as the clock is past it, and a time that comes twice runs the first time.
   *
   * @default {"UTC"}
   */
  timeZone?: string | undefined;
}

/** Whether a value is a schedule, as far as its type shows. */
export function isSchedule(schedule: unknown): schedule is string | ZonedSchedule {
  return typeof schedule === "string" || isZoned(schedule);
}

/** Whether a value is a schedule with a time zone. */
export function isZoned(schedule: unknown): schedule is ZonedSchedule {
  if (typeof schedule !== "object" || schedule === null) return false;
  const { cron, timeZone = "" } = schedule as Partial<ZonedSchedule>;
  const names = Object.keys(schedule).every((name) => name === "cron" || name === "timeZone");
  return names && typeof cron === "string" && typeof timeZone === "string";
}
