/**
 * Texts in full, of any length, in parts that are read when the last was taken: browsers take as long as they like,
 * and as many may ask for a text of 50 megabytes as there are connections.
 *
 * @module
 */
import type { SqlValue } from "../../../sqlite/values.ts";
import type { Read } from "./find.ts";

/** Bytes of a part: SQLite reads the whole value for each, so that there should be few. */
const PART_BYTES = 1_000_000;

/** Where a text is: a column of one row. */
export interface TextPlace {
  table: "task_runs" | "task_attempts" | "task_logs";
  column: string;
  /** What finds the row. */
  where: string;
  /** The values of its parameters. */
  params: SqlValue[];
}

/** The bytes of a text. */
export function* textParts(
  read: Read,
  { table, column, where, params }: TextPlace,
): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 1;; at += PART_BYTES) {
    const row = read((reader) =>
      reader.has(table, column)
        ? reader.get(
          `SELECT substr(CAST(${column} AS BLOB), ?, ${PART_BYTES}) AS part FROM ${table} WHERE ${where}`,
          at,
          ...params,
        )
        : undefined
    );
    const part = row?.part;
    // No bytes at all are read back as NULL.
    if (!(part instanceof Uint8Array)) return;
    yield part as Uint8Array<ArrayBuffer>;
    if (part.length < PART_BYTES) return;
  }
}

/** Whether there is a row, with a text in it. */
export function hasText(read: Read, { table, column, where, params }: TextPlace): boolean {
  return read((reader) =>
    reader.has(table, column) &&
    reader.get(`SELECT 1 FROM ${table} WHERE ${where} AND ${column} IS NOT NULL`, ...params) !==
      undefined
  );
}

/** Sends parts as they are taken. */
export function toStream(
  parts: Generator<Uint8Array<ArrayBuffer>> | AsyncGenerator<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void parts.return(undefined),
  }, { highWaterMark: 0 });
}
