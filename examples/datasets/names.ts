/**
 * Names for tables and columns. A file brings whatever names it likes: with
 * spaces, in other cases, twice, or none at all. A column keeps its own name,
 * because SQL can quote anything, and is only made unique and non-empty. A
 * table's name is typed by people, so it is reduced to `[a-z0-9_]`.
 *
 * @module
 */

/**
 * Makes the column names of one table unique and non-empty.
 *
 * SQLite compares names without regard to case, and so does this: of `Date`
 * and `date` the second becomes `date_2`. An empty name becomes `column_` and
 * its position, counted from 1.
 *
 * @param names The names as the file gives them, in order.
 * @returns As many names, in the same order.
 */
export function uniqueColumns(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((given, i) => {
    const name = given.trim() || `column_${i + 1}`;
    let unique = name;
    for (let n = 2; used.has(unique.toLowerCase()); n++) unique = `${name}_${n}`;
    used.add(unique.toLowerCase());
    return unique;
  });
}

/**
 * Derives a table's name from a file's name: lower case, without the
 * extension, and with `_` for everything outside `[a-z0-9]`.
 *
 * @param file The file's name, such as `flights-200k.json`.
 * @returns The name, such as `flights_200k`.
 */
export function tableName(file: string): string {
  const stem = file.replace(/\.[^.]*$/, "").toLowerCase();
  const name = stem.replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
  return /^[a-z]/.test(name) ? name : `t_${name}`;
}

/**
 * Quotes a name for use in SQL.
 *
 * @param name Any table's or column's name.
 * @returns The name in double quotes.
 */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
