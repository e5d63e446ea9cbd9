/**
 * Rows from an iterable into the writer, only as fast as the disk takes them.
 *
 * @module
 */
import { WriterDiedError } from "../../errors.ts";
import { unexpected } from "../../internal/validate.ts";
import { type InsertOptions, toInsertMessage } from "./insert.ts";
import type { InsertMessage } from "../protocol/write_message.ts";

/** Rows in one message of a stream. Streams with a key that were killed are resumed by it: it stays as it is. */
const CHUNK_ROWS = 1_000;

/** Where a stream sends its rows. */
export interface RowSender {
  /** Sends them and resolves once they are committed. */
  request(message: InsertMessage): Promise<unknown>;
  /** Resolves when there is room for more; `undefined` when there is room now. */
  ready(): Promise<void> | undefined;
}

/**
 * Refuses rows that are not an iterable, such as one row that should be in an array.
 *
 * @throws {TypeError} If they are none
 */
export function checkIterable(table: string, rows: unknown): void {
  const { [Symbol.iterator]: each, [Symbol.asyncIterator]: later } = Object(rows ?? {});
  if (typeof each === "function" || typeof later === "function") return;
  const subject = { operation: `insert into ${table}`, name: "rows" };
  throw new TypeError(unexpected(rows, { ...subject, expected: "an array or iterable of rows" }));
}

/**
 * Inserts the rows of an iterable in messages of {@linkcode CHUNK_ROWS}. After a chunk fails, reading stops;
 * the chunks before it are written, and those sent after it may be. The error lists the rows that were written.
 *
 * @returns The number of rows, once they are committed
 */
export async function insertInChunks(
  sender: RowSender,
  table: string,
  rows: Iterable<object> | AsyncIterable<object>,
  { task, ...options }: InsertOptions & { task?: number | undefined } = {},
): Promise<number> {
  checkIterable(table, rows);
  const underWay = new Set<Promise<void>>();
  /** The rows of chunks that were refused. */
  const refused: [number, number][] = [];
  let chunk: object[] = [];
  let count = 0;
  let part = 0;
  let failure: { error: unknown } | undefined;

  const send = async (): Promise<void> => {
    const message = toInsertMessage(table, chunk, options, count);
    if (task !== undefined) message.task = task;
    if (message.idempotencyKey) message.idempotencyKey.part = part++;
    const [begin, end] = [count, count += chunk.length];
    chunk = [];
    const request = async () => void await sender.request(message);
    const sent: Promise<void> = request().catch((error) => {
      failure ??= { error };
      refused.push([begin, end]);
    }).finally(() => underWay.delete(sent));
    underWay.add(sent);
    await sender.ready();
  };

  try {
    for await (const row of rows) {
      chunk.push(row);
      if (chunk.length === CHUNK_ROWS) await send();
      if (failure) break;
    }
    if (chunk.length > 0 && !failure) await send();
  } catch (error) {
    failure ??= { error };
  }
  await Promise.all(underWay);
  if (failure) throw withRanges(failure.error, writtenRanges(refused, count));
  return count;
}

/** The rows of a stream that are written: all that were sent, but for those that were refused. */
function writtenRanges(refused: [number, number][], count: number): [number, number][] {
  const ranges: [number, number][] = [];
  let begin = 0;
  for (const [from, to] of [...refused.sort(([a], [b]) => a - b), [count, count] as const]) {
    if (from > begin) ranges.push([begin, from]);
    begin = to;
  }
  return ranges;
}

/** What is added to an error once. */
const WRITTEN = /(^|; )(rows [\d, to]+|no row) of the stream (are|is) written/;

/** Adds to an error which rows of the stream are written. */
function withRanges(thrown: unknown, ranges: readonly [number, number][]): unknown {
  const name = thrown instanceof Error ? thrown.name : undefined;
  if (name === "AbortError") return thrown;
  const list = ranges.map(([begin, end]) => `${begin} to ${end - 1}`).join(", ");
  const written = list
    ? `rows ${list} of the stream are written`
    : "no row of the stream is written";
  // What was not acknowledged by a writer that died may be there.
  const others = thrown instanceof WriterDiedError ? ", others may be" : list ? ", no others" : "";
  const before = thrown instanceof Error ? String(thrown.message) : shown(thrown);
  if (WRITTEN.test(before)) return thrown;
  const message = before === "" ? written + others : `${before}; ${written}${others}`;
  return withMessage(thrown, message) ?? new Error(message, { cause: thrown });
}

/** The very error with another message, because the caller may look at its class and fields; none where it is fixed. */
function withMessage(error: unknown, message: string): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  try {
    const { message: before, stack } = error;
    error.message = message;
    if (error.message !== message) return undefined;
    if (stack && before) error.stack = stack.replace(before, () => message);
    return error;
  } catch {
    return undefined;
  }
}

function shown(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : Deno.inspect(thrown, { depth: 1 });
}
