/**
 * What is known of versions of SQLite.
 *
 * @module
 */

/** The first version with the race, the first without it, and the older ones with the fix. */
const RACE = { from: [3, 7, 0], fixed: [3, 51, 3], exceptions: ["3.44.6", "3.50.7"] };

/**
 * Whether a version has the WAL-reset race: with two connections that write or checkpoint, a commit can be
 * lost.
 *
 * @see https://www.sqlite.org/wal.html#walresetbug
 */
export function hasWalResetRace(version: string): boolean {
  if (RACE.exceptions.includes(version)) return false;
  const parts = version.split(".").map(Number);
  return compare(parts, RACE.from) >= 0 && compare(parts, RACE.fixed) < 0;
}

/** What to do about it. */
export function raceAdvice(driver: string): string {
  return driver === "ffi"
    ? "use --driver builtin, or set DENO_SQLITE_PATH to SQLite 3.51.3 or newer; until then let only " +
      "one process write or checkpoint"
    : "deno upgrade; until then let only one process write or checkpoint";
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
