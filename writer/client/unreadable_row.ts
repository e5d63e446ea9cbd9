/**
 * Rows that throw when they are read: a getter, or a proxy.
 *
 * @module
 */

/** The error of the first row that cannot be read, with its number and column; `undefined` where each can. */
export function findUnreadable(
  { table, rows, first }: { table: string; rows: readonly object[]; first: number },
): TypeError | undefined {
  for (let r = 0; r < rows.length; r++) {
    let what = "it";
    try {
      const row = rows[r] as Readonly<Record<string, unknown>>;
      for (const key in row) {
        what = `its column ${key}`;
        void row[key];
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : Deno.inspect(error, { depth: 0 });
      return new TypeError(
        `Cannot insert row ${first + r} into ${table}: ${what} cannot be read (${reason})`,
        { cause: error },
      );
    }
  }
  return undefined;
}
