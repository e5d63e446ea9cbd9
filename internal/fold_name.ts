/**
 * Names as SQLite compares them: without regard to the case of ASCII letters, and of no others.
 *
 * @module
 */

/** A name in the form in which equal names are the same text. */
export function foldName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The first two of these names that SQLite takes for one. */
export function sameNames(names: Iterable<string>): [string, string] | undefined {
  const seen = new Map<string, string>();
  for (const name of names) {
    const folded = foldName(name);
    const before = seen.get(folded);
    if (before !== undefined) return [before, name];
    seen.set(folded, name);
  }
  return undefined;
}
