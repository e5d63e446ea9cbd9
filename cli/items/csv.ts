/**
 * Rows of CSV as items: an object for each, by the names in the first row. All values are text.
 *
 * @module
 */
import { CsvError, parse } from "csv-parse";

/**
 * Yields an object for each row after the first, which names the columns. Lines are parsed when they are there, and
 * all rows before one that is broken are yielded.
 */
export async function* parseRows(
  lines: AsyncIterable<string>,
  delimiter: string,
): AsyncGenerator<Record<string, string>> {
  const parser = parse({
    columns: checkNames,
    delimiter,
    record_delimiter: ["\r\n", "\n"],
    skip_empty_lines: true,
  });
  let failure: unknown;
  parser.on("error", (error) => failure = error);
  for await (const line of lines) {
    parser.write(`${line}\n`, (error) => failure ??= error);
    for (let row; (row = parser.read()) !== null;) yield row;
    if (failure) throw explained(failure);
  }
  parser.end();
  try {
    // It looks ahead, so the last rows come now, as does a quote that is still open.
    for await (const row of parser) yield row;
  } catch (error) {
    throw explained(error);
  }
}

function checkNames(names: string[]): string[] {
  names.forEach((name, index) => {
    if (name.trim() === "") throw new TypeError(`line 1: column ${index + 1} has no name`);
    if (names.indexOf(name) < index) throw new TypeError(`line 1: two columns are named ${name}`);
  });
  return names;
}

function explained(error: unknown): unknown {
  if (!(error instanceof CsvError)) return error;
  const { lines } = error as CsvError & { lines?: number };
  const reason = error.message.replace(/ (on|at) line \d+/, "");
  return new TypeError(`line ${lines ?? "unknown"}: ${reason}`, { cause: error });
}
