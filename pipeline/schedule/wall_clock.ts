/**
 * What the clock on the wall shows in a time zone, and when it first shows a time.
 *
 * A time of the wall clock is a number here: the milliseconds that the same year, month, day, hour and minute would
 * have in UTC. `Intl` knows the offset of an instant only, so the way back is by trial. `Temporal` would do it, and
 * needs a flag in Deno 2.9.
 *
 * @module
 */

const DAY_MS = 86_400_000;

/** The clock of a time zone. */
export class WallClock {
  readonly timeZone: string;
  readonly #format: Intl.DateTimeFormat;

  /** @throws {RangeError} If there is no time zone of this name */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    this.timeZone = this.#format.resolvedOptions().timeZone;
  }

  /** What the clock shows at an instant. */
  at(instant: number): number {
    const parts = this.#format.formatToParts(instant);
    const part = (type: Intl.DateTimeFormatPartTypes) =>
      Number(parts.find((one) => one.type === type)!.value);
    const [year, month, day] = [part("year"), part("month"), part("day")];
    const wall = Date.UTC(year, month - 1, day, part("hour"), part("minute"), part("second"));
    return wall + (instant % 1_000 + 1_000) % 1_000;
  }

  /** The first instant at which the clock shows this time or a later one. */
  reaches(wall: number): number {
    const before = this.at(wall - DAY_MS) - (wall - DAY_MS);
    const after = this.at(wall + DAY_MS) - (wall + DAY_MS);
    const [first, second] = [
      wall - Math.max(before, after),
      wall - Math.min(before, after),
    ] as const;
    if (this.at(first) === wall) return first;
    if (this.at(second) === wall) return second;
    // The clock leaves it out: it is set forward somewhere between the two.
    let [low, high] = [first, second];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.at(middle) >= wall) high = middle;
      else low = middle;
    }
    return high;
  }
}
