/**
 * How the message of a task that waits for its next attempt is shown.
 *
 * @module
 */
import { formatWhen, timeOf } from "../units.ts";

/** What the scheduler writes: the time stands there in UTC, with milliseconds. */
const NEXT_ATTEMPT = /^(Attempt \d+ (?:of \d+|again) at )(\d{4}-\d\d-\d\dT[\d:.]+Z)(?=[,:] )/;

/** A message, with the time of the next attempt as a reader's clock shows it. */
export function withLocalTime(message: string, now: number = Date.now()): string {
  return message.replace(NEXT_ATTEMPT, (_, start, time) => start + formatWhen(timeOf(time), now));
}
